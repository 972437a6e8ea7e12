#!/usr/bin/env bash
# Docker Engine and Compose v2 on Debian and Ubuntu, as root; does only what is missing.
#   scripts/install_docker.sh          install, and start dockerd where no systemd does
#   scripts/install_docker.sh --stop   end the dockerd that this script started, and no other
set -euo pipefail

state=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.lab/dockerd # of this checkout: another one ends its own
started=$state/dockerd.started # pid and start time: together they cannot mean another process

fail() {
  echo "install_docker: $*" >&2
  exit 1
}

answers() { docker version >/dev/null 2>&1; }
has_compose() { [[ $(docker compose version --short 2>/dev/null) =~ ^v?([2-9]|[1-9][0-9])\. ]]; }

may_install() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null && grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

apt_updated=
install_packages() {
  [[ $apt_updated ]] || apt-get update -qq
  apt_updated=yes
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

install_engine() {
  command -v dockerd >/dev/null || install_packages docker.io iptables ca-certificates
  command -v docker >/dev/null || install_packages docker-cli
}

# The first package of this distribution that is Compose v2 or newer; Debian 12's docker-compose is version 1.
install_compose() {
  [[ $apt_updated ]] || apt-get update -qq
  apt_updated=yes
  local package version
  for package in docker-compose-plugin docker-compose-v2 docker-compose; do
    version=$(apt-cache policy "$package" | sed -n 's/^ *Candidate: *//p')
    [[ ${version#*:} =~ ^([2-9]|[1-9][0-9])\. ]] || continue
    install_packages "$package"
    return
  done
  install_compose_of_debian_13
}

# Debian 13's plugin is one file that needs only libc; its package lists are kept apart, so that this machine stays what
# it is. The mirror is the one that apt here uses already.
install_compose_of_debian_13() {
  local mirror work
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | sed -n 1p)
  [[ $mirror ]] || fail "no Compose v2 for this system; install it: https://docs.docker.com/compose/install/linux/"
  work=$(mktemp -d)
  mkdir -p "$work"/{lists,cache,deb}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
  chmod 755 "$work"
  (
    cd "$work/deb"
    options=(-qq -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::SourceList="$work/sources.list"
      -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
    apt-get "${options[@]}" download docker-compose
    dpkg -x docker-compose_*.deb .
    install -Dm755 usr/libexec/docker/cli-plugins/docker-compose /usr/local/lib/docker/cli-plugins/docker-compose
  )
  rm -rf "$work"
}

start_engine() {
  if [[ -d /run/systemd/system ]]; then
    systemctl enable --now docker
    return
  fi
  mkdir -p "$state"
  setsid dockerd >"$state/dockerd.log" 2>&1 </dev/null &
  echo "$! $(start_time "$!")" >"$started"
  for _ in {1..300}; do
    answers && return
    kill -0 "$!" 2>/dev/null || break
    sleep 0.1
  done
  fail "dockerd does not start: $(tail -n 1 "$state/dockerd.log"); see $state/dockerd.log"
}

start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

stop_engine() {
  [[ -e $started ]] || return 0
  local pid since
  read -r pid since <"$started"
  rm -f "$started"
  [[ $(start_time "$pid") == "$since" ]] || return 0
  kill "$pid"
  while [[ -e /proc/$pid ]] && [[ $(start_time "$pid") == "$since" ]] && ! grep -q '^State:.Z' "/proc/$pid/status"; do sleep 0.1; done
}

case ${1-} in
--stop)
  stop_engine
  exit
  ;;
'') ;;
*) fail "no option '$1'; there is --stop" ;;
esac

if answers && has_compose; then exit 0; fi
may_install || fail "needs Docker Engine 20.10 or newer that answers to you, and Compose v2;" \
  "install them: https://docs.docker.com/engine/install/ (as root on Debian and Ubuntu this script does it)"
install_engine
has_compose || install_compose
answers || start_engine
has_compose || fail "'docker compose' does not answer; install Compose v2: https://docs.docker.com/compose/install/linux/"
echo "Docker $(docker version --format '{{.Server.Version}}') and Compose $(docker compose version --short) are ready"
