# Pid 1 of a host while it still sees the machine's files: builds the host's root and moves into it.
set -e
read -r pid _ </proc/self/stat # this /proc is the machine's: the pid as seen from there
echo "$pid" >"$STATE/pid"

root=$STATE/root
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$STATE/upper,workdir=$STATE/work" "$root"
cd "$root"
mkdir -p var/lib/docker
mount --bind "$STATE/docker" var/lib/docker # a real filesystem: overlay2 does not sit on an overlay
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o nosuid,nodev,noexec sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755,size=64m tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755,size=1m tmpfs dev
mkdir dev/pts dev/shm run/sshd run/lock run/lab
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
for device in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${device%:*}" c 1 "${device#*:}"; done
mknod -m 666 dev/tty c 5 0
pivot_root . mnt
umount -l /mnt
cd /
hostname "$NAME"
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CGROUP="$CGROUP" \
  bash /usr/local/sbin/lab-init </dev/null >/var/log/init.log 2>&1
