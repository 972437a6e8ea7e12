"""Images fetched anew, and disks swept: what is done to hosts outside of a deploy."""

from __future__ import annotations

from collections.abc import Callable

Answer = tuple[bool, str]  # whether it went well, and what came of it
Stage = Callable[[str], None]
