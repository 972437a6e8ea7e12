# Who overseerr is on the host; PUID in services/overseerr/.env is this uid.
{
  users.users.overseerr = {
    isSystemUser = true;
    uid = 3009;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/overseerr 0750 overseerr media -" ];
}
