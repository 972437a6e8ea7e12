#!/bin/bash
# Hold the lock of a host and write its records, line by line from standard input, until it ends. Arguments: the
# checkout, who holds, the branch of a checkout that is made new, the script `look`, and what that one is given.
#
# Lives as long as the run: the lock is the kernel's and ends with this process, which ends when its input does, or
# when no heartbeat came for 20 s. Appending a line costs no process. `working` is held shared by every command that
# changes something; taken once alone here, so that nobody starts while a dead run's command still works. A look asks
# for the lock too, for a moment: hence the short wait. What a dead run left half written is thrown away first.
path=$1 who=$2 branch=$3 look=$4; shift 4
if ! mkdir -p "$path" 2>/dev/null || ! [ -w "$path" ]; then printf 'unwritable\n'; exit 0; fi
cd "$path" || exit
[ -e .git ] || git init --quiet --initial-branch="$branch" || exit
if [ -d .git ]; then state=.git/homelab; else state=$(git rev-parse --absolute-git-dir) || exit; state=$state/homelab; fi
umask 077
mkdir -p "$state/detail" || exit
exec 8>>"$state/lock" 9>>"$state/working"
if ! flock --wait 0.3 8; then printf 'held '; cat "$state/holder" 2>/dev/null; exit 0; fi
if ! flock --wait 5 9; then printf 'busy '; cat "$state/holder" 2>/dev/null; exit 0; fi
flock --unlock 9
exec 9>&-
rm -f "$state/state.next" "$state/env.next"
[ -s "$state/key" ] || { head -c 32 /dev/urandom | sha256sum >"$state/key.new" && sync "$state/key.new" && mv "$state/key.new" "$state/key"; }
printf '%s\n' "$who" >"$state/holder"
[ -s "$state/state.jsonl" ] && [ -n "$(tail -c 1 "$state/state.jsonl")" ] && printf '\n' >>"$state/state.jsonl"
printf 'locked\n'
(
exec 8>&-
set -- "$path" "$@"
eval "$look"
)
printf '\036end\n'
while IFS= read -r -t 20 line; do
  case $line in
    state\ *) printf '%s\n' "${line#* }" >>"$state/state.jsonl" ;;
    journal\ *) printf '%s\n' "${line#* }" >>"$state/journal.jsonl" ;;
    compact\ *) printf '%s\n' "${line#* }" >>"$state/state.next" ;;
    swap) sync "$state/state.next" && mv "$state/state.next" "$state/state.jsonl" ;;
    detail\ *) line=${line#* }; name=${line%% *}; printf '%s\n' "${line#* }" >"$state/detail/.$name" && mv "$state/detail/.$name" "$state/detail/$name.json" ;;
    env\ *) line=${line#* }; printf '%s\n' "$line" >>"$state/env.next" ;;
    env-swap) [ -e "$state/env.next" ] && mv "$state/env.next" "$state/env" ;;
    sync) sync "$state"/*.jsonl; printf 'synced\n' ;;
  esac
done
rm -f "$state/holder" "$state/state.next" "$state/env.next"
