"""An order to files: what they say, and whether the repo with them is still right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import HomelabError, Refused, RepoInvalid
from ..model import System
from ..repo.loader import Examined, examine
from ..repo.source import Source
from .compose import compose, host_ports
from .nixos import MODULES, taken_in, user_file, user_module
from .numbers import Numbers, numbers_of
from .order import Order, Wish, place_order
from .papers import SCHEMA, readme, settings, template


@dataclass(frozen=True, slots=True)
class Draft:
    """A service that could be made: the files to make, and those that are there and change."""

    order: Order
    numbers: Numbers
    ports: tuple[int, ...]
    files: Mapping[str, str]
    edits: Mapping[str, str] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()  # what is left to do before the first deploy


def draft(examined: Examined, wish: Wish) -> Draft:
    """The files of a wish. Raises UnknownName, Refused, and RepoInvalid where the repo would be wrong with them."""
    repo, root = examined.repo, examined.source.root
    if not repo.hosts:
        raise RepoInvalid(examined.problems)
    order = place_order(repo, wish)
    nix = _nix(root) if order.host.system is System.NIXOS else {}
    if user_file(order) in nix:  # another uid would take its data away from it
        raise Refused(f"{user_file(order)} is there already", move="move it away, or choose another name")
    numbers = numbers_of(order, nix)
    ports = host_ports(repo, order)
    files = {
        f"{order.folder}/compose.yml": compose(order, ports, numbers),
        f"{order.folder}/service.yaml": settings(order, schema=(root / SCHEMA).is_file()),
        f"{order.folder}/.env.example": template(order, numbers),
        f"{order.folder}/README.md": readme(order, ports, numbers),
    }
    _check(examined, files)
    if not nix:
        return Draft(order, numbers, ports, files)
    files[user_file(order)] = user_module(order, numbers)
    modules = taken_in(nix.get(MODULES, ""), order)
    edits = {MODULES: modules} if modules else {}
    by_hand = () if modules else (f"import {user_file(order)} where the host's modules are imported",)
    return Draft(order, numbers, ports, files, edits, by_hand)


def _nix(root: Path) -> dict[str, str]:
    """The Nix files of the repo by their paths; none if it has no modules of services to follow."""
    found = sorted((root / "nixos").rglob("*.nix")) if (root / "nixos/modules").is_dir() else []
    return {file.relative_to(root).as_posix(): _text(file) for file in found if file.is_file()}


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError as error:
        what = f"cannot read {file}, which may hold the uid of another service: {str(error.strerror).lower()}"
        raise HomelabError(f"{what}; make it readable") from error


def _check(examined: Examined, files: Mapping[str, str]) -> None:
    """A group that comes after another can close a cycle, for one; nobody has to find that out later."""
    before = {(problem.place.file, problem.what) for problem in examined.problems}
    after = examine(_With(examined.source, files)).problems
    new = [problem for problem in after if (problem.place.file, problem.what) not in before]
    if new:
        raise RepoInvalid(new)


@dataclass(frozen=True, slots=True)
class _With:
    """A source with files that are not written yet."""

    base: Source
    more: Mapping[str, str]
    commit: str = ""
    branch: str = ""

    @property
    def root(self) -> Path:
        return self.base.root

    @property
    def prefix(self) -> str:
        return self.base.prefix

    @property
    def files(self) -> Mapping[str, str]:
        return {**self.base.files, **dict.fromkeys(self.more, "")}

    def read(self, path: str) -> bytes:
        return self.more[path].encode() if path in self.more else self.base.read(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        self.base.prefetch(paths)
