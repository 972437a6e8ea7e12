"""NixOS goes back with `--system` only, and then to the very system that ran."""

from __future__ import annotations

from tests.hosts.system import NixosHomelab, recorded, state
from tests.hosts.test_system import GOOD, h1, home, nixos
from tests.lab.nixos import NixosHost

__all__ = ["h1", "home", "nixos"]  # fixtures


def test_the_system_of_then_is_activated_and_not_built_anew(home: NixosHomelab, h1: NixosHost) -> None:
    first, then = h1.system, recorded(h1)["commit"]
    home.systems("two", h1="good")
    home.succeed("update-system")
    second = h1.system
    said = home.succeed("rollback", "--to", then).said
    assert "note: the NixOS of h1 stays as it is; --system takes it back too" in said
    assert h1.system == second
    assert "activate: nixos/ changed since" in home.succeed("rollback", "--system", "--dry-run").said
    assert "building" not in home.succeed("rollback", "--system").said
    assert (h1.system, state(h1)) == (first, GOOD)
    home.succeed("update-system")
    assert h1.system == second
