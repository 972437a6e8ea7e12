#!/bin/bash
# Check a commit out that was received before, or is at the origin.
# Arguments: the checkout, the commit, the branch, `push` or `origin`, and of a commit with pinned services what it is
# made of (`BASE SERVICE=COMMIT ...`), for whoever sees the checkout and does not have that commit.
#
# Whatever is in the commit's way is found before anything is touched: folders that may not be written (Docker makes a
# missing one as root), edits of tracked files, and files that only the host has (Git would take one that it ignores,
# such as a .env, for expendable). Only then a marker is written, and removed when all is there: where one lies, the
# files of a delivery are half there (power cut, full disk) and the checkout is forced. What is of neither commit is
# copied to `aside` before, and named.
export LC_ALL=C
path=$1 commit=$2 branch=$3 source=$4 made=$5
cd "$path" || exit
if [ -d .git ]; then folder=$PWD/.git; else folder=$(git rev-parse --absolute-git-dir) || exit; fi
state=$folder/homelab
[ -d "$state" ] || mkdir -p -m 700 "$state" || exit
exec 9>>"$state/working" && flock --shared 9 || exit
if [ "$source" = origin ]; then git fetch --quiet origin || exit; fi
{ read -r base is _; read -r _ arrived _; } < <(printf 'HEAD\n%s\n' "$commit" | git cat-file --batch-check)
if [ "$arrived" != commit ]; then printf 'commit %s did not arrive\n' "$commit" >&2; exit 1; fi
[ "$is" = commit ] || base= # nothing was ever checked out
from=${base:-$(git hash-object -t tree /dev/null)}
changed=() added=() in_the_way=()
declare -A barred=()
while IFS= read -r -d '' kind && IFS= read -r -d '' f; do
  if [ "$kind" != D ]; then changed+=("$f"); fi
  if [ "$kind" = A ]; then added+=("$f"); fi
  at=./$f
  while at=${at%/*}; [ ! -d "$at" ]; do :; done
  if [ ! -w "$at" ]; then barred["$at"]=; fi
done < <(git diff --name-status --no-renames -z "$from" "$commit")
if [ ${#barred[@]} -gt 0 ]; then
  printf 'these folders may not be written:\n' >&2; printf '\t%s\n' "${!barred[@]}" | sort >&2; exit 1
fi
force=--no-overwrite-ignore
if [ -s "$state/delivering" ]; then
  force=--force
  rm -f "$folder/index.lock"
  half=$(cat "$state/delivering") aside=$state/aside/$(date -u +%Y%m%dT%H%M%SZ)
  while IFS= read -r -d '' f; do
    if [ ! -e "$f" ] && [ ! -L "$f" ]; then continue; fi
    blob=$(git hash-object -- "$f" 2>/dev/null)
    if [ -f "$f" ] && { [ "$blob" = "$(git rev-parse --quiet --verify "$commit:$f")" ] || [ "$blob" = "$(git rev-parse --quiet --verify "$half:$f")" ]; }; then continue; fi
    mkdir -p "$aside/$(dirname "$f")" && cp -a "$f" "$aside/$f" || exit
    printf '%s\n' "$aside/$f"
  done < <(git diff --name-only --no-renames -z "$from"; [ -z "$base" ] || [ ${#added[@]} = 0 ] || printf '%s\0' "${added[@]}")
else
  for f in "${added[@]}"; do
    if [ -e "$f" ] || [ -L "$f" ]; then in_the_way+=("$f"); fi
  done
  # This reads all files that Git does not know to be as they were, and notes in its index that they are.
  if [ -n "$base" ] && [ -n "$(git status --porcelain --untracked-files=no)" ]; then
    while IFS= read -r -d '' f; do in_the_way+=("$f"); done < <(
      comm -z -12 <(git diff --name-only --no-renames -z HEAD | sort -z) <(git diff --name-only --no-renames --diff-filter=a -z HEAD "$commit" | sort -z))
  fi
  if [ ${#in_the_way[@]} -gt 0 ]; then
    printf 'these files would be overwritten:\n' >&2; printf '\t%s\n' "${in_the_way[@]}" >&2; exit 1
  fi
  git read-tree --dry-run -m -u $base "$commit" || exit
fi
printf '%s\n' "$commit" >"$state/delivering" && sync "$state/delivering" || exit
if [ -n "$made" ]; then # those of before stay named until the checkout is there
  { if [ -e "$state/pins" ]; then tail -n 3 "$state/pins"; fi; printf '%s %s\n' "$commit" "$made"; } >"$state/pins.new" && mv "$state/pins.new" "$state/pins" || exit
fi
said=$(git -c core.fsync=all checkout --quiet $force -B "$branch" --no-track "$commit" 2>&1); status=$?
if [ -n "$said" ]; then printf '%s\n' "$said" >&2; fi
[ $status = 0 ] || exit $status
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
rm -f "$state/delivering" || exit
if [ -z "$made" ] && [ -e "$state/pins" ]; then rm -f "$state/pins"; fi
