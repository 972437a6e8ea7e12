# Who homepage is on the host; PUID in services/homepage/.env is this uid.
{
  users.users.homepage = {
    isSystemUser = true;
    uid = 3103;
    group = "infrastructure";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/homepage 0750 homepage infrastructure -" ];
}
