"""What a sweep would remove, as text."""

from __future__ import annotations

from collections.abc import Iterable

from ..care.clean import Swept
from .columns import Row, plain, table
from .terminal import Style, Tint


def waste_text(found: Iterable[Swept], *, style: Style) -> str:
    """A row for each thing, and the space of each host: at least, as layers may be shared by what goes."""
    known = [one for one in found if not one.why]
    rows: list[Row] = [
        [(one.host, Tint.BOLD), plain(waste.kind), plain(_mega(waste.size)), plain(waste.name)]
        for one in known
        for waste in one.waste
    ]
    lines = [*table(style, ("HOST", "WHAT", "SPACE", "NAME"), rows), ""] if rows else []
    for one in known:
        size = sum(waste.size for waste in one.waste)
        told = f"would free at least {_mega(size)}" if one.waste else "nothing to remove"
        lines.append(f"{one.host}: {told}")
    return "\n".join(lines)


def _mega(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
