#!/bin/bash
# Take in commits: a bundle on standard input. Argument: the checkout. No file of it changes.
cd "$1" || exit
if [ -d .git ]; then state=.git; else state=$(git rev-parse --absolute-git-dir) || exit; fi
state=$state/homelab
[ -d "$state" ] || mkdir -p -m 700 "$state" || exit
exec 9>>"$state/working" && flock --shared 9 || exit
incoming=$state/incoming.bundle
trap 'rm -f "$incoming"' EXIT
cat >"$incoming" && git fetch --quiet --no-write-fetch-head "$incoming" '+refs/homelab/outgoing:refs/homelab/incoming'
