#!/bin/bash
# See what a host is made of: prints sections, each headed by a line `\036NAME`, and then what `look` prints. Arguments:
# the checkout, the folder of the data, the script `look`, and what that one is given after the checkout. Changes nothing
# that lasts.
#
# Whatever asks dockerd starts first and has its own time limit: a daemon that hangs must not hide the rest.
path=$1 data=$2 look=$3; shift 3
section() { printf '\036%s\n' "$1"; }
has() { command -v "$1" >/dev/null 2>&1; }
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/run/current-system/sw/bin
exec 4< <(has docker && timeout 15 docker info --format '{{.DockerRootDir}}	{{.ServerVersion}}	{{.CgroupVersion}}	{{.LiveRestoreEnabled}}	{{.LoggingDriver}}' 2>/dev/null)
exec 5< <(has docker && timeout 15 docker ps --format '{{.Label "com.docker.compose.project"}}	{{.Names}}	{{.Networks}}	{{.Ports}}' 2>/dev/null)
exec 6< <(has docker && timeout 15 docker compose version --short 2>/dev/null)
exec 7< <(has sudo || { echo missing; exit; }; timeout 5 sudo -n true 2>/dev/null </dev/null && echo free || echo asks)
section user; id -un; id -Gn
section versions
printf 'bash\t%s\n' "$BASH_VERSION"
for tool in git flock docker; do has $tool && printf '%s\t%s\n' $tool "$($tool --version 2>/dev/null | head -n 1)"; done
section folder-state
if [ -d "$path" ]; then [ -w "$path" ] && echo writable || echo foreign
else parent=$path; while [ ! -e "$parent" ]; do parent=${parent%/*}; parent=${parent:-/}; done; [ -d "$parent" ] && [ -w "$parent" ] && echo makeable || echo missing; fi
# Why a real write fails, and on which mount: only where it will.
at=$path; while [ ! -e "$at" ]; do at=${at%/*}; at=${at:-/}; done
if [ -d "$at" ] && [ ! -w "$at" ]; then
  section barred; why=$({ LC_ALL=C; : >>"$at/.homelab.$$"; } 2>&1) && rm -f "$at/.homelab.$$"; printf '%s\n%s\n' "${why##*: }" "$(stat -c %m -- "$at")"
fi
section scratch
if scratch=$(LC_ALL=C mktemp -d "${TMPDIR:-/tmp}/homelab.XXXXXXXX" 2>&1); then LC_ALL=C head -c 65536 /dev/zero 2>&1 >"$scratch/try"; rm -r "$scratch"; else printf '%s\n' "$scratch"; fi
[ -d "$path/.git" ] && { section foreign; find "$path/.git" -maxdepth 2 ! -user "$(id -u)" ! -writable -print -quit 2>/dev/null; }
lock=$path/.git/index.lock
[ -e "$lock" ] && { section index-lock; echo $(($(date +%s) - $(stat -c %Y "$lock"))); }
section sudo; cat <&7
section compose-version; cat <&6
section engine; IFS= read -r engine <&4; printf '%s\n' "$engine"
root=${engine%%	*}
section disks
for place in "$path" "$data" "$root"; do
  [ -n "$place" ] || continue
  at=$place; while [ ! -e "$at" ]; do at=${at%/*}; at=${at:-/}; done
  df -Pk -- "$at" 2>/dev/null | { read -r _; read -r _ size _ free _ mount; printf '%s\t%s\t%s\t%s\n' "$place" "$size" "$free" "$mount"; }
done
section log-limit
config=/etc/docker/daemon.json pid=$(cat /run/docker.pid /var/run/docker.pid 2>/dev/null | head -n 1)
[ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] && said=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null)
case $said in *--config-file*) config=${said#*--config-file}; config=${config#[=
]}; config=${config%%
*} ;; esac
case $said$(cat "$config" 2>/dev/null) in *max-size*) echo set ;; *) [ -e "$config" ] && [ ! -r "$config" ] && echo unknown || echo none ;; esac
section synced
if has timedatectl && synced=$(timedatectl show --property NTPSynchronized --value 2>/dev/null) && [ -n "$synced" ]; then echo "$synced"
elif has chronyc && said=$(timeout 5 chronyc -n tracking 2>/dev/null); then case $said in *'Not synchronised'*) echo no ;; *) echo yes ;; esac
else for name in /proc/[0-9]*/comm; do read -r name <"$name"; case $name in ntpd|chronyd|openntpd|systemd-timesyn*) echo yes; break ;; esac; done 2>/dev/null; fi
section listening; has ss && ss -H -ltnu 2>/dev/null
section published; cat <&5
section nixos; has nixos-version && nixos-version 2>/dev/null
set -- "$path" "$@"
eval "$look"
