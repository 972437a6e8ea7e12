# Who deluge is on the host; PUID in services/deluge/.env is this uid.
{
  users.users.deluge = {
    isSystemUser = true;
    uid = 3003;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/deluge 0750 deluge media -" ];
}
