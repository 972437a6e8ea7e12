# What `inv` needs on a host besides SSH and Docker.
{ pkgs, ... }:
{
  environment.systemPackages = [ pkgs.git ];

  systemd.tmpfiles.rules = [
    "d /opt/homelab 0755 admin users -"
    # root's: tmpfiles makes no folder of a service inside a folder of somebody else
    "d /var/lib/services 0755 root root -"
  ];

  nix.settings.experimental-features = [ "nix-command" "flakes" ];

  # Nobody is at a terminal when a system is activated; and who is in the group docker is root already.
  security.sudo = {
    wheelNeedsPassword = false;
    execWheelOnly = true;
  };

  # A deploy is what updates: a host that did it by itself would no longer be what the commit says. New packages come
  # with `nix flake update`, as a commit that can be read and rolled back.
  system.autoUpgrade.enable = false;
}
