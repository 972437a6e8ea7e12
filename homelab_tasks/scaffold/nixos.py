"""The NixOS user of a new service, the line that takes it in, and the folder of one more instance."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .known import Identity
from .numbers import Numbers
from .order import Order

MODULES = "nixos/modules/default.nix"
_IMPORT = re.compile(r"( *)\./services/([A-Za-z0-9_-]+)/user\.nix *\n")
_RULES = re.compile(r'^( *)systemd\.tmpfiles\.rules = \[((?:\s*"[^"\n]*")*)\s*\];\n', re.MULTILINE)


def user_file(order: Order) -> str:
    """Where it is; instances of one app have one user."""
    return f"nixos/modules/services/{order.app}/user.nix"


def user_module(order: Order, numbers: Numbers) -> str:
    """A system user with the data folder, as the modules of the other services are written."""
    who = f"{order.app} is on the host" + (", all of its instances" if order.instance else "")
    env = f"services/{order.app}/{'*/' if order.instance else ''}.env"
    comment = "" if order.about.identity is Identity.OWN else f"; PUID in {env} is this uid"
    group = f"\n  users.groups.{_word(numbers.group)}.gid = {numbers.gid};\n" if numbers.makes_group else ""
    rules = [_rule(order, numbers, folder) for folder in dict.fromkeys((order.of_app, order.data))]
    return f"""\
# Who {who}{comment}.
{{
  users.users.{_word(order.app)} = {{
    isSystemUser = true;
    uid = {numbers.uid};
    group = "{numbers.group}";
  }};
{group}
{_written("  ", rules)}}}
"""


def folder_rule(order: Order, numbers: Numbers) -> str:
    """What makes its data folder, in the words of systemd-tmpfiles."""
    return _rule(order, numbers, order.data)


def with_folder(module: str, order: Order, numbers: Numbers) -> str | None:
    """The app's `user.nix` with the folder of a new instance; None where it makes its folders in another way."""
    there = _RULES.search(module)
    if not there:
        return None
    rules, new = re.findall(r'"([^"\n]*)"', there[2]), folder_rule(order, numbers)
    at = next((n for n, rule in enumerate(rules) if rule > new), len(rules))
    written = _written(there[1], [*rules[:at], new, *rules[at:]])
    return f"{module[: there.start()]}{written}{module[there.end() :]}"


def taken_in(modules: str, order: Order) -> str | None:
    """`modules/default.nix` with the new module among its imports; None where it imports them in another way."""
    lines = list(_IMPORT.finditer(modules))
    if not lines:
        return None
    before = [line for line in lines if line[2] < order.app]
    at = before[-1].end() if before else lines[0].start()
    return f"{modules[:at]}{lines[0][1]}./services/{order.app}/user.nix\n{modules[at:]}"


def _rule(order: Order, numbers: Numbers, folder: str) -> str:
    # with a colon it counts for a new folder only: an image that sees to its files itself keeps what it made of it
    colon = ":" if order.about.identity is Identity.OWN else ""
    mode, user, its_group = (f"{colon}{word}" for word in ("0750", order.app, numbers.group))
    return f"d {folder} {mode} {user} {its_group} -"


def _written(indent: str, rules: Iterable[str]) -> str:
    texts = [f'"{rule}"' for rule in rules]
    if len(texts) == 1:
        return f"{indent}systemd.tmpfiles.rules = [ {texts[0]} ];\n"
    lines = ["systemd.tmpfiles.rules = [", *(f"  {text}" for text in texts), "];"]
    return "".join(f"{indent}{line}\n" for line in lines)


def _word(name: str) -> str:
    """An attribute's name; one that begins with a digit is quoted."""
    return name if name[0].isalpha() else f'"{name}"'
