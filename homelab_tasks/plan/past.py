"""What a service had on a host at an earlier time besides its files: what a plan that goes back has to bring back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ..command import Command
from ..commands import docker, env_back
from ..commands.engine import image_name
from ..commands.resolve import Resolution, Resolved
from ..model import Host, Pinned, Repo, Service, is_of_host, of_checkout
from ..observe import Observation
from ..record import Held, Record
from . import PutAside


class Past(Struct, frozen=True):
    """Settings and images as they were recorded. Env hashes are keyed with the host's own key, as all are."""

    env: Mapping[str, str] = field(default_factory=dict)  # path from the checkout's root -> hash
    images: Mapping[str, str] = field(default_factory=dict)  # key under `services:` -> image id
    held: Held | None = None  # it was stopped on purpose
    pinned: Pinned | None = None
    kept: str = ""  # what a hook kept when this was left, such as the name of a dump

    @classmethod
    def of(cls, record: Record) -> Past:
        """As a record has it."""
        return cls(record.env, {c.key: c.image for c in record.containers}, record.held, record.pinned)

    def at(self, repo: Repo, service: Service) -> Past:
        """For going back to where the service is as in `repo`: an env file that is committed there comes with it, and
        one elsewhere on the host stays as it is.
        """
        stays = {path for path in self.env if is_of_host(path) or path.removeprefix(repo.prefix) in service.files}
        return replace(self, env={path: was for path, was in self.env.items() if path not in stays})

    def staying(self, repo: Repo, service: Service, seen: Observation) -> Iterator[str]:
        """Sentences on env files that are not as they were, and that nobody puts back; a committed one comes with Git,
        whatever path names it.
        """
        for path in other_env(self, seen):
            came_with_git = any(of_checkout(path, host, repo.prefix) in service.files for host in service.hosts)
            if is_of_host(path) and path in seen.env and not came_with_git:
                what = f"{service.name}: {path} on {seen.host} is not as it was then, and stays so"
                yield f"{what}, as it is not the homelab's; put it back there yourself"


def bring_back(
    past: Past, host: Host, seen: Observation, resolved: Resolved, resolution: Resolution
) -> Iterator[Command | PutAside]:
    """What comes before Compose is called: the env files of then, and image names that mean the images of then."""
    moved = {path: past.env[path] for path in other_env(past, seen)}
    if moved:
        yield PutAside(env_back.bring(host, moved))
    for name, ident in wanted_images(past, resolved).items():
        if resolution.stock.images.get(image_name(name)) != ident and ident in resolution.stock.images:
            yield docker.tag(ident, name)


def other_env(past: Past, seen: Observation) -> tuple[str, ...]:
    """Env files that are not as they were, by path."""
    now = {path: file.hash for path, file in seen.env.items()}
    return tuple(path for path, hashed in sorted(past.env.items()) if now.get(path) != hashed)


def wanted_images(past: Past, resolved: Resolved) -> Mapping[str, str]:
    """Image names of the model, with the ids that they had."""
    containers: Mapping[str, Mapping[str, Any]] = (resolved.model or {}).get("services") or {}
    named = {key: str(c["image"]) for key, c in containers.items() if c.get("image") and not c.get("build")}
    return {named[key]: ident for key, ident in past.images.items() if key in named}


def lost_images(past: Past, resolved: Resolved, resolution: Resolution) -> Iterator[str]:
    """Image names that mean another image by now, while the one of then is gone: nothing can bring that back."""
    for name, ident in wanted_images(past, resolved).items():
        if ident not in resolution.stock.images and image_name(name) in resolution.stock.images:
            yield name
