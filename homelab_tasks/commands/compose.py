"""Docker Compose command lines for one service on one host."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from msgspec import Struct

from ..command import Command, host_script, lasting
from ..model import Host, Repo, Service

FEW_COLLECTIONS = ("env", "GOGC=400")  # of garbage: a tenth of the processor time that Compose takes
START_TIMEOUT = 900  # seconds; a build may be part of it
STOP_TIMEOUT = 180


class Project(Struct, frozen=True):
    """A compose project on a host: where it lies, what it is called, and the Compose binary that serves it.

    Calling the plugin's binary directly saves 30 ms of CPU a call against `docker compose`.
    """

    name: str
    directory: str  # absolute, on the host
    binary: str = ""  # path of the plugin, "" for `docker compose`
    working: str = ""  # lock file that every changing command holds shared for as long as it works

    def command(self, *words: str, timeout: float) -> Command:
        """`compose -p NAME words...` in the project's folder."""
        compose = (self.binary,) if self.binary else ("docker", "compose")
        lock = ("flock", "--shared", self.working) if self.working else ()
        works = lasting(*compose, "--project-name", self.name, *words)
        return Command((*FEW_COLLECTIONS, *lock, *works), directory=self.directory, timeout=timeout)


def directory(repo: Repo, host: Host, service: Service) -> str:
    """The service's folder on the host."""
    return f"{host.path.rstrip('/')}/{repo.prefix}{service.directory}"


def up(project: Project, *, recreate: Iterable[str] = (), build: bool = False) -> list[Command]:
    """Bring the project to what its files say; then make `recreate` (keys under `services:`) anew in any case."""
    flags = ("--detach", "--remove-orphans", "--quiet-pull", *(("--build",) if build else ()))
    first = project.command("up", *flags, timeout=START_TIMEOUT)
    again = tuple(sorted(recreate))
    if not again:
        return [first]
    return [first, project.command("up", "--detach", "--no-deps", "--force-recreate", *again, timeout=START_TIMEOUT)]


def up_stage(
    project: Project, keys: Iterable[str], *, recreate: Iterable[str] = (), build: bool = False
) -> list[Command]:
    """Bring these containers alone to what the files say, however what they depend on is; `recreate` as in `up`."""
    flags = ("--detach", "--no-deps", "--remove-orphans", "--quiet-pull", *(("--build",) if build else ()))
    stage, again = set(keys), set(keys) & set(recreate)
    anew = ("--force-recreate",)
    found = [(*flags, *sorted(stage - again))] if stage - again else []
    found += [(*flags, *anew, *sorted(again))] if again else []
    return [project.command("up", *words, timeout=START_TIMEOUT) for words in found]


def recreate_all(project: Project, *, build: bool = False) -> list[Command]:
    """Make every container of the project anew, changed or not."""
    flags = ("--detach", "--remove-orphans", "--quiet-pull", "--force-recreate", *(("--build",) if build else ()))
    return [project.command("up", *flags, timeout=START_TIMEOUT)]


def restart(project: Project, keys: Iterable[str] = ()) -> Command:
    """Restart these containers, or all."""
    return project.command("restart", *sorted(keys), timeout=STOP_TIMEOUT)


def unpause(project: Project, keys: Iterable[str]) -> Command:
    """Let these containers run on: `up` refuses a paused one."""
    return project.command("unpause", *sorted(keys), timeout=60)


def signal(project: Project, name: str, keys: Iterable[str]) -> Command:
    """Send a signal, e.g. HUP, to these containers."""
    return project.command("kill", "--signal", name, *sorted(keys), timeout=60)


def stop(project: Project) -> Command:
    """Stop the containers and keep them."""
    return project.command("stop", timeout=STOP_TIMEOUT)


def down(project: Project, *, volumes: bool = False) -> Command:
    """Remove containers and networks of the project; its named volumes only on demand."""
    return project.command("down", "--remove-orphans", *(("--volumes",) if volumes else ()), timeout=STOP_TIMEOUT)


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
