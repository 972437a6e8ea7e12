# Who grafana is on the host; PUID in services/grafana/.env is this uid.
{
  users.users.grafana = {
    isSystemUser = true;
    uid = 3204;
    group = "monitoring";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/grafana 0750 grafana monitoring -" ];
}
