"""Flags that tasks share, with their help texts."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from ..errors import Refused


class Flag:
    """One flag: what a field is to a dataclass."""

    __slots__ = ("again", "default", "name", "text")

    def __init__(self, default: Any, text: str, *, again: bool) -> None:
        self.default, self.text, self.again = default, text, again

    def __set_name__(self, _: type[Any], name: str) -> None:
        self.name = name


def flag(default: Any, text: str, *, again: bool = True) -> Any:
    """A field that becomes a command line flag; `again` if it has to be given again to mean the same again."""
    return Flag(default, text, again=again)


class Flags:
    """Flags that go together, as one value. A dataclass in all but its price: two dozen of those are a tenth of the
    time of `inv --list`.
    """

    flags: ClassVar[tuple[Flag, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.flags = (*cls.flags, *(one for one in vars(cls).values() if isinstance(one, Flag)))

    def __init__(self, **given: Any) -> None:
        defaults = {one.name: one.default for one in self.flags}
        if unknown := given.keys() - defaults.keys():
            raise TypeError(f"{type(self).__name__} has no {', '.join(unknown)}")
        vars(self).update(defaults | given)
        self.check()

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""


def typed(*words: str, flags: Iterable[Flags]) -> str:
    """What to type after `inv` for the same again: `deploy plex --force --host h1`."""
    return shlex.join([*words, *(word for given in flags for word in _again(given))])


def _again(given: Flags) -> Iterator[str]:
    for one in given.flags:
        value = getattr(given, one.name)
        if value == one.default or not one.again:
            continue
        yield f"--{one.name.replace('_', '-')}"
        if value is not True:
            yield value


class Output(Flags):
    """How the answer is written."""

    format: str = flag("text", "text, or json with nothing else on stdout", again=False)

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        if self.format not in ("text", "json"):
            raise Refused(f"no format {self.format!r}", move="use text or json")

    @property
    def json(self) -> bool:
        """JSON was asked for."""
        return self.format == "json"


_WAIT_LOCK = "wait so long for a locked host, seconds or 5m; else refuse"


class Waiting(Flags):
    """What tasks understand that change something on hosts without a plan."""

    wait_lock: str | None = flag(None, _WAIT_LOCK, again=False)

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        _ = self.waits

    @property
    def waits(self) -> float:
        """The seconds of `--wait-lock`."""
        return _seconds("--wait-lock", self.wait_lock)


class Changing(Flags):
    """What every task that changes hosts understands."""

    dry_run: bool = flag(False, "show the plan and change nothing", again=False)
    exit_code: bool = flag(False, "with --dry-run: exit status 2 if there is something to do", again=False)
    host: str | None = flag(None, "only these hosts: names with commas")
    yes: bool = flag(False, "do not ask before something is removed, or most of it restarts", again=False)
    timeout: str | None = flag(None, "seconds, or 5m, for a service to become healthy, not its own")
    verbose: bool = flag(False, "name what is unchanged too", again=False)
    wait_lock: str | None = flag(None, _WAIT_LOCK, again=False)

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        _ = self.patience, self.waits

    @property
    def patience(self) -> float:
        """The seconds of `--timeout`; 0: what the service says."""
        return _seconds("--timeout", self.timeout)

    @property
    def waits(self) -> float:
        """The seconds of `--wait-lock`."""
        return _seconds("--wait-lock", self.wait_lock)


def _seconds(name: str, word: str | None) -> float:
    if word is None:
        return 0
    from ..repo.fields import seconds

    found = seconds(word)
    if found is None:
        raise Refused(f"{name}: {word!r} is no time", move="give seconds or a duration: 90, 5m, 1m30s")
    return found


class Deploying(Flags):
    """What the deploys understand besides."""

    no_deps: bool = flag(False, "only the services named, without what they need")
    force: bool = flag(False, "also what is unchanged, and over a commit that is newer or not known here")
    prune: bool = flag(False, "remove what is on these hosts and no longer in the repo")
    unpin: bool = flag(False, "also what was rolled back alone, which else stays as it is")
    allow_removals: bool = flag(False, "with CI=true, and in production, remove what is to be removed")
    on_failure: str = flag("", "revert (the default): put back what was changed; keep: the rest goes on; stop")
    allow_dirty: bool = flag(False, "deploy the last commit although there are uncommitted changes")

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        check_policy(self.on_failure)


def check_policy(word: str) -> None:
    """Raises Refused for another word than `--on-failure` takes."""
    if word not in ("", "revert", "keep", "stop"):
        raise Refused(f"--on-failure: {word!r} is no choice", move="use revert, keep or stop")


class Systems(Flags):
    """What tasks understand that may change a host's NixOS."""

    reboot: bool = flag(False, "restart a NixOS host whose new system asks for it, and go on")


class Updating(Systems):
    """What update-system understands besides."""

    force: bool = flag(False, "also where nothing changed, and over a commit that is newer or not known here")
    on_failure: str = flag("", "revert (the default): put back other hosts too; keep: the rest goes on; stop")
    allow_dirty: bool = flag(False, "take the last commit although there are uncommitted changes")

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        check_policy(self.on_failure)
