# Every module of this homelab; a new service is one line here.
{
  imports = [
    ./base.nix
    ./groups/media/media.nix
    ./services/deluge/user.nix
    ./services/gluetun/user.nix
    ./services/plex/user.nix
    ./services/prowlarr/user.nix
    ./services/tdarr/user.nix
  ];
}
