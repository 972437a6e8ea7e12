"""`inv validate`: cold against one `docker compose config` of everything, unchanged against `inv --list`, and large."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.bench.clock import clock
from scripts.bench.model import COSTLY, SLOW, Experiment, Figure, Method, Round, Sample

COLD, AGAIN, LISTED = "inv validate, cold", "inv validate, unchanged", "inv --list"
CONFIG, LOOP, FOUR = "docker compose config -q of all", "config -q, in a loop", "config -q, 4 at once"
LARGE = "inv validate --quick"
PEAK = 120  # MB
SERVICES_A_HOST = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """A homelab of services of two containers each, and a compose file that includes them all."""

    root: Path
    number: int

    def make(self) -> None:
        """Write and commit it."""
        hosts = {f"h{n}": {"address": f"10.0.{n // 250}.{n % 250}"} for n in range(-(-self.number // SERVICES_A_HOST))}
        self._write("hosts.yaml", json.dumps({"hosts": hosts, "networks": ["media"]}))
        self._write("tasks.py", "from homelab_tasks import ns\n")
        self._write(".gitignore", ".env\n")
        for n in range(self.number):
            self._service(n, f"h{n % len(hosts)}")
        self._write(
            "all.yml", json.dumps({"include": [f"services/{_name(n)}/compose.yml" for n in range(self.number)]})
        )
        for words in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], _COMMIT):
            subprocess.run(["git", *words], cwd=self.root, check=True, stdout=subprocess.DEVNULL)

    def forget(self) -> None:
        """Nothing is known of an earlier run."""
        shutil.rmtree(self.root / ".git/homelab", ignore_errors=True)

    def inv(self, *words: str) -> Sample:
        """The real `inv` in a process of its own."""
        return clock(str(Path(sys.executable).with_name("inv")), *words, folder=self.root)[0]

    def config(self) -> Sample:
        """Compose reads everything at once."""
        return clock("docker", "compose", "--file", "all.yml", "config", "--quiet", folder=self.root)[0]

    def loop(self) -> Sample:
        """Compose reads each service in a process of its own."""
        each = 'for file in services/*/compose.yml; do docker compose --file "$file" config --quiet; done'
        return clock("bash", "-ec", each, folder=self.root)[0]

    def four_at_once(self) -> Sample:
        """The same with four processes side by side."""
        each = "printf '%s\\n' services/*/compose.yml | xargs -P4 -I{} docker compose --file {} config --quiet"
        return clock("bash", "-ec", each, folder=self.root)[0]

    def _service(self, n: int, host: str) -> None:
        folder = f"services/{_name(n)}"
        self._write(f"{folder}/compose.yml", _COMPOSE.format(n=n, port=10000 + n, other=30000 + n))
        self._write(f"{folder}/config/app.yml", "a: 1\n")
        self._write(f"{folder}/README.md", "One of many.\n")
        self._write(f"{folder}/.env.example", "# zone\nTZ=Etc/UTC\nPUID=1000\nDB_PASSWORD=\n")
        self._write(f"{folder}/.env", "TZ=Etc/UTC\nPUID=1000\nDB_PASSWORD=x8Kq2\n", mode=0o600)
        needs = f"depends_on: [{_name(n - 1)}]\n" if n % SERVICES_A_HOST else ""
        self._write(f"{folder}/service.yaml", f"host: {host}\n{needs}")

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=mode)
        file.write_text(text)


def validating(folder: Path, few: int, many: int) -> Iterator[Experiment]:
    """The experiments, in homelabs of so many services."""
    small, large = Checked(folder / "few", few), Checked(folder / "many", many)
    yield Experiment(
        "validate",
        f"All rules over {few} services, nothing known of an earlier run, against one `docker compose config -q` of a "
        "file that includes them all, and against a process for each; and where nothing has changed, against "
        "`inv --list`.",
        (
            Method(COLD, partial(small.inv, "validate"), reset=small.forget),
            Method(AGAIN, partial(small.inv, "validate"), reset=lambda: _know(small)),
            Method(LISTED, partial(small.inv, "--list")),
            Method(CONFIG, small.config),
            Method(LOOP, small.loop),
            Method(FOUR, small.four_at_once),
        ),
        (
            Figure("validate, cold / compose config", "x", partial(_ratio, COLD, CONFIG), 1.5),
            Figure(f"validate, cold / {LOOP}", "x", partial(_ratio, COLD, LOOP)),
            Figure(f"validate, cold / {FOUR}", "x", partial(_ratio, COLD, FOUR)),
            Figure("validate, unchanged / inv --list", "x", partial(_ratio, AGAIN, LISTED), 2),
        ),
        prepare=small.make,
        rounds=SLOW,
    )
    yield Experiment(
        "validate-many",
        f"All rules over {many:,} services without asking Compose, with nothing known of an earlier run.",
        (Method(LARGE, partial(large.inv, "validate", "--quick"), reset=large.forget),),
        (
            Figure(f"validate of {many:,} services", "s", lambda one: one[LARGE].seconds, 3),
            Figure(f"peak memory of {many:,} services", "MB", lambda one: one[LARGE].peak, PEAK),
        ),
        prepare=large.make,
        rounds=COSTLY,
    )


def _ratio(ours: str, other: str, one: Round) -> float:
    return one[ours].seconds / one[other].seconds


def _know(homelab: Checked) -> None:
    homelab.inv("validate")


def _name(n: int) -> str:
    return f"s{n:04}"


_COMMIT = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=bench"]
_COMPOSE = """\
services:
  app{n}:
    image: ghcr.io/example/app:1.{n}.0
    restart: unless-stopped
    environment:
      TZ: ${{TZ:-Etc/UTC}}
      PUID: ${{PUID}}
      DATABASE_URL: postgres://app:${{DB_PASSWORD:?choose one}}@db{n}/app
    env_file: [.env]
    ports: ["{port}:8080", "127.0.0.1:{other}:9000/udp"]
    volumes: ["data{n}:/data", "./config:/config:ro", "/var/lib/services/app{n}:/srv"]
    networks: [default, media]
    depends_on: {{db{n}: {{condition: service_healthy}}}}
    healthcheck: {{test: [CMD, curl, --fail, "http://localhost:8080/health"], interval: 30s}}
  db{n}:
    image: postgres:17.2
    restart: unless-stopped
    environment: ["POSTGRES_PASSWORD=${{DB_PASSWORD}}", POSTGRES_DB=app]
    volumes: ["db{n}:/var/lib/postgresql/data"]
    healthcheck: {{test: [CMD-SHELL, pg_isready -U postgres]}}
volumes: {{data{n}: {{}}, db{n}: {{}}}}
networks: {{media: {{external: true}}}}
"""
