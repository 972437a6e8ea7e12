#!/bin/bash
# Ask Compose what files mean that are not delivered yet. Arguments: the checkout, the homelab's folder in it, the
# Compose plugin, questions to the Engine (HTTP, the last one closes), paths to look for and env files that are not in
# the commit (lines, from the checkout's root), then of each service its name, folder, project, `ask` or `keep` (what is
# recorded will do), and the env files that it is to have as they were once: lines of hash and path. Changes nothing
# that lasts.
#
# The commit's files come as a tar on standard input; what only the host has (.env) is linked beside them, so Compose
# reads exactly what it will read after the delivery. All projects are resolved at once, one process a core.
path=$1 prefix=$2 compose=$3 questions=$4 places=$5 env=$6; shift 6
umask 077
export GOGC=400 # Go collects garbage less often: a fifth of the time of `config`
tmp=$(mktemp -d "${TMPDIR:-/tmp}/homelab.XXXXXXXX") || exit
engine=
trap 'rm -rf "$tmp"; [ -z "$engine" ] || kill "$engine" 2>/dev/null' EXIT
mkdir "$tmp/tree" "$tmp/out" && mkfifo "$tmp/questions" && exec 4<>"$tmp/questions" || exit
# One process for all that the Engine is asked: `docker image ls` and its like take 15 ms of processor time each. Its
# input stays open, as the Engine drops what it is asked by somebody who has hung up.
printf %s "$questions" >&4
docker system dial-stdio <&4 4>&- >"$tmp/out/engine" 2>/dev/null &
engine=$!
if [ -d "$path/.git" ]; then state=$path/.git; else state=$(cd "$path" 2>/dev/null && git rev-parse --absolute-git-dir 2>/dev/null); fi
state=${state:+$state/homelab} details=$state/detail
# own: what only the host has; it may be locked for the first time meanwhile, and get its Git folder
own() {
  cd "$path" 2>/dev/null || return
  { [ -e .git ] && git ls-files --others --directory -z -- "${prefix:-.}" 2>/dev/null; } || find . -mindepth 1 -maxdepth 1 -not -name .git -not -name '.git.new.*' -printf '%P\0'
}
lend() {
  local there=$tmp/tree/$1 f
  if [ ! -e "$there" ] && [ ! -L "$there" ]; then
    if [ -d "${there%/*}" ]; then ln -s "$path/$1" "$there"; fi
  elif [ -d "$there" ] && [ -d "$path/$1" ]; then
    for f in "$path/$1"/*; do lend "${f#"$path/"}"; done
  fi
}
exec 5< <(own </dev/null)
tar -x -C "$tmp/tree" || exit
shopt -s dotglob nullglob
while IFS= read -r -d '' f <&5; do lend "${f%/}"; done
while IFS= read -r f; do [ ! -f "$path/$f" ] || lend "$f"; done <<<"$env" # Git has them there until now, and they stay
# there: those of the places that are there after the delivery, which takes away what only the old commit has
there() {
  local place
  while IFS= read -r place; do
    if [ -e "$tmp/tree/$place" ] || { [ -e "$path/$place" ] && ! tracked "$place"; }; then printf '%s\n' "$place"; fi
  done <<<"$places"
}
tracked() { git -C "$path" --literal-pathspecs ls-files --error-unmatch -- "$1" >/dev/null 2>&1; }
composed() { if [ -n "$compose" ]; then "$compose" --project-name "$@"; else docker compose --project-name "$@"; fi; }
run() { cd "$tmp/tree/$prefix$2" && composed "$3" config --format json; }
# values MODEL SERVICE FOLDER PROJECT: of each variable that configs and secrets are made of a line with its name, and `-`
# where it is not set, else a hash of its value, keyed as those of env files are: no answer of Compose has the value.
values() {
  local names name line
  names=$(sed -n 's/^      "environment": "\([A-Za-z_][A-Za-z0-9_]*\)",\{0,1\}$/\1/p' "$1" | sort -u)
  [ -n "$names" ] && cd "$tmp/tree/$prefix$3" || return
  { printf 'x-of:\n'; while read -r name; do printf '  %s: "${%s+=}${%s-}"\n' "$name" "$name" "$name"; done <<<"$names"; } |
    composed "$4" --file - config --format json | while IFS= read -r line; do
      [[ $line =~ ^\ {4}\"([A-Za-z0-9_]+)\":\ \"(=?) ]] || continue
      if [ -z "${BASH_REMATCH[2]}" ]; then printf '%s -\n' "${BASH_REMATCH[1]}"
      elif [ -n "$state" ] && [ -r "$state/key" ]; then
        name=$(printf '%s' "${line%,}" | cat "$state/key" - | sha256sum); printf '%s %s\n' "${BASH_REMATCH[1]}" "${name%% *}"
      fi
    done
}
# of_then LINES: lay the env files of then into the tree
of_then() {
  local hash file
  while read -r hash file; do
    if [ ! -e "$state/kept/$hash" ]; then printf '%s as it was then is not kept on the host\n' "$file" >&2; return 1; fi
    rm -f "$tmp/tree/$file" && mkdir -p "$(dirname "$tmp/tree/$file")" && ln -s "$state/kept/$hash" "$tmp/tree/$file" || return
  done <<<"$1"
}
n=0 asked=0 cores=
todo=("$@")
while [ $# -gt 0 ]; do
  if [ -n "$5" ] && ! of_then "$5" 2>"$tmp/out/$n.err"; then : >"$tmp/out/$n.json"; : >"$tmp/out/$n.values"; echo 1 >"$tmp/out/$n.exit"
  elif [ "$4" != keep ] || [ ! -s "$details/$1.json" ]; then
    if [ $asked -gt 0 ]; then cores=${cores:-$(nproc)}; [ $asked -lt "$cores" ] || wait -n; fi
    ( run "$@" >"$tmp/out/$n.json" 2>"$tmp/out/$n.err" </dev/null; echo $? >"$tmp/out/$n.exit"
      values "$tmp/out/$n.json" "$@" >"$tmp/out/$n.values" 2>/dev/null ) &
    asked=$((asked + 1))
  fi
  shift 5; n=$((n + 1))
done
wait
engine= # its number may be another process's by now
printf '%s\036' "$tmp/tree"
cat "$tmp/out/engine"; printf '\036'
[ -z "$places" ] || there; printf '\036'
n=0
set -- "${todo[@]}"
while [ $# -gt 0 ]; do
  printf '%s\037' "$1"
  if [ -e "$tmp/out/$n.exit" ]; then printf '%s\037' "$(<"$tmp/out/$n.exit")" "$(<"$tmp/out/$n.json")" "$(<"$tmp/out/$n.err")" "$(<"$tmp/out/$n.values")"
  else printf 'kept\037\037\037\037'; fi
  [ -n "$state" ] && [ -e "$details/$1.json" ] && printf %s "$(<"$details/$1.json")"
  printf '\036'; shift 5; n=$((n + 1))
done
printf 'end\n'
