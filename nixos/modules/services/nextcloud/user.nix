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
    # with colons for a new folder only: this image starts as root and gives it to a user of its own
    "d /var/lib/services/nextcloud/cache :0700 :root :root -"
    # PostgreSQL from 18 on keeps its own folder below, and its user has to get there
    "d /var/lib/services/nextcloud/database 0755 root root -"
  ];
}
