# Who tdarr is on the host; PUID in services/tdarr/.env is this uid.
{
  users.users.tdarr = {
    isSystemUser = true;
    uid = 3004;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/tdarr 0750 tdarr media -" ];
}
