"""What the Docker Engine has, asked in its own HTTP: several questions for one process on the host."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from .networks import Network, joined, networks
from .unique import Unique, held

_OF_COMPOSE = "all=1&filters=%7B%22label%22%3A%5B%22com.docker.compose.project%22%5D%7D"
_LISTS = ("/images/json", "/networks", f"/containers/json?{_OF_COMPOSE}", "/volumes")


class Stock(Struct, frozen=True):
    """Images (name -> id, and each id -> itself), networks and volumes by name, the Engine's version, what compose
    projects have that a host has only once, and who is on a network.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, Network] = field(default_factory=dict)
    volumes: frozenset[str] = frozenset()
    makes: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)  # volumes: driver, its options
    version: str = ""  # such as 26.1.5+dfsg1
    held: Mapping[str, frozenset[Unique]] = field(default_factory=dict)  # by compose project
    joined: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)  # network: project, container's key


def questions() -> str:
    """HTTP requests for one connection to the Engine's socket, of which the last one closes it."""
    *first, last = (f"GET {path} HTTP/1.1\r\nHost: docker\r\n" for path in _LISTS)
    return "".join(f"{request}\r\n" for request in first) + f"{last}Connection: close\r\n\r\n"


def stock(said: str) -> Stock | None:
    """What the answers to `questions` say; None where they are not complete."""
    from http.client import HTTPException

    try:
        (images, version), (wires, _), (containers, _), (volumes, _) = _answers(said.encode())
        return Stock(
            images=_images(images),
            networks=networks(wires),
            volumes=frozenset(volume["Name"] for volume in volumes["Volumes"] or ()),
            makes={v["Name"]: (v.get("Driver") or "local", v.get("Options") or {}) for v in volumes["Volumes"] or ()},
            version=version,
            held=held(containers, wires),
            joined=joined(containers),
        )
    except (HTTPException, OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def image_name(name: str) -> str:
    """A short, complete name: `docker.io/library/nginx` and `nginx:latest` are one image."""
    short = re.sub(r"^(index\.)?docker\.io/(library/)?", "", name)
    return short if "@" in short or ":" in short.rpartition("/")[2] else f"{short}:latest"


def _images(listed: Any) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for image in listed:
        names = (*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ()))
        found |= {image_name(name): image["Id"] for name in names if "<none>" not in name}
        found[image["Id"]] = image["Id"]
    return found


def _answers(said: bytes) -> Iterator[tuple[Any, str]]:
    """Each answer's JSON and the version of the Engine that gave it. Raises HTTPException, ValueError."""
    from http.client import HTTPResponse

    line = _Line(said)
    for _ in _LISTS:
        response = HTTPResponse(line)  # type: ignore[arg-type]
        response.begin()
        body = json.loads(response.read())
        if response.status != 200:
            raise ValueError(body)
        server = re.search(r"Docker/(\S+)", response.headers.get("Server", ""))
        yield body, server[1] if server else ""


class _Line(io.BytesIO):
    """What has come, as the socket that http.client asks for its reader; one answer's end is not the line's."""

    def makefile(self, *_: Any) -> io.BytesIO:
        return self

    def close(self) -> None:
        return
