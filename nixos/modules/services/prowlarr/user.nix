# Who prowlarr is on the host; PUID in services/prowlarr/.env is this uid.
{
  users.users.prowlarr = {
    isSystemUser = true;
    uid = 3002;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/prowlarr 0750 prowlarr media -" ];
}
