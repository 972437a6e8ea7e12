"""Files of the repo that follow from its services: Homepage's list of services, and the ports of NixOS hosts."""

from __future__ import annotations

from .files import File, State, generated

__all__ = ["File", "State", "generated"]
