"""What can be read in a Nix file without evaluating it: attribute sets, lists, texts and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Path = tuple[str, ...]
DYNAMIC = ""  # a name that is only known to who evaluates: `${name} = ...`


@dataclass(frozen=True, slots=True)
class Opaque:
    """An expression whose value takes an evaluation."""


@dataclass(frozen=True, slots=True)
class Number:
    """An integer."""

    value: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string that is written out."""

    value: str


@dataclass(frozen=True, slots=True)
class File:
    """A path that is written out, relative to the file: `./disks.nix`."""

    value: str
    offset: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """`users.users.plex = value;` at an offset of the file."""

    path: Path
    value: Node
    offset: int


@dataclass(frozen=True, slots=True)
class Attrs:
    """An attribute set as it is written, nested paths not joined."""

    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """Several values that NixOS joins (`mkMerge`, `//`, `++`) or takes on a condition (`mkIf`)."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Function:
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
