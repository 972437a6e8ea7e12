"""What can be read in a Nix file without evaluating it: attribute sets, lists, texts and numbers."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

Path = tuple[str, ...]
DYNAMIC = ""  # a name that is only known to who evaluates: `${name} = ...`


class Opaque(Struct, frozen=True):
    """An expression whose value takes an evaluation."""


class Number(Struct, frozen=True):
    """An integer."""

    value: int


class Text(Struct, frozen=True):
    """A string that is written out."""

    value: str


class File(Struct, frozen=True):
    """A path that is written out, relative to the file: `./disks.nix`."""

    value: str
    offset: int


class Items(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]


class Binding(Struct, frozen=True):
    """`users.users.plex = value;` at an offset of the file."""

    path: Path
    value: Node
    offset: int


class Attrs(Struct, frozen=True):
    """An attribute set as it is written, nested paths not joined."""

    bindings: tuple[Binding, ...]


class Merged(Struct, frozen=True):
    """Several values that NixOS joins (`mkMerge`, `//`, `++`) or takes on a condition (`mkIf`)."""

    parts: tuple[Node, ...]


class Function(Struct, frozen=True):
    """A function, such as a module that takes `{ pkgs, ... }`."""

    body: Node


Node = Opaque | Number | Text | File | Items | Attrs | Merged | Function
OPAQUE = Opaque()


def flat(node: Node, under: Path = ()) -> Iterator[Binding]:
    """Every binding with its whole path, the outer before the inner; what is opaque ends there."""
    match node:
        case Attrs():
            for binding in node.bindings:
                path = (*under, *binding.path)
                yield Binding(path, binding.value, binding.offset)
                yield from flat(binding.value, path)
        case Merged():
            for part in node.parts:
                yield from flat(part, under)
        case Function():
            yield from flat(node.body, under)
        case Items():
            for item in node.items:
                if isinstance(item, Merged):
                    yield from flat(item, under)
        case _:
            return


def files_of(node: Node) -> Iterator[File]:
    """The paths of a list, or of several that are joined."""
    match node:
        case File():
            yield node
        case Items() | Merged():
            for item in node.items if isinstance(node, Items) else node.parts:
                yield from files_of(item)
        case _:
            return


def texts_of(node: Node) -> Iterator[str]:
    """The texts of a list, or of several that are joined."""
    match node:
        case Text():
            yield node.value
        case Items() | Merged():
            for item in node.items if isinstance(node, Items) else node.parts:
                yield from texts_of(item)
        case _:
            return
