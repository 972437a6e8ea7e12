# Who gluetun is on the host; PUID in services/gluetun/.env is this uid.
{
  users.users.gluetun = {
    isSystemUser = true;
    uid = 3001;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/gluetun 0750 gluetun media -" ];
}
