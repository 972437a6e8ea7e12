#!/bin/bash
# Plan the build of a NixOS system from a flake that is not delivered yet. Arguments: the system's name. The flake comes
# as a tar on standard input; it is removed again. Changes nothing but Nix's store, which gets the flake's own files.
umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/homelab.XXXXXXXX") || exit
trap 'rm -rf "$tmp"' EXIT
tar -x -C "$tmp" || exit
PATH=$PATH:/run/current-system/sw/bin
cd "$tmp" && nixos-rebuild dry-build --flake "path:$tmp#$1" </dev/null
