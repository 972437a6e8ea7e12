"""Which folders are services.

`services/<name>/` with a compose file is the service `<name>`; `services/<name>/<instance>/` is `<name>-<instance>`.
Where both hold compose files, the inner folder may just as well be configuration: it is an instance if it has a
`service.yaml`.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ..problem import Place, Problem
from . import rules
from .settings import FILE
from .source import SERVICES

# In the order in which Compose looks for them (compose-go, cli/options.go: DefaultFileNames, DefaultOverrideFileNames)
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_FILES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_KINDS = ("example", "sample", "template", "dist", "tmpl", "tpl")
TEMPLATES = (
    *(f"{stem}.{kind}" for stem in (".env", "stack.env") for kind in _KINDS),
    *(f".env{sign}{kind}" for sign in "-_" for kind in _KINDS[:3]),
    *(f"{dot}{kind}.env" for dot in ("", ".") for kind in _KINDS[:3]),
    *(f"env.{kind}" for kind in _KINDS[:4]),
)

LEGAL = re.compile(r"[a-z0-9][a-z0-9_-]*")


class Folder(Struct, frozen=True):
    """A service's folder with the files in it that say what it is; "" where it has none."""

    path: str
    app: str
    instance: str
    compose: tuple[str, ...]  # the base file, and the override if there is one
    settings: str
    template: str

    @property
    def name(self) -> str:
        """The service's name."""
        return f"{self.app}-{self.instance}" if self.instance else self.app

    @property
    def reads(self) -> tuple[str, ...]:
        """The files that loading wants."""
        return (*self.compose, *(file for file in (self.settings, self.template) if file))


def discover(files: Iterable[str], problems: list[Problem], notices: list[Problem]) -> list[Folder]:
    """Every service folder, in the order of their names. Illegal and double names are problems."""
    contents = _by_folder(files)
    found: dict[str, Folder] = {}
    for path in sorted(contents):
        folder = _folder(path, contents, notices)
        if folder is None:
            _check_left_out(path, contents, problems)
            continue
        if not all(map(LEGAL.fullmatch, filter(None, (folder.app, folder.instance)))):
            problems.append(_illegal(path))
            continue
        if folder.name in found:
            other = found[folder.name].path
            problems.append(
                rules.DOUBLE_SERVICE.at(
                    Place(path), f"service {folder.name!r} is also in {other}", "rename one of the folders"
                )
            )
            continue
        found[folder.name] = folder
    return [found[name] for name in sorted(found)]


def legal(name: str) -> str:
    """The name of a service that comes nearest to `name`."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()  # ü is u
    return re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-_") or "service"


def templates_of(path: str) -> list[str]:
    """Where the template of an env file may lie, beside it; the first that is there counts."""
    folder, name = posixpath.split(path)
    own = [f"{name}{sign}{kind}" for sign in ".-_" for kind in _KINDS[:4]]
    names = TEMPLATES if name == ".env" else [*own, *(f"{kind}.{name}" for kind in _KINDS[:4])]
    return [posixpath.join(folder, candidate) for candidate in names]


def _by_folder(files: Iterable[str]) -> dict[str, set[str]]:
    contents: dict[str, set[str]] = {}
    for file in files:
        parts = file.split("/")
        if parts[0] == SERVICES and 3 <= len(parts) <= 4 and not any(part.startswith(".") for part in parts[1:-1]):
            contents.setdefault("/".join(parts[:-1]), set()).add(parts[-1])
    return contents


def _folder(path: str, contents: Mapping[str, set[str]], notices: list[Problem]) -> Folder | None:
    _, app, *inner = path.split("/")
    names = contents[path]
    bases = [name for name in COMPOSE_FILES if name in names]
    if not bases or (inner and not _is_instance(path, names, contents)):
        return None
    overrides = [name for name in OVERRIDE_FILES if name in names]
    for chosen, *others in filter(None, (bases, overrides)):
        if others:
            what = f"{chosen} is used, as Compose does; {', '.join(others)} beside it is not read"
            notices.append(rules.SHADOWED.at(Place(f"{path}/{chosen}"), what, "remove what is not meant"))
    template = next((name for name in TEMPLATES if name in names), "")
    return Folder(
        path,
        app,
        inner[0] if inner else "",
        tuple(f"{path}/{name}" for name in (bases[0], *overrides[:1])),
        f"{path}/{FILE}" if FILE in names else "",
        f"{path}/{template}" if template else "",
    )


def _is_instance(path: str, names: set[str], contents: Mapping[str, set[str]]) -> bool:
    outer = contents.get(path.rpartition("/")[0], set())
    return FILE in names or not any(name in outer for name in COMPOSE_FILES)


def _check_left_out(path: str, contents: Mapping[str, set[str]], problems: list[Problem]) -> None:
    parent = contents.get(path.rpartition("/")[0], set())
    if FILE not in contents[path] or any(name in parent for name in COMPOSE_FILES):
        return  # inside a service's folder, a file of this name may be anybody's configuration
    what = f"{FILE} without a compose file beside it"
    problems.append(rules.NO_COMPOSE.at(Place(f"{path}/{FILE}"), what, f"add {path}/{COMPOSE_FILES[1]}, or remove it"))


def _illegal(path: str) -> Problem:
    name = path.rpartition("/")[2]
    move = f"git mv {shlex.quote(path)} {shlex.quote(path.removesuffix(name) + legal(name))}"
    shown = path.encode("utf-8", "backslashreplace").decode()
    return rules.SERVICE_NAME.at(
        Place(shown), f"{name!r} is no service name (a-z, 0-9, _ and -; a letter or digit first)", move
    )
