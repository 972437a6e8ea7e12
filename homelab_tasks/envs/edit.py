"""Edit the `.env` of a service on its host with the editor here; what somebody else changed meanwhile is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..commands import env
from ..dotenv import parse
from ..errors import Refused
from ..model import Repo
from ..runner import Runner
from .expect import Expected
from .here import text_of
from .lay import Laying, lay
from .reach import Unit, failure


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lies on the host, or the template where nothing does (`before` is `absent`)."""

    unit: Unit
    before: str
    text: str = field(repr=False)

    def becomes(self, text: str) -> Fetched:
        """The same with another text, to be laid there."""
        return replace(self, text=text)


def fetch(repo: Repo, runner: Runner, unit: Unit, expected: Expected) -> Fetched:
    """Bring the content into memory. Raises Refused for what is no file there, and for one that Git has."""
    if unit.path in unit.service.files:
        raise Refused(f"{unit.path} is committed, so a deploy delivers it", move="edit it here, and commit")
    result = runner.run(env.fetch(unit.host, unit.there(repo)))
    if not result.ok:
        raise Refused(failure(unit.host, f"reading {unit.path}", result))
    word, _, content = result.stdout.partition(b"\n")
    match word:
        case b"absent":
            return Fetched(unit, "absent", expected.text)
        case b"file":
            return Fetched(unit, env.digest(content), text_of(content))
        case _:
            move = "whoever made it provides it: look there"
            raise Refused(f"{unit.path} on {unit.host} is a link, a folder or far too large", move=move)


def revise(fetched: Fetched, change: Callable[[str], str], again: Callable[[str], bool]) -> str | None:
    """The new text, None for no change. While Compose would stop at it, `again` asks whether to go on editing.

    Raises Refused where a person gives up.
    """
    text = change(fetched.text)
    while text != fetched.text and (faults := parse(text).faults):
        said = f"line {faults[0].line}: {faults[0].what}"
        if not again(f"{said}, where Compose stops"):
            raise Refused(f"{said}, where Compose stops", move="nothing was changed; edit it again")
        text = change(text)
    return None if text == fetched.text else text


def write_back(repo: Repo, runner: Runner, edited: Fetched, laying: Laying) -> None:
    """Lay the new text where the fetched one still lies. Raises HomelabError and ConnectionError."""
    content = edited.text.encode("utf-8", "surrogateescape")
    (sent,) = lay(repo, runner, {edited.unit: (content, edited.before)}, laying)
    if sent.why:
        raise Refused(sent.why)
