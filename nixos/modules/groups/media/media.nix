# The group of the media services, which share files; PGID in their .env is this gid.
{
  users.groups.media.gid = 3000;

  # setgid: what one of them writes, the others may read
  systemd.tmpfiles.rules = [
    "d /mnt/vault/media 2775 root media -"
    "d /mnt/vault/temp/downloads 2775 root media -"
    "d /mnt/vault/temp/transcode 2775 root media -"
  ];
}
