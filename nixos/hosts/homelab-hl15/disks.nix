# The pool `vault` and what looks after disks. docs/nixos.md has the commands that make it.
let
  mounts = {
    # Media and downloads together: a hard link from one to the other works within a dataset only.
    "/mnt/vault" = "vault";
    # What is nobody else's to restore is kept for longer.
    "/mnt/vault/nextcloud" = "vault/nextcloud";
    "/mnt/vault/photos" = "vault/photos";
    "/var/lib/services" = "vault/services";
  };
  kept = {
    autosnap = true;
    autoprune = true;
    hourly = 48;
    daily = 30;
    monthly = 6;
    yearly = 0;
  };
in
{
  fileSystems = builtins.mapAttrs (_: device: {
    inherit device;
    fsType = "zfs";
    # Without the pool the host still comes up, so that somebody can log in and mend it. The second says again what
    # nofail took back: the folders of services are made in the pool, not in the empty place below.
    options = [ "nofail" "x-systemd.before=local-fs.target" ];
  }) mounts;

  # Containers on empty folders would begin anew, and fill the disk of the system.
  systemd.services.docker.unitConfig.RequiresMountsFor = builtins.attrNames mounts;

  # Started again, which a changed list of datasets asks for, it would take all mounts and Docker down with it.
  systemd.services.zfs-import-vault.restartIfChanged = false;

  services.zfs.autoScrub = {
    enable = true;
    interval = "monthly";
  };

  # Not services.zfs.autoSnapshot: what that keeps hangs on properties set by hand in the pool; this is all in Git.
  services.sanoid = {
    enable = true;
    datasets = {
      "vault/nextcloud" = kept;
      "vault/photos" = kept;
      "vault/services" = kept;
      # A week to find out what should not have been deleted; each day more holds on to the room of old downloads.
      vault = kept // {
        hourly = 0;
        daily = 7;
        monthly = 0;
      };
    };
  };

  services.smartd = {
    enable = true;
    # A short test each night at 2, a long one on Saturdays at 3
    defaults.monitored = "-a -o on -s (S/../.././02|L/../../6/03)";
    # Without a disk that knows SMART it would fail, and take the deploy back.
    extraOptions = [ "--quit=never" ];
  };
}
