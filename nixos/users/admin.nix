# The person who deploys, over SSH and with a key only.
{ config, ... }:
{
  users.users.admin = {
    isNormalUser = true;
    # docker is as good as root; media is for putting films in by hand
    extraGroups = [ "wheel" "docker" "media" ];
    openssh.authorizedKeys.keys = [
      # REPLACE: the public keys that may log in, e.g. "ssh-ed25519 AAAA... you@laptop"
    ];
  };

  assertions = [
    {
      assertion = config.users.users.admin.openssh.authorizedKeys.keys != [ ];
      message = "nixos/users/admin.nix names no public key: nobody could log in; add yours";
    }
  ];
}
