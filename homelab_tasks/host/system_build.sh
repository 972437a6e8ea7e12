#!/bin/bash
# Build a NixOS system. Arguments: the folder of the records, the flake. Prints the store path of what was built.
#
# Nothing of the running system changes, so no clock runs. The link `result` keeps the system from the garbage collector
# until the next build. Each build has a folder of its own: one that a dead run left behind ends into nowhere.
export LC_ALL=C PATH=$PATH:/run/wrappers/bin:/run/current-system/sw/bin
command -v nixos-rebuild >/dev/null || { printf 'nixos-rebuild: not found\n' >&2; exit 127; }
umask 077
mkdir -p "$1/system" && rm -rf "$1"/system/* && cd "$(mktemp -d "$1/system/XXXXXX")" || exit
nixos-rebuild build --no-write-lock-file --flake "$2" >&2 && readlink -f result
