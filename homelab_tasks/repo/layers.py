"""One container's facts as one compose file gives them, and how Compose merges them with those of the next file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from posixpath import join, normpath
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ..model import Port, is_of_host
from ..problem import Place
from .document import Map, Seq
from .ports import read_ports

Resolve = Callable[[str], str | None]  # variables replaced; None where a value is not known


class Ref(Struct, frozen=True):
    """A text of a compose file: as it is written, as it is meant (None if a variable is unknown here), and where."""

    raw: str
    value: str | None
    place: Place


class Layer(Struct, frozen=True):
    """What one file says of one container; None and empty: nothing."""

    image: Ref | None = None
    container_name: Ref | None = None
    network_mode: Ref | None = None
    build: bool | None = None
    awaited: Mapping[str, None] = field(default_factory=dict)  # containers that have to end well before it starts
    healthcheck: Mapping[str, bool] = field(default_factory=dict)  # "disable": it is; "test": there is a real one
    start_interval: Place | None = None  # of the health check's
    pull_policy: Ref | None = None
    stop_grace_period: Ref | None = None
    volumes: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # target -> ("bind" | "volume", source)
    data: Mapping[str, None] = field(default_factory=dict)  # bind-mounted sources outside the homelab, if writable
    networks: Mapping[str, None] = field(default_factory=dict)
    external_links: Mapping[str, Ref] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)  # "configs x" or "secrets x" -> x
    env_file: Mapping[str, None] = field(default_factory=dict)  # some are of the host
    profiles: Mapping[str, None] = field(default_factory=dict)
    reads: Mapping[str, None] = field(default_factory=dict)  # build contexts, label files
    ports: Mapping[str, Port] = field(default_factory=dict)  # by what they are; the same one twice is one
    place: Place = Place("")  # of its key
    replaced: frozenset[str] = frozenset()  # attributes tagged !reset or !override: nothing below them counts


def merge(below: Layer, above: Layer) -> Layer:
    """`above` on top of `below`: single values win, collections are joined (Compose spec, "Merge")."""
    changes: dict[str, Any] = {}
    for attribute in _ATTRIBUTES:
        old, new = getattr(below, attribute), getattr(above, attribute)
        if attribute in above.replaced:
            changes[attribute] = new
        elif isinstance(new, dict):
            changes[attribute] = {**old, **new}
        elif new is not None:
            changes[attribute] = new
    return replace(below, **changes)


_ATTRIBUTES = tuple(name for name in Layer.__struct_fields__ if name != "replaced")


class Here(Struct, frozen=True):
    """What a text of a compose file means where it stands: its folder, and the values of variables."""

    folder: str
    resolve: Resolve

    def ref(self, mapping: Map, key: str) -> Ref | None:
        """The text under `key`; None if there is none."""
        raw = mapping.text(key)
        return Ref(raw, self.resolve(raw), mapping.value_place(key)) if raw else None

    def inside(self, path: str | None) -> str | None:
        """A path of a compose file as one of the homelab; None if it leads out of it or is not known."""
        resolved = self.resolve(path) if path else None
        if not resolved or resolved[0] in "/~" or "://" in resolved:
            return None
        found = normpath(join(self.folder, resolved))
        return None if found == ".." or found.startswith("../") else found

    def anywhere(self, path: str) -> str | None:
        """The same, or a path of the host."""
        resolved = self.resolve(path) or ""
        return normpath(resolved) if is_of_host(resolved) else self.inside(path)


def read_layer(content: Map, here: Here, place: Place) -> Layer:
    """The facts of one entry under `services:`."""
    build = content.get("build")
    return Layer(
        image=here.ref(content, "image"),
        container_name=here.ref(content, "container_name"),
        network_mode=here.ref(content, "network_mode"),
        build=None if build is None else True,
        awaited=dict.fromkeys(_awaited(content.get("depends_on"))),
        healthcheck=_healthcheck(content.get("healthcheck")),
        start_interval=_start_interval(content.get("healthcheck")),
        pull_policy=here.ref(content, "pull_policy"),
        stop_grace_period=here.ref(content, "stop_grace_period"),
        volumes=dict(_volumes(content.get("volumes"), here)),
        data=dict.fromkeys(_data(content.get("volumes"), here)),
        networks=_keys(content.get("networks")),
        external_links={ref.raw: ref for ref in _links(content.get("external_links"), here)},
        files={f"{kind} {name}": name for kind in ("configs", "secrets") for name in _sources(content.get(kind))},
        env_file=dict.fromkeys(_paths(content.get("env_file"), here.anywhere)),
        profiles=dict.fromkeys(str(name) for name in _items(content.get("profiles")) if isinstance(name, str)),
        reads=dict.fromkeys([*_contexts(build, here), *_paths(content.get("label_file"), here.inside)]),
        ports={_port_key(port): port for port in read_ports(content.get("ports"), here.resolve)},
        place=place,
        replaced=frozenset(_replaced(content)),
    )


def _replaced(content: Map) -> Iterator[str]:
    for key in content:
        if content.tag(key) in ("!reset", "!override"):
            yield key
            if key == "healthcheck":
                yield "start_interval"
            if key == "depends_on":
                yield "awaited"


def _awaited(value: Any) -> Iterator[str]:
    for name, how in value.items() if isinstance(value, Map) else ():
        if isinstance(how, Map) and how.text("condition") == "service_completed_successfully":
            yield name


def _port_key(port: Port) -> str:
    return f"{port.address} {port.first} {port.last} {port.target} {port.protocol}"


def _healthcheck(value: Any) -> dict[str, bool]:
    found: dict[str, bool] = {}
    if isinstance(value, Map):
        if "disable" in value:
            found["disable"] = value["disable"] is True
        if (test := value.get("test")) is not None:
            found["test"] = (test[:1] if isinstance(test, Seq) else [test]) != ["NONE"]
    return found


def _start_interval(healthcheck: Any) -> Place | None:
    given = isinstance(healthcheck, Map) and healthcheck.get("start_interval") is not None
    return healthcheck.value_place("start_interval") if given else None


# Sockets and devices of the host, which are nobody's data
_SYSTEM = ("/var/run", "/run", "/dev", "/proc", "/sys", "/etc/localtime", "/etc/timezone", "/lib/modules")


def _volumes(value: Any, here: Here) -> Iterator[tuple[str, tuple[str, str]]]:
    for item in _items(value):
        if isinstance(item, Map):
            source, target, kind = (item.text(key) for key in ("source", "target", "type"))
            kind, source = kind or "volume", source and here.resolve(source)
        elif isinstance(item, str):
            source, _, rest = (here.resolve(item) or "").partition(":")
            target = rest.partition(":")[0]
            kind = "bind" if source[:1] in (".", "/", "~") else "volume"
        else:
            continue
        found = here.inside(source) if kind == "bind" else source
        if target and found and kind in ("bind", "volume"):
            yield target, (kind, found)


def _data(value: Any, here: Here) -> Iterator[str]:
    """A source that begins with a variable that nobody knows here counts as one."""
    for item in _items(value):
        source, writable = _bound(item, here)
        outside = source[:1] in ("/", "~", "$") or (source[:1] == "." and here.inside(source) is None)
        if outside and writable and not source.startswith(_SYSTEM):
            yield source


def _bound(item: Any, here: Here) -> tuple[str, bool]:
    """What an entry mounts from the host, if anything, and whether the container may write it."""
    if isinstance(item, Map):
        source = (item.text("source") or "") if item.text("type") == "bind" else ""
        return here.resolve(source) or source, item.get("read_only") is not True
    text = item if isinstance(item, str) else ""
    source, *rest = (here.resolve(text) or text).split(":")
    return (source if rest else ""), "ro" not in ":".join(rest[1:]).split(",")


def _links(value: Any, here: Here) -> Iterator[Ref]:
    if isinstance(value, Seq):
        for text, place in value.texts():
            resolved = here.resolve(text)
            yield Ref(text, resolved and resolved.partition(":")[0], place)


def _keys(value: Any) -> dict[str, None]:
    names = value if isinstance(value, Map) else [item for item in _items(value) if isinstance(item, str)]
    return dict.fromkeys(names)


def _sources(value: Any) -> Iterator[str]:
    for item in _items(value):
        name = item.text("source") if isinstance(item, Map) else item
        if isinstance(name, str):
            yield name


def _paths(value: Any, meant: Resolve) -> Iterator[str]:
    for item in _items(value):
        path = item.text("path") if isinstance(item, Map) else item
        if isinstance(path, str) and (found := meant(path)):
            yield found


def _contexts(build: Any, here: Here) -> Iterator[str]:
    if isinstance(build, Map):
        more = build.get("additional_contexts")
        extra = [more.text(key) for key in more] if isinstance(more, Map) else []
        written = [build.text("context") or ".", *extra]
        dockerfile = build.text("dockerfile")
        if dockerfile and dockerfile.startswith(".."):
            written.append(f"{written[0]}/{dockerfile}")
    else:
        written = [build] if isinstance(build, str) else []
    yield from filter(None, map(here.inside, written))


def _items(value: Any) -> list[Any]:
    if isinstance(value, Seq):
        return value
    return [] if value is None else [value]
