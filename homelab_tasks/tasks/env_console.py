"""What the env tasks say and ask at the terminal: keys at most, never a value."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import Refused

if TYPE_CHECKING:
    from ..envs.init import Made
    from ..envs.push import Sending
    from ..model import Host, Repo, Service
    from ..report.terminal import Style


def the_one(services: tuple[Service, ...], only: frozenset[str]) -> tuple[Service, Host]:
    """The only service on the only host that is meant. Raises Refused."""
    if len(services) > 1:
        raise Refused(f"{len(services)} services are meant", move="one at a time is edited")
    (service,) = services
    places = [host for host in service.hosts if not only or host.name in only]
    if not places:
        raise Refused(f"{service} does not run on {', '.join(sorted(only))}", move="inv list shows what runs where")
    if len(places) > 1:
        raise Refused(f"{service} runs on {', '.join(host.name for host in places)}", move="say which: --host NAME")
    return service, places[0]


def secretly(question: str) -> str:
    """An answer that is not shown; "" at the end of input."""
    from getpass import getpass

    try:
        return getpass(question)
    except EOFError:
        return ""


def say_made(made: Made) -> None:
    """A file that was made, and what it still needs."""
    from ..report.phrase import count

    print(f"made {made.path}: {count(made.keys, 'key')}")
    if made.generated:
        print(f"  random values: {', '.join(made.generated)}")
    if made.missing:
        print(f"error: {made.path} still needs {', '.join(made.missing)}; edit it", file=sys.stderr)


def say_sending(repo: Repo, sending: Sending) -> None:
    """What will be sent, and what not and why."""
    from ..envs.push import wider_than_private
    from ..report import env

    if sending.open:
        print(env.push_text(sending.open, style=style()))
    for one in sending.files:
        if one not in sending.open:
            print(f"{one.unit}: is there already")
    for unit in sending.in_place:
        print(f"{unit}: the file here is the one that runs; nothing to send")
    print("".join(f"{sentence}\n" for sentence in sending.missing), end="")
    for path in wider_than_private(repo, dict.fromkeys(one.unit.path for one in sending.files)):
        print(f"warning: others may read {path}; chmod 600 {path}", file=sys.stderr)


def may_replace(sending: Sending, *, yes: bool) -> bool:
    """Ask where another file lies there."""
    from .console import agree

    names = ", ".join(str(one.unit) for one in sending.replacing)
    return not names or agree(f"replace the .env of {names}?", yes=yes)


def say_sent(unit: str, why: str = "") -> None:
    """What came of one file."""
    if why:
        print(f"error: {unit}: {why}", file=sys.stderr)
    else:
        print(f"{unit}: written; the next deploy takes it up")


def say_errors(sentences: Iterable[str]) -> None:
    """Each on a line of its own."""
    for sentence in sentences:
        print(f"error: {sentence}", file=sys.stderr)


def style() -> Style:
    """How text is laid out here."""
    from ..report import terminal

    return terminal.style(sys.stdout)
