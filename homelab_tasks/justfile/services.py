"""Which service of the repo a recipe is about, and why it is about none."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from ..errors import suggestion
from .body import is_shell, unknown
from .recipe import Recipe

_ENSURE = re.compile(r"ensure[-_](.+)")


class Services(Struct, frozen=True):
    """The services of the repo: name -> folder; and where the Justfile lies, from the homelab's root."""

    folders: Mapping[str, str]
    base: str = ""

    @property
    def names(self) -> set[str]:
        """Those of services, and of apps with instances."""
        return {*self.folders, *(PurePosixPath(folder).parts[1] for folder in self.folders.values())}

    def of_folder(self, folder: str) -> str:
        """The service whose folder this is, as `just` starts from the Justfile's own; or whatever stands before it:
        /opt/homelab/services/plex.
        """
        parts = PurePosixPath(posixpath.normpath(posixpath.join(self.base, folder))).parts
        for name, directory in self.folders.items():
            own = PurePosixPath(directory).parts
            if parts[-len(own) :] == own:
                return name
        return ""

    def of_name(self, name: str) -> str:
        """The service that is called so, or with - for _."""
        return next((n for n in (name, name.replace("_", "-")) if n in self.folders), "")


def ensured(name: str) -> str:
    """`plex` of `ensure-plex`; "" of another name."""
    found = _ENSURE.fullmatch(name)
    return found[1] if found else ""


def why_left(recipe: Recipe, folders: list[str], services: Services) -> str:
    """Why a recipe, which starts the stacks in `folders`, is neither a service's nor a group's."""
    required = [p.name for p in recipe.parameters if not p.optional]
    if required:
        return f"takes {', '.join(required)}, so what it means is only known when it runs"
    if not is_shell(recipe):
        return "its body is no shell script"
    named = ensured(recipe.name)
    if folders:
        return _why_not_these(folders, services)
    if named:
        return f"no service {named!r} here; {suggestion(named, sorted(services.folders), 'service')}"
    return "starts no service of its own"


def _why_not_these(folders: list[str], services: Services) -> str:
    if len({services.of_folder(folder) for folder in folders} - {""}) > 1:
        return "starts several services itself, which says nothing of their order"
    if any(map(unknown, folders)):
        return "starts what is only known when it runs"
    return f"starts {folders[0]}, which is no service here"
