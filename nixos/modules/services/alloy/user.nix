# Who alloy is on the host. Its container runs as root, to whom most belongs that it reads; its folder has this user.
{
  users.users.alloy = {
    isSystemUser = true;
    uid = 3201;
    group = "monitoring";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/alloy 0750 alloy monitoring -" ];
}
