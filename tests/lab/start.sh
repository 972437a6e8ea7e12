# Outside, first process of a host: enters the host's control groups, then its namespaces.
# In: NAME STATE BASE NETNS CGROUP ENTER (files to write the pid to).
set -e
for procs in $ENTER; do echo $$ >"$procs"; done
exec nsenter --net="/run/netns/$NETNS" \
  unshare --mount --uts --ipc --pid --fork --kill-child --propagation private bash "$(dirname "$0")/boot.sh"
