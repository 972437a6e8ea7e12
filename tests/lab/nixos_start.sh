# Outside, first process of a host with systemd: enters its control groups, joins its files, and boots it.
# In: NAME STATE BASE NETNS ENTER (files to write the pid to).
set -e
for procs in $ENTER; do echo $$ >"$procs"; done
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$STATE/upper,workdir=$STATE/work" "$STATE/root"
# systemd of today wants version 2 of control groups, whatever this machine has; Docker wants to set net.* only.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn # on a disk nspawn would not clean it up
status=133 # a reboot
while [ $status = 133 ]; do
  status=0
  systemd-nspawn --quiet --directory="$STATE/root" --machine="$NAME" --hostname="${NAME##*-}" --boot --register=no \
    --keep-unit --console=pipe --resolv-conf=off --timezone=off --capability=all \
    --system-call-filter='add_key keyctl bpf' --network-namespace-path="/run/netns/$NETNS" \
    --bind="$STATE/docker:/var/lib/docker" </dev/null || status=$?
done
