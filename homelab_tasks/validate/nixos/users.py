"""N002 to N004: who is on the hosts. What takes an evaluation is left to NixOS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ...errors import suggestion
from ...problem import Place, Problem, Rule
from . import rules
from .builtin_groups import BUILT_IN
from .folder import Flake, NixFile
from .tree import DYNAMIC, Binding, Merged, Node, Number, Opaque, Text, texts_of

_USERS, _GROUPS = ("users", "extraUsers"), ("groups", "extraGroups")  # the second names are the old ones
_SWITCHES = frozenset({"services", "virtualisation", "programs", "hardware", "security"})


class _Id(Struct, frozen=True):
    name: str
    number: int
    place: Place
    scope: str

    def meets(self, other: _Id) -> bool:
        """Both may be on one host."""
        return not self.scope or not other.scope or self.scope == other.scope


def check(flake: Flake) -> Iterator[Problem]:
    """Numbers that are taken twice, and groups that nobody declares."""
    yield from _unique(_ids(flake, _USERS, "uid"), rules.DOUBLE_UID, "user", "uid")
    yield from _unique(_ids(flake, _GROUPS, "gid"), rules.DOUBLE_GID, "group", "gid")
    yield from _undeclared(flake)


def _ids(flake: Flake, kinds: Sequence[str], key: str) -> list[_Id]:
    return [
        _Id(binding.path[2], binding.value.value, file.place(binding.offset), flake.scope(file))
        for file, binding in _entries(flake, kinds)
        if len(binding.path) == 4 and binding.path[3] == key and isinstance(binding.value, Number)
        if DYNAMIC not in binding.path
    ]


def _entries(flake: Flake, kinds: Sequence[str]) -> Iterator[tuple[NixFile, Binding]]:
    """Bindings of `users.users` or `users.groups`, these themselves included."""
    for file in flake.files:
        for binding in file.bindings:
            if len(binding.path) > 1 and binding.path[0] == "users" and binding.path[1] in kinds:
                yield file, binding


def _unique(ids: list[_Id], rule: Rule, kind: str, key: str) -> Iterator[Problem]:
    """Each that shares its number, or its name alone, with one before it."""
    by_number: dict[int, list[_Id]] = {}
    by_name: dict[str, list[_Id]] = {}
    for one in ids:
        same = next((o for o in by_number.get(one.number, ()) if o.name != one.name and one.meets(o)), None)
        named = next((o for o in by_name.get(one.name, ()) if o.number != one.number and one.meets(o)), None)
        if same:
            what = f"{key} {one.number} of {kind} {one.name} is also that of {same.name} ({same.place})"
            yield rule.at(one.place, what, f"give one of them another; {_free(ids)} is free", also=(same.place,))
        elif named:
            what = f"{kind} {one.name} has {key} {one.number} here and {named.number} in {named.place}"
            yield rule.at(one.place, what, "keep one of them", also=(named.place,))
        _add(by_number.setdefault(one.number, []), one)
        _add(by_name.setdefault(one.name, []), one)


def _add(found: list[_Id], one: _Id) -> None:
    """Unless the list has the same already: a group that each module declares again is looked through once."""
    if not any((o.name, o.number, o.scope) == (one.name, one.number, one.scope) for o in found):
        found.append(one)


def _free(ids: list[_Id]) -> int:
    return max(one.number for one in ids) + 1


def _undeclared(flake: Flake) -> Iterator[Problem]:
    declared = _declared(flake)
    if declared is None:
        return
    switched = _switched(flake)
    for file, binding in _entries(flake, _USERS):
        if len(binding.path) != 4 or binding.path[3] not in ("group", "extraGroups"):
            continue
        for group in dict.fromkeys(texts_of(binding.value)):
            if group and group not in declared and group not in BUILT_IN and group not in switched:
                what = f"user {binding.path[2] or 'here'} is in group {group!r}, which nothing declares"
                near = suggestion(group, sorted(declared), "group")
                move = near if near.startswith("did you mean") else f"add users.groups.{group} = {{ }};"
                yield rules.UNKNOWN_GROUP.at(file.place(binding.offset), what, move)


def _declared(flake: Flake) -> frozenset[str] | None:
    """The groups that the files declare; None where some are only known to who evaluates."""
    found = set()
    for _, binding in _entries(flake, _GROUPS):
        if len(binding.path) == 2:
            if _is_open(binding.value):
                return None
        elif binding.path[2] == DYNAMIC:
            return None
        else:
            found.add(binding.path[2])
    named = (b for _, b in _entries(flake, _GROUPS) if len(b.path) == 4 and b.path[3] == "name")
    return frozenset(found | {b.value.value for b in named if isinstance(b.value, Text)})


def _is_open(value: Node) -> bool:
    return isinstance(value, Opaque) or (isinstance(value, Merged) and any(map(_is_open, value.parts)))


def _switched(flake: Flake) -> frozenset[str]:
    """What the files turn on: NixOS's modules declare groups of their own names."""
    paths = (binding.path for file in flake.files for binding in file.bindings)
    return frozenset(path[1] for path in paths if len(path) > 1 and path[0] in _SWITCHES)
