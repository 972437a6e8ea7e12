"""Where the symlinks of a commit lead to, inside the homelab. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from posixpath import dirname, join, normpath

from .source import LINK

_MOST = 40  # links on the way to one place, as in Linux; more go in a circle


def under(place: str, paths: Sequence[str]) -> Sequence[str]:
    """Those of the sorted `paths` that are `place` or lie under it."""
    if place == ".":
        return paths
    start = bisect_left(paths, f"{place}/")
    found = paths[start : bisect_left(paths, f"{place}0")]  # "0" comes right after "/"
    exact = bisect_left(paths, place)
    return [place, *found] if exact < len(paths) and paths[exact] == place else found


def links_of(entries: Mapping[str, str]) -> Mapping[str, str]:
    """Path of each symlink to where it leads; entries are as those of `Tree`."""
    words = ((path, entry.split(" ", 2)) for path, entry in entries.items() if f" {LINK} " in entry)
    return {path: normpath(join(dirname(path), text)) for path, (_, _, text) in words}


def names(path: str, links: Mapping[str, str]) -> list[str]:
    """The paths by which a file may be read, its own one first."""
    found = [path]
    for name in found:
        ways = (link + name[len(to) :] for link, to in links.items() if name == to or name.startswith(f"{to}/"))
        found += [way for way in ways if way not in found and len(found) < _MOST]
    return found


def led_to(starts: Iterable[str], links: Mapping[str, str], paths: Sequence[str]) -> set[str]:
    """The files and folders that are read besides `starts` because symlinks are on the way to them or lie in them.

    `links` are those of the commit, `paths` all of its files, sorted.
    """
    if not links:
        return set()
    known = {*starts}
    found: set[str] = set()
    todo = list(known)
    while todo:
        passed, end = _through(todo.pop(), links)
        inside = (path for path in under(end, paths) if path in links) if end else ()
        more = {*inside, *filter(None, [end])} - known
        known |= more
        todo += more
        found |= {*passed, *more}
    return found


def _through(place: str, links: Mapping[str, str]) -> tuple[list[str], str]:
    """The links on the way to a place, and where that way ends; "" where it leaves the homelab or never ends."""
    passed: list[str] = []
    while link := next((at for at in _ways(place) if at in links), ""):
        if len(passed) == _MOST:
            return passed, ""
        passed.append(link)
        place = normpath(links[link] + place[len(link) :])
    outside = place.startswith(("/", "../")) or place == ".."
    return passed, "" if outside else place


def _ways(place: str) -> Iterable[str]:
    """`a`, `a/b` and `a/b/c` of `a/b/c`."""
    parts = place.split("/")
    return ("/".join(parts[: number + 1]) for number in range(len(parts)))
