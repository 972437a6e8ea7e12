# Pid 1 of a host: keeps sshd and dockerd running, each unless /run/lab/NAME.off exists, and reaps orphans.
keep() {
  local name=$1
  shift
  while :; do
    if [[ ! -e /run/lab/$name.off ]]; then
      "$@" >>"/var/log/$name.log" 2>&1 &
      echo $! >"/run/lab/$name.pid"
      wait $!
      rm -f "/run/lab/$name.pid"
    fi
    sleep 0.05
  done
}

rm -f /run/docker.pid
keep sshd /usr/sbin/sshd -D -e &
keep dockerd dockerd --group docker --cgroup-parent "$CGROUP" --exec-opt native.cgroupdriver=cgroupfs --shutdown-timeout 5 &
wait
