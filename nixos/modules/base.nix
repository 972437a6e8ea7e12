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
    "d /var/lib/services 0755 admin users -"
  ];

  nix.settings.experimental-features = [ "nix-command" "flakes" ];
}
