#!/bin/sh
# See what a host has of what a deploy needs. Prints lines of words with tabs between, the last one `end`. Arguments:
# paths to look at. Changes nothing. For any sh: bash may be what is missing.
export LC_ALL=C
say() { printf '%s\t' "$1"; shift; printf '%s\t' "$@"; echo; }
has() { command -v "$1" >/dev/null 2>&1; }
say user "$(id -un)" "$(id -u)" "$(id -gn)" "$(id -nG "$(id -un)")"
(
ID= ID_LIKE= VERSION_CODENAME= PRETTY_NAME=
[ -r /etc/os-release ] && . /etc/os-release
say os "$ID" "$ID_LIKE" "$VERSION_CODENAME" "$PRETTY_NAME"
)
lacks=
for tool in bash git flock timeout tar docker; do if has $tool; then say tool $tool; else lacks=1; fi; done
compose=
for d in "${DOCKER_CONFIG:-$HOME/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker /run/current-system/sw/libexec/docker; do
  [ -x "$d/cli-plugins/docker-compose" ] && compose=1
done
[ -n "$compose" ] || ! has docker || { docker compose version >/dev/null 2>&1 && compose=1; }
if [ -n "$compose" ]; then say tool compose; else lacks=1; fi
if has docker; then
  said=$(docker ps --quiet 2>&1 >/dev/null)
  case $?$said in
    0*) say docker answers ;;
    *ermission\ denied*) say docker denied ;;
    *) say docker silent "$(printf %s "$said" | tr '\n\t' '  ')" ;;
  esac
fi
grep -q '^docker:' /etc/group && say has docker-group
[ -d /run/systemd/system ] && say has systemd
if has sudo; then if sudo -n true 2>/dev/null; then say sudo free; else say sudo asks; fi; fi
[ -n "$lacks" ] && has apt-get && {
  say has apt
  apt-cache policy docker-compose-plugin docker-compose-v2 docker-compose docker-ce docker-cli 2>/dev/null | {
    while read -r word value; do
      case $word in
        Candidate:) [ "$value" = '(none)' ] || say package "$name" "$value" ;;
        docker*:) name=${word%:} ;;
      esac
    done
  }
}
for path; do
  kind=none target= above=$path
  if [ -L "$path" ]; then kind=link target=$(readlink "$path"); elif [ -d "$path" ]; then kind=folder; elif [ -e "$path" ]; then kind=file; fi
  if [ $kind = none ]; then while [ ! -e "$above" ] && [ "$above" != / ]; do above=$(dirname "$above"); done; fi
  may=no; [ -w "$above" ] && may=yes
  if [ $may = no ] && [ -d "$above" ]; then
    case $( (: >>"$above/.homelab.$$") 2>&1) in *ead-only\ file\ system*) say read-only "$path" "$(stat -c %m "$above")" ;; esac
    rm -f "$above/.homelab.$$"
  fi
  about='- 0'; [ $kind = none ] || about=$(stat -c '%U %a' "$path" 2>/dev/null)
  say path "$path" $kind "${about% *}" "${about#* }" $may "$target"
done
say clock "$(date -u +%Y%m%dT%H%M%SZ)"
say end
