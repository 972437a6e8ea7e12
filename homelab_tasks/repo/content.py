"""Which committed files make a service what it is, and the digest over them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from posixpath import normpath

from ..model import Host, Stack, System
from .discover import TEMPLATES, Folder
from .links import led_to, under
from .settings import FILE
from .source import PLAIN, Tree

# They reach no container, unless one mounts them or an image is built from the folder
_ASIDE = frozenset({FILE, *TEMPLATES, ".gitignore", ".gitattributes", ".gitkeep"})
_PLAIN = f" {PLAIN}"
_TEXT = re.compile(r"(README.*|.*\.md)", re.IGNORECASE)


def content(
    folder: Folder, stack: Stack, tree: Tree, inner: Iterable[str] = ()
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Path to entry of every committed file that the stack's containers or Compose may read, and the places outside of
    its folder that they lie in; `inner` are the folders of other services inside this one.
    """
    shown = [*stack.env_files, *(mount for container in stack.containers for mount in container.mounts)]
    if any(container.builds for container in stack.containers):
        shown.append(folder.path)
    own = [path for path in under(folder.path, tree.paths) if _counts(path, folder, shown, inner)]
    linked = led_to([*stack.reads, *own], tree.links, tree.paths)
    also = {path for place in (*stack.reads, *linked) for path in under(place, tree.paths)}
    reads = {*stack.reads, *(place for place in linked if not f"{place}/".startswith(f"{folder.path}/"))}
    return {path: tree.entries[path] for path in sorted({*own, *also})}, tuple(sorted(reads))


def systems(hosts: Iterable[Host], tree: Tree) -> dict[str, str]:
    """NixOS host to the digest over the folder of its flake; "" where the commit has none."""
    folders = {host.name: normpath(host.flake.partition("#")[0]) for host in hosts if host.system is System.NIXOS}
    return {
        name: digest({path: tree.entries[path] for path in under(folder, tree.paths)})
        for name, folder in folders.items()
    }


def digest(files: Mapping[str, str]) -> str:
    """SHA-256 over the sorted paths, blob ids, and modes where one is not that of a plain file; "" for no files."""
    if not files:
        return ""
    lines = (f"{path}\0{entry.removesuffix(_PLAIN)}\0" for path, entry in sorted(files.items()))
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _counts(path: str, folder: Folder, shown: Iterable[str], inner: Iterable[str]) -> bool:
    name = path.rpartition("/")[2]
    aside = _TEXT.fullmatch(name) or (name in _ASIDE and path == f"{folder.path}/{name}")
    if not aside and not any(path.startswith(f"{other}/") for other in inner):
        return True
    return any(path == place or path.startswith(f"{place}/") for place in shown)
