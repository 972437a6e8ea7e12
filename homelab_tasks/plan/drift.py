"""Where a host is not what the repo says: one service on one host, compared with what the last run recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from ..model import Pinned, Reason, Repo, Service
from ..observe import Health, Observation, SeenContainer
from ..record import EDITED, Record, RecordedContainer
from .past import Past, other_env


class Drift(Struct, frozen=True):
    """Why a service is not left alone. An empty Drift (`not drift`) means: unchanged, and untouched."""

    new: bool = False  # nothing is recorded, or no more than that a deploy began
    unfinished: bool = False  # its last deploy failed or was cut off after it had begun
    files: bool = False  # committed files differ from those of the record
    relaid: str = ""  # a sentence, where files lie on the host that are neither of the record nor of the commit
    env: tuple[str, ...] = ()  # env files that differ, by path
    absent: tuple[str, ...] = ()  # sentences on containers that do not run, or that nobody recorded
    outdated: tuple[str, ...] = ()  # sentences on containers whose image's name means another image by now
    sick: Mapping[str, str] = field(default_factory=dict)  # container key -> sentence; a restart is tried
    pin: str = ""  # a sentence, where it is to be pinned elsewhere than it is, or not any more
    back: tuple[str, ...] = ()  # sentences on what is not as it was at the time that a plan goes back to
    borrowed: tuple[str, ...] = ()  # services whose network namespace is another one now

    def __bool__(self) -> bool:
        return bool(not self.settled or self.outdated or self.pin or self.down)

    @property
    def settled(self) -> bool:
        """Files and settings are those of the record, whatever became of the containers."""
        return not (self.new or self.files or self.relaid or self.env or self.back)

    @property
    def down(self) -> bool:
        """Containers are not as recorded, whatever the files say."""
        return bool(self.unfinished or self.absent or self.sick or self.borrowed)


def find_drift(repo: Repo, service: Service, seen: Observation, past: Past | None = None) -> Drift:
    """Compare one service with what was observed on one of its hosts; with `past` it is to be as it was then."""
    record = seen.records.get(service.name)
    if record is None:
        return Drift(new=True)
    if not record.digest:
        return Drift(new=True, unfinished=True)
    containers = seen.of_project(record.project)
    return Drift(
        unfinished=record.unfinished,
        files=record.digest != service.digest or record.project != service.project,
        relaid=relaid(record) if record.laid != service.digest else "",
        env=() if past else _changed_env(repo, service, record, seen),
        absent=(*_absent(record, containers, ended(record, service, containers)), *_unknown(record, containers)),
        outdated=() if past else _outdated(record, containers),
        pin=_pin(repo.pins.get(service.name), record.pinned),
        back=tuple(_not_as_then(past, record, seen)) if past else (),
        sick=_sick(record, containers),
        borrowed=_borrowed(repo, service, record, seen),
    )


def relaid(record: Record) -> str:
    """Which other files lie there than those of the record; "" where nobody knows of any."""
    return "files were edited" if record.laid == EDITED else "files of another commit lie" if record.laid else ""


def _pin(wanted: Pinned | None, recorded: Pinned | None) -> str:
    there = recorded.commit if recorded else ""
    if (wanted.commit if wanted else "") == there:
        return ""
    return f"to be pinned at {wanted.commit[:7]}" if wanted else f"is pinned at {there[:7]} no more"


def _not_as_then(past: Past, record: Record, seen: Observation) -> Iterator[str]:
    """Containers may run with what was recorded, while another file lies there already: both have to be as then."""
    for path in sorted({*other_env(past, seen), *(p for p in past.env if record.env.get(p) != past.env[p])}):
        yield f"{path.rpartition('/')[2]} of then"
    for container in record.containers:
        if past.images.get(container.key, container.image) != container.image:
            yield f"image of then for {container.key}"


def _changed_env(repo: Repo, service: Service, record: Record, seen: Observation) -> tuple[str, ...]:
    now = env_hashes(repo, service, seen)
    was = {path: hashed for path, hashed in record.env.items() if path.removeprefix(repo.prefix) not in service.files}
    return tuple(path for path in sorted({*now, *was}) if now.get(path) != was.get(path))


def env_hashes(repo: Repo, service: Service, seen: Observation) -> Mapping[str, str]:
    """The env files that the service reads and the host has, by path from the checkout's root, with keyed hashes.

    One that is committed is a file of the service like others.
    """
    paths = [f"{repo.prefix}{path}" for path in service.stack.env_files if path not in service.files]
    there = (path for path in (*paths, *service.stack.host_env_files) if path in seen.env)
    return {path: seen.env[path].hash for path in there}


def ended(record: Record | None, service: Service, containers: Iterable[SeenContainer]) -> frozenset[str]:
    """Ids of containers that have ended with status 0, as they are meant to by the record or by their compose file."""
    finished = {c.id for c in record.containers if c.finished} if record else set()
    keys = {container.key for container in service.stack.containers if container.may_end}
    well = (c for c in containers if c.state == "exited" and c.exit == 0)
    return frozenset(c.id for c in well if c.id in finished or c.key in keys)


def _absent(record: Record, containers: tuple[SeenContainer, ...], done: frozenset[str]) -> list[str]:
    by_id = {c.id: c for c in containers}
    by_key = {c.key for c in containers}
    replaced = {r.key for r in record.containers if r.id not in by_id and r.key in by_key}
    ours = {r.id for r in record.containers if record.unfinished and r.key in replaced}  # made by our own deploy
    told = [r for r in record.containers if r.id not in ours | done]
    return [text for r in told if (text := _why_absent(r, by_id.get(r.id), r.key in replaced))]


def _why_absent(recorded: RecordedContainer, seen: SeenContainer | None, replaced: bool) -> str:  # noqa: FBT001
    if seen is None:
        return (
            f"container {recorded.key} was made anew by somebody else"
            if replaced
            else f"container {recorded.key} is gone"
        )
    if seen.state in ("running", "restarting"):
        return ""
    exited = f", exit status {seen.exit}" if seen.exit is not None else ""
    return f"container {recorded.key} is {seen.state}{exited}"


def _outdated(record: Record, containers: tuple[SeenContainer, ...]) -> tuple[str, ...]:
    known = {r.id for r in record.containers}
    moved = (c.key for c in containers if c.id in known and c.image_moved)
    return tuple(f"container {key} runs an older image than its image's name means now" for key in moved)


def _unknown(record: Record, containers: tuple[SeenContainer, ...]) -> list[str]:
    if record.unfinished:
        return []
    known = {r.id for r in record.containers} | {r.key for r in record.containers}
    return [f"container {c.key} is not of the last deploy" for c in containers if not {c.id, c.key} & known]


def _sick(record: Record, containers: tuple[SeenContainer, ...]) -> Mapping[str, str]:
    known = {r.id for r in record.containers}
    found: dict[str, str] = {}
    for c in containers:
        if c.id in known and c.health is Health.UNHEALTHY:
            found[c.key] = f"container {c.key} is unhealthy"
        if c.id in known and c.state == "restarting":
            found[c.key] = f"container {c.key} restarts again and again"
    return found


def _borrowed(repo: Repo, service: Service, record: Record, seen: Observation) -> tuple[str, ...]:
    """Owners of a shared network namespace whose container is not the one that this service was started on."""
    if not record.borrows:
        return ()
    owners = {e.dependency for e in repo.edges if e.dependent == service.name and e.reason is Reason.NAMESPACE}
    ids = {c.id for c in seen.containers}
    return tuple(sorted(name for name in owners & {*record.borrows} if record.borrows[name] not in ids))
