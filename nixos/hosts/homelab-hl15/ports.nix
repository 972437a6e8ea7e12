# Made by `inv generate` from what services publish; to change it, change their ports and say that again.
#
# Docker opens what it publishes past this firewall: it rewrites the address before the firewall looks. These lists
# are for who comes to the host's own address all the same: containers that ask for a port of the host, IPv6 clients
# of a network without IPv6, and services on the host's own network. To close a port for others, publish it on
# 127.0.0.1 in the compose file.
{
  networking.firewall.allowedTCPPorts = [
    80 # caddy
    443 # caddy
    2283 # immich
    3000 # grafana
    3001 # homepage
    3100 # loki
    5055 # overseerr
    6767 # bazarr
    6868 # profilarr
    7878 # radarr-movies
    7879 # radarr-anime
    8080 # sabnzbd
    8081 # nextcloud
    8112 # gluetun
    8181 # tautulli
    8265 # tdarr
    8989 # sonarr-shows
    8990 # sonarr-anime
    9090 # prometheus
    9696 # prowlarr
    32400 # plex
  ];
  networking.firewall.allowedUDPPorts = [
    443 # caddy
  ];
}
