# The group of the selfhosting services; PGID in their .env is this gid.
{
  users.groups.selfhosting.gid = 3300;
}
