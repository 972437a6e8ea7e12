"""What was asked for on the command line, made certain: every name exists or is free, and the image has a version."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..errors import Refused, UnknownName
from ..model import Host, Repo
from ..repo.discover import LEGAL, legal
from ..repo.select import parts_of
from ..repo.source import SERVICES
from .image import Image, parse_image
from .known import KNOWN, App, known, listening

_PLAIN = re.compile(r"[A-Za-z0-9._/@+-]+")


class Wish(Struct, frozen=True):
    """The words of `inv new`; None where a flag was not given."""

    name: str
    image: str | None = None
    host: str | None = None
    groups: str | None = None
    depends_on: str | None = None
    port: str | None = None


class Order(Struct, frozen=True):
    """A service that can be made."""

    app: str
    instance: str
    image: Image
    about: App
    host: Host
    groups: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    says_host: bool = False  # service.yaml has to name it

    @property
    def name(self) -> str:
        """The service's name."""
        return f"{self.app}-{self.instance}" if self.instance else self.app

    @property
    def folder(self) -> str:
        """Its folder in the repo."""
        return "/".join(filter(None, (SERVICES, self.app, self.instance)))

    @property
    def data(self) -> str:
        """Where it keeps its data on the host."""
        return "/".join(filter(None, (self.of_app, self.instance)))

    @property
    def of_app(self) -> str:
        """Where all instances of its app keep their data."""
        return f"{self.host.data.rstrip('/')}/{self.app}"


def place_order(repo: Repo, wish: Wish) -> Order:
    """The order of a wish. Raises UnknownName and Refused."""
    app, instance = _free_name(repo, wish.name)
    image, about = _image(app, wish)
    host = _host(repo, wish.host)
    if not _PLAIN.fullmatch(host.data):
        what = f"data: {host.data!r} of {host} cannot be written into a compose file as it is"
        raise Refused(what, move="keep to letters, digits and ./_-@+")
    return Order(
        app=app,
        instance=instance,
        image=image,
        about=about,
        host=host,
        groups=_groups(repo, wish.groups),
        depends_on=_names("service", wish.depends_on, _needable(repo)),
        says_host=len(repo.hosts) > 1,
    )


def _free_name(repo: Repo, word: str) -> tuple[str, str]:
    parts = word.split("/")
    if len(parts) > 2 or not all(map(LEGAL.fullmatch, parts)):
        near = [legal(part) for part in parts if part][:2] or [legal("")]
        shape = "a-z, 0-9, _ and -; a letter or digit first; APP/INSTANCE for one of several"
        raise Refused(f"{word!r} is no service name ({shape})", move=f"inv new {'/'.join(near)}")
    app, instance = parts[0], "".join(parts[1:])
    name = "-".join(parts)
    if name in repo.services:
        there = repo.services[name].directory
        raise Refused(f"service {name!r} is there already, in {there}", move=f"inv show {name}")
    instances = sorted(s.instance for s in repo.services.values() if s.app == app and s.instance)
    if instances and not instance:
        what = f"{app} has instances ({', '.join(instances)}), and is none itself"
        raise Refused(what, move=f"name one more: inv new {app}/NAME")
    folder = Path(repo.root, SERVICES, *parts)
    if os.path.lexists(folder):
        raise Refused(f"{SERVICES}/{word} is there already", move="move it away, or choose another name")
    return app, instance


def _image(app: str, wish: Wish) -> tuple[Image, App]:
    if wish.image is None:
        if app not in KNOWN:
            raise Refused(f"no image is known for {app!r}", move=f"inv new {wish.name} --from-image REPOSITORY:TAG")
        image = Image(KNOWN[app].repository)
    else:
        image = parse_image(wish.image)
    about = known(image) or App(image.repository)
    if not image.tag and not image.digest and about.tag:
        image = replace(image, tag=about.tag)
    if not image.pinned:
        what = f"{image} names no version: tomorrow it is another image, and there is no way back"
        move = f"give one, {image.repository}:{about.tag or 'TAG'}; to find them: {image.versions_at}"
        raise Refused(what, move=move)
    return image, _with_port(about, wish)


def _with_port(about: App, wish: Wish) -> App:
    port = _port(wish.port)
    if port:
        about = replace(about, ports=(port,), test=listening(port) if port not in about.ports else about.test)
    return about if about.test else replace(about, test=listening(*about.ports[:1]))


def _port(word: str | None) -> int:
    if word is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,5}", word) or not 1 <= int(word) <= 65535:
        raise Refused(f"--port: {word!r} is no port", move="give the number on which it listens in its container")
    return int(word)


def _host(repo: Repo, word: str | None) -> Host:
    if word is not None:
        if word not in repo.hosts:
            raise UnknownName("host", word, repo.hosts)
        return repo.hosts[word]
    if len(repo.hosts) > 1:
        first, *_ = repo.hosts
        raise Refused(f"no host is named, and there are {', '.join(repo.hosts)}", move=f"say e.g. --host {first}")
    (only,) = repo.hosts.values()
    return only


def _groups(repo: Repo, words: str | None) -> tuple[str, ...]:
    try:
        return _names("group", words, frozenset(repo.groups))
    except UnknownName as error:
        raise Refused(f"{error} (groups are listed in hosts.yaml)") from error


def _needable(repo: Repo) -> frozenset[str]:
    return frozenset(repo.services) | {service.app for service in repo.services.values()}


def _names(kind: str, words: str | None, there: frozenset[str]) -> tuple[str, ...]:
    parts = [] if words is None else parts_of(words, kind)
    for name in parts:
        if name not in there:
            raise UnknownName(kind, name, there)
    return tuple(dict.fromkeys(parts))
