"""An order to files: what they say, and whether the repo with them is still right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from ..errors import HomelabError, Refused, RepoInvalid
from ..model import System
from ..problem import Problem
from ..repo.loader import Examined, examine
from ..repo.rules import CYCLE
from ..repo.source import SERVICES, Source, Tree
from .compose import compose, host_ports
from .nixos import MODULES, folder_rule, taken_in, user_file, user_module, with_folder
from .numbers import Numbers, numbers_of, numbers_of_app
from .order import Order, Wish, place_order
from .papers import SCHEMA, readme, settings, template


class Draft(Struct, frozen=True):
    """A service that could be made: the files to make, and those that are there and change."""

    order: Order
    numbers: Numbers
    ports: tuple[int, ...]
    files: Mapping[str, str]
    edits: Mapping[str, str] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()  # what is left to do in nixos/ before the first deploy
    of_app: str = ""  # the README that the instances of its app share; it gets none of its own


def draft(examined: Examined, wish: Wish) -> Draft:
    """The files of a wish. Raises UnknownName, Refused, and RepoInvalid where the repo would be wrong with them."""
    repo, root = examined.repo, examined.source.root
    if not repo.hosts:
        raise RepoInvalid(examined.problems)
    order = place_order(repo, wish)
    nix = _nix(root) if order.host.system is System.NIXOS else {}
    numbers = _numbers(order, nix)
    ports = host_ports(repo, order)
    files = {
        f"{order.folder}/compose.yml": compose(repo, order, ports, numbers),
        f"{order.folder}/service.yaml": settings(order, schema=(root / SCHEMA).is_file()),
        f"{order.folder}/.env.example": template(order, numbers),
    }
    of_app = f"{SERVICES}/{order.app}/README.md"
    if not order.instance or not (root / of_app).is_file():
        files[f"{order.folder}/README.md"], of_app = readme(order, ports, numbers), ""
    _check(examined, files)
    if not nix:
        return Draft(order, numbers, ports, files, of_app=of_app)
    if user_file(order) not in nix:
        files[user_file(order)] = user_module(order, numbers)
    return Draft(order, numbers, ports, files, *_edits(order, numbers, nix), of_app)


def _numbers(order: Order, nix: Mapping[str, str]) -> Numbers:
    """Instances of one app share its user; what is one by itself gets one of its own."""
    place = user_file(order)
    if place not in nix:
        return numbers_of(order, nix)
    if not order.instance:  # another uid would take its data away from it
        raise Refused(f"{place} is there already", move="move it away, or choose another name")
    numbers = numbers_of_app(nix[place], nix)
    if not numbers:
        what = f"{place} does not say one uid and one group whose gid nixos/ declares"
        raise Refused(what, move="write both as numbers: all instances of an app are that user")
    return numbers


def _edits(order: Order, numbers: Numbers, nix: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The changed files of the host's system, or what has to be done there by hand."""
    place = user_file(order)
    if place in nix:
        module = with_folder(nix[place], order, numbers)
        rule = f'add "{folder_rule(order, numbers)}" to systemd.tmpfiles.rules in {place}'
        return ({place: module}, ()) if module else ({}, (rule,))
    modules = taken_in(nix.get(MODULES, ""), order)
    return ({MODULES: modules}, ()) if modules else ({}, (f"import {place} where the host's modules are imported",))


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
    new = problems_with(examined, files)
    circles = sorted((problem for problem in new if problem.rule == CYCLE.code), key=lambda one: len(one.what))
    if new:  # every circle goes through the new service: the shortest says enough of all of them
        raise RepoInvalid(problem for problem in new if problem not in circles[1:])


def problems_with(examined: Examined, files: Mapping[str, str]) -> list[Problem]:
    """What would be wrong with the repo with these files in it, and is not without them."""
    before = {(problem.place.file, problem.what) for problem in examined.problems}
    after = examine(_With(examined.source, files)).problems
    return [problem for problem in after if (problem.place.file, problem.what) not in before]


class _With(Struct, frozen=True):
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

    def tree(self) -> Tree:
        return Tree()

    def read(self, path: str) -> bytes:
        return self.more[path].encode() if path in self.more else self.base.read(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        self.base.prefetch(paths)
