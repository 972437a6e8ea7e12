"""The life of one host: its files, its boot into namespaces of its own, a power cut, and commands inside it."""

from __future__ import annotations

import http.client
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .base import ADMIN
from .cgroup import Cgroup
from .errors import LabError, run
from .network import Network

HERE = Path(__file__).parent
CHECKOUT = "/opt/homelab"
DATA = "/var/lib/services"
BOOT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Machine:
    """A host that can be switched on and off. Its state is in `directory`, so another process can go on with it."""

    index: int
    directory: Path
    base: Path
    network: Network

    @property
    def name(self) -> str:
        return f"h{self.index}"

    @property
    def address(self) -> str:
        return self.network.address(self.index)

    @property
    def cgroup(self) -> Cgroup:
        return Cgroup(f"{self.network.prefix}/{self.name}")

    @property
    def pid(self) -> int:
        """Pid 1 of the host, as this machine numbers it; 0 while the host is off."""
        try:
            pid = int((self.directory / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0
        return pid if self.cgroup.holds(pid) else 0

    def make(self, authorized_key: str, hosts_file: str) -> None:
        """Lay out the files that differ from the shared root filesystem."""
        upper = self.directory / "upper"
        for folder in (upper / "etc/ssh", upper / "usr/local/sbin", *(self.directory / name for name in _STATE)):
            folder.mkdir(parents=True)
        for path in (CHECKOUT, DATA):
            folder = upper / path.lstrip("/")
            folder.mkdir(parents=True)
            os.chown(folder, ADMIN, ADMIN)
        (upper / "etc/hostname").write_text(self.name + "\n")
        (upper / "etc/hosts").write_text("127.0.0.1 localhost\n" + hosts_file)
        (upper / "etc/ssh/authorized_keys").write_text(authorized_key)
        shutil.copy(HERE / "sshd_config", upper / "etc/ssh/sshd_config")
        shutil.copy(HERE / "init.sh", upper / "usr/local/sbin/lab-init")
        self.make_host_key()

    def make_host_key(self) -> None:
        """The key that `known_hosts` of the lab holds; kept beside the host, so that it can come back."""
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", str(self.directory / "host_key"))
        shutil.copy(self.directory / "host_key", self.directory / "upper/etc/ssh/ssh_host_ed25519_key")

    @property
    def host_key(self) -> str:
        """Type and value of the public key that the lab's `known_hosts` holds."""
        return " ".join((self.directory / "host_key.pub").read_text().split()[:2])

    def boot(self) -> None:
        """Switch the host on and wait until sshd and dockerd answer."""
        self.network.plug(self.index)
        environment = {
            "PATH": os.environ["PATH"],
            "NAME": self.name,
            "STATE": str(self.directory),
            "BASE": str(self.base),
            "NETNS": self.network.namespace(self.index),
            "CGROUP": f"/{self.cgroup.path}/docker",
            "ENTER": " ".join(map(str, self.cgroup.enter_files())),
        }
        # setsid: Ctrl-C in the terminal is for the tests, which then take the lab down in order.
        with (self.directory / "console").open("ab") as console:
            argv = ["setsid", "--fork", "bash", str(HERE / "start.sh")]
            subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, stdout=console, stderr=console, check=True)
        self._wait_until_up()

    def _wait_until_up(self) -> None:
        try:
            wait_for(self.docker_answers, f"dockerd of {self.name}", seconds=BOOT_SECONDS)
            wait_for(self.sshd_answers, f"sshd of {self.name}")
        except LabError as error:
            raise LabError(f"{error}\n{self._last_words()}") from error

    def _last_words(self) -> str:
        logs = (self.directory / "console", *sorted((self.directory / "upper/var/log").glob("*.log")))
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1000:]}" for log in logs)

    def crash(self) -> None:
        """A power cut: everything of the host is killed at once, its files stay."""
        self.cgroup.kill()
        self.network.unplug(self.index)
        (self.directory / "pid").unlink(missing_ok=True)

    def exec(self, *argv: str, stdin: bytes = b"", user: str = "root") -> subprocess.CompletedProcess[bytes]:
        """Run a command inside the host, past sshd and whatever the lab's network is doing."""
        return subprocess.run(self.enter(*argv, user=user), input=stdin, capture_output=True, check=False)

    def enter(self, *argv: str, user: str = "root") -> list[str]:
        """The command line that runs `argv` inside the host. Raises LabError while the host is off."""
        pid = self.pid
        if not pid:
            raise LabError(f"{self.name} is off")
        inside = ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "env", "-i", f"PATH={_PATH}"]
        return [*inside, "HOME=/root", *argv] if user == "root" else [*inside, "runuser", "-u", user, "--", *argv]

    def check(self, *argv: str, stdin: bytes = b"") -> str:
        """Output of a command inside the host. Raises LabError with what it said when it fails."""
        done = self.exec(*argv, stdin=stdin)
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise LabError(f"{self.name}: {shlex.join(argv)}: exit {done.returncode}: {said}")
        return done.stdout.decode("utf-8", "replace").strip()

    def docker_answers(self) -> bool:
        # Before the host has moved into its own root, that path would lead to the dockerd of this machine.
        root = Path(f"/proc/{self.pid}/root")
        return self.pid != 0 and (root / "run/lab/dockerd.pid").exists() and _pings(root / "run/docker.sock")

    def sshd_answers(self) -> bool:
        try:
            socket.create_connection((self.address, 22), timeout=1).close()
        except OSError:
            return False
        return True


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Return as soon as the condition holds. Raises LabError when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


def _pings(path: Path) -> bool:
    connection = http.client.HTTPConnection("docker", timeout=2)
    try:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(2)
        connection.sock.connect(str(path))
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


_STATE = ("work", "root", "docker")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
