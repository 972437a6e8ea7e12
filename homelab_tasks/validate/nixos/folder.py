"""The folders that hold flakes, and their Nix files, each read once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from msgspec import Struct

from ...model import Host, System
from ...problem import Place
from ..facts import Facts
from .parse import TooDeep, parse
from .scan import SyntaxFault
from .tree import OPAQUE, Binding, Node, flat

USUAL = "nixos"
MAX_BYTES = 1_000_000
_MAX_FILES = 20_000
_SKIPPED = frozenset({"services", "node_modules"})  # at the root of a flake: not the system's


class NixFile(Struct, frozen=True, dict=True):
    """A file as it lies there; `fault` says where Nix would stop, `unread` why it was not read at all."""

    path: str
    text: str
    tree: Node = OPAQUE
    fault: SyntaxFault | None = None
    unread: str = ""

    @cached_property
    def bindings(self) -> tuple[Binding, ...]:
        """Every binding by its whole path, without a module's leading `config`."""
        return tuple(
            Binding(b.path[1:], b.value, b.offset) if b.path[0] == "config" and len(b.path) > 1 else b
            for b in flat(self.tree)
        )

    def place(self, offset: int) -> Place:
        """Line and column of a character."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        return Place(self.path, self.text.count("\n", 0, offset) + 1, offset - line_start + 1)


class Flake(Struct, frozen=True):
    """A folder of the repo ("" is its root) with the systems of hosts."""

    folder: str
    files: tuple[NixFile, ...]

    @property
    def root(self) -> NixFile | None:
        """Its flake.nix."""
        return next((file for file in self.files if file.path == self.path("flake.nix")), None)

    def path(self, inside: str) -> str:
        """A path of the repo, from one in the flake."""
        return f"{self.folder}/{inside}" if self.folder else inside

    def below(self, inside: str) -> Iterator[NixFile]:
        """The files of a folder of the flake."""
        prefix = self.path(inside) + "/"
        return (file for file in self.files if file.path.startswith(prefix))

    def scope(self, file: NixFile) -> str:
        """The host that alone has a file, by its folder in hosts/; "" for what all may have."""
        parts = file.path.removeprefix(f"{self.folder}/" if self.folder else "").split("/")
        return parts[1].removesuffix(".nix") if parts[0] == "hosts" and len(parts) > 1 else ""


def reference(host: Host) -> tuple[str, str] | None:
    """The folder and the system's name in `flake:` of a host; None for a flake that does not lie in the repo."""
    if host.system is not System.NIXOS:
        return None
    folder, _, name = host.flake.partition("#")
    folder = os.path.normpath(folder.removeprefix("path:") or ".")
    if ":" in folder or folder.startswith(("/", "..")):
        return None
    return "" if folder == "." else folder, name or host.name


def flakes(facts: Facts) -> tuple[Flake, ...]:
    """The flakes that hosts name, and the usual folder where it is there."""
    named = (found[0] for host in facts.repo.hosts.values() if (found := reference(host)))
    folders = dict.fromkeys([*named, USUAL])
    outermost = [f for f in folders if not any(f != other and _inside(f, other) for other in folders)]
    return tuple(Flake(f, tuple(_files(facts, f))) for f in outermost if facts.about(f or "."))


def _inside(folder: str, other: str) -> bool:
    return PurePosixPath(folder).is_relative_to(other or ".") and bool(folder)


def _files(facts: Facts, folder: str) -> Iterator[NixFile]:
    top = facts.full(folder)
    number = 0
    for at, folders, names in os.walk(top):
        facts.watch(facts.full(at))
        skipped = _SKIPPED if at == str(top) else frozenset()
        folders[:] = sorted(name for name in folders if name not in skipped and not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".nix") and not name.startswith("."):
                number += 1
                if number > _MAX_FILES:
                    facts.left_out(folder or ".", f"more than {_MAX_FILES} Nix files")
                    return
                yield _read(facts, facts.full(os.path.join(at, name)).relative_to(facts.source.root).as_posix())  # noqa: PTH118


def _read(facts: Facts, path: str) -> NixFile:
    shown = path.encode("utf-8", "backslashreplace").decode()
    facts.watch(facts.full(path))
    try:
        text = facts.source.read(path).decode("utf-8", "replace")
    except OSError as error:
        return NixFile(shown, "", unread=(error.strerror or str(error)).lower())
    if len(text) > MAX_BYTES:
        facts.left_out(shown, f"larger than {MAX_BYTES // 1_000_000} MB")
        return NixFile(shown, "")
    try:
        return NixFile(shown, text, parse(text))
    except SyntaxFault as fault:
        return NixFile(shown, text, fault=fault)
    except TooDeep:
        facts.left_out(shown, "nested too deeply")
        return NixFile(shown, text)
