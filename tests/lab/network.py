"""A lab's network: one switch in a namespace of its own, a cable to this machine and one to each host, no way out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError, run, try_each

_DISTANCE = Path(__file__).with_name("distance.py")


@dataclass(frozen=True, slots=True)
class Network:
    """The network 10.77.<slot>.0/24; this machine is .1, host n is .10+n."""

    slot: int

    @property
    def prefix(self) -> str:
        """What every namespace, link and cgroup of this lab begins with."""
        return f"hl{self.slot}"

    @property
    def _switch(self) -> str:
        return f"{self.prefix}-sw"

    def address(self, index: int) -> str:
        return f"10.77.{self.slot}.{10 + index}"

    def namespace(self, index: int) -> str:
        return f"{self.prefix}-h{index}"

    def is_free(self) -> bool:
        """Nothing else on this machine routes to these addresses."""
        return not run("ip", "-4", "route", "show", "root", f"10.77.{self.slot}.0/24").strip()

    def up(self) -> None:
        # The bridge has a namespace of its own: the firewall of a dockerd on this machine does not reach it there.
        switch, cable = self._switch, self.prefix
        _ip("netns", "add", switch)
        _ip("-n", switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", switch, "link", "set", "br0", "up")
        _ip("link", "add", cable, "type", "veth", "peer", "name", "up0", "netns", switch)
        _ip("-n", switch, "link", "set", "up0", "master", "br0", "up")
        _ip("addr", "add", f"10.77.{self.slot}.1/24", "dev", cable)
        _ip("link", "set", cable, "up")

    def down(self) -> None:
        names = sorted(path.name for path in Path("/run/netns").glob(f"{self.prefix}-*"))
        try_each(("ip", "link", "del", self.prefix), *(("ip", "netns", "del", name) for name in names))

    def plug(self, index: int) -> None:
        namespace, switch, port = self.namespace(index), self._switch, f"h{index}"
        # The same hardware address after each boot: nobody waits for a stale ARP entry to expire.
        hardware = f"02:77:00:00:{self.slot:02x}:{index:02x}"
        _ip("netns", "add", namespace)
        host_end = ("peer", "name", "eth0", "address", hardware, "netns", namespace)
        _ip("link", "add", port, "netns", switch, "type", "veth", *host_end)
        _ip("-n", switch, "link", "set", port, "master", "br0", "up")
        _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", namespace, "addr", "add", f"{self.address(index)}/24", "dev", "eth0")
        _ip("-n", namespace, "link", "set", "eth0", "up")

    def unplug(self, index: int) -> None:
        try_each(("ip", "-n", self._switch, "link", "del", f"h{index}"), ("ip", "netns", "del", self.namespace(index)))

    def set_port(self, index: int, state: str) -> None:
        """`down` drops every packet to and from the host, `up` lets them pass again."""
        _ip("-n", self._switch, "link", "set", f"h{index}", state)

    @contextmanager
    def moved_away(self, index: int, seconds: float) -> Iterator[None]:
        """Each packet to and from the host takes so long, one way. Raises LabError."""
        switch, port = self._switch, f"h{index}"
        inside = ("ip", "netns", "exec", switch)
        argv = (*inside, sys.executable, str(_DISTANCE), "near0", "far0", str(seconds))
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as line:
            try:
                if not (line.stdout and line.stdout.readline()):
                    raise LabError("no long line: this kernel has no /dev/net/tun")
                _ip("-n", switch, "link", "add", "br1", "type", "bridge")
                _ip("-n", switch, "link", "set", "br1", "up")
                _ip("-n", switch, "link", "set", "near0", "master", "br0", "up")
                for name in ("far0", port):
                    _ip("-n", switch, "link", "set", name, "master", "br1", "up")
                yield
            finally:
                try_each(
                    ("ip", "-n", switch, "link", "set", port, "master", "br0"),
                    ("ip", "-n", switch, "link", "del", "br1"),
                )
                line.terminate()


def _ip(*words: str) -> None:
    run("ip", *words)
