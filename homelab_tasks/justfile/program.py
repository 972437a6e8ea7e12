"""A Justfile as a program: which recipe calls which, with what arguments, before and after it starts a stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from .body import Calls, Starts, acts, unknown
from .header import value_of
from .recipe import Justfile, Need, Recipe
from .tokens import Kind, Token

Arguments = tuple[str | None, ...]  # None where only running it would tell

_MOST_BINDINGS = 200  # of one recipe, with different arguments


class Bound(Struct, frozen=True):
    """A recipe with the arguments that it is called with."""

    recipe: Recipe
    arguments: Arguments = ()


class Program(Struct):
    """The recipes, and what is known of them by now."""

    justfile: Justfile
    known: dict[Bound, tuple[Calls | Starts, ...]] = field(default_factory=dict)
    bindings: dict[str, set[Arguments]] = field(default_factory=dict)

    def acts(self, bound: Bound) -> tuple[Calls | Starts, ...]:
        """What its body does, in order."""
        if bound not in self.known:
            self.known[bound] = tuple(acts(bound.recipe, self._values(bound), self.justfile.folder))
        return self.known[bound]

    def starts(self, bound: Bound) -> list[str]:
        """The folders whose stacks its body starts."""
        return [act.folder for act in self.acts(bound) if isinstance(act, Starts)]

    def before(self, bound: Bound) -> Iterator[Need]:
        """What runs before it starts a stack of its own; all that it runs, where it starts none."""
        yield from bound.recipe.before
        for act in self.acts(bound):
            if isinstance(act, Starts):
                return
            yield from self._split(act.words)

    def after(self, bound: Bound) -> Iterator[Need]:
        """What runs when its own stack was started, and what comes behind `&&`."""
        yield from bound.recipe.after
        started = False
        for act in self.acts(bound):
            if isinstance(act, Starts):
                started = True
            elif started:
                yield from self._split(act.words)

    def call(self, need: Need, by: Bound) -> Bound | str | None:
        """The recipe that a call means; why there is none; None where it would lead on and on."""
        name = self.justfile.aliases.get(need.name, need.name)
        recipe = self.justfile.recipes.get(name)
        if recipe is None:
            return (
                "what it calls is only known when it runs"
                if unknown(name)
                else f"calls {name}, which is no recipe here"
            )
        values = self._values(by)
        words = (value_of(argument, values) for argument in need.arguments)
        arguments = tuple(None if word is None or unknown(word) else word for word in words)
        known = self.bindings.setdefault(name, set())
        if arguments not in known and len(known) >= _MOST_BINDINGS:
            return None
        known.add(arguments)
        return Bound(recipe, arguments)

    def _split(self, words: Iterable[str]) -> Iterator[Need]:
        """`just a b`: two recipes, or one and its argument."""
        waiting = list(words)
        while waiting:
            name = waiting.pop(0)
            recipe = self.justfile.recipes.get(self.justfile.aliases.get(name, name))
            taken = recipe.parameters if recipe else ()
            count = len(waiting) if any(p.variadic for p in taken) else len(taken)
            yield Need(name, tuple((Token(Kind.TEXT, word),) for word in waiting[:count]))
            waiting = waiting[count:]

    def _values(self, bound: Bound) -> Mapping[str, str]:
        values = dict(self.justfile.values)
        for i, parameter in enumerate(bound.recipe.parameters):
            words = bound.arguments[i:] if parameter.variadic else bound.arguments[i : i + 1]
            known = [word for word in words if word is not None]
            given = " ".join(known) if words else value_of(parameter.default, values)
            values.pop(parameter.name, None)
            if given is not None and len(known) == len(words):
                values[parameter.name] = given
        return values
