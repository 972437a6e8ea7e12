"""Send the `.env` files from here to the hosts: under their locks, whole or not at all, the old ones kept there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from posixpath import basename

from msgspec import Struct

from ..commands import env
from ..commands.env import Kind
from ..dotenv import parse
from ..errors import HomelabError, Refused
from ..fleet import in_parallel
from ..model import Host, Repo, Service
from .diff import Compared, compare
from .expect import Expectations, Expected
from .here import read_here, text_of
from .lay import Laying, Sent, lay
from .reach import Reached, Unit, apart, units


class Sending(Struct, frozen=True):
    """What is to be sent where, beside what lies there; `missing` is said of services without a `.env` here."""

    files: tuple[Compared, ...]
    in_place: tuple[Unit, ...]
    missing: tuple[str, ...]

    @property
    def open(self) -> tuple[Compared, ...]:
        """Those that are not there yet as they are here."""
        return tuple(one for one in self.files if not _is_there(one))

    @property
    def replacing(self) -> tuple[Compared, ...]:
        """Those where something else lies."""
        return tuple(one for one in self.open if one.judged.kind is not Kind.ABSENT and not _same(one))


def contents(repo: Repo, services: Iterable[Service], only: frozenset[str]) -> dict[Unit, bytes | None]:
    """What lies here for each unit. Raises Refused where it must not be sent."""
    found: dict[Unit, bytes | None] = {}
    for unit in units(services, only):
        _refuse_committed(unit.service)
        content = read_here(repo, unit.path)
        if content is not None:
            _refuse_faults(unit.path, content)
        found[unit] = content
    return found


def refuse_nothing(here: Mapping[Unit, bytes | None], expected: Expectations) -> None:
    """Raises Refused where there is nothing at all to send, and something should be."""
    meant = {u.service.name: one for u in here if (one := expected.of(u.service)).meant}
    if not meant or any(content is not None for content in here.values()):
        return
    made = [name for name, one in meant.items() if one.template]
    if made:
        raise Refused(f"no .env here for {', '.join(made)}", move=f"inv env.init --names {','.join(made)}")
    paths = " and ".join(one.path for one in meant.values())
    raise Refused(f"no .env here for {', '.join(meant)}, and no template", move=f"write {paths}")


def look(hosts: Reached, here: Mapping[Unit, bytes | None], expected: Expectations) -> Sending:
    """Compare with what lies on the hosts."""
    missing = {unit.service.name: unit.service for unit, content in here.items() if content is None}
    there = {unit: content for unit, content in here.items() if content is not None}
    away, at_home = apart(hosts.repo, there)
    compared = compare(hosts, {unit: there[unit] for unit in away})
    return Sending(compared, tuple(at_home), tuple(_without(expected.of(service)) for service in missing.values()))


def _without(one: Expected) -> str:
    """What is said of a service without a `.env` here, with the next move if it is to have one."""
    if one.template:
        return f"{one.service}: no .env here; inv env.init --names {one.service}"
    if one.meant:
        return f"{one.service}: no .env here, and no template; write {one.path}"
    if one.others:
        names = ", ".join(map(basename, one.others))
        return f"{one.service}: needs no .env, and {names} is not sent; inv env.check --names {one.service}"
    return f"{one.service}: needs no .env"


def send(hosts: Reached, files: Sequence[Compared], laying: Laying) -> list[Sent]:
    """Lay the files on their hosts, all hosts at once, each under its lock; what came of each."""
    places = list(dict.fromkeys(one.unit.host for one in files))

    def serve(host: Host) -> list[Sent]:
        return _serve(hosts, host, [one for one in files if one.unit.host == host], laying)

    return [sent for answers in in_parallel(serve, places) for sent in answers]


def wider_than_private(repo: Repo, paths: Iterable[str]) -> list[str]:
    """Those of the files here that others than their owner may read."""
    return [path for path in paths if Path(repo.root, path).stat().st_mode & 0o077]


def _serve(hosts: Reached, host: Host, files: Sequence[Compared], laying: Laying) -> list[Sent]:
    wanted = {one.unit: (one.content or b"", one.judged.hash or "absent") for one in files}
    try:
        return lay(hosts.repo, hosts.runners[host.name], wanted, laying)
    except HomelabError as error:
        return [Sent(unit, str(error)) for unit in wanted]
    except ConnectionError as error:
        return [Sent(unit, f"{host.name} was lost while locking ({error}); run the same again") for unit in wanted]


def _is_there(one: Compared) -> bool:
    return _same(one) and one.judged.mode & 0o077 == 0


def _same(one: Compared) -> bool:
    return one.content is not None and one.judged.hash == env.digest(one.content)


def _refuse_committed(service: Service) -> None:
    path = f"{service.directory}/.env"
    if path in service.files:
        move = f"git rm --cached {path} (hosts keep theirs), and change its secrets: Git has them for ever"
        raise Refused(f"{path} is committed, so a deploy delivers it", move=move)


def _refuse_faults(path: str, content: bytes) -> None:
    faults = parse(text_of(content)).faults
    if faults:
        first = faults[0]
        raise Refused(f"{path}:{first.line}:{first.column}: {first.what}", move="Compose stops there; mend that first")
