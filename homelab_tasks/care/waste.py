"""What a sweep of a host's disk would remove, by the Engine's own lists."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..commands.docker import KEPT_IMAGES

_PROJECT = "com.docker.compose.project"
_UNNAMED = "com.docker.volume.anonymous"  # which Engines write since 23
_STOPPED = ("created", "exited", "dead")
_WORKING = ("running", "paused", "restarting", "removing")
_FORM = (1, 44)  # of the API: later ones answer in another form
_TIMEOUT = 300  # seconds: sizes of volumes are counted file by file


class Waste(Struct, frozen=True):
    """Something that no service needs; its size in bytes, without what others share with it."""

    kind: str
    name: str
    size: int


def wasted(api: Any, *, volumes: bool) -> tuple[Waste, ...]:
    """Ask an Engine. Raises APIError, RequestException."""
    stopped = api.containers(all=True, size=True, filters={"status": list(_STOPPED)})
    working = api.containers(all=True, filters={"status": list(_WORKING)})
    kinds = ["image", "build-cache", *(["volume"] if volumes else [])]
    form = ".".join(map(str, min(_version(api), _FORM)))
    answer = api.get(f"{api.base_url}/v{form}/system/df", params={"type": kinds}, timeout=_TIMEOUT)
    answer.raise_for_status()
    usage = {**answer.json(), **({} if volumes else {"Volumes": []})}  # an old Engine tells all kinds
    return tuple(waste_of([*stopped, *working], usage, told=knows_unnamed(api)))


def waste_of(containers: Iterable[Mapping[str, Any]], usage: Mapping[str, Any], *, told: bool) -> Iterator[Waste]:
    """What goes, of all containers and of what `GET /system/df` says; `told` by `knows_unnamed`. Pure."""
    listed = list(containers)
    strays = [c for c in listed if c["State"] in _STOPPED and _PROJECT not in (c["Labels"] or {})]
    yield from (Waste("container", c["Names"][0].removeprefix("/"), c.get("SizeRw") or 0) for c in strays)
    stay = [c for c in listed if c not in strays]
    yield from _images(usage["Images"] or (), {c["ImageID"] for c in stay})
    yield from _cache(usage["BuildCache"] or ())
    mounted = {mount.get("Name") for c in stay for mount in c["Mounts"]}
    for volume in usage["Volumes"] or ():
        if volume["Name"] not in mounted and is_unnamed(volume, told=told):
            yield Waste("volume", volume["Name"][:12], (volume.get("UsageData") or {}).get("Size", 0))


def old_names(images: Collection[Mapping[str, Any]], used: Collection[str]) -> list[str]:
    """The names of kept images, but for those of each project's last time: the next rollback is theirs. The last name
    of an image that a container has (their ids are `used`) stays as well: the Engine does not give it up.
    """
    bound = {tag for image in images if image["Id"] in used for tag in _last_names(image)}
    names = sorted(tag for image in images for tag in image["RepoTags"] or () if tag.startswith(f"{KEPT_IMAGES}/"))
    last = {name.partition(":")[0]: name.rpartition("-")[0] for name in names}
    return [name for name in names if name.rpartition("-")[0] != last[name.partition(":")[0]] and name not in bound]


def _last_names(image: Mapping[str, Any]) -> list[str]:
    """Its names, where all of them are those of a kept image."""
    tags = list(image["RepoTags"] or ())
    return tags if all(tag.startswith(f"{KEPT_IMAGES}/") for tag in tags) else []


def knows_unnamed(api: Any) -> bool:
    """The Engine tells unnamed volumes from others; before 23 (API 1.42) it prunes them all."""
    return _version(api) >= (1, 42)


def is_unnamed(volume: Mapping[str, Any], *, told: bool) -> bool:
    """Nobody gave the volume a name."""
    return _UNNAMED in (volume["Labels"] or {}) if told else bool(re.fullmatch(r"[0-9a-f]{64}", volume["Name"]))


def _version(api: Any) -> tuple[int, ...]:
    return tuple(map(int, api.api_version.split(".")))


def _images(images: Collection[Mapping[str, Any]], used: Collection[str]) -> Iterator[Waste]:
    old = set(old_names(images, used))
    for image in images:
        tags = {tag for tag in image["RepoTags"] or () if "<none>" not in tag}
        size = image["Size"] - max(image.get("SharedSize") or 0, 0)  # -1: not counted
        goes = tags <= old and image["Id"] not in used
        if tags & old:
            yield Waste("image", ", ".join(sorted(tags & old)), size if goes else 0)
        elif goes:
            yield Waste("image", _untagged(image), size)


def _untagged(image: Mapping[str, Any]) -> str:
    short = str(image["Id"]).removeprefix("sha256:")[:12]
    was = next((digest.partition("@")[0] for digest in image["RepoDigests"] or () if "<none>" not in digest), "")
    return f"{short}, once of {was}" if was else short


def _cache(entries: Iterable[Mapping[str, Any]]) -> Iterator[Waste]:
    """As BuildKit prunes it: neither what is in use or shared, nor what it keeps for itself."""
    kept = ("internal", "frontend")
    idle = [e["Size"] for e in entries if not e["InUse"] and not e["Shared"] and e["Type"] not in kept]
    if idle:
        yield Waste("build cache", f"{len(idle)} {'entry' if len(idle) == 1 else 'entries'}", sum(idle))
