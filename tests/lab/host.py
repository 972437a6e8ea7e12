"""A host of a lab and the faults that can be made on it; `reset` takes all of them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from . import images
from .errors import LabError
from .machine import CHECKOUT, HERE, Machine, wait_for


@dataclass(frozen=True, slots=True)
class LabHost(Machine):
    """A Linux host with sshd, dockerd and a user `admin`, who owns /opt/homelab and /var/lib/services."""

    def docker(self, *args: str, stdin: bytes = b"") -> str:
        """Output of `docker ARGS` on the host. Raises LabError when it fails."""
        return self.check("docker", *args, stdin=stdin)

    def cut(self) -> None:
        """Pull the network cable: packets vanish, nothing is refused."""
        self.network.set_port(self.index, "down")

    def heal(self) -> None:
        self.network.set_port(self.index, "up")

    def moved_away(self, seconds: float) -> AbstractContextManager[None]:
        """Each packet to and from the host takes so long, one way; one host of a lab at a time."""
        return self.network.moved_away(self.index, seconds)

    def freeze(self) -> None:
        """Hang: the kernel still accepts TCP connections, no process answers."""
        self.cgroup.freeze()

    def thaw(self) -> None:
        self.cgroup.thaw()

    def kill_docker(self) -> None:
        """Kill dockerd; containers live on, as they do after a crash of it."""
        self._end("dockerd", "KILL")

    def start_docker(self) -> None:
        self.check("rm", "-f", "/run/lab/dockerd.off")
        wait_for(self.docker_answers, f"dockerd of {self.name}")

    def stop_sshd(self) -> None:
        """Connections are refused from now on; those that are open live on."""
        self._end("sshd", "TERM")

    def start_sshd(self) -> None:
        self.check("rm", "-f", "/run/lab/sshd.off")
        wait_for(self.sshd_answers, f"sshd of {self.name}")

    @contextmanager
    def sshd_says(self, line: str) -> Iterator[None]:
        """Its sshd has one more line in its configuration."""
        config = "/etc/ssh/sshd_config"
        before = self.check("cat", config)
        try:
            self.check("tee", config, stdin=f"{line}\n{before}".encode())
            self.stop_sshd()
            self.start_sshd()
            yield
        finally:
            self.check("tee", config, stdin=before.encode())
            self.stop_sshd()
            self.start_sshd()

    def fill_disk(self, path: str = CHECKOUT, *, free: int = 0) -> None:
        """Leave `free` KiB of space under `path`: a small filesystem with a copy of what is there takes its place."""
        self.check("bash", "-c", _FILL_DISK, "fill", path, str(free))

    def free_disk(self, path: str = CHECKOUT) -> None:
        """Give the filesystem of `fill_disk` plenty of space; what is in it stays."""
        self.check("mount", "-o", "remount,size=1g", path)

    def new_host_key(self) -> None:
        """Install a host key that nobody knows, as a reinstalled host has one."""
        key = "/etc/ssh/ssh_host_ed25519_key"
        self.check("bash", "-c", f"rm -f {key} && ssh-keygen -q -t ed25519 -N '' -f {key}")
        self._restart_sshd()

    def reset(self) -> None:
        """Take every fault back and remove everything but the preloaded images: the host is as it was first."""
        if self.pid:
            self.thaw()
            self.heal()
        else:
            self.boot()
        self.check("rm", "-f", "/run/lab/dockerd.off", "/run/lab/sshd.off")
        self._restore_host_key()
        wait_for(self.docker_answers, f"dockerd of {self.name}")
        wait_for(self.sshd_answers, f"sshd of {self.name}")
        self._restore_images(self.check("bash", stdin=(HERE / "clean.sh").read_bytes()))

    def load_images(self) -> None:
        self.docker("load", "--quiet", stdin=images.archive())

    def _restore_images(self, listed: str) -> None:
        there = {tuple(line.split()) for line in listed.splitlines()}
        wanted = set(images.identities())
        strange = sorted(tag if "<none>" not in tag else image for tag, image in there - wanted)
        if strange:
            self.docker("image", "rm", "--force", *strange)
        if not wanted <= there:
            self.load_images()

    def _restore_host_key(self) -> None:
        kept, used = self.directory / "host_key", self.directory / "upper/etc/ssh/ssh_host_ed25519_key"
        if kept.read_bytes() != used.read_bytes():
            self.check("tee", "/etc/ssh/ssh_host_ed25519_key", stdin=kept.read_bytes())
            self._restart_sshd()

    def _restart_sshd(self) -> None:
        self.stop_sshd()
        self.start_sshd()

    def _end(self, daemon: str, signal: str) -> None:
        """End a daemon for good: pid 1 of the host starts it again only when its .off file is gone."""
        done = self.exec("bash", "-c", _END_DAEMON, "end", daemon, signal)
        if done.returncode:
            raise LabError(f"{self.name}: {daemon} does not end")


_END_DAEMON = """
touch "/run/lab/$1.off"
read -r pid <"/run/lab/$1.pid" || exit 0
kill "-$2" "$pid"
for _ in {1..500}; do [[ -e /run/lab/$1.pid ]] || exit 0; sleep 0.01; done
exit 1
"""

_FILL_DISK = """
set -e
mount -t tmpfs -o size=1g,mode=755 tmpfs /mnt
cp -a "$1/." /mnt/
chown --reference="$1" /mnt
used=$(df --output=used --block-size=1k /mnt | tail -n 1)
mount -o remount,size=$((used + $2 > 4 ? used + $2 : 4))k /mnt
mount --move /mnt "$1"
echo "$1" >>/run/lab/disks
"""
