"""What lies beside a new compose file: service.yaml, the template of its .env, and the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import dirname

from .known import Identity
from .nixos import MODULES, user_file
from .numbers import Numbers
from .order import Order
from .words import scalar

SCHEMA = "schemas/service.schema.json"


def settings(order: Order, *, schema: bool) -> str:
    """`service.yaml`; `schema` if the repo holds one for editors to check it by."""
    lines = []
    if schema:
        up = "../" * (order.folder.count("/") + 1)
        lines.append(f"# yaml-language-server: $schema={up}{SCHEMA}")
    lines.append(f"description: {about(order)}")
    if order.says_host:
        lines.append(f"host: {scalar(order.host.name)}")
    lines += [f"{key}: {_list(names)}" for key, names in _lists(order) if names]
    return "\n".join([*lines, ""])


def template(order: Order, numbers: Numbers) -> str:
    """`.env.example`: every variable of the compose file, and no other."""
    lines = [*_variables(order), "# The time zone of what it shows and logs, as in /usr/share/zoneinfo", "TZ=Etc/UTC"]
    if order.about.identity is not Identity.OWN:
        lines += ["", _who(order, numbers), f"PUID={numbers.uid}", f"PGID={numbers.gid}"]
    return "\n".join([*lines, ""])


def readme(order: Order, ports: tuple[int, ...], numbers: Numbers) -> str:
    """`README.md`, to be gone on with."""
    where = "this host only" if order.about.private else "the host"
    reached = f"port {', '.join(map(str, ports))} of {where}" if ports else "nowhere yet: it publishes no port"
    return _README.format(
        name=order.name,
        about=about(order),
        needs=f"{', '.join(order.depends_on)} before it" if order.depends_on else "nothing but Docker",
        reached=reached,
        data=f"`{order.data}`" if order.about.data else "none is kept yet",
        image=order.image.repository,
        versions=order.image.versions_at,
        folder=order.folder,
        owner=_owner(order, numbers),
        backup=_backup(order),
        leftovers=f"this folder and {_on_nixos(order)}" if numbers.group else "this folder",
        remains=f" Its data stays in `{order.data}`." if order.about.data else "",
    )


def about(order: Order) -> str:
    """One line of what it is."""
    return order.about.about or f"Runs {order.image.repository}"


def _lists(order: Order) -> Iterator[tuple[str, Sequence[str]]]:
    yield "groups", order.groups
    yield "depends_on", order.depends_on


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(scalar, names))}]"


def _variables(order: Order) -> Iterator[str]:
    for variable in order.about.variables:
        yield f"# {variable.meaning}"
        if variable.made_up:
            yield "# generate"
        yield f"{variable.key}="
        yield ""


def _who(order: Order, numbers: Numbers) -> str:
    if numbers.group:
        return f"# As in {user_file(order)}"
    return f"# The user and group that {order.data} belongs to: id -u, id -g"


def _on_nixos(order: Order) -> str:
    """What of the host's system is its own: instances have one user."""
    module = user_file(order)
    if order.instance:
        return f"the line of `{order.data}` in `{module}`"
    return f"`{dirname(module)}`,\nwhich has a line in `{MODULES}`"


def _owner(order: Order, numbers: Numbers) -> str:
    """What is to be done on the host before the first start, as a line of commands."""
    if not order.about.data or numbers.group or order.about.identity is Identity.OWN:
        return ""
    return f"    sudo install -d -o {numbers.uid} -g {numbers.gid} {order.data}   # on {order.host}, once\n"


def _backup(order: Order) -> str:
    if not order.about.data:
        return "The `.env`; no other data is kept yet.\n"
    folder, _, last = order.data.rpartition("/")
    return _BACKUP.format(name=order.name, host=order.host, data=order.data, folder=folder or "/", last=last)


_BACKUP = """\
`{data}` and the `.env`.

    inv stop {name}
    sudo tar -C {folder} -czf {name}.tar.gz {last}      # on {host}
    inv start {name}

Restore: `inv stop {name}`; on {host} `sudo rm -r {data}`, then
`sudo tar -C {folder} -xzpf {name}.tar.gz`; `inv start {name}`.
"""
_README = """\
# {name}

{about}.

- **Needs**: {needs}.
- **Reached at**: {reached}.
- **Data**: {data}.
- **Image**: `{image}`; its versions: {versions}

## First start

{owner}    inv env.init --names {name} --generate
    inv env.push {name}
    inv deploy {name}

What is then set up by hand once: write it down here.

## Upgrade

Read the release notes, change the tag in `compose.yml`, commit, look at `inv deploy {name} --dry-run`, deploy.
The way back is `inv rollback --service {name}`; make a backup first, as data may not go back.

## Backup

{backup}
## Remove

`inv destroy {name}`, delete {leftovers}, commit.{remains}

## Troubleshooting

- `inv logs {name}` shows what it says, `inv status --names {name}` what differs from the repo.
- Unhealthy: run the test of the healthcheck by hand, `docker compose exec`, in `{folder}` on the host.
- Permission denied: the files in its data folder belong to another user than it runs as; see `.env`.
"""
