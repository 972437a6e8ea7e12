#!/bin/bash
# Check a commit out that was received before, or is at the origin.
# Arguments: the checkout, the commit, the branch, `push` or `origin`, and of a commit with pinned services what it is
# made of (`BASE SERVICE=COMMIT ...`), for whoever sees the checkout and does not have that commit; then the env files of
# services, from there.
#
# Whatever is in the commit's way is found before anything is touched: folders that may not be written (Docker makes a
# missing one as root), edits of tracked files, and files that only the host has (Git would take one that it ignores,
# such as a .env, for expendable). Only then a marker is written, and removed when all is there: where one lies, the
# files of a delivery are half there (power cut, full disk) and the checkout is forced. What is of neither commit is
# copied to `aside` before, and named.
#
# Env files are the host's own, even if commits had them for a while: one that leaves the index stays as it is. On the
# way back to such a commit another content is no bar: it is copied to `aside`.
export LC_ALL=C
path=$1 commit=$2 branch=$3 source=$4 made=$5; shift 5
declare -A env=()
for f; do env["$f"]=1; done
# Else a file is laid with other bytes than its commit has, and nobody sees it: Git takes them for the same.
git() { command git -c core.autocrlf=false -c core.eol=lf "$@"; }
cd "$path" || exit
if [ -d .git ]; then folder=$PWD/.git; else folder=$(git rev-parse --absolute-git-dir) || exit; fi
state=$folder/homelab
[ -d "$state" ] || mkdir -p -m 700 "$state" || exit
exec 9>>"$state/working" && flock --shared 9 || exit
if [ "$source" = origin ]; then git fetch --quiet origin || exit; fi
see() { { read -r base is _; read -r _ arrived _; read -r _ ours _; } < <(printf 'HEAD\n%s\nrefs/heads/%s\n' "$commit" "$branch" | git cat-file --batch-check); }
see
# What only a tag leads to, or a branch that is not fetched, is fetched by its id.
if [ "$arrived" != commit ] && [ "$source" = origin ] && git fetch --quiet origin "$commit" 2>/dev/null; then see; fi
if [ "$arrived" != commit ]; then printf 'commit %s did not arrive\n' "$commit" >&2; exit 1; fi
[ "$is" = commit ] || base= # nothing was ever checked out
from=${base:-$(git hash-object -t tree /dev/null)}
changed=() added=() lying=() same=() older=() staying=() in_the_way=()
declare -A barred=() stays=()
while IFS= read -r -d '' kind && IFS= read -r -d '' f; do
  if [ "$kind" != D ]; then changed+=("$f"); fi
  if [ "$kind" = A ]; then added+=("$f"); fi
  if [ "$kind" = D ] && [ -n "${env[$f]}" ] && [ -e "$f" ]; then staying+=("$f"); stays["$f"]=1; continue; fi
  at=./$f
  while at=${at%/*}; [ ! -d "$at" ]; do :; done
  if [ ! -w "$at" ]; then barred["$at"]=; fi
done < <(git diff --name-status --no-renames -z "$from" "$commit")
other=$state/other.index without=$base
if [ ${#staying[@]} -gt 0 ]; then # as if they had never been in Git
  rm -f "$other"
  without=$(export GIT_INDEX_FILE=$other; git read-tree "$base" && printf '%s\0' "${staying[@]}" | git update-index -z --force-remove --stdin && git write-tree) || exit
fi
known() { [ -n "$(git log -1 --no-show-signature --format=%h --find-object="$(git rev-parse "$commit:$1")" "$base" -- "$1")" ]; }
if [ ${#barred[@]} -gt 0 ]; then
  printf 'these folders may not be written:\n' >&2; printf '\t%s\n' "${!barred[@]}" | sort >&2; exit 1
fi
# What lies there as the commit has it comes into the index, and what stays without being in the commit leaves it.
tell() {
  [ ${#same[@]} = 0 ] || printf '%s\0' "${same[@]}" | git update-index --add -z --stdin || return
  [ ${#staying[@]} = 0 ] || printf '%s\0' "${staying[@]}" | git update-index -z --force-remove --stdin
}
check_out() {
  if [ ${#staying[@]} = 0 ]; then git -c core.fsync=all checkout --quiet $force -B "$branch" --no-track "$commit"; return; fi
  # `git checkout` does not go from a commit that has a file to one that has not, while one is there.
  if [ $force = --force ]; then git -c core.fsync=all read-tree --reset -u "$commit"; else git -c core.fsync=all read-tree -m -u "$without" "$commit"; fi || return
  git -c core.fsync=all update-ref "refs/heads/$branch" "$commit" && git symbolic-ref HEAD "refs/heads/$branch"
}
force=--no-overwrite-ignore
if [ -s "$state/delivering" ]; then
  force=--force
  rm -f "$folder/index.lock"
  half=$(cat "$state/delivering") aside=$state/aside/$(date -u +%Y%m%dT%H%M%SZ)
  while IFS= read -r -d '' f; do
    if { [ ! -e "$f" ] && [ ! -L "$f" ]; } || [ -n "${stays[$f]}" ]; then continue; fi
    blob=$(git hash-object -- "$f" 2>/dev/null)
    if [ -f "$f" ] && { [ "$blob" = "$(git rev-parse --quiet --verify "$commit:$f")" ] || [ "$blob" = "$(git rev-parse --quiet --verify "$half:$f")" ]; }; then continue; fi
    mkdir -p "$aside/$(dirname "$f")" && cp -a "$f" "$aside/$f" || exit
    printf '%s\n' "$aside/$f"
  done < <(git diff --name-only --no-renames -z "$from"; [ -z "$base" ] || [ ${#added[@]} = 0 ] || printf '%s\0' "${added[@]}")
else
  for f in "${added[@]}"; do
    if [ -e "$f" ] || [ -L "$f" ]; then lying+=("$f"); fi
  done
  if [ ${#lying[@]} -gt 0 ]; then # those that are as the commit has them are in nobody's way
    declare -A differs=()
    rm -f "$other"; GIT_INDEX_FILE=$other git read-tree "$commit" || exit
    GIT_INDEX_FILE=$other git update-index -q --refresh >/dev/null
    while IFS= read -r -d '' f; do differs["$f"]=1; done < <(GIT_INDEX_FILE=$other git diff-files --name-only -z)
    for f in "${lying[@]}"; do
      if [ -z "${differs[$f]}" ] && { [ ! -d "$f" ] || [ -L "$f" ]; }; then same+=("$f")
      elif [ -n "$base" ] && [ -n "${env[$f]}" ] && [ -f "$f" ] && known "$f"; then older+=("$f")
      else in_the_way+=("$f"); fi
    done
  fi
  # This reads all files that Git does not know to be as they were, and notes in its index that they are.
  if [ -n "$base" ] && [ -n "$(git status --porcelain --untracked-files=no)" ]; then
    while IFS= read -r -d '' f; do [ -n "${stays[$f]}" ] || in_the_way+=("$f"); done < <(
      comm -z -12 <(git diff --name-only --no-renames -z HEAD | sort -z) <(git diff --name-only --no-renames --diff-filter=a -z HEAD "$commit" | sort -z))
  fi
  if [ ${#in_the_way[@]} -gt 0 ]; then
    printf 'these files would be overwritten:\n' >&2; printf '\t%s\n' "${in_the_way[@]}" >&2; exit 1
  fi
  if [ $((${#same[@]} + ${#older[@]} + ${#staying[@]})) -gt 0 ]; then # Git goes by the name, so it is told first
    rm -f "$other"
    if [ -e "$folder/index" ]; then cp "$folder/index" "$other" || exit; fi
    (export GIT_INDEX_FILE=$other; tell && { [ ${#older[@]} = 0 ] || git --literal-pathspecs ls-tree -z "$commit" -- "${older[@]}" | git update-index -z --index-info; }) || exit
    GIT_INDEX_FILE=$other git read-tree --dry-run -m -u $without "$commit"; status=$?
    rm -f "$other"
    [ $status = 0 ] || exit $status
  else
    git read-tree --dry-run -m -u $base "$commit" || exit
  fi
fi
# `fix` and `fix/two` cannot both be branches. The old one goes, if nothing is lost with it.
if [ "$ours" = missing ]; then
  while read -r at ref; do
    case refs/heads/$branch in "$ref"/*) ;; *) case $ref in "refs/heads/$branch"/*) ;; *) continue ;; esac ;; esac
    if ! git merge-base --is-ancestor "$at" "$commit"; then printf 'another branch bars this one: %s\n' "${ref#refs/heads/}" >&2; exit 1; fi
    if [ "$(git symbolic-ref --quiet HEAD)" = "$ref" ]; then git update-ref --no-deref HEAD "$at" || exit; fi
    git update-ref -d "$ref" "$at" || exit
  done < <(git for-each-ref --format='%(objectname) %(refname)' "refs/heads/${branch%%/*}")
fi
(umask 077; printf '%s\n' "$commit" >"$state/delivering") && sync "$state/delivering" || exit
if [ -n "$made" ]; then # those of before stay named until the checkout is there
  { if [ -e "$state/pins" ]; then tail -n 3 "$state/pins"; fi; printf '%s %s\n' "$commit" "$made"; } >"$state/pins.new" && mv "$state/pins.new" "$state/pins" || exit
fi
tell || exit
if [ ${#older[@]} -gt 0 ]; then
  aside=$state/aside/$(date -u +%Y%m%dT%H%M%SZ)
  for f in "${older[@]}"; do
    mkdir -p "$aside/$(dirname "$f")" && cp -a "$f" "$aside/$f" && rm -f "$f" || exit
    printf '%s\n' "$aside/$f"
  done
fi
said=$(check_out 2>&1); status=$?
if [ -n "$said" ]; then printf '%s\n' "$said" >&2; fi
if [ $status != 0 ]; then
  case $said in *fatal:* | *error:*) ;; *) [ "$(git rev-parse HEAD)" != "$commit" ] || printf 'the hook post-checkout failed\n' >&2 ;; esac
  exit $status
fi
# It ends so too where it could not write or remove a file, and is at the new commit: back to where it was half done,
# with an index that has what lies there, so that neither going back nor going on tries that file without need.
case $'\n'$said in *$'\n''error: '* | *$'\n''warning: unable to unlink '*)
  git add --update
  if [ -n "$base" ]; then git reset --quiet --soft "$base"; else git update-ref -d HEAD; fi
  exit 1 ;;
esac
# On the disk before the marker goes: a power cut would else leave empty files, which look edited.
new=()
for f in "${changed[@]}"; do if [ -f "$f" ]; then new+=("$f"); fi; done
if [ $force = --force ] || [ ${#new[@]} -gt 100 ]; then sync --file-system .; elif [ ${#new[@]} -gt 0 ]; then sync -- "${new[@]}"; fi
mv -f "$state/delivering" "$state/delivered" || exit
if [ -z "$made" ] && [ -e "$state/pins" ]; then rm -f "$state/pins"; fi
