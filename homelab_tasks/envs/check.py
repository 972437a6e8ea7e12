"""What is wrong with the `.env` files of services, here and on their hosts; judged by keys alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from msgspec import Struct

from ..commands.env import Judged, Key, Kind, Side, Text
from ..dotenv.placeholder import names_a_secret
from ..model import Host, Repo
from ..problem import Severity
from ..repo.variables import is_of_compose
from .expect import Expected
from .here import judge_here
from .reach import Unit, apart, reached, units


class Wrong(Enum):
    """What can be wrong with a `.env`, or with one key of it."""

    NO_FILE = "no-file"
    UNREADABLE = "unreadable"
    STOPS = "stops"  # Compose does not read on at a line
    MODE = "mode"  # others than its owner may read it
    MISSING = "missing"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    EXTRA = "extra"


class Finding(Struct, frozen=True):
    """One thing that is wrong; `key` is empty where it is about the whole file."""

    wrong: Wrong
    severity: Severity
    key: str = ""
    detail: str = ""


class Checked(Struct, frozen=True):
    """One `.env`: of which service, where, and what is wrong with it.

    `where` is a host's name, or "" for here; `path` is from the homelab's root, or absolute on a host.
    """

    service: str
    path: str
    where: str
    judged: Judged
    findings: tuple[Finding, ...] = ()
    template: str = ""  # path, "" for none
    other: bool = False  # no `.env`: the tasks neither make nor send it

    @property
    def ok(self) -> bool:
        """Nothing has to be mended."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


class Check(Struct, frozen=True):
    """All that was looked at; `lost` says why some hosts were not."""

    checked: tuple[Checked, ...]
    lost: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Every file is right, and every host was looked at."""
        return not self.lost and all(one.ok for one in self.checked)


def check(repo: Repo, expected: Iterable[Expected], only: frozenset[str]) -> Check:
    """Look at the files here (unless hosts are named with `only`) and on the hosts."""
    wanted = {one.service.name: one for one in expected}
    away, at_home = apart(repo, units([one.service for one in wanted.values()], only))
    run_here = {unit.service.name: unit.host for unit in at_home}
    meant_here = [one for one in wanted.values() if not only or one.service.name in run_here]
    found = [_checked_here(repo, one, run_here.get(one.service.name)) for one in meant_here]
    found += [_other(wanted, unit, unit.file, judge_here(repo, unit.file, "")) for unit in _besides(wanted, at_home)]
    texts = {unit: Text(wanted[unit.service.name].text, public=True) for unit in away}
    texts |= {unit: Text("") for unit in _besides(wanted, away)}
    with reached(repo, (unit.host for unit in away)) as hosts:
        judged = hosts.judge(texts)
        for unit, seen in judged.items():
            one = wanted[unit.service.name]
            path = f"{unit.host.path.rstrip('/')}/{unit.there(repo)}"
            if unit.file:
                found.append(_other(wanted, unit, path, seen))
            else:
                wrong = tuple(findings(one, seen))
                found.append(Checked(unit.service.name, path, unit.host.name, seen, wrong, one.template))
        return Check(tuple(sorted(found, key=lambda c: (c.service, c.where))), dict(hosts.lost))


def _besides(wanted: Mapping[str, Expected], places: Iterable[Unit]) -> list[Unit]:
    """The other env files that Compose stops without; that they are there is all that is known of them."""
    return [Unit(at.service, at.host, file) for at in places for file in wanted[at.service.name].others]


def _other(wanted: Mapping[str, Expected], unit: Unit, path: str, seen: Judged) -> Checked:
    template = wanted[unit.service.name].others[unit.file]
    return Checked(unit.service.name, path, unit.host.name, seen, tuple(_there(seen)), template, other=True)


def _there(seen: Judged) -> Iterator[Finding]:
    if seen.kind is Kind.ABSENT:
        yield Finding(Wrong.NO_FILE, Severity.ERROR)
    elif not seen.readable:
        yield Finding(Wrong.UNREADABLE, Severity.ERROR, detail=seen.kind.value)


def findings(expected: Expected, seen: Judged, *, wanted: bool = True) -> Iterator[Finding]:
    """What is wrong with one file; a file that is not `wanted` may be missing. Pure."""
    match seen.kind:
        case Kind.ABSENT:
            yield from _absent(expected, wanted=wanted)
        case Kind.OTHER | Kind.UNREADABLE | Kind.HUGE:
            yield Finding(Wrong.UNREADABLE, Severity.ERROR, detail=seen.kind.value)
        case Kind.FILE | Kind.LINK:
            yield from _file(expected, seen)


def _absent(expected: Expected, *, wanted: bool) -> Iterator[Finding]:
    lacking = [key for key in dict.fromkeys([*expected.keys, *sorted(expected.needed)]) if expected.lacks(key)]
    if lacking or expected.keys or expected.asked:
        severity = Severity.ERROR if wanted and (lacking or expected.asked) else Severity.NOTICE
        yield Finding(Wrong.NO_FILE, severity, detail=", ".join(lacking))


def _file(expected: Expected, seen: Judged) -> Iterator[Finding]:
    if seen.mode & 0o077:
        yield Finding(Wrong.MODE, Severity.ERROR, detail=f"{seen.mode:o}")
    if seen.fault:
        yield Finding(Wrong.STOPS, Severity.ERROR, detail=f"{seen.fault}")
        return  # what comes after that line is not known
    there = {key.name: key for key in seen.keys if key.side is not Side.ONLY_HERE}
    keys = dict.fromkeys([*expected.keys, *sorted(expected.needed)])
    for name in keys:
        if name not in there:
            severity = Severity.ERROR if expected.lacks(name) else Severity.NOTICE
            yield Finding(Wrong.MISSING, severity, name)
    for name, key in there.items():
        yield from _key(expected, name, key, known=name in keys or name in expected.optional)


def _key(expected: Expected, name: str, key: Key, *, known: bool) -> Iterator[Finding]:
    if (key.empty and name in expected.required) or (key.inherited and name in expected.needed):
        yield Finding(Wrong.EMPTY, Severity.ERROR, name)
    unchanged = key.side is Side.SAME and not key.empty and not key.inherited
    if key.placeholder or (unchanged and names_a_secret(name)):  # who has the repo knows the template's value
        yield Finding(Wrong.PLACEHOLDER, Severity.ERROR, name)
    if not known and not is_of_compose(name):
        yield Finding(Wrong.EXTRA, Severity.NOTICE, name)


def _checked_here(repo: Repo, expected: Expected, host: Host | None) -> Checked:
    seen = judge_here(repo, expected.path, expected.text)
    found = tuple(findings(expected, seen, wanted=host is not None))
    return Checked(expected.service.name, expected.path, host.name if host else "", seen, found, expected.template)
