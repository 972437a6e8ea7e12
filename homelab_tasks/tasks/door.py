"""The door between the command line and the library: shared flags in, sentences and exit statuses out."""

from __future__ import annotations

import atexit
import errno
import functools
import gc
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task, task

from ..errors import HomelabError, Refused, RepoInvalid
from ..interrupt import SENTENCE, STATUS, hear_all
from . import outlet, usage
from .flags import Flags

FAILED, CHANGES, INTERRUPTED = 1, 2, STATUS
_LETTERS = {"dry_run": "d", "follow": "f", "host": "h", "output": "o", "verbose": "v", "yes": "y"}


def homelab_task(
    *flags: type[Flags], name: str | None = None, texts: dict[str, str] | None = None
) -> Callable[[Callable[..., None]], Task[Any]]:
    """An Invoke task that takes the fields of the `flags` classes as its flags, and turns errors into sentences.

    The body gets one value of each class after its own arguments; a field's metadata holds its help text.
    """

    def decorate(body: Callable[..., None]) -> Task[Any]:
        @functools.wraps(body)
        def run(context: Context, *args: Any, **given: Any) -> None:
            _collect_less()
            hear_all()
            outlet.open_all()
            with _sentences():
                _refuse_flags(given.values(), decorated)
                values = [kind(**{f.name: given.pop(f.name) for f in kind.flags if f.name in given}) for kind in flags]
                body(context, *args, **given, **dict(zip(shared, values, strict=True)))

        taken = list(inspect.signature(body).parameters.values())
        own = taken[: len(taken) - len(flags)]
        shared = [parameter.name for parameter in taken[len(own) :]]
        parameters = [*own, *(p for kind in flags for p in _parameters(kind))]  # type: ignore[arg-type]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        described = {f.name: f.text for kind in flags for f in kind.flags}
        texts_of_all = {**described, **(texts or {})}
        decorated: Task[Any] = task(name=name, help=texts_of_all, klass=_Lettered, auto_shortflags=False)(run)
        return decorated

    return decorate


class _Lettered(Task[Any]):
    """Letters mean the same in every task. Invoke's own choice depends on what else a task has: `-v` would be verbose
    here and remove volumes there.
    """

    def arg_opts(self, name: str, default: str, taken_names: set[str]) -> dict[str, Any]:
        """What Invoke knows of one flag."""
        known: dict[str, Any] = super().arg_opts(name, default, taken_names)
        return known | {"names": [*known["names"], *_LETTERS.get(name, "")]}

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: FBT001 - Invoke's
        """The flags that Invoke is to know, which takes their texts away as it reads them."""
        texts = dict(self.help)
        known: list[Argument] = super().get_arguments(ignore_unknown_help)
        self.help = texts
        return [_Word.of(argument, task=self) if argument.positional else _Flag.of(argument) for argument in known]

    def __deepcopy__(self, _: dict[int, Any]) -> Task[Any]:
        """Invoke copies all tasks as it reads tasks.py, 2 of our 20 ms in `inv --list`; none is changed later."""
        return self


class _Flag(Argument):
    """Invoke copies the flags of all tasks before it reads a word, down to their letters: a tenth of `inv --list`."""

    @classmethod
    def of(cls, argument: Argument, **more: Any) -> Self:
        """The same flag."""
        flag = cls.__new__(cls)
        flag.__dict__.update(argument.__dict__, **more)
        return flag

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        """All that it consists of is replaced when it changes, and never changed."""
        return self.of(self)


class _Word(_Flag):
    """A word that a task needs, for which Invoke takes whatever comes next."""

    task: Task[Any]

    def set_value(self, value: Any, cast: bool = True) -> None:  # noqa: FBT001, FBT002 - Invoke's
        """Raises Exit, with the task's help printed, where that is what the word asks for."""
        if value in usage.ASKING:
            usage.show(self.task)
        super().set_value(value, cast)


@functools.cache
def _parameters(kind: type[Flags]) -> tuple[inspect.Parameter, ...]:
    how = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return tuple(inspect.Parameter(flag.name, how, default=flag.default) for flag in kind.flags)


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
        sys.stdout.flush()
    except HomelabError as error:
        outlet.flush()
        for sentence in error.problems if isinstance(error, RepoInvalid) else [error]:
            print(f"error: {sentence}", file=sys.stderr)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        _leave(INTERRUPTED, SENTENCE)
    except BrokenPipeError:  # `inv list | head`
        outlet.drop(sys.stdout)
        sys.exit(FAILED)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        outlet.drop(sys.stdout)
        print("error: the output cannot be written, no space is left there; make room, then again", file=sys.stderr)
        sys.exit(FAILED)


def _leave(status: int, sentence: str) -> None:
    """End now: threads that still wait for a host must not hold up somebody who pressed Ctrl-C twice."""
    outlet.flush()
    with suppress(OSError):  # Ctrl-C ends the reader of `inv deploy plex 2>&1 | tee log` too
        print(sentence, file=sys.stderr, flush=True)
    os._exit(status)


def _refuse_flags(words: Iterable[object], task: Task[Any]) -> None:
    """Invoke takes an unknown flag for the word that is still missing."""
    for word in words:
        if isinstance(word, str) and word.startswith("-") and not word[1:2].isdigit():
            raise Refused(f"no flag {word}", move=f"inv --help {usage.name_of(task)} shows them")


def _collect_less() -> None:
    """A task's process is short: collecting garbage in its imports, and all of it at its end, takes 40 of 350 ms."""
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)


def here() -> Path:
    """The folder in which the user works; where that is in no homelab, the one of the tasks.py that Invoke found, as
    with `inv -r ~/homelab` from elsewhere. Raises Refused.
    """
    try:
        folder = Path.cwd()
    except FileNotFoundError:
        raise Refused("the folder that you are in is gone", move="cd to the homelab") from None
    found = getattr(sys.modules.get("tasks"), "__file__", None)  # as Invoke has imported it
    elsewhere = Path(found).parent if found else folder
    return elsewhere if not _in_homelab(folder) and _in_homelab(elsewhere) else folder


def _in_homelab(folder: Path) -> bool:
    from ..repo.source import FILE

    return any((above / FILE).is_file() for above in (folder, *folder.parents))
