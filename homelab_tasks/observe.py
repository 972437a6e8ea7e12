"""One look at a host: the script that asks everything at once, and the pure parser of what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from . import record
from .command import Command, host_script
from .model import Host, System
from .record import Record, SystemRecord


class Checkout(Enum):
    """What lies at a host's `path`."""

    GIT = "git"
    EMPTY = "empty"  # nothing, or a folder that Git does not know
    FOREIGN = "foreign"  # Git refuses to work there; the message says why


class Health(Enum):
    """A container's health as Docker gives it."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class SeenContainer:
    """A container of a compose project, as `docker ps` shows it."""

    id: str
    name: str
    state: str  # created, running, paused, restarting, removing, exited, dead
    health: Health
    image: str  # the name it was made from; an id (sha256:...) when that name means another image by now
    project: str
    key: str
    directory: str  # where compose ran
    exit: int | None = None
    up: float = 0.0  # seconds since it started, as coarse as Docker says it

    @property
    def image_moved(self) -> bool:
        """The image's name points at another image than the container runs: one was pulled or built since."""
        return bool(re.fullmatch(r"(sha256:)?[0-9a-f]{12,64}", self.image))


@dataclass(frozen=True, slots=True)
class EnvFile:
    """An env file on a host, without its values."""

    mode: int
    hash: str  # keyed with the host's own key; "" before the first deploy
    keys: tuple[str, ...]
    stat: str  # mode, inode, size, times and path as the host gave them: the hash is good for as long as these are


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at one host gave."""

    host: str
    checkout: Checkout
    commit: str = ""
    made_of: str = ""  # the commit of a person that `commit` is made of, where it holds pinned services
    pins: Mapping[str, str] = field(default_factory=dict)  # those services, and the commits that they are from
    branch: str = ""
    folder: str = ""  # where the records of runs lie on the host, "" without a checkout
    dirty: tuple[str, ...] = ()  # tracked files that were edited on the host
    interrupted: str = ""  # the commit whose delivery did not end
    records: Mapping[str, Record] = field(default_factory=dict)
    record_lines: int = 0
    containers: tuple[SeenContainer, ...] = ()
    env: Mapping[str, EnvFile] = field(default_factory=dict)
    compose: str = ""  # path of the Compose plugin, "" if it has to be asked through `docker compose`
    system: str = ""  # store path of the running NixOS
    boot: str = ""  # store path of the NixOS that the next boot starts
    armed: bool = False  # a system waits to be confirmed, or goes back
    systems: tuple[SystemRecord, ...] = ()  # as recorded, the last one last
    clock: float = 0.0  # the host's time when it answered, seconds since 1970
    turn: str = ""  # changes with every run that locks the host
    holder: str = ""  # who holds the lock, "" if nobody
    problems: tuple[str, ...] = ()  # what keeps a deploy from working there: `what; the next move`
    of_docker: tuple[str, ...] = ()  # those of them that a change of the system alone does not mind

    @property
    def base(self) -> str:
        """The commit as people know it."""
        return self.made_of or self.commit

    def of_project(self, project: str) -> tuple[SeenContainer, ...]:
        """The containers of one compose project."""
        return tuple(c for c in self.containers if c.project == project)


FIELDS = (
    "{{.ID}}",
    "{{.Names}}",
    "{{.State}}",
    "{{.Status}}",
    "{{.Image}}",
    '{{.Label "com.docker.compose.project"}}',
    '{{.Label "com.docker.compose.service"}}',
    '{{.Label "com.docker.compose.project.working_dir"}}',
    '{{.Label "com.docker.compose.oneoff"}}',
)


def look(host: Host, env_files: Iterable[str]) -> Command:
    """The command that observes `host`; `env_files` are paths from its checkout's root."""
    return host_script("look", host.path, "\t".join(FIELDS), *env_files, timeout=60)


def parse(host: Host, output: str) -> Observation:
    """Read what `look` printed, whatever it is. An answer without its end is a problem; unknown sections are not."""
    sections = _sections(output)
    git = sections.get("git", "")
    records = sections.get("state", "")
    branch = _branch(git)
    made_of, pins = _pins(sections.get("pins", ""), branch.get("oid", ""))
    return Observation(
        host=host.name,
        checkout=_checkout(git),
        commit=branch.get("oid", ""),
        made_of=made_of,
        pins=pins,
        branch=branch.get("head", ""),
        folder=sections.get("folder", "").strip(),
        dirty=_dirty(git),
        interrupted=sections.get("delivering", "").strip(),
        records=record.read(records),
        record_lines=records.count("\n"),
        containers=_containers(sections.get("docker", "")),
        env=_env(sections.get("env", ""), sections.get("keys", "")),
        compose=sections.get("compose", "").strip(),
        system=_store_paths(sections)[0],
        boot=_store_paths(sections)[1],
        armed="armed" in sections,
        systems=record.read_systems(sections.get("systems", "")),
        clock=_clock(sections),
        turn=sections.get("turn", "").strip(),
        holder=sections.get("holder", "").strip(),
        problems=(*_problems(host, sections), *_problems_of_docker(host, sections)),
        of_docker=_problems_of_docker(host, sections),
    )


def _sections(output: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in output.split("\036")[1:]:
        name, _, body = part.partition("\n")
        found[name] = body
    return found


def _store_paths(sections: Mapping[str, str]) -> tuple[str, str]:
    """The running system and the one of the next boot."""
    running, _, boot = sections.get("system", "").strip().partition("\n")
    return running, boot


def _clock(sections: Mapping[str, str]) -> float:
    """Seconds since 1970 from the last section; 0 where the answer was cut short."""
    seconds = re.fullmatch(r"(\d{1,12})(?:[.,](\d{1,9}))?\n", sections.get("clock", ""), re.ASCII)
    return float(f"{seconds[1]}.{seconds[2] or 0}") if seconds else 0.0


def _checkout(git: str) -> Checkout:
    if not git:
        return Checkout.EMPTY
    # warnings may stand before the headers; where Git gives up, there are none
    return Checkout.GIT if re.search(r"^# branch\.oid ", git, re.MULTILINE) else Checkout.FOREIGN


def _branch(git: str) -> Mapping[str, str]:
    headers = re.findall(r"(?:^|\0)# branch\.(oid|head) ([^\0]*)", git, re.MULTILINE)
    return {key: "" if value.startswith("(") else value for key, value in headers[:2]}


def _pins(text: str, commit: str) -> tuple[str, Mapping[str, str]]:
    """What a commit with pinned services is made of: `COMMIT BASE SERVICE=COMMIT ...`."""
    for line in text.splitlines():
        made, _, rest = line.partition(" ")
        base, *pins = rest.split(" ")
        if commit and made == commit and base:
            return base, {name: of for name, _, of in (pin.partition("=") for pin in pins) if name and of}
    return "", {}


def _dirty(git: str) -> tuple[str, ...]:
    """Paths of `git status --porcelain=v2 -z`; a rename (2 ...) is followed by its old path."""
    found: list[str] = []
    entries = iter(git.split("\0"))
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "1":
            found.append(rest.split(" ", 7)[-1])
        elif kind == "2":
            found.append(rest.split(" ", 8)[-1])
            next(entries, None)
        elif kind == "u":
            found.append(rest.split(" ", 9)[-1])
    return tuple(found)


def _containers(text: str) -> tuple[SeenContainer, ...]:
    rows = (line.split("\t") for line in text.split("\n"))
    return tuple(_container(row) for row in rows if len(row) == len(FIELDS) and row[8] != "True")


def _container(row: list[str]) -> SeenContainer:
    ident, name, state, status, image, project, key, directory, _ = row
    health = next((h for h in Health if f"({h.value})" in status or f"(health: {h.value})" in status), Health.NONE)
    ended = re.match(r"Exited \((\d+)\)", status)
    return SeenContainer(
        id=ident,
        name=next((n for n in name.split(",") if "/" not in n), name),  # the others are aliases that links made
        state=state,
        health=health,
        image=image,
        project=project,
        key=key,
        directory=directory,
        exit=int(ended[1]) if ended else None,
        up=_seconds_up(status),
    )


_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31536000}


def _seconds_up(status: str) -> float:
    """`Up 5 minutes (healthy)`, `Up About a minute`, `Up Less than a second`."""
    said = re.match(r"Up (?:About )?(an?|\d+) (\w+?)s?\b", status)
    if not said or said[2] not in _UNITS:
        return 0.0
    return float(_UNITS[said[2]] * (1 if said[1].startswith("a") else int(said[1])))


def _env(files: str, keys: str) -> Mapping[str, EnvFile]:
    named: dict[str, list[str]] = {}
    for line in keys.split("\n"):
        path, _, key = line.rpartition("\t")
        named.setdefault(path, []).append(key)
    found: dict[str, EnvFile] = {}
    for line in files.split("\n"):
        row = re.fullmatch(r"([0-9a-f]*) (([0-7]{1,4}) \d+ \d+ \S+ \S+ (.+))", line, re.ASCII)
        if row:
            hashed, stat, mode, path = row.groups()
            found[path] = EnvFile(int(mode, 8), hashed, tuple(named.get(path, ())), stat)
    return found


def _problems(host: Host, sections: Mapping[str, str]) -> tuple[str, ...]:
    found = [
        f"{line.removeprefix('missing ')} is not installed on {host.name}; install it there"
        for line in sections.get("shell", "").splitlines()
        if line.startswith("missing ")
    ]
    git = sections.get("git", "")
    if _checkout(git) is Checkout.FOREIGN:
        found.append(_git_problem(host, git))
    if not _clock(sections):
        found.append(f"the answer of {host.name} was cut short; run the same again")
    return tuple(found)


def _problems_of_docker(host: Host, sections: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    if "no-compose" in sections:
        found.append(f"Docker Compose v2 is not installed on {host.name}; install its plugin there")
    status = sections.get("docker-exit", "").strip()
    if status != "0" and _clock(sections):
        found.append(_docker_problem(host, status, sections.get("docker", "")))
    return tuple(found)


def _git_problem(host: Host, said: str) -> str:
    if "dubious ownership" in said:
        move = f"on {host.name}: sudo chown -R {host.user or '$USER'}: {host.path}"
        return f"{host.path} on {host.name} belongs to another user; {move}"
    return f"git does not work in {host.path} on {host.name} ({_last_line(said)}); mend that there first"


def _docker_problem(host: Host, status: str, said: str) -> str:
    if status == "127" and host.system is System.NIXOS:
        move = "virtualisation.docker.enable = true in its configuration, then: inv update-system"
        return f"docker is not installed on {host.name}; {move}"
    if status == "127":
        return f"docker is not installed on {host.name}; install Docker Engine and Compose v2 there"
    if "permission denied" in said.lower():
        who = host.user or "the user"
        return (
            f"{who} may not use docker on {host.name}; on {host.name}: sudo usermod -aG docker {host.user or '$USER'}"
        )
    if "cannot connect" in said.lower() or "is the docker daemon running" in said.lower():
        return f"the docker daemon on {host.name} does not answer; on {host.name}: sudo systemctl start docker"
    return f"docker ps failed on {host.name} ({_last_line(said)}); mend that there first"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.replace("\0", "\n").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
