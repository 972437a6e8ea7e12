# The host hl15 of hosts.yaml.
{
  imports = [
    ./hardware-configuration.nix
    ../../modules
    ../../users/admin.nix
  ];

  networking.hostName = "homelab-hl15";
  time.timeZone = "Etc/UTC";

  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.canTouchEfiVariables = true;

  # ZFS asks for it. REPLACE on the host: head -c 4 /dev/urandom | od -A none -t x4 | tr -d ' '
  networking.hostId = "00000000";

  # The release that this host was installed with: it stays as it is when nixpkgs moves on.
  system.stateVersion = "25.11";
}
