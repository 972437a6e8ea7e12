#!/bin/bash
# Activate a NixOS system in such a way that the host goes back by itself unless `system_keep` confirms it in time.
# As root. Arguments: the seconds until then, `reboot` or nothing, the store path of the system.
#
# The boot default stays as it is, so a power cut goes back too. The unit has the name that nixos-rebuild gives it: two
# activations at once refuse each other. It writes to a file, and not to us: a lost connection does not end it.
# Ends with 0 (runs, waits for confirmation), 4 (went back), 5 (could not go back), 66 (no such system), 75 (somebody
# else activates), 100 (asks for a reboot, nothing was changed); before that prints `status STATUS SECONDS`, and `late`
# where the clock ended it.
exec </dev/null
trap '' PIPE # nobody may listen any more: what was begun is ended all the same
export LC_ALL=C PATH=$PATH:/run/wrappers/bin:/run/current-system/sw/bin
seconds=$1 reboot=$2 new=$3 unit=nixos-rebuild-switch-to-configuration back=homelab-rollback state=/run/homelab-system
running() { readlink -f /run/current-system; }
working() { case $(systemctl show --property=ActiveState --value "$1") in active|activating|deactivating|reloading) ;; *) false ;; esac; }
go_back() { systemctl start $back.service; systemctl stop $back.timer; } 2>/dev/null
[ -x "$new/bin/switch-to-configuration" ] || exit 66
if working $back.timer || working $back.service; then go_back; fi # of a run that ended before it confirmed
if working $unit.service; then exit 75; fi
old=$(running)
rm -rf $state && mkdir -m 700 $state && printf '%s\n' "$old" >$state/before || exit
[ "$old" != "$new" ] || exit 0
systemd-run --quiet --collect --unit=$back --on-active="${seconds}s" --timer-property=AccuracySec=250ms \
  --property=Type=oneshot --setenv=PATH="$PATH" \
  /bin/sh -c "systemctl stop $unit.service; exec $old/bin/switch-to-configuration test" || exit
systemd-run --quiet --collect --wait --no-ask-password --service-type=exec --unit=$unit --setenv=PATH="$PATH" \
  --setenv=LOCALE_ARCHIVE="$LOCALE_ARCHIVE" --setenv=NIXOS_INSTALL_BOOTLOADER= --property=TimeoutStopSec=10 \
  --property=StandardOutput=file:$state/log "$new/bin/switch-to-configuration" test
status=$?
if [ $status = 0 ] && [ "$(running)" = "$new" ]; then exit 0; fi
printf 'status %s %s\n' $status $SECONDS
if working $back.service || ! working $back.timer; then printf 'late\n'; fi
tail -n 40 $state/log >&2
if [ $status = 100 ] && [ "$(running)" = "$old" ]; then
  systemctl stop $back.timer
  [ -n "$reboot" ] || exit 100
  nix-env --profile /nix/var/nix/profiles/system --set "$new" && "$new/bin/switch-to-configuration" boot >&2 || exit 6
  touch $state/restarting
  printf 'restarting\n'
  systemctl --no-block reboot
  exit 0
fi
go_back
[ "$(running)" = "$old" ] || exit 5
exit 4
