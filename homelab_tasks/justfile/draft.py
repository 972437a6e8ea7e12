"""What a Justfile says that the repo does not say yet, as edits of `service.yaml` files that leave the repo valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from .. import graph
from ..errors import RepoInvalid
from ..model import Edge, Reason, Repo
from ..problem import Place
from ..repo.loader import Examined
from ..repo.settings import FILE
from ..scaffold.draft import problems_with
from ..scaffold.papers import SCHEMA
from .edit import with_names
from .meaning import Meaning, Taken, Wanted
from .recipe import Odd


class Change(Struct, frozen=True):
    """What `service.yaml` of one service is to say besides."""

    service: str
    path: str
    depends_on: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Draft(Struct, frozen=True):
    """The changes, their files, what the repo knows already, and what was left, with the reasons."""

    changes: tuple[Change, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    known: tuple[Edge, ...] = ()
    taken: tuple[Taken, ...] = ()
    left: tuple[Odd, ...] = ()


def draft(examined: Examined, meaning: Meaning, *, groups: bool) -> Draft:
    """The edits for what is new, all of which fit together. Raises RepoInvalid where the repo would be wrong."""
    repo = examined.repo
    if not repo.hosts:
        raise RepoInvalid(examined.problems)
    known, new = _told_apart(repo, meaning.wanted)
    kept, left = _without_cycles(repo, new)
    joined, missing = _groups(repo, meaning.taken) if groups else ({}, ())
    made = _made(examined, kept, joined)
    if joined and problems_with(examined, made.files):
        made = _made(examined, kept, {})
        left = (*left, *(_not_joined(taken) for taken in meaning.taken if taken.group))
    problems = problems_with(examined, made.files)
    if problems:
        raise RepoInvalid(problems)
    rest = sorted({*meaning.left, *left, *missing, *made.left}, key=lambda odd: (odd.place, odd.what))
    return Draft(made.changes, made.files, known, meaning.taken, tuple(rest))


def _told_apart(repo: Repo, wanted: Iterable[Wanted]) -> tuple[tuple[Edge, ...], tuple[Wanted, ...]]:
    there = {(edge.dependent, edge.dependency): edge for edge in reversed(repo.edges)}
    pairs = {(one.service, one.needed): one for one in wanted}
    known = tuple(there[pair] for pair in pairs if pair in there)
    return known, tuple(one for pair, one in pairs.items() if pair not in there)


def _without_cycles(repo: Repo, new: Iterable[Wanted]) -> tuple[tuple[Wanted, ...], tuple[Odd, ...]]:
    """Also none with what was inferred, which would have to give way."""
    asked = [Edge(one.service, one.needed, Reason.DECLARED, "", one.place) for one in new]
    edges = [*repo.edges, *asked]
    knots = {} if graph.is_acyclic(edges) else {knot: _circle(knot, edges) for knot in graph.knots(edges)}
    kept, left = list[Wanted](), list[Odd]()
    for one in new:
        circle = next((shown for knot, shown in knots.items() if {one.service, one.needed} <= knot), "")
        if circle:
            what = f"{one.recipe}: {one.service} after {one.needed} is part of a cycle: {circle}"
            left.append(Odd(one.place, what))
        else:
            kept.append(one)
    return tuple(kept), tuple(left)


def _circle(knot: frozenset[str], edges: Iterable[Edge]) -> str:
    """The shortest way around in it: `plex -> tdarr -> plex`."""
    inside = [edge for edge in edges if {edge.dependent, edge.dependency} <= knot]
    first, *_ = graph.cycles(inside)
    return " -> ".join([*first, first[0]])


def _groups(repo: Repo, taken: Iterable[Taken]) -> tuple[dict[str, list[str]], tuple[Odd, ...]]:
    """Service -> groups, for those that are in none."""
    found: dict[str, list[str]] = {}
    missing = []
    for group in taken:
        if not group.group:
            continue
        if group.group not in repo.groups:
            whom = ", ".join(group.services)
            what = f"{group.recipe}: no group {group.group!r} in hosts.yaml, to which {whom} would go"
            missing.append(Odd(group.place, what))
            continue
        for service in group.services:
            if not repo.services[service].groups:
                found.setdefault(service, []).append(group.group)
    return found, tuple(missing)


def _not_joined(taken: Taken) -> Odd:
    return Odd(taken.place, f"{taken.recipe}: with group {taken.group} for its services the order would be a cycle")


def _made(examined: Examined, wanted: Iterable[Wanted], groups: Mapping[str, list[str]]) -> Draft:
    needs: dict[str, list[Wanted]] = {}
    for one in wanted:
        needs.setdefault(one.service, []).append(one)
    changes, files, left = list[Change](), dict[str, str](), list[Odd]()
    for service in sorted({*needs, *groups}):
        path = f"{examined.repo.services[service].directory}/{FILE}"
        names = tuple(one.needed for one in needs.get(service, ()))
        change = Change(service, path, names, tuple(groups.get(service, ())))
        text = _written(examined, change)
        if text is None:
            place = needs[service][0].place if service in needs else Place(path)
            left.append(Odd(place, f"{service}: {path} is written so that it has to be done by hand: {said(change)}"))
            continue
        changes.append(change)
        files[path] = text
    return Draft(tuple(changes), files, left=tuple(left))


def said(change: Change) -> str:
    """`depends_on + a, b; groups + media`."""
    lists = (("depends_on", change.depends_on), ("groups", change.groups))
    return "; ".join(f"{key} + {', '.join(names)}" for key, names in lists if names)


def _written(examined: Examined, change: Change) -> str | None:
    text = _text(examined, change.path)
    for key, names in (("groups", change.groups), ("depends_on", change.depends_on)):
        edited = with_names(text, key, names) if names else text
        if edited is None:
            return None
        text = edited
    return text


def _text(examined: Examined, path: str) -> str:
    if path not in examined.source.files:
        return _first_line(examined, path)
    return examined.source.read(path).decode("utf-8", "surrogateescape")  # what is none is not edited


def _first_line(examined: Examined, path: str) -> str:
    """As in the files that `inv new` makes."""
    if not (examined.source.root / SCHEMA).is_file():
        return ""
    return f"# yaml-language-server: $schema={'../' * path.count('/')}{SCHEMA}\n"
