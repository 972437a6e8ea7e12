"""Networks and volumes of a project that mean something else than before: Docker changes none that is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from . import Change

Model = Mapping[str, Any]

# Shown with their values. What else says of one may come from a `.env`, such as the password of a share.
_SHOWN = {"name", "driver", "internal", "attachable", "enable_ipv6", "external"}
_EMPTY: tuple[Any, ...] = (None, {}, [])


class Redefined(Struct, frozen=True):
    """What follows from it."""

    users: frozenset[str] = frozenset()  # keys under `services:` that have to be made anew
    networks: tuple[str, ...] = ()  # names of those that have to go first


def declared(kind: str, before: Model, after: Model) -> Iterator[Change]:
    """The differences of one of `networks`, `volumes`, `configs`, `secrets`, in words that hold no secret."""
    old, new, word = before.get(kind) or {}, after.get(kind) or {}, kind.removesuffix("s")
    yield from (Change("", f"{word} + {key}") for key in sorted({*new} - {*old}))
    yield from (Change("", f"{word} - {key}") for key in sorted({*old} - {*new}))
    for key in sorted({*old} & {*new}):
        if not _same_body(old[key] or {}, new[key] or {}):
            yield Change("", _told(kind, key, old[key] or {}, new[key] or {}))


def redefined(before: Model, model: Model, doubted: Collection[str] = ()) -> Redefined:
    """Who has to be made anew, and which networks first; `doubted` are the names of networks that are
    not made as `before` says.
    """
    users, going = set[str](), list[str]()
    old, new = before.get("networks") or {}, model.get("networks") or {}
    for key, body in ((key, body or {}) for key, body in new.items()):
        was = old.get(key) or {}
        own = not body.get("external")
        if own and name_of(key, body) in doubted:
            going.append(name_of(key, body))
        elif key in old and not _same_network(key, was, body):
            going += [name_of(key, was)] if own and not was.get("external") else []
        else:
            continue
        users |= {k for k, container in _containers(model) if key in (container.get("networks") or ())}
    renamed = {key for key, was, body in _both(before, model, "volumes") if name_of(key, was) != name_of(key, body)}
    users |= {k for k, container in _containers(model) if renamed & {*_volumes(container)}}
    return Redefined(frozenset(users), tuple(dict.fromkeys(going)))


def changed_volumes(before: Model, model: Model) -> Iterator[tuple[str, str, str]]:
    """The project's own volumes that are to be of another make: the key, Docker's name, and what differs."""
    for key, was, body in _both(before, model, "volumes"):
        same = name_of(key, was) == name_of(key, body) and not (was.get("external") or body.get("external"))
        if same and made(was) != made(body):
            yield key, name_of(key, body), ", ".join(_words(was, body))


def made(volume: Model) -> tuple[str, Mapping[str, str]]:
    """How Docker makes this volume: its driver, and the options of that."""
    options = volume.get("driver_opts") or {}
    return str(volume.get("driver") or "local"), {str(name): str(value) for name, value in options.items()}


def _same_body(was: Model, body: Model) -> bool:
    """The two say the same. A host has no key to hash values with before its first deploy, and had none at all once."""
    both = "value_hash" in was and "value_hash" in body
    return all(was.get(name) == body.get(name) for name in {*was, *body} if both or name != "value_hash")


def _told(kind: str, key: str, was: Model, body: Model) -> str:
    word = kind.removesuffix("s")
    if kind not in ("networks", "volumes"):
        return f"{word} {key} changed"
    words = list(_words(was, body))
    if not words:
        return f"{word} {key}: labels changed; Docker keeps those that it has"
    anew = not _same_network(key, was, body) if kind == "networks" else name_of(key, was) != name_of(key, body)
    return f"{word} {key}: {', '.join(words)}" + ("; its containers are made anew" if anew else "")


def _words(was: Model, body: Model) -> Iterator[str]:
    for name in sorted({*was, *body} - {"labels"}):
        old, new = was.get(name), body.get(name)
        if old == new or (old in _EMPTY and new in _EMPTY):
            continue
        if name not in _SHOWN:
            yield f"{name} changed"
        elif isinstance(new if new is not None else old, bool):
            yield f"{name} {str(bool(new)).lower()}"
        else:
            yield f"{name} {old or '(none)'} -> {new or '(none)'}"


def _same_network(key: str, was: Model, body: Model) -> bool:
    if name_of(key, was) != name_of(key, body):
        return False
    return bool(was.get("external") or body.get("external")) or not [*_words(was, body)]


def _both(before: Model, model: Model, kind: str) -> Iterator[tuple[str, Model, Model]]:
    old, new = before.get(kind) or {}, model.get(kind) or {}
    yield from ((key, old[key] or {}, new[key] or {}) for key in sorted({*old} & {*new}))


def name_of(key: str, body: Model) -> str:
    """Docker's name of a network or volume that the model has under this key."""
    return str(body.get("name") or key)


def _containers(model: Model) -> Iterator[tuple[str, Model]]:
    yield from (model.get("services") or {}).items()


def _volumes(container: Model) -> Iterator[str]:
    for mount in container.get("volumes") or ():
        if isinstance(mount, Mapping) and mount.get("type") == "volume":
            yield str(mount.get("source", ""))
