"""Docker Compose command lines for one service on one host."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..command import Command, host_script, host_text, lasting
from ..model import Host, Repo, Service
from ..repo.policy import renewed_after, span

FEW_COLLECTIONS = ("env", "GOGC=400")  # of garbage: a tenth of the processor time that Compose takes
START_TIMEOUT = 900  # seconds; a build may be part of it
STOP_TIMEOUT = 180  # besides what `stop_grace_period` gives containers
KEEP_IMAGES = ("--pull", "missing")
_UNKNOWN: Mapping[str, Any] = MappingProxyType({})


class Project(Struct, frozen=True):
    """A compose project on a host: where it lies, what it is called, and the Compose binary that serves it.

    Calling the plugin's binary directly saves 30 ms of CPU a call against `docker compose`.
    """

    name: str
    directory: str  # absolute, on the host
    binary: str = ""  # path of the plugin, "" for `docker compose`
    working: str = ""  # lock file that every changing command holds shared for as long as it works
    renews: bool = False  # its `pull_policy` has Compose pull images that are there: that was done before
    grace: float = 0.0  # seconds that its containers may take to end, one after the other

    def command(self, *words: str, timeout: float) -> Command:
        """`compose -p NAME words...` in the project's folder."""
        compose = (self.binary,) if self.binary else ("docker", "compose")
        works = lasting(*compose, "--project-name", self.name, *words)
        return Command((*FEW_COLLECTIONS, *self._lock, *works), directory=self.directory, timeout=timeout)

    def script(self, name: str, *words: str, timeout: float) -> Command:
        """`host/NAME.sh`, which changes something of the project, with these words after the project's name."""
        works = lasting("bash", "-c", host_text(name), "homelab", self.name, *words)
        return Command((*self._lock, *works), timeout=timeout)

    def up(self, *words: str) -> Command:
        """`compose up --detach words...`: no image that is there is pulled, and old containers have time to end."""
        kept = KEEP_IMAGES if self.renews else ()
        return self.command("up", "--detach", *kept, *words, timeout=START_TIMEOUT + self.grace)

    @property
    def _lock(self) -> tuple[str, ...]:
        return ("flock", "--shared", self.working) if self.working else ()


def directory(repo: Repo, host: Host, service: Service) -> str:
    """The service's folder on the host."""
    return f"{host.path.rstrip('/')}/{repo.prefix}{service.directory}"


def up(project: Project, *, recreate: Iterable[str] = (), build: bool = False) -> list[Command]:
    """Bring the project to what its files say; then make `recreate` (keys under `services:`) anew in any case."""
    first = project.up("--remove-orphans", "--quiet-pull", *(("--build",) if build else ()))
    again = tuple(sorted(recreate))
    if not again:
        return [first]
    return [first, project.up("--no-deps", "--force-recreate", *again)]


def up_stage(
    project: Project, keys: Iterable[str], *, recreate: Iterable[str] = (), build: bool = False
) -> list[Command]:
    """Bring these containers alone to what the files say, however what they depend on is; `recreate` as in `up`."""
    flags = ("--no-deps", "--remove-orphans", "--quiet-pull", *(("--build",) if build else ()))
    stage, again = set(keys), set(keys) & set(recreate)
    anew = ("--force-recreate",)
    found = [(*flags, *sorted(stage - again))] if stage - again else []
    found += [(*flags, *anew, *sorted(again))] if again else []
    return [project.up(*words) for words in found]


def make(project: Project, keys: Iterable[str], *, build: bool = False) -> Command:
    """Make these containers anew and start none: `up` starts a container that is there, whatever it lacks."""
    kept = KEEP_IMAGES if project.renews else ()
    flags = ("--no-start", *kept, "--no-deps", "--quiet-pull", *(("--build",) if build else ()), "--force-recreate")
    return project.command("up", *flags, *sorted(keys), timeout=START_TIMEOUT + project.grace)


def drop_networks(project: Project, names: Iterable[str]) -> Command:
    """Take these networks away; the project's containers on them are stopped, and stay."""
    return project.script("drop_networks", *names, timeout=STOP_TIMEOUT + project.grace)


def drop_containers(project: Project, idents: Iterable[str]) -> Command:
    """Stop and remove these containers; their volumes stay. Compose leaves those of a profile that is off."""
    return project.script("drop_containers", *idents, timeout=STOP_TIMEOUT + project.grace)


def recreate_all(project: Project, *, build: bool = False) -> list[Command]:
    """Make every container of the project anew, changed or not."""
    flags = ("--remove-orphans", "--quiet-pull", "--force-recreate", *(("--build",) if build else ()))
    return [project.up(*flags)]


def restart(project: Project, keys: Iterable[str] = ()) -> Command:
    """Restart these containers, or all."""
    return project.command("restart", *sorted(keys), timeout=STOP_TIMEOUT + project.grace)


def unpause(project: Project, keys: Iterable[str]) -> Command:
    """Let these containers run on: `up` refuses a paused one."""
    return project.command("unpause", *sorted(keys), timeout=60)


def signal(project: Project, name: str, keys: Iterable[str]) -> Command:
    """Send a signal, e.g. HUP, to these containers."""
    return project.command("kill", "--signal", name, *sorted(keys), timeout=60)


def stop(project: Project) -> Command:
    """Stop the containers and keep them."""
    return project.command("stop", timeout=STOP_TIMEOUT + project.grace)


def down(project: Project, *, volumes: bool = False) -> Command:
    """Remove containers and networks of the project; its named volumes only on demand."""
    flags = ("--remove-orphans", *(("--volumes",) if volumes else ()))
    return project.command("down", *flags, timeout=STOP_TIMEOUT + project.grace)


def left(project: Project, *, volumes: bool = False) -> Command:
    """Fail if networks of the project (or its named volumes, on demand) are still there after `down`, and say why."""
    return host_script("left", project.name, "network", *(("volume",) if volumes else ()), timeout=STOP_TIMEOUT)


def pull(project: Project) -> Command:
    """Fetch the images that the project names, whether they are there or not."""
    return project.command("pull", "--quiet", "--ignore-buildable", timeout=START_TIMEOUT)


def config(project: Project) -> Command:
    """What the project's files mean where they lie, as JSON with the values of its `.env`; `fetched` reads it."""
    return project.command("config", "--format", "json", timeout=60)


def fetched(model: str) -> tuple[str, ...]:
    """The images that `pull` asks a registry for."""
    services = (json.loads(model).get("services") or {}).values()
    meant = [s for s in services if not s.get("build") and s.get("pull_policy") not in ("never", "build")]
    return tuple(dict.fromkeys(str(s["image"]) for s in meant if s.get("image")))


def grace(service: Service | None, model: Mapping[str, Any] = _UNKNOWN) -> float:
    """Seconds that the containers of a service may take to end, each after the one before: as its files here say, or
    those that were resolved on a host. Of a service that has left the repo nobody knows.
    """
    there = (model.get("services") or {}).values()
    here = sum(container.grace for container in service.stack.containers) if service else 0.0
    return max(here, sum(span(str(container.get("stop_grace_period", ""))) for container in there))


def renews(service: Service, model: Mapping[str, Any] = _UNKNOWN) -> bool:
    """Whether `up` would pull images that are there; told as `grace` is."""
    there = (model.get("services") or {}).values()
    asked = (c for c in there if not c.get("build") and renewed_after(str(c.get("pull_policy", ""))) is not None)
    return any(container.renews for container in service.stack.containers) or any(asked)


def as_older_ones_take_it(up: Command, said: str) -> Command | None:
    """The same `up` for a Compose before 2.6, which knew no `--pull`; None where that is not what it `said`."""
    if "unknown flag: --pull" not in said or KEEP_IMAGES[0] not in up.argv:
        return None
    at = up.argv.index(KEEP_IMAGES[0])
    return replace(up, argv=(*up.argv[:at], *up.argv[at + len(KEEP_IMAGES) :]))


def logs(binary: str, projects: Iterable[str], *, tail: int, follow: bool) -> Command:
    """The last lines of each container of `projects`, and with `follow` those that come; `log_line` reads them."""
    return host_script("logs", binary, str(tail), "--follow" if follow else "", *projects, timeout=0 if follow else 120)


def log_line(line: str) -> tuple[int, str]:
    """Which of the projects wrote a line of `logs`, and what. The rest of a very long line may have lost its number."""
    number, colon, text = line.partition(":")
    return (int(number), text) if colon and number.isascii() and number.isdigit() else (-1, line)


def without_values(said: str) -> str:
    """What Compose says, without what it quotes of an env file, or of a field that one fills: that may be a password.

    What such a sentence is about comes first: the file and its line, the field, what is wrong.
    """
    pattern = r"(failed to read (?!.+?: required variable ).+?)(: line \d+)?: .*"
    said = re.sub(pattern, r"\1\2", said, flags=re.DOTALL)
    return re.sub(rf"({_BEFORE_VALUE})(?:: | (?=\")).*?{_NEXT_ERROR}", r"\1", said, flags=re.DOTALL)


_BEFORE_VALUE = (
    r"failed to cast to expected type|strconv\.\w+|got unconvertible type '\w+', value"
    "|[Ii]nvalid (?:size|boolean|duration|spec|proto|hostPort|containerPort|ip address|IP address)"
    "|invalid additional host, missing IP"
)
_NEXT_ERROR = r"(?=\nerror decoding '|\n'\w+\[|\Z)"  # Compose lists those of a whole file
