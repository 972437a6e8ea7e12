# PLACEHOLDER: replace this file with what the host says about itself (docs/nixos.md has the way there):
#   nixos-generate-config --show-hardware-config > hardware-configuration.nix
# The pool is in disks.nix, and stays there.
{
  boot.initrd.availableKernelModules = [ "ahci" "nvme" "sd_mod" "usb_storage" "xhci_pci" ];
  nixpkgs.hostPlatform = "x86_64-linux";

  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };

  fileSystems."/boot" = {
    device = "/dev/disk/by-label/BOOT";
    fsType = "vfat";
    options = [ "fmask=0077" "dmask=0077" ];
  };
}
