# Who tdarr is on the host; PUID in services/tdarr/.env is this uid.
{
  users.users.tdarr = {
    isSystemUser = true;
    uid = 3004;
    group = "media";
  };

  systemd.tmpfiles.rules = [
    "d /var/lib/services/tdarr 0750 tdarr media -"
    "d /var/lib/services/tdarr/configs 0750 tdarr media -"
    "d /var/lib/services/tdarr/logs 0750 tdarr media -"
    "d /var/lib/services/tdarr/server 0750 tdarr media -"
  ];
}
