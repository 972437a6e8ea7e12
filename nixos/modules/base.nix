# What every host of this homelab has, so that services can be deployed to it: sshd, git and Docker.
{ pkgs, ... }:
{
  services.openssh = {
    enable = true;
    settings = {
      PasswordAuthentication = false;
      PermitRootLogin = "no";
    };
  };

  virtualisation.docker.enable = true;
  environment.systemPackages = [ pkgs.git ];

  systemd.tmpfiles.rules = [
    "d /opt/homelab 0755 admin users -"
    # root's: tmpfiles makes no folder of a service inside a folder of somebody else
    "d /var/lib/services 0755 root root -"
  ];

  nix.settings.experimental-features = [ "nix-command" "flakes" ];
}
