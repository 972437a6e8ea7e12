"""What proves to a server who we are: key files, unlocked once before any connection, and the keys of the agent."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from paramiko import Agent, PKey, SSHConfig, SSHException
from paramiko.auth_strategy import AuthStrategy, InMemoryPrivateKey, NoneAuth

from . import key_file
from .key_file import KeyFile

if TYPE_CHECKING:
    from paramiko.auth_strategy import AuthSource

_DEFAULT_NAMES = ("id_ed25519", "id_ecdsa", "id_rsa")
_ATTEMPTS = 3
# Keys that a passphrase was given for: a host whose system changed is connected to a second time, by a clock
_unlocked: dict[Path, PKey] = {}


class Identity(Struct, frozen=True):
    """The keys for one server: which files, whether somebody has named them, and whether the agent's others help."""

    files: tuple[KeyFile, ...]
    named: bool = False
    agent: bool = True

    @property
    def locked(self) -> tuple[KeyFile, ...]:
        """Files that need a passphrase."""
        return tuple(file for file in self.files if file.encrypted)


class Keyring:
    """The keys of the files that a run may use, each loaded, and asked for, once."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        identities = tuple(identities)
        self._keys: dict[Path, PKey] = {}
        for file in dict.fromkeys(file for identity in identities for file in identity.files if _plain(file)):
            self._load(file, None)
        if any(identity.locked for identity in identities):
            self._unlock(_needed(identities, agent_keys()))

    def get(self, file: KeyFile) -> PKey | None:
        """The key of a file; None where it stayed locked or is of a kind that is not understood."""
        return self._keys.get(file.path)

    def _unlock(self, files: Iterable[KeyFile]) -> None:
        files = tuple(files)
        self._keys |= {file.path: _unlocked[file.path] for file in files if file.path in _unlocked}
        if not sys.stdin.isatty():
            return
        for file in files:
            for _ in range(0 if file.path in self._keys else _ATTEMPTS):
                passphrase = getpass(f"passphrase for {file.path}: ", stream=sys.stderr)
                if not passphrase or self._load(file, passphrase.encode()):
                    break
        _unlocked.update({file.path: self._keys[file.path] for file in files if file.path in self._keys})

    def _load(self, file: KeyFile, passphrase: Any) -> bool:  # bytes, whatever the stubs of paramiko 5 say
        # cryptography says ValueError of a wrong passphrase and of a broken file, TypeError of a passphrase too few.
        try:
            self._keys[file.path] = PKey.from_path(file.path, passphrase)
        except (OSError, ValueError, TypeError, SSHException):
            return False
        return True


class Keys(AuthStrategy):
    """Offers a server its keys, the likeliest first: sshd counts attempts and hangs up after six."""

    def __init__(self, user: str, identity: Identity, keyring: Keyring) -> None:
        super().__init__(SSHConfig())
        self._user, self._identity, self._keyring = user, identity, keyring

    def get_sources(self) -> Iterator[AuthSource]:
        """Named files and their twins in the agent, the agent's other keys, default files, and nothing at all."""
        agent = Agent()
        try:
            in_agent = {bytes(key.asbytes()): key for key in agent.get_keys()}
            for key in self._in_order(in_agent):
                yield InMemoryPrivateKey(self._user, key)
        finally:
            agent.close()
        # Some servers, such as Tailscale's, know who we are without; and others answer with what they would take.
        yield NoneAuth(self._user)

    def _in_order(self, in_agent: Mapping[bytes, PKey]) -> Iterator[PKey]:
        twins = {file.public: in_agent[file.public] for file in self._identity.files if file.public in in_agent}
        own = [key for file in self._identity.files if file.public not in twins and (key := self._keyring.get(file))]
        others = [key for blob, key in in_agent.items() if blob not in twins] if self._identity.agent else []
        yield from twins.values()
        yield from [*own, *others] if self._identity.named else [*others, *own]


def identity(home: Path, identity_file: str, config: Mapping[str, object]) -> Identity:
    """The keys for one server: `identity_file` of hosts.yaml, else those of ssh_config, else the default files."""
    named = [identity_file] if identity_file else config.get("identityfile", [])
    paths = [Path(str(name)).expanduser() for name in named] if isinstance(named, list) else []
    only = str(config.get("identitiesonly", "no")).lower() == "yes" and not identity_file
    files = _read(paths)
    if files or only:
        return Identity(files, named=True, agent=not only)
    return Identity(_read(home / ".ssh" / name for name in _DEFAULT_NAMES))


def _read(paths: Iterable[Path]) -> tuple[KeyFile, ...]:
    return tuple(file for path in paths if (file := key_file.read(path)))


def _plain(file: KeyFile) -> bool:
    return file.private and not file.encrypted


def _needed(identities: Iterable[Identity], in_agent: frozenset[bytes]) -> tuple[KeyFile, ...]:
    """The locked files without which a server would probably be out of reach."""
    needed: dict[KeyFile, None] = {}
    for one in identities:
        others = in_agent or any(_plain(file) for file in one.files)
        if one.named or not others:
            needed.update(dict.fromkeys(file for file in one.locked if file.public not in in_agent))
    return tuple(needed)


def agent_keys() -> frozenset[bytes]:
    """The public halves of the keys that a running agent holds."""
    agent = Agent()
    try:
        return frozenset(bytes(key.asbytes()) for key in agent.get_keys())
    finally:
        agent.close()
