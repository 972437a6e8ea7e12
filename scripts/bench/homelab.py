"""The homelabs that are measured: of twenty services, a chain whose links are ready late, a group with a bad one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

IMAGE = "homelab/demo"
ARR = ("prowlarr", "tdarr", "profilarr")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "gluetun": (),
    "pihole": (),
    "prowlarr": ("gluetun",),
    "deluge": ("gluetun",),
    "tdarr": ("deluge",),
    "profilarr": ("prowlarr",),
    "sonarr-shows": ARR,
    "sonarr-anime": ARR,
    "radarr-movies": ARR,
    "radarr-anime": ARR,
    "overseerr": ("sonarr-shows", "sonarr-anime", "radarr-movies", "radarr-anime"),
    "plex": ("tdarr",),
    "alloy": (),
    "loki": ("alloy",),
    "prometheus": ("alloy",),
    "grafana": ("loki", "prometheus"),
    "homepage": (),
    "immich": (),
    "nextcloud": (),
    "caddy": (),
}
CHANGING = "plex"  # nothing needs it
CHAIN: Mapping[str, tuple[str, ...]] = {f"level{n}": (f"level{n - 1}",) if n > 1 else () for n in range(1, 6)}
GROUP: Mapping[str, tuple[str, ...]] = {
    "gluetun": (),
    "deluge": ("gluetun",),
    "prowlarr": ("gluetun",),
    "sonarr": ("deluge", "prowlarr"),
    "radarr": ("deluge", "prowlarr"),
    "plex": ("sonarr", "radarr"),  # the last one
}
PLAIN = "    init: true\n"
NEVER = "    init: true\n    healthcheck: {test: [CMD, test, -e, /tmp/never]}\n"


def late(seconds: float, often: str = "") -> str:
    """Ready so many seconds after the start; Docker looks as often as its default or `often` has it."""
    return f"""\
    init: true
    command: [sh, -c, "sleep {seconds:g}; touch /tmp/ready; exec httpd -f -p 80 -h /www"]
    healthcheck: {{test: [CMD, test, -e, /tmp/ready]{often}}}
"""


LATE = late(1)
EAGER = late(1, ", interval: 1s")
AT_ONCE = ", start_period: 1m, start_interval: 200ms"
# Three chains of three; on each level one takes long, and it is another one each time.
UNEVEN: Mapping[str, float] = {f"{c}{n}": 3 if c == "abc"[n - 1] else 0.5 for n in (1, 2, 3) for c in "abc"}


@dataclass(frozen=True, slots=True)
class Homelab:
    """A homelab's Git repo on this machine. `body` is what each container has besides its image."""

    root: Path
    needs: Mapping[str, tuple[str, ...]]
    body: str = PLAIN
    where: Mapping[str, str] = field(default_factory=dict)  # service -> host, for those that are not on h1
    bodies: Mapping[str, str] = field(default_factory=dict)  # service -> body, for those that have another

    def make(self, hosts: str) -> None:
        """Write all files and commit them; `hosts` is the text of hosts.yaml."""
        self._write("hosts.yaml", hosts)
        self._write("tasks.py", "from homelab_tasks import ns\n")
        for name, needs in self.needs.items():
            self._write(f"{self.folder(name)}/compose.yml", self.compose(name))
            rows = f"host: {self.host_of(name)}\ndepends_on: [{', '.join(needs)}]\n"
            self._write(f"{self.folder(name)}/service.yaml", rows)
        self._git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def compose(self, name: str, tag: str = "1", body: str = "") -> str:
        """The compose file of a service, with another `body` than the usual one if wanted."""
        return f"services:\n  {name}:\n    image: {IMAGE}:{tag}\n{body or self.bodies.get(name, self.body)}"

    def host_of(self, name: str) -> str:
        """The host of a service."""
        return self.where.get(name, "h1")

    @property
    def firsts(self) -> tuple[str, ...]:
        """One service of each host, which needs no other."""
        first = {self.host_of(name): name for name in reversed([*self.needs]) if not self.needs[name]}
        return tuple(first.values())

    def folder(self, name: str) -> str:
        """The folder of a service; `sonarr-anime` is an instance of sonarr."""
        return f"services/{name.replace('-', '/')}"

    def flip(self, name: str) -> None:
        """Give a service the other image, and commit that."""
        path = f"{self.folder(name)}/compose.yml"
        is_first = f"{IMAGE}:1" in (self.root / path).read_text()
        self._write(path, self.compose(name, "2" if is_first else "1"))
        self.commit()

    def lay(self, tags: Mapping[str, str], *, bad: str = "") -> None:
        """Give services these images, and commit that; the one that is `bad` never becomes healthy."""
        for name, tag in tags.items():
            self._write(f"{self.folder(name)}/compose.yml", self.compose(name, tag, NEVER if name == bad else ""))
        self.commit()

    def note(self) -> None:
        """Change a file of each service of which no container knows, and commit that."""
        for name in self.needs:
            file = self.root / self.folder(name) / "notes.txt"
            self._write(f"{self.folder(name)}/notes.txt", f"{file.read_text() if file.exists() else ''}One more.\n")
        self.commit()

    def head(self) -> str:
        """The commit."""
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self) -> None:
        """Commit everything, or nothing."""
        as_bench = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
        self._git("add", "--all")
        self._git(*as_bench, "commit", "--quiet", "--allow-empty", "-m", "bench")

    def _write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True, stdout=subprocess.DEVNULL)
