# Who bazarr is on the host; PUID in services/bazarr/.env is this uid.
{
  users.users.bazarr = {
    isSystemUser = true;
    uid = 3010;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/bazarr 0750 bazarr media -" ];
}
