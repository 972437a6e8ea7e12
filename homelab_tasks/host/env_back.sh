#!/bin/bash
# Put env files back as they were. Arguments: the checkout, then of each file its hash of then and its path from there.
# What lies there now is copied to `aside` before, and named. A file is there whole, the old one or the new one.
export LC_ALL=C
umask 077
cd "$1" || exit
state=$(git rev-parse --absolute-git-dir)/homelab || exit; shift
exec 9>>"$state/working" && flock --shared 9 || exit
aside=$state/aside/$(date -u +%Y%m%dT%H%M%SZ)
while [ $# -gt 0 ]; do
  hash=$1 file=$2; shift 2
  if ! [ -e "$state/kept/$hash" ]; then printf '%s as it was then is not kept here\n' "$file" >&2; exit 1; fi
  if [ -e "$file" ]; then
    mkdir -p "$aside/$(dirname "$file")" && cp -p "$file" "$aside/$file" || exit
    printf '%s\n' "$aside/$file"
  fi
  mkdir -p "$(dirname "$file")" && cp "$state/kept/$hash" "$file.homelab-new" && sync "$file.homelab-new" && mv "$file.homelab-new" "$file" || exit
done
