#!/bin/bash
# Hold the lock of a host and write its records, line by line from standard input, until it ends. Arguments: the
# checkout, who holds, the branch of a checkout that is made new, the turn that was seen, the script `look`, and what
# that one is given. The turn changes with each lock: where it is the one that was seen, no run was here since, and there
# is no second look (40 ms of processor time).
#
# Lives as long as the run: the lock is the kernel's and ends with this process, which ends when its input does, or
# when no heartbeat came for 20 s. Appending a line costs no process. `working` is held shared by every command that
# changes something; taken once alone here, so that nobody starts while a dead run's command still works. A look asks
# for the lock too, for a moment: hence the short wait. What a dead run left half written is thrown away first.
#
# `state`, `system` and `sync` are answered, the first two with `ok` or `failed WHY`; of `journal` only a failure is
# told, with `untold WHY`; on a full disk nothing is left half written.
path=$1 who=$2 branch=$3 seen=$4 look=$5; shift 5
# put TEXT FILE: append a line, whole or not at all; tries twice, the second time to hear why
put() {
  { printf '%s\n' "$1" >>"$2"; } 2>/dev/null && return
  mend "$2"
  why=$({ LC_ALL=C; printf '%s\n' "$1" >>"$2"; } 2>&1) && return
  mend "$2"; why=${why##*: }
  return 1
}
# take BYTES FILE: write a line of so many bytes of standard input. Where it is not whole, as many zeros say in `why`
# what kept it from that: one process instead of three where all is well, a third of the time of a record.
take() {
  { head -c "$1" >"$2"; } 2>/dev/null && IFS= read -r _ <"$2" && return
  why=$({ LC_ALL=C head -c "$1" /dev/zero >"$2"; } 2>&1); why=${why##*: }; why=${why:-cut short}
  return 1
}
# mend FILE: take away a last line that is not whole
mend() { [ -z "$(tail -c 1 "$1")" ] || truncate --size=-"$(tail -n 1 "$1" | wc -c)" "$1"; } 2>/dev/null
# rotate: begin a new journal, and drop the kept env files that nothing names any more
rotate() {
  mv "$state/journal.jsonl" "$state/journal.older.jsonl"
  for f in "$state"/kept/*; do grep -qsF "${f##*/}" "$state/state.jsonl" "$state/journal.older.jsonl" || rm -f "$f"; done
}
# refuse PLACE [FILE]: say that it cannot be written, why a write there fails, and on which mount that is
refuse() {
  local at=$1; [ ! -d "$at" ] || at=$at/.homelab.$$
  [ -n "$why" ] || why=$({ LC_ALL=C; : >>"$at"; } 2>&1)
  [ "$at" = "$1" ] || rm -f "$at"
  at=$1; while [ ! -e "$at" ] && [ "$at" != / ]; do at=$(dirname -- "$at"); done
  printf 'unwritable%s\n%s\n%s\n' "${2:+ $2}" "${why##*: }" "$(stat -c %m -- "$at")"
  exit 0
}
# barred: say what of the Git folder may not be written, as after a run of root; where it is something else, that was said
barred() {
  for f in .git "$state" "$state/lock" "$state/working"; do
    if [ -e "$f" ] && [ ! -w "$f" ]; then why=; refuse "$f" "$f"; fi
  done
  exit 1
}
why=
[ -d "$path" ] || why=$(LC_ALL=C mkdir -p "$path" 2>&1) || refuse "$path"
[ -w "$path" ] || refuse "$path"
cd "$path" || exit
if [ ! -e .git ]; then # made aside, then moved: wherever this is cut off, the Git folder is whole or not there
  git init --quiet --initial-branch="$branch" ".git.new.$$" && mv ".git.new.$$/.git" .
  [ -e .git ] || exit # maybe it is another run's, which was faster
  rm -rf .git.new.*
fi
if [ -d .git ]; then state=.git/homelab; else state=$(git rev-parse --absolute-git-dir) || exit; state=$state/homelab; fi
umask 077
[ -d "$state/detail" ] || { mkdir -p "$state/detail" && chmod 700 "$state"; } || barred
exec 8>>"$state/lock" 9>>"$state/working" || barred
if ! flock --wait 0.3 8; then printf 'held '; cat "$state/holder" 2>/dev/null; exit 0; fi
if ! flock --nonblock 9; then # somebody still works: what he does, no look has seen
  seen=
  if ! flock --wait 5 9; then printf 'busy '; cat "$state/holder" 2>/dev/null; exit 0; fi
fi
exec 9>&-
for f in state env; do if [ -e "$state/$f.next" ]; then rm -f "$state/$f.next"; fi; done
[ -s "$state/key" ] || { head -c 32 /dev/urandom | sha256sum >"$state/key.new" && sync "$state/key.new" && mv "$state/key.new" "$state/key"; }
printf '%s\n' "$who" >"$state/holder"
books=()
for f in state system journal; do if [ -s "$state/$f.jsonl" ]; then books+=("$state/$f.jsonl"); fi; done
if [ ${#books[@]} -gt 0 ] && [ -n "$(tail -q -c 1 "${books[@]}")" ]; then for f in "${books[@]}"; do mend "$f"; done; fi
if [ -s "$state/journal.jsonl" ] && [ "$(wc -c <"$state/journal.jsonl")" -gt 1000000 ]; then rotate; fi
turn=; [ -e "$state/turn" ] && turn=$(<"$state/turn")
printf '%s\n' "$EPOCHREALTIME-$$" >"$state/turn"
printf 'locked\n'
[ -n "$turn" ] && [ "$turn" = "$seen" ] || (
exec 8>&-
set -- "$path" "$@"
eval "$look"
)
printf '\036end\n'
torn= unkept=
while IFS= read -r -t 20 line; do
  case $line in
    state\ *)
      if [ -z "$unkept" ] && put "${line#* }" "$state/state.jsonl"; then printf 'ok\n'; else printf 'failed %s\n' "${unkept:-$why}"; fi
      unkept= ;;
    system\ *) if put "${line#* }" "$state/system.jsonl"; then printf 'ok\n'; else printf 'failed %s\n' "$why"; fi ;;
    journal\ *) put "${line#* }" "$state/journal.jsonl" || printf 'untold %s\n' "$why" ;;
    compact\ *) put "${line#* }" "$state/state.next" || torn=1 ;;
    swap)
      if [ -z "$torn" ]; then sync "$state/state.next" && mv "$state/state.next" "$state/state.jsonl"; else rm -f "$state/state.next"; fi
      torn= ;;
    detail\ *)
      line=${line#* }; name=${line%% *} # bash reads a line byte by byte, 25 ms for one of these: head takes it whole
      if take "${line#* }" "$state/detail/.$name"; then mv "$state/detail/.$name" "$state/detail/$name.json"; else unkept=$why; rm -f "$state/detail/.$name"; fi ;;
    keep\ *) # a copy of an env file, for whoever goes back to it; only of the very content that was meant
      line=${line#* }; hash=${line%% *}
      if [ ! -e "$state/kept/$hash" ] && mkdir -p "$state/kept" && cp "${line#* }" "$state/kept/.new" 2>/dev/null; then
        chmod 600 "$state/kept/.new"; sum=$(cat "$state/key" "$state/kept/.new" | sha256sum)
        if [ "${sum%% *}" = "$hash" ]; then mv "$state/kept/.new" "$state/kept/$hash"; else rm -f "$state/kept/.new"; fi
      fi ;;
    forget\ *) rm -f "$state/detail/${line##*[ /]}.json" ;;
    env\ *) put "${line#* }" "$state/env.next" || torn=1 ;;
    env-swap)
      if [ -z "$torn" ]; then [ -e "$state/env.next" ] && mv "$state/env.next" "$state/env"; else rm -f "$state/env.next"; fi
      torn= ;;
    sync) sync "$state"/*.jsonl; printf 'synced\n' ;;
  esac
done
rm -f "$state/holder" "$state/state.next" "$state/env.next"
