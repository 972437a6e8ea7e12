# Who nextcloud is on the host. Its image starts as root and goes on as its own user 33, who has its files.
{
  users.users.nextcloud = {
    isSystemUser = true;
    uid = 3303;
    group = "selfhosting";
  };

  systemd.tmpfiles.rules = [
    "d /mnt/vault/nextcloud 0770 33 33 -"
    # root's: several users have their folders below
    "d /var/lib/services/nextcloud 0755 root root -"
    "d /var/lib/services/nextcloud/dumps 0700 root root -"
    "d /var/lib/services/nextcloud/html 0750 33 33 -"
    # with colons for a new folder only: these images start as root and give it to users of their own
    "d /var/lib/services/nextcloud/cache :0700 :root :root -"
    "d /var/lib/services/nextcloud/database :0700 :root :root -"
  ];
}
