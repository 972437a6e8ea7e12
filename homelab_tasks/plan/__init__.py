"""What a run will do, as data: steps with their causes and what each waits for. Nothing in this room touches a host."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct, field

from ..command import Command
from ..model import Check, Hook, Host, Network, OnFailure, Pinned, Service
from ..record import Held


class Verb(Enum):
    """What a step does to its subject. The value is what a person reads."""

    SYSTEM = "activate"
    NETWORK = "make network"
    CREATE = "create"  # the first time on this host
    UPDATE = "update"  # its files, its .env or its image changed
    START = "start"  # containers that should run do not
    RESTART = "restart"
    RECREATE = "recreate"
    STOP = "stop"
    REMOVE = "remove"
    NOTE = "note"  # nothing that a container sees changed: the record moves on, the containers stay

    @property
    def doing(self) -> str:
        """`creating`, `stopping`, ..."""
        return _DOING[self]

    @property
    def removes(self) -> bool:
        """Containers go away by it."""
        return self is Verb.REMOVE


_DOING = {
    Verb.SYSTEM: "activating",
    Verb.NETWORK: "making network",
    Verb.CREATE: "creating",
    Verb.UPDATE: "updating",
    Verb.START: "starting",
    Verb.RESTART: "restarting",
    Verb.RECREATE: "recreating",
    Verb.STOP: "stopping",
    Verb.REMOVE: "removing",
    Verb.NOTE: "noting",
}


class Change(Struct, frozen=True):
    """One difference that a person reads: `image 1.40.2 -> 1.41.0`, `environment + TZ`; never the value of a secret."""

    container: str  # key under `services:`, "" for the project as a whole
    text: str

    def __str__(self) -> str:
        return f"{self.container}: {self.text}" if self.container else self.text


class Gate(Struct, frozen=True):
    """What has to be true of a project's containers before a step is done. Times in seconds."""

    project: str
    timeout: float
    settle: float
    checks: tuple[Check, ...] = ()
    directory: str = ""
    keys: frozenset[str] = frozenset()  # only these containers, by their keys under `services:`; empty: all
    jobs: frozenset[str] = frozenset()  # those that another one waits for the end of


class Call(Struct, frozen=True):
    """A hook of the service, as a command; its last line may name what it kept."""

    hook: Hook
    command: Command


class PutAside(Struct, frozen=True):
    """A command that replaces files; it prints the path of each copy of what lay there, a line each."""

    command: Command


class Switch(Struct, frozen=True):
    """A change of a host's system, which may cut the connection that it came by: it counts once `keep` went well over
    a connection that was made afterwards. Both run as root, with the store path of the system as their last word.
    """

    activate: Command
    keep: Command
    patience: float  # seconds until a host that nobody confirmed has gone back
    system: str = ""  # exactly this one; "": what the step has built
    files: str = ""  # digest of what it was built from, for the record
    commit: str = ""  # the same


class Entry(Struct, frozen=True):
    """What is written down on the host once a step is done."""

    service: str
    project: str
    directory: str
    digest: str
    env: Mapping[str, str] = field(default_factory=dict)
    borrows: Mapping[str, str] = field(
        default_factory=dict
    )  # service -> its container whose network is shared ("" all)
    held: Held | None = None
    removed: bool = False
    laid: str = ""  # as the record has it, where files stay as they lie
    unfinished: bool = False  # as the record has it, where the step does not bring all of the service up
    commit: str = ""  # that its files are of; "": the plan's, and without one as recorded
    pinned: Pinned | None = None
    detail: str = ""  # resolved model and file list as JSON, "" to leave the last one


class Renewal(Struct, frozen=True):
    """An image that is on the host and is pulled again before anything changes, as `pull_policy` asks."""

    image: str
    ident: str  # what its name means until then
    keys: tuple[str, ...]  # containers that are made of it, by their keys under `services:`
    age: float = 0.0  # seconds that it may be old
    now: str = ""  # what its name means since it was pulled; "" before, and where that is the same


Act = Command | Gate | Switch | Call | PutAside


class Step(Struct, frozen=True):
    """One change to one subject on one host, complete: whoever executes it decides nothing."""

    key: str  # `plex@hl15`; networks `network proxy@hl15`
    verb: Verb
    subject: str
    host: Host
    causes: tuple[str, ...] = ()
    asked: str = ""  # `requested`, `needed by plex`
    changes: tuple[Change, ...] = ()
    needs: frozenset[str] = frozenset()  # keys of steps that come first
    by_group: tuple[tuple[str, str], ...] = ()  # (key, group) of those that only a group's turn puts first
    pulls: tuple[str, ...] = ()  # images that are not on the host yet, or that are to be pulled again
    renews: tuple[Renewal, ...] = ()  # those that are there already
    build: Command | None = None  # prints the store path of the system to activate; before anything is changed
    commands: tuple[Act, ...] = ()  # one after the other; a gate among them is waited for
    lane: str = ""  # steps of one lane run one at a time, on whatever hosts
    gate: Gate | None = None
    entry: Entry | None = None
    blocked: str = ""  # why it cannot be tried at all
    moved: bool = False  # a removal that follows a start elsewhere

    @property
    def cause(self) -> str:
        """All causes in one line."""
        return ", ".join([*self.causes, *([self.asked] if self.asked else [])])


UNCHANGED = "unchanged"  # the repo and the host agree
AS_THEN = "as it was then"  # the host is as the commit says that a rollback goes to


class Unit(Struct, frozen=True):
    """A service on one of its hosts, with a reason: why it stays as it is, or what is left behind."""

    subject: str
    host: Host
    why: str
    moved: bool = False  # it runs elsewhere instead; else on fewer hosts than before


class Delivery(Struct, frozen=True):
    """A host whose checkout moves to the plan's commit before its services change. `commit` "" is a first delivery."""

    host: Host
    commit: str
    made_of: str = ""  # the commit of a person that `commit` is made of, where it holds pinned services
    pins: Mapping[str, Pinned] = field(default_factory=dict)
    half: bool = False  # the last delivery did not end

    @property
    def base(self) -> str:
        """The commit as people know it."""
        return self.made_of or self.commit


class Plan(Struct, frozen=True):
    """A graph of steps and everything that a person should know before they run."""

    title: str  # `deploy plex`
    commit: str = ""
    steps: tuple[Step, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    unchanged: tuple[Unit, ...] = ()
    held: tuple[Unit, ...] = ()  # stopped on purpose: left alone
    gone: tuple[Unit, ...] = ()  # on a host and no longer in the repo
    notices: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()  # what has to be mended before anything is changed: `what; the next move`
    on_failure: OnFailure = OnFailure.KEEP
    asks: tuple[str, ...] = ()  # questions that somebody has to answer with yes before anything is changed

    @property
    def changes(self) -> bool:
        """There is something to do (blocked steps count: somebody has to act)."""
        return bool(self.steps)


def detail(model: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """The recorded detail of a service as one line of JSON."""
    import json

    return json.dumps({"model": model, "files": dict(files)}, separators=(",", ":"), sort_keys=True)


def key(service: Service | str, host: Host) -> str:
    """The key of a service's step on a host."""
    return f"{service}@{host.name}"


def system_key(host: Host) -> str:
    """The key of the step that activates a host's NixOS; no service is called so, as there is a blank in it."""
    return f"nixos system@{host.name}"


def network_key(network: Network, host: Host) -> str:
    """The key of the step that makes a network on a host."""
    return f"network {network.name}@{host.name}"
