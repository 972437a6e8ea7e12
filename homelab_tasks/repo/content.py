"""Which committed files make a service what it is, and the digest over them."""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from posixpath import normpath

from ..model import Host, Stack, System
from .discover import TEMPLATES, Folder
from .settings import FILE

# They reach no container, unless one mounts them or an image is built from the folder
_ASIDE = frozenset({FILE, *TEMPLATES, ".gitignore", ".gitattributes", ".gitkeep"})
_TEXT = re.compile(r"(README.*|.*\.md)", re.IGNORECASE)


def content(
    folder: Folder, stack: Stack, blobs: Mapping[str, str], paths: Sequence[str], inner: Iterable[str] = ()
) -> dict[str, str]:
    """Path to blob id of every committed file that the stack's containers or Compose may read.

    `paths` are those of `blobs`, sorted; `inner` are the folders of other services inside this one.
    """
    shown = [mount for container in stack.containers for mount in container.mounts]
    if any(container.builds for container in stack.containers):
        shown.append(folder.path)
    own = [path for path in _under(folder.path, paths) if _counts(path, folder, shown, inner)]
    also = [path for read in stack.reads for path in _under(read, paths)]
    return {path: blobs[path] for path in sorted({*own, *also})}


def systems(hosts: Iterable[Host], blobs: Mapping[str, str], paths: Sequence[str]) -> dict[str, str]:
    """NixOS host to the digest over the folder of its flake; "" where the commit has none."""
    folders = {host.name: normpath(host.flake.partition("#")[0]) for host in hosts if host.system is System.NIXOS}
    return {name: digest({path: blobs[path] for path in _under(folder, paths)}) for name, folder in folders.items()}


def digest(files: Mapping[str, str]) -> str:
    """SHA-256 over the sorted paths and blob ids; "" for no files."""
    if not files:
        return ""
    lines = (f"{path}\0{blob}\0" for path, blob in sorted(files.items()))
    return hashlib.sha256(os.fsencode("".join(lines))).hexdigest()


def _counts(path: str, folder: Folder, shown: Iterable[str], inner: Iterable[str]) -> bool:
    name = path.rpartition("/")[2]
    aside = _TEXT.fullmatch(name) or (name in _ASIDE and path == f"{folder.path}/{name}")
    if not aside and not any(path.startswith(f"{other}/") for other in inner):
        return True
    return any(path == place or path.startswith(f"{place}/") for place in shown)


def _under(place: str, paths: Sequence[str]) -> Sequence[str]:
    """The paths that are `place` or lie under it."""
    if place == ".":
        return paths
    start = bisect_left(paths, f"{place}/")
    found = paths[start : bisect_left(paths, f"{place}0")]  # "0" comes right after "/"
    exact = bisect_left(paths, place)
    return [place, *found] if exact < len(paths) and paths[exact] == place else found
