"""What lies beside a new compose file: service.yaml, the template of its .env, and the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .known import Identity
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
    lines = [*_secrets(order), "TZ=Etc/UTC"]
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
        image=order.image,
        versions=order.image.versions_at,
        folder=order.folder,
        owner=_owner(order, numbers),
        kept=f"`{order.data}` and the `.env` beside `compose.yml`" if order.about.data else "the `.env`",
    )


def about(order: Order) -> str:
    """One line of what it is."""
    return order.about.about or f"Runs {order.image.repository}"


def _lists(order: Order) -> Iterator[tuple[str, Sequence[str]]]:
    yield "groups", order.groups
    yield "depends_on", order.depends_on


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(scalar, names))}]"


def _secrets(order: Order) -> Iterator[str]:
    for secret in order.about.secrets:
        yield f"# {secret.meaning}"
        yield "# generate"
        yield f"{secret.key}="
        yield ""


def _who(order: Order, numbers: Numbers) -> str:
    if numbers.group:
        return f"# As in nixos/modules/services/{order.name}/user.nix"
    return f"# The user and group that {order.data} belongs to: id -u, id -g"


def _owner(order: Order, numbers: Numbers) -> str:
    """What is to be done on the host before the first start, as a line of commands."""
    if not order.about.data or numbers.group or order.about.identity is Identity.OWN:
        return ""
    return f"    sudo install -d -o {numbers.uid} -g {numbers.gid} {order.data}   (on {order.host}, once)\n"


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

{kept}. Stop it while they are copied: `inv stop {name}`, then `inv start {name}`.

## Troubleshooting

- `inv logs {name}` shows what it says, `inv status --names {name}` what differs from the repo.
- Unhealthy: run the test of the healthcheck by hand, `docker compose exec`, in `{folder}` on the host.
- Permission denied: the files in its data folder belong to another user than it runs as; see `.env`.
"""
