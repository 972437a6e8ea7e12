# The group of the media services, which share files; PGID in their .env is this gid. docs/media.md says how they do.
{
  users.groups.media.gid = 3000;

  # setgid: what one of them writes, the others may read
  systemd.tmpfiles.rules = map (folder: "d /mnt/vault/${folder} 2775 root media -") [
    "media"
    "media/anime"
    "media/anime-movies"
    "media/movies"
    "media/shows"
    "temp"
    "temp/downloads"
    "temp/downloads/torrents"
    "temp/downloads/usenet"
    "temp/transcode"
  ];
}
