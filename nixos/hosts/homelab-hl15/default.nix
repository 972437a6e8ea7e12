# The host hl15 of hosts.yaml.
{ config, ... }:
{
  imports = [
    ./disks.nix
    ./hardware-configuration.nix
    ./ports.nix
    ../../modules
    ../../users/admin.nix
  ];

  networking.hostName = "homelab-hl15";
  time.timeZone = "Etc/UTC";

  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.canTouchEfiVariables = true;

  # ZFS knows its machine by it. REPLACE on the host: head -c 4 /dev/urandom | od -A none -t x4 | tr -d ' '
  networking.hostId = "00000000";

  assertions = [
    {
      assertion = config.networking.hostId != "00000000";
      message = "nixos/hosts/homelab-hl15/default.nix has no hostId of its own; the line above it says how to make one";
    }
  ];

  # The release that this host was installed with: it stays as it is when nixpkgs moves on.
  system.stateVersion = "26.05";
}
