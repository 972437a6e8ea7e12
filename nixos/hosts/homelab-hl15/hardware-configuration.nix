# PLACEHOLDER: replace this file with what the host says about itself:
#   nixos-generate-config --show-hardware-config > hardware-configuration.nix
{
  boot.initrd.availableKernelModules = [ "ahci" "nvme" "sd_mod" "usb_storage" "xhci_pci" ];
  nixpkgs.hostPlatform = "x86_64-linux";

  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };

  fileSystems."/boot" = {
    device = "/dev/disk/by-label/boot";
    fsType = "vfat";
  };

  # The pool with media and downloads.
  fileSystems."/mnt/vault" = {
    device = "vault";
    fsType = "zfs";
  };
}
