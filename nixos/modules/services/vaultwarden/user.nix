# Who vaultwarden is on the host; PUID in services/vaultwarden/.env is this uid.
{
  users.users.vaultwarden = {
    isSystemUser = true;
    uid = 3304;
    group = "selfhosting";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/vaultwarden 0750 vaultwarden selfhosting -" ];
}
