"""The NixOS user of a new service, and the line that takes it in."""

from __future__ import annotations

import re

from .known import Identity
from .numbers import Numbers
from .order import Order

MODULES = "nixos/modules/default.nix"
_IMPORT = re.compile(r"( *)\./services/([A-Za-z0-9_-]+)/user\.nix *\n")


def user_file(order: Order) -> str:
    """Where it is."""
    return f"nixos/modules/services/{order.name}/user.nix"


def user_module(order: Order, numbers: Numbers) -> str:
    """A system user with the data folder, as the modules of the other services are written."""
    own = order.about.identity is Identity.OWN
    # with a colon it counts for a new folder only: an image that sees to its files itself keeps what it made of it
    mode, user, its_group = (f"{':' if own else ''}{word}" for word in ("0750", order.name, numbers.group))
    comment = "" if own else f"; PUID in {order.folder}/.env is this uid"
    group = f"\n  users.groups.{_word(numbers.group)}.gid = {numbers.gid};\n" if numbers.makes_group else ""
    return f"""\
# Who {order.name} is on the host{comment}.
{{
  users.users.{_word(order.name)} = {{
    isSystemUser = true;
    uid = {numbers.uid};
    group = "{numbers.group}";
  }};
{group}
  systemd.tmpfiles.rules = [ "d {order.data} {mode} {user} {its_group} -" ];
}}
"""


def taken_in(modules: str, order: Order) -> str | None:
    """`modules/default.nix` with the new module among its imports; None where it imports them in another way."""
    lines = list(_IMPORT.finditer(modules))
    if not lines:
        return None
    before = [line for line in lines if line[2] < order.name]
    at = before[-1].end() if before else lines[0].start()
    return f"{modules[:at]}{lines[0][1]}./services/{order.name}/user.nix\n{modules[at:]}"


def _word(name: str) -> str:
    """An attribute's name; one that begins with a digit is quoted."""
    return name if name[0].isalpha() else f'"{name}"'
