# Who plex is on the host; PUID in services/plex/.env is this uid.
{
  users.users.plex = {
    isSystemUser = true;
    uid = 3005;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/plex 0750 plex media -" ];
}
