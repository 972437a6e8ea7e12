"""Writes docs/reference.md: every task with its words and flags, as `inv --help` has them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext, to_flag

from homelab_tasks import ns
from homelab_tasks.tasks.overview import rooms

TOP = Path(__file__).resolve().parents[1]
PAGE = TOP / "docs/reference.md"
HEAD = """\
# All tasks

Made from the code by `python -m scripts.reference`; `inv --help TASK` says the same in a terminal. What the
flags do together is in [A deploy in detail](deploy.md#flags). A task's own word, in capitals, may also be
given as a flag.
"""


def reference() -> str:
    """The whole page."""
    tasks = {str(context.name): context for context in ns.to_contexts()}
    parts = [HEAD]
    for room, names in rooms(ns).items():
        parts.append(f"## {room.capitalize()}\n")
        parts += ("\n".join(_section(tasks[name])) for name in names)
    return "\n".join(parts)


def _section(task: ParserContext) -> Iterator[str]:
    first, *more = (inspect.getdoc(ns[task.name].body) or "").split("\n\n")
    yield from (f"### inv {task.name}", "", first, "")
    yield from (f"{' '.join(part.split())}\n" for part in more)
    if task.args:
        own = [argument for argument in task.args.values() if argument.positional]
        flags = sorted((argument for argument in task.args.values() if not argument.positional), key=_order)
        yield from ("| word or flag | meaning |", "|---|---|")
        yield from (_row(argument) for argument in [*own, *flags])
        yield ""


def _order(argument: Argument) -> str:
    return str(argument.name)


def _row(argument: Argument) -> str:
    flag = to_flag(str(argument.name))  # Invoke's own word: --dry-run of dry_run
    value = f" {str(argument.name).upper()}" if argument.takes_value else ""
    shown = [f"`{flag}{value}`", *(f"`-{letter}`" for letter in argument.nicknames)]
    if argument.positional:
        shown = [f"`{str(argument.name).upper()}`", f"`{flag}`"]
    kept = f" (default: `{argument.default}`)" if argument.takes_value and argument.default else ""
    return f"| {', '.join(shown)} | {(argument.help or '').replace('|', chr(92) + '|')}{kept} |"


if __name__ == "__main__":
    PAGE.write_text(reference())
    print(f"wrote {PAGE.relative_to(TOP)}")
