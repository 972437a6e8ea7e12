# The group of the infrastructure services; PGID in their .env is this gid.
{
  users.groups.infrastructure.gid = 3100;
}
