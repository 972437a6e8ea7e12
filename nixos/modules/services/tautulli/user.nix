# Who tautulli is on the host; PUID in services/tautulli/.env is this uid.
{
  users.users.tautulli = {
    isSystemUser = true;
    uid = 3011;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/tautulli 0750 tautulli media -" ];
}
