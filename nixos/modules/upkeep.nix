# What keeps a host going when nobody looks: room on its disks, and the right time.
{
  # The systems before stay for a month; the one that the last deploy replaced is kept from the collector anyway.
  nix.gc = {
    automatic = true;
    dates = "weekly";
    options = "--delete-older-than 30d";
    randomizedDelaySec = "45min";
  };
  nix.optimise.automatic = true;
  # In the middle of a build, too: make room up to 10 GB once less than 2 GB are free.
  nix.settings.min-free = 2 * 1024 * 1024 * 1024;
  nix.settings.max-free = 10 * 1024 * 1024 * 1024;

  # /boot is small, and each system in the menu has its kernel there.
  boot.loader.systemd-boot.configurationLimit = 20;

  # A drop-in, as the option that was for this has changed its name from release to release.
  environment.etc."systemd/journald.conf.d/homelab.conf".text = ''
    [Journal]
    SystemMaxUse=1G
    MaxRetentionSec=1month
  '';

  # Certificates, one-time codes and the order of all logs hang on it.
  services.timesyncd.enable = true;
}
