"""known_hosts files: by which keys a host is known, and what the key that it shows is worth (sshd(8), ssh(1))."""

from __future__ import annotations

import hashlib
import hmac
import re
import shlex
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from msgspec import Struct

DEFAULT_FILE = "~/.ssh/known_hosts"


class Trust(Enum):
    """What known_hosts says of a key."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


class Key(Struct, frozen=True):
    """A host key: its type, as `ssh-ed25519`, and its base64 text."""

    kind: str
    text: str

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as ssh-keygen -l shows it."""
        return "SHA256:" + b64encode(hashlib.sha256(b64decode(self.text)).digest()).decode().rstrip("=")


class Line(Struct, frozen=True):
    """One line of a known_hosts file. `hosts` are names, patterns or one hashed name."""

    file: str
    number: int
    marker: str
    hosts: tuple[str, ...]
    key: Key

    def names(self, name: str) -> bool:
        """Whether the line speaks of that host."""
        if any(_matches(pattern[1:], name) for pattern in self.hosts if pattern.startswith("!")):
            return False
        return any(_matches(pattern, name) for pattern in self.hosts)


class Stranger(Struct, frozen=True):
    """A key that is known to nobody yet: the name that it would be known by, and the file that it would be kept in."""

    name: str
    key: Key
    file: str


class Verdict(Struct, frozen=True):
    """What a shown key is worth, and the line that decided it, where one did."""

    trust: Trust
    line: Line | None = None


def names_of(address: str, port: int, alias: str = "") -> tuple[str, ...]:
    """The names that a server is looked up by, the one that a new line gets first."""
    if alias:
        return (alias,)
    address = address.lower()
    return (address,) if port == 22 else (f"[{address}]:{port}", address)


def read(files: Iterable[str]) -> tuple[Line, ...]:
    """The lines of all files that exist and may be read."""
    return tuple(line for file in files for line in parse(_text(file), file))


def parse(text: str, file: str) -> tuple[Line, ...]:
    """The lines of one file; comments and what is no key line are left out, as OpenSSH does."""
    found = (_line(words.split(), file, number) for number, words in enumerate(text.splitlines(), 1))
    return tuple(line for line in found if line)


def kinds(lines: Iterable[Line], names: Iterable[str]) -> tuple[str, ...]:
    """The types of the keys that the host is known by, so that the server is asked for one of those first."""
    names = tuple(names)
    known = (line.key.kind for line in lines if not line.marker and any(map(line.names, names)))
    return tuple(dict.fromkeys(known))


def judge(lines: Iterable[Line], names: tuple[str, ...], key: Key) -> Verdict:
    """What a key is worth that a host of these names has shown."""
    about = [line for line in lines if any(map(line.names, names))]
    same = [line for line in about if line.key == key]
    for line in same:
        if line.marker == "@revoked":
            return Verdict(Trust.REVOKED, line)
    for line in same:
        if not line.marker:
            return Verdict(Trust.KNOWN, line)
    # ssh takes a plain name's key for any port, but a different one there is another server, not a changed one.
    others = sorted(
        (line for line in about if not line.marker and line.names(names[0])), key=lambda line: line.key.kind != key.kind
    )
    return Verdict(Trust.CHANGED, others[0]) if others else Verdict(Trust.UNKNOWN)


def accept(name: str, key: Key, file: str) -> str:
    """The shell line that makes this very key known."""
    return f"echo {shlex.quote(f'{name} {key.kind} {key.text}')} >> {_shown(file)}"


def remember(stranger: Stranger) -> None:
    """Write the key where it is read from the next time on. Raises OSError."""
    path = Path(stranger.file).expanduser()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    written = path.read_bytes()
    end = b"" if not written or written.endswith(b"\n") else b"\n"
    line = f"{stranger.name} {stranger.key.kind} {stranger.key.text}\n"
    with path.open("ab") as file:
        file.write(end + line.encode())


def forget(name: str, line: Line) -> str:
    """The shell line that takes the old key out; a pattern stands for other hosts too, so its line is only named."""
    if any(set(pattern) & set("*?") for pattern in line.hosts):
        return f"edit {_shown(line.file)} line {line.number}"
    where = "" if _shown(line.file) == DEFAULT_FILE else f" -f {_shown(line.file)}"
    return f"ssh-keygen -R {shlex.quote(name)}{where}"


def _line(words: list[str], file: str, number: int) -> Line | None:
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    if len(words) < 3 or words[0].startswith("#") or not _is_base64(words[2]):
        return None
    return Line(file, number, marker, tuple(words[0].split(",")), Key(words[1], words[2]))


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        return _hashed(pattern, name)
    wild = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, name.lower()) is not None


def _hashed(pattern: str, name: str) -> bool:
    salt, _, digest = pattern.removeprefix("|1|").partition("|")
    if not (_is_base64(salt) and _is_base64(digest)):
        return False
    return hmac.compare_digest(hmac.digest(b64decode(salt), name.encode(), "sha1"), b64decode(digest))


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except NotBase64:
        return False
    return True


def _text(file: str) -> str:
    try:
        return Path(file).expanduser().read_text("utf-8", "replace")
    except OSError:
        return ""


def _shown(file: str) -> str:
    path, home = Path(file).expanduser(), Path.home()
    return f"~/{shlex.quote(str(path.relative_to(home)))}" if path.is_relative_to(home) else shlex.quote(str(path))
