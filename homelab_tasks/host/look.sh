#!/bin/bash
# See a host as it is: prints sections, each headed by a line `\036NAME`. Arguments: the checkout, the format of
# `docker ps`, then the env files from the checkout's root, or from `/` or `~/`. Changes nothing.
#
# Everything a plan needs, in one process tree and one round trip. docker ps starts first and works while Git does.
# Records are passed on without the byte that heads a section, whatever a fault of the disk has made of them.
# Hashing a .env takes two processes (2.5 ms), so hashes are kept beside the records with the file's stat line.
path=$1 format=$2 state= found= holder= home=; shift 2
section() { printf '\036%s\n' "$1"; }
# The turn comes before all else: a run that begins later gives another one, and while one is at work, or what a dead
# one began, there is none.
if cd "$path" 2>/dev/null && [ -e .git ]; then
  if [ -d .git ]; then state=$PWD/.git/homelab; elif state=$(git rev-parse --absolute-git-dir 2>/dev/null); then state=$state/homelab; fi
  if [ -s "$state/holder" ] && ! flock --shared --nonblock "$state/lock" true; then holder=$(<"$state/holder")
  elif [ -s "$state/turn" ] && flock --nonblock "$state/working" true; then section turn; printf '%s\n' "$(<"$state/turn")"; fi
fi
exec 3< <(if command -v docker >/dev/null; then docker ps --all --no-trunc --filter label=com.docker.compose.project --format "$format" 2>&1
  printf '\036docker-exit\n%s\n' $?; else printf '\036docker-exit\n127\n'; fi)
read -r line </proc/sys/kernel/random/boot_id; read -r _ _ device root _ </proc/self/mountinfo
section machine; printf '%s\n' "$HOSTNAME $line $device $root"
section shell; printf '%s\n' "$USER"
for tool in git flock timeout tar; do command -v $tool >/dev/null || printf 'missing %s\n' $tool; done
section compose
for d in "${DOCKER_CONFIG:-$HOME/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker /run/current-system/sw/libexec/docker; do
  if [ -x "$d/cli-plugins/docker-compose" ]; then found=1; printf '%s\n' "$d/cli-plugins/docker-compose"; break; fi
done
[ -n "$found" ] || ! command -v docker >/dev/null || docker compose version >/dev/null 2>&1 || section no-compose
[ -e /run/current-system ] && {
  section system; readlink -f /run/current-system /nix/var/nix/profiles/system
  [ -e /run/systemd/transient/homelab-rollback.timer ] && section armed
}
cd "$path" 2>/dev/null && [ -e .git ] && {
  section git; GIT_OPTIONAL_LOCKS=0 git status --porcelain=v2 --branch -z --untracked-files=no 2>&1
  section folder; printf '%s\n' "$state"
  if [ -d "$state" ]; then
    section state; [ -e "$state/state.jsonl" ] && tr -d '\036' <"$state/state.jsonl"
    [ -e "$state/system.jsonl" ] && { section systems; tr -d '\036' <"$state/system.jsonl"; }
    [ -s "$state/pins" ] && { section pins; cat "$state/pins"; }
    [ -s "$state/delivering" ] && { section delivering; cat "$state/delivering"; }
    [ -s "$state/delivered" ] && { read -r line <"$state/delivered"; section delivered; printf '%s\n' "$line"; }
    [ -n "$holder" ] && { section holder; printf '%s\n' "$holder"; }
  fi
}
files=() readable=()
if cd "$path" 2>/dev/null; then for f; do
  case $f in "~/"*) f=$HOME/${f#??} home=$HOME ;; esac; [ -f "$f" ] && files+=("$f"); done; fi
[ -z "$home" ] || { section home; printf '%s\n' "$home"; }
if [ ${#files[@]} -gt 0 ]; then
  section env; cached=; [ -n "$state" ] && [ -e "$state/env" ] && cached=$'\n'$(<"$state/env")$'\n'
  while IFS= read -r line; do
    case $cached in *$'\n'"$line "*) hash=${cached#*$'\n'"$line "}; hash=${hash%%$'\n'*} ;;
    *) hash= file=${line#* * * * * }; [[ $file = /* ]] || file=./$file
      [ -n "$state" ] && [ -r "$state/key" ] && [ -r "$file" ] && { hash=$(cat "$state/key" "$file" | sha256sum); hash=${hash%% *}; } ;; esac
    printf '%s %s\n' "$hash" "$line"
  done < <(stat -c '%a %i %s %.9Y %.9Z %n' -- "${files[@]}")
  section keys
  for f in "${files[@]}"; do [[ -r $f && $f != /* ]] && readable+=("./$f"); done
  [ ${#readable[@]} -gt 0 ] && LC_ALL=C awk -v q="'" '
    function open_at_end(text) { gsub(/\\./, "", text); return !index(text, quote) }
    FNR == 1 { quote = ""; sub(/^\357\273\277/, "") }
    quote != "" { if (!open_at_end($0)) quote = ""; next }
    match($0, /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:]/) {
      key = substr($0, RSTART, RLENGTH); rest = substr($0, RSTART + RLENGTH)
      sub(/^[ \t]*(export[ \t]+)?/, "", key); sub(/[ \t]*[=:]$/, "", key); sub(/^[ \t]*/, "", rest)
      print substr(FILENAME, 3) "\t" key
      quote = substr(rest, 1, 1); if (quote != "\"" && quote != q || !open_at_end(substr(rest, 2))) quote = "" }' "${readable[@]}"
fi
section docker; cat <&3
section clock; printf '%s\n' "${EPOCHREALTIME:-$(date +%s.%N)}"
