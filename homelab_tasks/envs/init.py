"""Make the `.env` of a service from its template: private from its first byte, and never over one that is there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from ..errors import Refused
from ..model import Repo
from ..repo.loader import Examined
from ..validate.env.tracking import tracking
from ..validate.facts import Facts
from .expect import Expected
from .template import Blank, blanks, filled

Ask = Callable[[str], str]  # a question; the answer, "" to leave it


class Made(Struct, frozen=True):
    """A `.env` that was made: the keys that got a random value, and those that still need one."""

    path: str
    keys: int
    generated: tuple[str, ...]
    missing: tuple[str, ...]


def init(repo: Repo, expected: Expected, ask: Ask | None, *, generate: bool) -> Made:
    """Make it. `ask` is nobody where no terminal is. Raises Refused for one that is there, and for a bad template."""
    path, file = expected.path, Path(repo.root, expected.path)
    if not expected.template:
        raise Refused(f"{expected.service} has no template", move=f"write {expected.service.directory}/.env.example")
    if file.exists() or file.is_symlink():
        raise Refused(
            f"{path} is there, and is never overwritten", move=f"edit it; inv env.check --names {expected.service}"
        )
    blank_ones = blanks(expected.text, expected.template)
    made = {blank.key: blank.recipe.make() for blank in blank_ones if generate and blank.recipe}
    answers = dict(_asked(expected, blank_ones, made, ask))
    _create(file, filled(expected.text, blank_ones, made | answers).encode())
    left = [blank for blank in blank_ones if blank.key not in made and blank.key not in answers]
    missing = tuple(blank.key for blank in left if blank.placeholder or expected.lacks(blank.key))
    return Made(path, len(expected.keys), tuple(made), missing)


def open_ones(repo: Repo, all_of_them: Iterable[Expected]) -> list[Expected]:
    """Those with a template and without a `.env`."""
    return [one for one in all_of_them if one.template and not Path(repo.root, one.path).exists()]


def not_ignored(examined: Examined, made: Iterable[Expected]) -> list[str]:
    """The files that Git would take in with the next `git add`."""
    paths = [one.path for one in made]
    git = tracking(Facts(examined), paths)
    return [path for path in paths if git.sees(path)]


def _asked(
    expected: Expected, blank_ones: tuple[Blank, ...], made: dict[str, str], ask: Ask | None
) -> list[tuple[str, str]]:
    if ask is None:
        return []
    found = []
    for key in dict.fromkeys(blank.key for blank in blank_ones if blank.key not in made):
        answer = ask(f"{expected.service}: {key} (not shown; Enter leaves it): ")
        if answer:
            found.append((key, answer))
    return found


def _create(file: Path, content: bytes) -> None:
    """Write beside, then link: the name appears with all of the content, or not at all; one that is there wins."""
    unfinished = file.with_name(f".env.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(unfinished, file)
    except FileExistsError:
        raise Refused(
            f"{file.name} in {file.parent} is there by now", move="edit it: it is never overwritten"
        ) from None
    except OSError as error:
        why = str(error.strerror).lower()
        raise Refused(f"cannot write {file} ({why})", move="look at the folder's owner and disk") from None
    finally:
        unfinished.unlink(missing_ok=True)
