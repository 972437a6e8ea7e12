# Who sonarr is on the host, all of its instances; PUID in services/sonarr/*/.env is this uid.
{
  users.users.sonarr = {
    isSystemUser = true;
    uid = 3007;
    group = "media";
  };

  systemd.tmpfiles.rules = [
    "d /var/lib/services/sonarr 0750 sonarr media -"
    "d /var/lib/services/sonarr/anime 0750 sonarr media -"
    "d /var/lib/services/sonarr/shows 0750 sonarr media -"
  ];
}
