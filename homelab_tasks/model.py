"""What a repo says, as frozen values: hosts, services, groups and the edges between services."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from .problem import Place, Problem


class Transport(Enum):
    """How a host is reached."""

    SSH = "ssh"
    LOCAL = "local"


class Source(Enum):
    """Where a host gets the commit from: pushed by us over the connection, or fetched by the host from its origin."""

    PUSH = "push"
    ORIGIN = "origin"


class System(Enum):
    """Who manages the host's operating system."""

    NONE = "none"
    NIXOS = "nixos"


class Environment(Enum):
    """What a host is for; more is refused where it is `production`."""

    NONE = "none"  # not said
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Host(Struct, frozen=True):
    """A machine of `hosts.yaml`, defaults applied. `path` and `data` are absolute paths on that machine."""

    name: str
    address: str
    user: str = ""  # "": what ~/.ssh/config or the login name says
    port: int = 0  # 0: what ~/.ssh/config says, else 22
    transport: Transport = Transport.SSH
    path: str = "/opt/homelab"  # the checkout of the whole Git repo on the host
    data: str = "/var/lib/services"
    parallel: int = 4  # services that are changed at once on this host
    system: System = System.NONE
    flake: str = ""
    environment: Environment = Environment.NONE
    tags: frozenset[str] = frozenset()
    source: Source = Source.PUSH
    identity_file: str = ""
    known_hosts: str = ""
    connect_timeout: float = 10  # seconds for the login
    confirm_timeout: float = 180  # seconds; a NixOS system that is not confirmed by then goes back

    @property
    def answer_timeout(self) -> float:
        """Seconds for the network alone: a busy host takes a connection at once, one that is off never does."""
        return self.connect_timeout / 2

    def __str__(self) -> str:
        return self.name


class Network(Struct, frozen=True):
    """An external Docker network that `hosts.yaml` lists: made on a host before the first service that uses it."""

    name: str
    driver: str = "bridge"
    internal: bool = False
    subnet: str = ""
    options: Mapping[str, str] = field(default_factory=dict)  # driver options


class Group(Struct, frozen=True):
    """A named set of services; every service of it comes after every service of the groups in `after`."""

    name: str
    after: tuple[str, ...] = ()
    place: Place = Place("hosts.yaml")


class CheckKind(Enum):
    """What a health check of `service.yaml` asks."""

    HTTP = "http"
    TCP = "tcp"
    COMMAND = "command"


class Check(Struct, frozen=True):
    """A health check of `service.yaml`, asked from the host itself: a URL, `address:port`, or a shell command there.

    `{host}` in `target` stands for the host's address.
    """

    kind: CheckKind
    target: str


class Health(Struct, frozen=True):
    """When a service counts as up. Times in seconds."""

    checks: tuple[Check, ...] = ()
    timeout: float = 180  # from the end of `compose up` until healthy
    # A container without a health check must have run this long, without a restart. What dies of a missing file or a
    # wrong flag does so sooner; each tenth more would cost a chain of five services half a second.
    settle: float = 0.1


class Reaction(Enum):
    """What a service does when only the content of a bind-mounted file of the repo changed."""

    RESTART = "restart"
    RECREATE = "recreate"
    SIGNAL = "signal"
    NONE = "none"


class Moment(Enum):
    """When a hook of a service runs."""

    BEFORE_DEPLOY = "before_deploy"
    AFTER_DEPLOY = "after_deploy"
    BEFORE_ROLLBACK = "before_rollback"


class Hook(Struct, frozen=True):
    """A shell command of a service's own, which runs on its host, in its folder. Times in seconds."""

    moment: Moment
    run: str
    timeout: float = 300


class Port(Struct, frozen=True):
    """Ports of the host that a container publishes: `first` to `last` (0: any that is free), for `target` and on."""

    address: str  # "": every address
    first: int
    last: int
    target: int
    protocol: str
    place: Place


class Container(Struct, frozen=True):
    """One entry under `services:` of a compose file, with the facts that the graph and the plan ask for."""

    key: str
    image: str = ""
    name: str = ""  # container_name, "" if Compose makes one
    network_mode: str = ""
    builds: bool = False
    has_healthcheck: bool = False
    start_interval: Place | None = None  # where its health check asks for one
    may_end: bool = False  # another one waits for its end (`service_completed_successfully`)
    mounts: tuple[str, ...] = ()  # bind-mounted sources inside the repo, relative to its root
    data: tuple[str, ...] = ()  # bind-mounted sources elsewhere that it may write, as they are written
    profiles: tuple[str, ...] = ()  # with any, Compose starts it only if the profile is asked for
    active: bool = True  # it has no profile, or the template asks for one of them
    ports: tuple[Port, ...] = ()
    renews: bool = False  # its `pull_policy` has Compose pull an image that is there, or may say so with a variable
    grace: float = 0.0  # seconds that its end may take (`stop_grace_period`); 0: it does not say
    place: Place = Place("")  # of its container_name, else of its key


class Stack(Struct, frozen=True):
    """What a service's compose files say without being resolved on a host; all names as Docker will see them."""

    files: tuple[str, ...]  # relative to the repo's root, in the order of merging
    project: str
    containers: tuple[Container, ...] = ()
    makes_networks: frozenset[str] = frozenset()
    needs_networks: frozenset[str] = frozenset()  # external ones
    makes_volumes: frozenset[str] = frozenset()
    needs_volumes: frozenset[str] = frozenset()
    links: tuple[str, ...] = ()  # external_links: container names
    env_files: tuple[str, ...] = ()  # .env and each env_file, relative to the repo's root, whether they exist or not
    host_env_files: tuple[str, ...] = ()  # each env_file elsewhere on the host: `/etc/x.env`, `~/x.env`
    reads: tuple[str, ...] = ()  # files and folders of the repo outside the service's own folder


def is_of_host(path: str) -> bool:
    """It begins at the root of the host, or at the home of its user: what lies there is watched, and never replaced."""
    return path.startswith(("/", "~/"))


def of_checkout(path: str, host: Host, prefix: str) -> str:
    """A path of the host as one of the homelab, whose folder in the Git repo is `prefix`; "" where it is none."""
    top = f"{host.path.rstrip('/')}/{prefix}"
    return path.removeprefix(top) if path.startswith(top) else ""


class Service(Struct, frozen=True):
    """A service of the repo: a folder with compose files. All references are resolved; later look-ups cannot fail."""

    name: str  # `plex`, or `<app>-<instance>`
    app: str
    directory: str  # relative to the homelab's root, e.g. services/sonarr/anime
    stack: Stack
    hosts: tuple[Host, ...]
    instance: str = ""
    description: str = ""
    groups: tuple[str, ...] = ()
    page: str | None = None  # its web page's URL, `{host}` in it; "": it has none; None: what its ports say
    protect: bool = False
    health: Health = Health()
    on_config_change: Reaction = Reaction.RESTART
    signal: str = ""  # for Reaction.SIGNAL, e.g. HUP
    hooks: tuple[Hook, ...] = ()
    files: Mapping[str, str] = field(
        default_factory=dict
    )  # path from the homelab's root -> Git blob id, mode, text of a symlink; {} outside a commit
    digest: str = ""  # over `files`; "" outside a commit
    place: Place = Place("services")

    @property
    def project(self) -> str:
        """The compose project, always given with `--project-name`."""
        return self.stack.project

    def __str__(self) -> str:
        return self.name


class Pinned(Struct, frozen=True):
    """A service that was rolled back alone stays at a commit while the rest moves on, until somebody frees it."""

    commit: str
    by: str  # user@machine
    at: str  # ISO 8601, UTC


class OnFailure(Enum):
    """What a deploy does when something that it changed does not come up."""

    REVERT = "revert"  # start nothing more, and put back what was changed
    KEEP = "keep"  # what needs it is skipped, the rest goes on
    STOP = "stop"  # start nothing more, and leave all as it is


class Reason(Enum):
    """Why one service comes after another."""

    DECLARED = "declared"
    GROUP = "group"
    NAMESPACE = "namespace"
    NETWORK = "network"
    VOLUME = "volume"
    LINK = "link"

    @property
    def inferred(self) -> bool:
        """Read from compose files, not written down by a person."""
        return self not in (Reason.DECLARED, Reason.GROUP)


class Edge(Struct, frozen=True):
    """`dependent` needs `dependency`; `detail` says why: `uses network media, which gluetun creates`."""

    dependent: str
    dependency: str
    reason: Reason
    detail: str
    place: Place


class Repo(Struct, frozen=True):
    """A homelab at one commit (or its files as they lie there, with `commit` ""). Everything in it is valid."""

    root: str  # the homelab's folder on this machine
    hosts: Mapping[str, Host]
    services: Mapping[str, Service]
    groups: Mapping[str, Group] = field(default_factory=dict)
    networks: Mapping[str, Network] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    notices: tuple[Problem, ...] = ()
    systems: Mapping[str, str] = field(default_factory=dict)  # NixOS host -> digest of its flake's folder
    prefix: str = ""  # the homelab's folder inside its Git repo, with a trailing slash, or ""
    commit: str = ""
    branch: str = ""
    on_failure: OnFailure = OnFailure.REVERT
    made_of: str = ""  # the commit of a person that `commit` is made of, where it holds pinned services
    pins: Mapping[str, Pinned] = field(default_factory=dict)  # the services that `commit` has from elsewhere

    @property
    def base(self) -> str:
        """The commit as people know it."""
        return self.made_of or self.commit
