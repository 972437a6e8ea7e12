"""One stack with everything that its env rules ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from ...repo.discover import Folder
from ...repo.document import Map
from ...repo.interpolate import proposed
from ...repo.variables import OF_THE_HOST, Use, Variables, variables
from ..facts import Facts
from .files import EnvFiles, EnvText
from .tracking import Tracking


class Stack(Struct, frozen=True, dict=True):
    """A service's folder, its variables, and its env files."""

    facts: Facts
    folder: Folder
    files: EnvFiles
    tracking: Tracking
    variables: Variables

    @property
    def env_path(self) -> str:
        """Where its `.env` lies."""
        return f"{self.folder.path}/.env"

    @cached_property
    def templates(self) -> list[EnvText]:
        """Its templates, that which counts first."""
        return self.files.templates(self.folder)

    @cached_property
    def keys(self) -> frozenset[str]:
        """What its templates give."""
        return frozenset(key for template in self.templates for key in template.keys)

    @cached_property
    def optional(self) -> frozenset[str]:
        """What its templates offer in comments."""
        return frozenset(key for template in self.templates for key in template.optional)

    @cached_property
    def given(self) -> frozenset[str]:
        """What has a value wherever the repo is deployed, as far as the committed files say."""
        committed = self.files.read(self.env_path) if self.tracking.has(self.env_path) else None
        return self.keys | OF_THE_HOST | (committed.keys if committed and not self.templates else frozenset())

    @cached_property
    def is_whole(self) -> bool:
        """Every compose file of the folder could be read."""
        return all(any(isinstance(doc, Map) for doc in self.facts.documents.read(file)) for file in self.folder.compose)

    def mentions(self, key: str) -> bool:
        """A compose file uses the variable, or has it in a part that is commented out."""
        return key in self.variables.names or bool(re.search(rf"\b{re.escape(key)}\b", self._written))

    @cached_property
    def _written(self) -> str:
        return "\n".join(self.facts.documents.text(file) for file in self.folder.compose)

    def given_to(self, use: Use) -> frozenset[str]:
        """What has a value where this variable is used; a comment that offers one says that blank is meant."""
        given = self.given | (frozenset() if use.required else self.optional)
        for path in use.env_files:
            for text in (self.files.read(path), self.files.template_of(path)):
                given |= (text.keys | (frozenset() if use.required else text.optional)) if text else frozenset()
        return given

    def template_path(self, env_path: str) -> str:
        """The template of an env file; "" for none."""
        if env_path == self.env_path:
            return self.templates[0].path if self.templates else ""
        template = self.files.template_of(env_path)
        return template.path if template else ""


def stacks(facts: Facts, files: EnvFiles, tracked: Tracking, uses: dict[str, Variables]) -> Iterator[Stack]:
    """Every stack of the homelab."""
    for folder in facts.folders:
        yield Stack(facts, folder, files, tracked, uses[folder.path])


def all_variables(facts: Facts, files: EnvFiles) -> dict[str, Variables]:
    """The variables of each service's folder."""
    found = {}
    for folder in facts.folders:
        template = files.read(folder.template) if folder.template else None
        values = proposed(template.parsed) if template else {}
        found[folder.path] = variables(folder, facts.documents, values)
    return found
