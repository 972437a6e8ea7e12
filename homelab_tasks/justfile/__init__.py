"""A Justfile of `ensure-` recipes to `service.yaml`: what it says of the order of services, read and written down."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import Refused
from ..repo.loader import Examined
from .draft import Change, Draft, draft, said
from .files import read
from .meaning import Taken, meaning_of

__all__ = ["Change", "Draft", "Taken", "import_just", "said"]


def import_just(examined: Examined, path: Path, shown: str, *, groups: bool = True) -> Draft:
    """What a Justfile says that the repo does not say yet. Raises Refused, and RepoInvalid."""
    services = {name: service.directory for name, service in sorted(examined.repo.services.items())}
    found = read(path, shown)
    base = os.path.relpath(path.parent.resolve(), examined.source.root.resolve())
    meaning = meaning_of(found, services, base)
    if not meaning.taken and found.unread > len(found.recipes):
        what = f"{shown} is no Justfile: {meaning.left[0].place} {meaning.left[0].what}"
        raise Refused(what, move="name one: inv import-just Justfile")
    return draft(examined, meaning, groups=groups)
