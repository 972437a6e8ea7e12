"""What recipes mean for the services of a repo: which one each starts, what that needs, and the groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from ..problem import Place
from .body import unknown
from .program import Bound, Program
from .recipe import Justfile, Need, Odd, Recipe
from .services import Services, ensured, why_left

_DEPLOY = re.compile(r"deploy[-_](.+)")
_EVERYTHING = ("all", "everything", "services")


class Wanted(Struct, frozen=True):
    """`service` is to come after `needed`, as the recipe at `place` has it."""

    service: str
    needed: str
    place: Place
    recipe: str


class Taken(Struct, frozen=True):
    """A recipe that starts one service, or that is a group of several."""

    recipe: str
    place: Place
    services: tuple[str, ...]
    group: str = ""


class Meaning(Struct, frozen=True):
    """All that was understood, and all that was not, in the order of the file."""

    wanted: tuple[Wanted, ...] = ()
    taken: tuple[Taken, ...] = ()
    left: tuple[Odd, ...] = ()


def meaning_of(justfile: Justfile, services: Mapping[str, str], base: str = "") -> Meaning:
    """What a Justfile means for services, given as name -> folder; it lies in the folder `base` of the homelab."""
    reading = _Reading(Program(justfile), Services(services, base))
    for recipe in justfile.recipes.values():
        reading.top(Bound(recipe))
    done: set[Bound] = set()
    while waiting := [bound for bound in reading.started if bound not in done]:  # it grows: calls with arguments
        for bound in waiting:
            reading.order(bound)
        done.update(waiting)
    every = {(odd.place, odd.what): odd for odd in (*justfile.odd, *reading.left)}
    return Meaning(
        tuple(dict.fromkeys(reading.wanted)), tuple(reading.taken), tuple(sorted(every.values(), key=lambda o: o.place))
    )


class _Reading(Struct):
    """What was found on the way."""

    program: Program
    services: Services
    wanted: list[Wanted] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    left: list[Odd] = field(default_factory=list)
    started: dict[Bound, None] = field(default_factory=dict)

    def top(self, bound: Bound) -> None:
        """A recipe as somebody would call it: one service, a group, or neither, and why."""
        recipe = bound.recipe
        own = self.service(bound)
        group = _DEPLOY.fullmatch(recipe.name)
        members = tuple(dict.fromkeys(self.members(bound))) if group else ()
        if own:
            self.started[bound] = None
            self.taken.append(Taken(recipe.name, recipe.place, (own,)))
        elif group and members and group[1] not in (*_EVERYTHING, *self.services.names):
            self.taken.append(Taken(recipe.name, recipe.place, members, group[1]))
        else:
            self._leave(recipe, why_left(recipe, self.program.starts(bound), self.services))

    def order(self, bound: Bound) -> None:
        """What has to run before the service of this recipe."""
        recipe, own = bound.recipe, self.service(bound)
        for need in self.program.before(bound):
            for needed in self._provided(need, bound):
                if needed != own:
                    self.wanted.append(Wanted(own, needed, recipe.place, recipe.name))
        for later in self.program.after(bound):
            self._leave(recipe, f"{later.name} runs after it, so it is nothing that it needs")

    def service(self, bound: Bound) -> str:
        """The one service that a recipe starts itself: by its folder, else by its name; "" for none."""
        folders = self.program.starts(bound)
        found = list(dict.fromkeys(filter(None, map(self.services.of_folder, folders))))
        if found or (len(set(folders)) > 1 and not any(map(unknown, folders))):
            return found[0] if len(found) == 1 else ""
        named = not bound.recipe.parameters and ensured(bound.recipe.name)
        return self.services.of_name(named) if named else ""

    def members(self, bound: Bound) -> Iterator[str]:
        """The services that a recipe starts through others, without what those need."""
        for need in (*self.program.before(bound), *self.program.after(bound)):
            yield from self._provided(need, bound)

    def _provided(self, need: Need, by: Bound) -> Iterator[str]:
        """The services that a call starts; where the recipe starts none itself, those of the recipes below it."""
        waiting, seen = [(need, by)], set[Bound]()
        while waiting:
            further, caller = waiting.pop(0)
            bound = self.program.call(further, caller)
            if isinstance(bound, str) and not caller.recipe.parameters:
                self._leave(caller.recipe, bound)
            if not isinstance(bound, Bound) or bound in seen:
                continue
            seen.add(bound)
            own = self.service(bound)
            if own:
                self.started.setdefault(bound)
                yield own
            else:
                below = (*self.program.before(bound), *self.program.after(bound))
                waiting += [(call, bound) for call in below]

    def _leave(self, recipe: Recipe, why: str) -> None:
        self.left.append(Odd(recipe.place, f"{recipe.name}: {why}"))
