# Who prometheus is on the host; PUID in services/prometheus/.env is this uid.
{
  users.users.prometheus = {
    isSystemUser = true;
    uid = 3203;
    group = "monitoring";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/prometheus 0750 prometheus monitoring -" ];
}
