"""`hooks` of `service.yaml`: commands of a service's own, each a text or a mapping."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import model
from ..problem import Problem
from .document import Map
from .fields import Fields, describe

COMMAND = re.compile(r"[^\0]*\S[^\0]*")
_MOVE = "write e.g. before_deploy: ./dump.sh"
_SHAPE = "a shell command"


def read_hooks(fields: Fields, problems: list[Problem]) -> tuple[model.Hook, ...]:
    """The hooks among the fields of a `service.yaml`, in the order of their moments."""
    mapping = fields.mapping_of("hooks", "a mapping of hooks")
    if mapping is None:
        return ()
    hooks = Fields(mapping, problems)
    found = tuple(hook for moment in model.Moment for hook in _hook(hooks, moment, problems))
    hooks.unknown("hooks")
    return found


def read_hook(fields: Fields, moment: model.Moment) -> model.Hook:
    """One that is a mapping; `run` "" where it says nothing that can be run."""
    run = fields.text("run", pattern=COMMAND, shape=_SHAPE)
    hook = model.Hook(moment, run, fields.duration("timeout", model.Hook(moment, "").timeout))
    fields.unknown(f"hooks.{moment.value}")
    return hook


def _hook(hooks: Fields, moment: model.Moment, problems: list[Problem]) -> Iterator[model.Hook]:
    key = moment.value
    value = hooks.any(key)
    match value:
        case None:
            return
        case str() if COMMAND.fullmatch(value):
            yield model.Hook(moment, value)
        case Map():
            before = len(problems)
            hook = read_hook(Fields(value, problems), moment)
            if hook.timeout <= 0:
                hooks.wrong(
                    key, f"{key}: a timeout of 0 leaves it no time", "give it seconds, or a duration such as 10m"
                )
            elif hook.run:
                yield hook
            elif len(problems) == before:
                hooks.wrong(key, f"{key}: it runs nothing", f"give it run: COMMAND, or {_MOVE}")
        case _:
            hooks.wrong(key, f"{key}: expected a command or a mapping, found {describe(value)}", _MOVE)
