#!/bin/bash
# Confirm the system that runs, and make exactly it the boot default. As root, over a connection that was made after the
# activation. Argument: its store path.
#
# Ends with 0 (kept; prints the store path of the system before), 4 (another system runs; prints which), 6 (runs, and
# is not the boot default), 75 (not settled yet: ask again).
exec </dev/null
trap '' PIPE # nobody may listen any more: what was begun is ended all the same
export LC_ALL=C PATH=$PATH:/run/wrappers/bin:/run/current-system/sw/bin
new=$1 unit=nixos-rebuild-switch-to-configuration back=homelab-rollback state=/run/homelab-system
working() { case $(systemctl show --property=ActiveState --value "$1") in active|activating|deactivating|reloading) ;; *) false ;; esac; }
settled() { [ ! -e $state/restarting ] && ! working $unit.service && ! working $back.service; }
settled || exit 75
running=$(readlink -f /run/current-system)
if [ "$running" != "$new" ]; then printf '%s\n' "$running"; exit 4; fi
if working $back.timer && ! systemctl stop $back.timer; then exit 75; fi
settled && [ "$(readlink -f /run/current-system)" = "$new" ] || exit 75
before=$(cat $state/before 2>/dev/null)
# nix-env would make a new generation of the same system
if [ "$(readlink -f /nix/var/nix/profiles/system)" != "$new" ]; then
  nix-env --profile /nix/var/nix/profiles/system --set "$new" || exit 6
fi
"$new/bin/switch-to-configuration" boot >&2 || exit 6
if [ -n "$before" ] && [ "$before" != "$new" ]; then ln -sfn "$before" /nix/var/nix/gcroots/homelab-before; fi
rm -rf $state
printf '%s\n' "$before"
