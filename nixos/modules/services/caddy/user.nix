# Who caddy is on the host; PUID in services/caddy/.env is this uid.
{
  users.users.caddy = {
    isSystemUser = true;
    uid = 3101;
    group = "infrastructure";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/caddy 0750 caddy infrastructure -" ];
}
