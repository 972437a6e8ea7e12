"""A Justfile of `ensure-` recipes to `service.yaml`: what it says of the order of services, read and written down."""

from __future__ import annotations

from pathlib import Path

from ..repo.loader import Examined
from .draft import Change, Draft, draft, said
from .files import read
from .meaning import Taken, meaning_of

__all__ = ["Change", "Draft", "Taken", "import_just", "said"]


def import_just(examined: Examined, path: Path, shown: str, *, groups: bool = True) -> Draft:
    """What a Justfile says that the repo does not say yet. Raises Refused, and RepoInvalid."""
    services = {name: service.directory for name, service in sorted(examined.repo.services.items())}
    return draft(examined, meaning_of(read(path, shown), services), groups=groups)
