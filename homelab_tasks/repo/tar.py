"""Files as a tar, so as `tar -x` of GNU and of busybox read it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from msgspec import Struct

from .source import LINK

_BLOCK = 512
_LONGEST = 100  # bytes of a name in a header; a longer one comes before it as content of its own
_LONG_NAME, _LONG_LINK = b"L", b"K"
_FILE, _SYMLINK = b"0", b"2"


class File(Struct, frozen=True):
    """A file of a commit; of a symlink the content is where it leads to."""

    path: str
    mode: str
    content: bytes


def tar(files: Iterable[File]) -> bytes:
    """All of them, with the names that they have."""
    parts: list[bytes] = []
    for file in files:
        parts += _entry(file)
    return b"".join([*parts, bytes(2 * _BLOCK)])


def _entry(file: File) -> list[bytes]:
    name = os.fsencode(file.path)
    target = file.content if file.mode == LINK else b""
    content = b"" if target else file.content
    parts = [*_long(_LONG_NAME, name), *_long(_LONG_LINK, target)]
    permissions = 0o755 if file.mode.endswith("755") else 0o644
    return [*parts, _header(_SYMLINK if target else _FILE, name, target, len(content), permissions), _padded(content)]


def _long(kind: bytes, text: bytes) -> list[bytes]:
    if len(text) <= _LONGEST:
        return []
    return [_header(kind, b"././@LongLink", b"", len(text) + 1, 0o644), _padded(text + b"\0")]


def _header(kind: bytes, name: bytes, target: bytes, size: int, permissions: int) -> bytes:
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (permissions, 0, 0, size, 0)
    start = name[:_LONGEST].ljust(_LONGEST, b"\0") + numbers
    rest = kind + target[:_LONGEST].ljust(_LONGEST, b"\0") + b"ustar  \0"
    head = start + b" " * 8 + rest
    total = b"%06o\0 " % sum(head)
    return (start + total + rest).ljust(_BLOCK, b"\0")


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % _BLOCK)
