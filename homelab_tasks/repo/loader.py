"""All of a homelab's files to one frozen, valid Repo, or to every problem at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from msgspec import Struct
from msgspec.structs import replace

from .. import model
from ..errors import RepoInvalid, suggestion
from ..problem import Place, Problem
from . import rules
from .compose import Documents
from .content import content, digest, systems
from .discover import Folder, discover
from .edges import Wish, all_edges
from .hosts import Checkout, Inventory, read_inventory
from .settings import Settings, read_settings
from .source import FILE, SERVICES, Source, Tree
from .stack import Reading, read_stack


class Examined(Struct, frozen=True):
    """A homelab with all that is wrong with it: `repo` holds the part that could be read."""

    source: Source
    documents: Documents
    folders: tuple[Folder, ...]
    repo: model.Repo
    problems: tuple[Problem, ...]


def load(source: Source) -> model.Repo:
    """The homelab as it is in `source`. Raises RepoInvalid with every problem of the whole repo."""
    examined = examine(source)
    if examined.problems:
        raise RepoInvalid(examined.problems)
    return examined.repo


def examine(source: Source) -> Examined:
    """The homelab as it is in `source`, faults and all."""
    # Nothing here becomes garbage in cycles, and the collector would walk the growing repo again and again:
    # a third of the time for 1,000 services.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _examine(source)
    finally:
        if collecting:
            gc.enable()


def _examine(source: Source) -> Examined:
    problems: list[Problem] = []
    notices: list[Problem] = []
    folders = discover(source.files, problems, notices)
    source.prefetch([FILE, *(path for folder in folders for path in folder.reads)])
    known = Documents(source, problems)
    inventory = _inventory(source, known, problems)
    tree = source.tree()
    loading = _Loading(source, known, inventory, tree, _instances(folders), problems, notices)
    wishes = [loading.wish(folder) for folder in folders]
    _check_projects(wishes, problems)
    services = {wish.service.name: wish.service for wish in wishes}
    edges = all_edges(wishes, inventory.groups, inventory.networks, problems, notices)
    if not services:
        move = f"make {SERVICES}/NAME/compose.yml"
        notices.append(rules.NO_SERVICE.at(Place(SERVICES), "no service yet", move))
    repo = model.Repo(
        root=str(source.root),
        hosts=inventory.hosts,
        services=services,
        groups=inventory.groups,
        networks=inventory.networks,
        edges=edges,
        notices=tuple(sorted(notices, key=lambda p: (p.place, p.what))),
        systems=systems(inventory.hosts.values(), tree),
        prefix=source.prefix,
        commit=source.commit,
        branch=source.branch,
        on_failure=inventory.on_failure,
    )
    return Examined(source, known, tuple(folders), repo, tuple(problems))


def _inventory(source: Source, known: Documents, problems: list[Problem]) -> Inventory:
    before = len(problems)
    found = known.read(FILE)
    if len(problems) > before:
        return Inventory()
    if len(found) > 1:
        problems.append(
            rules.WRONG_VALUE.at(
                Place(FILE), f"holds {len(found)} documents", "keep one; remove the `---` between them"
            )
        )
    depth = len(PurePosixPath(source.prefix).parts)
    top = source.root.parents[depth - 1] if depth else source.root
    return read_inventory(found[0] if found else None, Checkout(source.root, top), problems)


class _Loading(Struct, frozen=True):
    """What is known while services are made of folders."""

    source: Source
    known: Documents
    inventory: Inventory
    tree: Tree
    instances: Mapping[str, list[str]]  # an app's name to the folders of its instances
    problems: list[Problem]
    notices: list[Problem]

    def wish(self, folder: Folder) -> Wish:
        settings = self._settings(folder)
        reading = read_stack(folder, self.known, self.problems, self.notices)
        service = self._service(folder, settings, reading)
        return Wish(service, settings.depends_on, reading.uses, reading.name_place or service.place)

    def _settings(self, folder: Folder) -> Settings:
        before = len(self.problems)
        found = self.known.read(folder.settings) if folder.settings else []
        if not found and len(self.problems) > before:
            return Settings(())  # it cannot be read, so which host it names is not known
        hosts = self.inventory.hosts
        return read_settings(found[0] if found else None, folder.path, hosts, self.inventory.health, self.problems)

    def _service(self, folder: Folder, settings: Settings, reading: Reading) -> model.Service:
        inner = self.instances[folder.app] if not folder.instance else []
        files, reads = content(folder, reading.stack, self.tree, inner)
        return model.Service(
            name=folder.name,
            app=folder.app,
            directory=folder.path,
            stack=replace(reading.stack, reads=reads),
            hosts=settings.hosts,
            instance=folder.instance,
            description=settings.description,
            groups=self._groups(settings),
            page=settings.page,
            protect=settings.protect,
            health=settings.health,
            on_config_change=settings.on_config_change,
            hooks=settings.hooks,
            signal=settings.signal,
            files=files,
            digest=digest(files),
            place=Place(folder.compose[0]),
        )

    def _groups(self, settings: Settings) -> tuple[str, ...]:
        known = self.inventory.groups
        names = dict(settings.groups)
        for name, place in names.items():
            if name not in known and self.inventory.hosts:
                move = f"{suggestion(name, sorted(known), 'group')} (groups are listed in {FILE})"
                self.problems.append(rules.UNKNOWN_GROUP.at(place, f"no group {name!r}", move))
        return tuple(name for name in names if name in known)


def _instances(folders: Iterable[Folder]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for folder in folders:
        found.setdefault(folder.app, [])
        if folder.instance:
            found[folder.app].append(folder.path)
    return found


def _check_projects(wishes: Iterable[Wish], problems: list[Problem]) -> None:
    """Two services of one host in one compose project would take each other's containers for orphans."""
    owners: dict[tuple[str, str], model.Service] = {}
    for wish in sorted(wishes, key=lambda w: w.place != w.service.place):  # those named by their folder first
        service = wish.service
        shared = [(host.name, service.project) for host in service.hosts]
        other = next((owners[key] for key in shared if key in owners), None)
        if other:
            what = f"compose project {service.project!r} is also that of {other} on the same host"
            problems.append(
                rules.PROJECT_CLASH.at(wish.place, what, "remove the name: from one of them", also=(other.place,))
            )
        owners |= dict.fromkeys(shared, service)
