"""What a private key file shows without its passphrase: whether it needs one, and its public half."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path

from msgspec import Struct

_MAGIC = b"openssh-key-v1\0"


class KeyFile(Struct, frozen=True):
    """A key file. `public` is the key's public half as SSH sends it, b"" where only the passphrase would show it."""

    path: Path
    encrypted: bool = False
    private: bool = True  # not so for an IdentityFile that is the public half of a key in an agent
    public: bytes = b""


def read(path: Path) -> KeyFile | None:
    """The key in a file; None where there is no file that may be read."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return None
    if "PRIVATE KEY-----" not in text:
        return KeyFile(path, private=False, public=_one_line(text))
    encrypted, public = _opened(text)
    return KeyFile(path, encrypted=encrypted, public=public or _one_line(_beside(path)))


def _opened(text: str) -> tuple[bool, bytes]:
    if "BEGIN OPENSSH PRIVATE KEY" not in text:
        return "ENCRYPTED" in text, b""
    body = _decoded("".join(line for line in text.splitlines() if line and not line.startswith("-----")))
    if not body.startswith(_MAGIC):
        return False, b""
    # PROTOCOL.key of OpenSSH: cipher, kdf, its options, the number of keys, then the public half in the clear.
    cipher, rest = _string(body.removeprefix(_MAGIC))
    _, rest = _string(rest)
    _, rest = _string(rest)
    public, _ = _string(rest[4:])
    return cipher != b"none", public


def _string(data: bytes) -> tuple[bytes, bytes]:
    end = 4 + int.from_bytes(data[:4], "big")
    return data[4:end], data[end:]


def _one_line(text: str) -> bytes:
    words = text.split()
    return _decoded(words[1]) if len(words) > 1 else b""


def _beside(path: Path) -> str:
    try:
        return path.with_name(path.name + ".pub").read_text("utf-8", "replace")
    except OSError:
        return ""


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except NotBase64:
        return b""
