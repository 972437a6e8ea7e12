# The group of the monitoring services; PGID in their .env is this gid.
{
  users.groups.monitoring.gid = 3200;
}
