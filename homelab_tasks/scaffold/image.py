"""A reference to an image: its parts, and where its versions are listed."""

from __future__ import annotations

import re

from msgspec import Struct

from ..errors import Refused

_HUB = "docker.io"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"  # distribution/reference: path-component
_REFERENCE = re.compile(
    rf"(?P<repository>(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)


class Image(Struct, frozen=True):
    """`repository` as it is pulled, with its registry if one was given; tag and digest may be ""."""

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def registry(self) -> str:
        """Whom Docker asks for it: the first part with a dot or a port, else Docker Hub."""
        first, slash, _ = self.repository.partition("/")
        return first if slash and (re.search(r"[.:]", first) or first == "localhost") else _HUB

    @property
    def path(self) -> str:
        """Its name there: `linuxserver/sonarr`; official images of Docker Hub are `postgres`."""
        return self.repository.removeprefix(f"{self.registry}/").removeprefix("library/")

    @property
    def pinned(self) -> bool:
        """It means the same image tomorrow, as far as a name can say so."""
        return bool(self.digest) or self.tag not in ("", "latest")

    @property
    def versions_at(self) -> str:
        """Where a person finds its tags."""
        match self.registry:
            case "docker.io" if "/" in self.path:
                return f"https://hub.docker.com/r/{self.path}/tags"
            case "docker.io":
                return f"https://hub.docker.com/_/{self.path}/tags"
            case "lscr.io":
                return f"https://hub.docker.com/r/{self.path}/tags"
            case "ghcr.io" if self.path.count("/") == 1:
                return f"https://github.com/{self.path}/pkgs/container/{self.path.partition('/')[2]}"
            case _:
                return f"skopeo list-tags docker://{self.repository}"


def parse_image(text: str) -> Image:
    """The image of a word such as `jellyfin/jellyfin:10.11.11`. Raises Refused."""
    match = _REFERENCE.fullmatch(text)
    if not match:
        raise Refused(f"{text!r} is no image", move="write REPOSITORY:TAG, such as jellyfin/jellyfin:10.11.11")
    return Image(match["repository"], match["tag"] or "", match["digest"] or "")
