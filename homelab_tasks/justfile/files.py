"""A Justfile on the disk with all that it imports."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from ..errors import Refused
from .parse import parse
from .recipe import Justfile, Odd

MAX_BYTES = 1 << 20
_MOST_FILES = 100


def read(path: Path, shown: str) -> Justfile:
    """The recipes of a file and of what it imports; `shown` is how the person called it. Raises Refused."""
    found = _Files({}).merged(path, shown)
    if not found.recipes:
        raise Refused(f"{shown} holds no recipe", move="name a Justfile: inv import-just Justfile")
    return found


class _Files:
    """The files that were read on the way, so that two that import one another end."""

    def __init__(self, known: dict[Path, None]) -> None:
        self.known = known

    def merged(self, path: Path, shown: str) -> Justfile:
        """One file, over what it imports: its own recipes win."""
        self.known[path.resolve()] = None
        own = parse(shown, _text(path, shown))
        below, odd = Justfile(), list(own.odd)
        for wanted in own.imports:
            there, name = path.parent / wanted.path, str(Path(shown).parent / wanted.path)
            if there.resolve() in self.known:
                continue
            if not there.is_file():
                if not wanted.optional:
                    odd.append(Odd(wanted.place, f"imports {wanted.path}, which is not there"))
                continue
            if len(self.known) >= _MOST_FILES:
                odd.append(Odd(wanted.place, f"imports {wanted.path}, after {_MOST_FILES} files"))
                continue
            below = _over(below, self.merged(there, name))
        return replace(_over(below, own), odd=(*below.odd, *odd))


def _over(below: Justfile, above: Justfile) -> Justfile:
    return Justfile(
        recipes={**below.recipes, **above.recipes},
        aliases={**below.aliases, **above.aliases},
        values={**below.values, **above.values},
        odd=(*below.odd, *above.odd),
        unread=below.unread + above.unread,
        folder=above.folder,
    )


def _text(path: Path, shown: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot read {shown or repr(shown)}: {str(error.strerror).lower()}"
        raise Refused(what, move="name a Justfile: inv import-just Justfile") from error
    if len(data) > MAX_BYTES:
        what = f"{shown} is {len(data) / MAX_BYTES:.1f} MB large, more than any Justfile should be"
        raise Refused(what, move="is it the right file?")
    if b"\0" in data:
        raise Refused(f"{shown} is no text", move="is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{shown} is not UTF-8 text", move="save it as UTF-8") from error
