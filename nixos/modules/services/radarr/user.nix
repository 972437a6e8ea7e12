# Who radarr is on the host, all of its instances; PUID in services/radarr/*/.env is this uid.
{
  users.users.radarr = {
    isSystemUser = true;
    uid = 3008;
    group = "media";
  };

  systemd.tmpfiles.rules = [
    "d /var/lib/services/radarr 0750 radarr media -"
    "d /var/lib/services/radarr/anime 0750 radarr media -"
    "d /var/lib/services/radarr/movies 0750 radarr media -"
  ];
}
