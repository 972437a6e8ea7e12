"""How a host tells what was done on it."""

from __future__ import annotations

from ..command import Command, host_script
from ..model import Host


def read(host: Host, lines: int) -> Command:
    """The last `lines` of the host's journal, 0 for all of it, and who works there right now."""
    return host_script("history", host.path, str(lines))
