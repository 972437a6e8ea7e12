#!/bin/bash
# Print the journal of a host, each part headed by a line `\036NAME`: who holds the lock, the older part, the newer one,
# both with the number of lines that their file has. Arguments: the checkout, how many of the last lines (0: all).
# Fails where there is a journal and it cannot be read. Changes nothing.
path=$1 wanted=$2
section() { printf '\036%s\n' "$*"; }
part() {
  [ -e "$2" ] || return
  section "$1" "$(wc -l <"$2")"
  if [ "$wanted" = 0 ]; then cat "$2"; else tail -n "$wanted" "$2"; fi | tr -d '\036' # which heads a part
}
# legible FILE: it can be read, or is not there
legible() {
  [ ! -e "$1" ] || { [ -f "$1" ] && [ -r "$1" ]; } || { printf 'no file that %s may read: %s\n' "$(id -un)" "$1" >&2; exit 1; }
}
if cd "$path" 2>/dev/null && [ -e .git ]; then
  if [ -d .git ]; then state=$PWD/.git/homelab; else state=$(git rev-parse --absolute-git-dir) || exit; state=$state/homelab; fi
  if [ -d "$state" ] && ! [ -x "$state" ]; then printf 'permission denied: %s\n' "$state" >&2; exit 1; fi
  legible "$state/journal.older.jsonl"; legible "$state/journal.jsonl"
  [ -s "$state/holder" ] && ! flock --shared --nonblock "$state/lock" true && { section holder; cat "$state/holder"; }
  newer=0; [ "$wanted" = 0 ] || ! [ -e "$state/journal.jsonl" ] || newer=$(wc -l <"$state/journal.jsonl")
  [ "$wanted" != 0 ] && [ "$newer" -ge "$wanted" ] || part older "$state/journal.older.jsonl"
  part newer "$state/journal.jsonl"
fi
section end
