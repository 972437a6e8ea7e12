# Who postgres is on the host; PUID in services/postgres/.env is this uid.
{
  users.users.postgres = {
    isSystemUser = true;
    uid = 3301;
    group = "selfhosting";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/postgres 0750 postgres selfhosting -" ];
}
