# Who profilarr is on the host; PUID in services/profilarr/.env is this uid.
{
  users.users.profilarr = {
    isSystemUser = true;
    uid = 3006;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/profilarr 0750 profilarr media -" ];
}
