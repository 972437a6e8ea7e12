# The person who deploys, over SSH and with a key only.
{ config, ... }:
{
  users.users.admin = {
    isNormalUser = true;
    extraGroups = [ "wheel" "docker" ];
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

  # A deploy activates the system with nobody at a terminal; and who is in the group docker is root already.
  security.sudo.wheelNeedsPassword = false;
}
