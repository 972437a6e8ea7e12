# Who sabnzbd is on the host; PUID in services/sabnzbd/.env is this uid.
{
  users.users.sabnzbd = {
    isSystemUser = true;
    uid = 3012;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/sabnzbd 0750 sabnzbd media -" ];
}
