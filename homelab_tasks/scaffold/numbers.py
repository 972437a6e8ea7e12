"""Who a new service is on its host: a uid that no other has, and a gid."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from .order import Order

_FIRST = 3001  # NixOS gives people 1000 to 29999 from below; services here begin higher
_ORDINARY = 1000  # the first user of most systems
_NUMBER = re.compile(r"\b[ug]id\s*=\s*([0-9]+)")
_UID = re.compile(r"\buid\s*=\s*([0-9]+)")
_GROUP = re.compile(r'\bgroup\s*=\s*"([^"]+)"')


class Numbers(Struct, frozen=True):
    """`group` is the group's name where NixOS makes the user; it is made too where nobody has declared it."""

    uid: int = _ORDINARY
    gid: int = _ORDINARY
    group: str = ""
    makes_group: bool = False


def numbers_of(order: Order, nix: Mapping[str, str]) -> Numbers:
    """The numbers of a new service, given the Nix files of the repo (none: an ordinary user's)."""
    if not nix:
        return Numbers()
    texts = [_plain(text) for text in nix.values()]
    taken = {int(number) for text in texts for number in _NUMBER.findall(text)}
    uid = max([_FIRST - 1, *(n for n in taken if _FIRST <= n < 30000)]) + 1
    for group in order.groups:
        gid = next((found for text in texts if (found := _gid(group, text))), None)
        if gid:
            return Numbers(uid, gid, group)
    return Numbers(uid, uid, order.app, makes_group=True)


def numbers_of_app(module: str, nix: Mapping[str, str]) -> Numbers | None:
    """Those of an app that has a user already, which all of its instances share; None where they cannot be read."""
    text = _plain(module)
    uid, group = _UID.findall(text), _GROUP.findall(text)
    gids = [found for each in nix.values() if group and (found := _gid(group[0], _plain(each)))]
    return Numbers(int(uid[0]), gids[0], group[0]) if len(uid) == len(group) == 1 and gids else None


def _plain(text: str) -> str:
    """Without comments."""
    return re.sub(r"#.*", "", text)


def _gid(group: str, text: str) -> int | None:
    """`users.groups.media.gid = 3000`, or the same as a set."""
    name = rf'\bgroups\.(?:{re.escape(group)}|"{re.escape(group)}")'
    match = re.search(rf"{name}(?:\.gid\s*=|\s*=\s*\{{[^}}]*?\bgid\s*=)\s*([0-9]+)", text)
    return int(match[1]) if match else None
