"""What the `.env` of a service should hold, by its template and its compose files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from ..dotenv import offered, parse
from ..errors import RepoInvalid
from ..model import Repo, Service
from ..repo import commit, locate, worktree
from ..repo.discover import templates_of
from ..repo.interpolate import template_values
from ..repo.loader import Examined, examine
from ..repo.variables import OF_THE_HOST, How, Use, variables
from .reach import others, path_of


class Expected(Struct, frozen=True):
    """What a service's `.env` is held against."""

    service: Service
    template: str = ""  # path, "" for none
    text: str = ""  # of the template
    required: frozenset[str] = frozenset()  # Compose stops where one of these is missing or empty
    needed: frozenset[str] = frozenset()  # used without a default; those of `required` too
    optional: frozenset[str] = frozenset()  # used with a default, or offered by a comment of the template
    wholesale: bool = False  # a container is given the file as a whole
    asked: bool = False  # Compose stops without the file, even an empty one
    others: Mapping[str, str] = field(default_factory=dict)  # env files besides, without which it stops -> template

    @property
    def path(self) -> str:
        """The `.env`, from the homelab's root."""
        return path_of(self.service)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the template, in its order."""
        return tuple(dict.fromkeys(entry.key for entry in parse(self.text).entries))

    @property
    def meant(self) -> bool:
        """There is something for a `.env` to hold."""
        return bool(self.template or self.needed or self.asked)

    def lacks(self, key: str) -> bool:
        """Something does not work without this key."""
        return key in self.needed or (key not in self.optional and self.wholesale and key in self.keys)


class Expectations(Struct, frozen=True):
    """What is expected of each service of a repo."""

    examined: Examined

    @property
    def repo(self) -> Repo:
        """The repo."""
        return self.examined.repo

    def of(self, service: Service) -> Expected:
        """What is expected of this one."""
        folder = next(folder for folder in self.examined.folders if folder.path == service.directory)
        text = self.examined.documents.text(folder.template) if folder.template else ""
        found = variables(folder, self.examined.documents, template_values(text))
        needed = frozenset(use.name for use in found.uses if _needs(use))
        asked = {file.path for file in found.env_files if file.required}
        files = set(self.examined.source.files)
        return Expected(
            service,
            folder.template,
            text,
            required=frozenset(use.name for use in found.uses if use.operator == ":?"),
            needed=needed,
            optional=(found.names - needed) | offered(text),
            wholesale=found.hands_on(path_of(service)),
            asked=path_of(service) in asked,
            others={path: self._template(path) for path in others(service) if path in asked - files},
        )

    def _template(self, path: str) -> str:
        """The template of an env file, "" for none."""
        return next((beside for beside in templates_of(path) if beside in self.examined.source.files), "")


def _needs(use: Use) -> bool:
    """Blank unasked, or the end of it, without a `.env`; where an `include` brings its own, that may give it."""
    return use.how is not How.PASSED and use.lacks(OF_THE_HOST) and not use.env_files


def committed(start: Path) -> Expectations:
    """As the last commit has it. Raises RepoInvalid, and HomelabError where there is no such thing."""
    examined = examine(commit(locate(start)))
    if examined.problems:
        raise RepoInvalid(examined.problems)
    return Expectations(examined)


def lying_here(start: Path) -> Expectations:
    """As the files lie here, committed or not: a new service has its `.env` first. What is wrong elsewhere may be."""
    return Expectations(examine(worktree(start)))
