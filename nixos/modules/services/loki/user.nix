# Who loki is on the host; PUID in services/loki/.env is this uid.
{
  users.users.loki = {
    isSystemUser = true;
    uid = 3202;
    group = "monitoring";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/loki 0750 loki monitoring -" ];
}
