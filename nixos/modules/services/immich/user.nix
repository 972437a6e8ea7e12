# Who immich is on the host; PUID in services/immich/.env is this uid.
{
  users.users.immich = {
    isSystemUser = true;
    uid = 3302;
    group = "selfhosting";
  };

  systemd.tmpfiles.rules = [
    "d /mnt/vault/photos 0750 immich selfhosting -"
    # root's: several users have their folders below
    "d /var/lib/services/immich 0755 root root -"
    "d /var/lib/services/immich/dumps 0700 root root -"
    "d /var/lib/services/immich/models 0755 root root -"
    # with colons for a new folder only: these images start as root and give it to users of their own
    "d /var/lib/services/immich/cache :0700 :root :root -"
    "d /var/lib/services/immich/database :0700 :root :root -"
  ];
}
