"""Names that Compose passes on and Docker reads: of images, containers and places in a container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..problem import Problem, Rule, Severity
from ..repo.document import Map
from .compose_syntax import mount
from .compose_view import Entry, View

UNTAGGED = Rule("C004", "untagged-image", Severity.WARNING, "an image without a tag")
LATEST = Rule("C005", "latest-image", Severity.NOTICE, "an image tagged latest")
IMAGE = Rule("C008", "image-name", Severity.ERROR, "no registry has an image of this name")
NAME = Rule("C010", "container-name", Severity.ERROR, "a container_name that Docker does not take")
TARGET = Rule("C011", "mount-target", Severity.ERROR, "a mount whose place in the container is no absolute path")
_CONTAINER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")
_VARIABLE = re.compile(r"\$\{[^{}]*\}|\$\w+")
_PATH = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")


def check_names(view: View) -> Iterator[Problem]:
    """The names of one project."""
    for entry in view.entries.values():
        yield from _image(entry)
        yield from _names(entry)
        yield from _targets(entry)


def _image(entry: Entry) -> Iterator[Problem]:
    image = entry.text("image")
    if not image or entry.holder("build"):
        return
    place, where = entry.place_of("image"), f"service {entry.key!r}"
    _, at, digest = image.partition("@")
    if at:
        if "$" not in digest and not _DIGEST.fullmatch(digest):
            yield IMAGE.at(place, f"{where}: {digest!r} is no digest", "write :TAG for a tag, @sha256:... for a digest")
        return
    plain = _VARIABLE.sub("\0", image)  # a variable is one letter that no name has
    name, colon, tag = plain.rpartition(":") if ":" in plain.rpartition("/")[2] else (plain, "", "")
    if "\0" not in name and not _is_name(name):
        what = f"{where}: {image!r} is no image name"
        yield IMAGE.at(place, what, "write it in small letters, as [REGISTRY/]NAME:TAG")
    elif not colon and "\0" not in plain:
        yield UNTAGGED.at(place, f"{where}: image {image} has no tag, so each pull may be another version", "add one")
    elif tag == "latest" or re.search(r":-?latest\}$|:latest$", image):
        what = f"{where}: latest is another version at each pull"
        yield LATEST.at(place, what, "name the version that you run")


def _is_name(name: str) -> bool:
    first, slash, rest = name.partition("/")
    has_registry = slash and ("." in first or ":" in first or first == "localhost")
    return bool(_PATH.fullmatch(rest if has_registry else name))


def _names(entry: Entry) -> Iterator[Problem]:
    name = entry.text("container_name")
    if name and "$" not in name and not _CONTAINER.fullmatch(name):
        move = "use letters, digits, '.', '_' and '-', a letter or digit first"
        yield NAME.at(entry.place_of("container_name"), f"{name!r} is no name for a container", move)


def _targets(entry: Entry) -> Iterator[Problem]:
    for item, place in entry.items("volumes"):
        if isinstance(item, Map):
            target = item.text("target") or ""
        else:
            parts = mount(item) if isinstance(item, str) else [""]
            target = parts[1] if len(parts) in (2, 3) else ""
        if target and target[0] not in "/$" and "\\" not in target:
            what = f"service {entry.key!r}: {target!r} is no absolute path in the container"
            yield TARGET.at(place, what, f"write /{target.removeprefix('./')}")
