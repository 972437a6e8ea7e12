#!/bin/bash
# Put an env file in its place, whole or not at all, 0600 from its first byte. Arguments: the checkout, the file from
# its root. To be run while a channel holds the host's lock.
#
# Standard input: what has to lie there now (`absent`, or its SHA-256) and the size of what comes, then the content:
# neither is in an argument, which everybody on the host may read. Prints `written`, `changed` (something else lies
# there), `other` (a link, a folder) or `tracked` (Git's own). The last few that were replaced stay beside the records.
export LC_ALL=C
path=$1 file=$2 folder=$(dirname -- "$2") kept=5
cd "$path" || exit
state=$(git rev-parse --absolute-git-dir)/homelab || exit
exec 9>>"$state/working" && flock --shared 9 || exit
read -r before size || exit
if [ -L "$file" ] || { [ -e "$file" ] && [ ! -f "$file" ]; }; then printf 'other\n'; exit 0; fi
if git ls-files --error-unmatch -- "$file" >/dev/null 2>&1; then printf 'tracked\n'; exit 0; fi
# later FOLDER: the time, or the next one after the newest file there: so that the newest is the last that was made,
# also where the clock was ahead once
later() {
  local now last=0 f
  now=$(date -u +%Y%m%d%H%M%S%3N)
  for f in "$1"/????????T??????.???Z.env; do f=${f##*/}; f=${f//[!0-9]/}; if [ "${f:-0}" -gt "$last" ]; then last=$f; fi; done
  if [ "$now" -le "$last" ]; then now=$((last + 1)); fi
  printf '%sT%s.%sZ' "${now:0:8}" "${now:8:6}" "${now:14}"
}
now=absent
if [ -e "$file" ]; then now=$(sha256sum <"$file") || exit; now=${now%% *}; fi
[ "$now" = "$before" ] || { printf 'changed\n'; exit 0; }
mkdir -p -- "$folder" || exit # as Git will find it, and make it otherwise: before umask
umask 077
rm -f -- "$folder"/.env.homelab-???????? # of one that was killed: nobody else writes, under the lock
next=$(mktemp -- "$folder/.env.homelab-XXXXXXXX") || exit
trap 'rm -f -- "$next"' EXIT
cat >"$next" || exit
[ "$(wc -c <"$next")" = "$size" ] || { printf 'cut short on the way\n' >&2; exit 1; }
sync -- "$next" || exit
if [ "$now" != absent ]; then
  if cmp -s -- "$next" "$file"; then chmod 600 -- "$file" && printf 'written\n'; exit; fi
  old=$state/env-old/$folder
  mkdir -p -- "$old" && cp -- "$file" "$old/$(later "$old").env" && chmod 600 -- "$old"/*.env || exit
  ls -- "$old" | head -n "-$kept" | while IFS= read -r f; do rm -f -- "$old/$f"; done
fi
mv -fT -- "$next" "$file" && sync -- "$folder" && printf 'written\n'
