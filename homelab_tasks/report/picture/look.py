"""The look of a page: paper and ink, the colours of groups, and the style of the line for each reason."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ...model import Reason
from ..diagram import NO_GROUP, Diagram

BACKGROUND = "#fbfaf8"
PAPER = "#ffffff"
INK = "#1f2933"
SOFT = "#66727f"
ORDER = "#b9bfc7"
NEUTRAL = "#8a939d"
# Paul Tol's muted scheme: told apart by colour-blind readers, https://personal.sron.nl/~pault/
_PALETTE = (
    "#332288",
    "#44aa99",
    "#cc6677",
    "#88a0d8",
    "#117733",
    "#c0a23c",
    "#882255",
    "#aa4499",
    "#6f7a1f",
    "#4f8fb5",
)


class Style(Struct, frozen=True):
    """How a line is drawn, and what it says of the service at its end."""

    stroke: str
    width: float
    dash: tuple[float, ...]
    says: str


STYLES = {
    Reason.DECLARED: Style("#46525f", 1.6, (), "declared"),
    Reason.NAMESPACE: Style("#b4501e", 1.9, (7, 4), "shares its network namespace"),
    Reason.NETWORK: Style("#2a6f97", 1.9, (0.1, 4.5), "uses its network"),
    Reason.VOLUME: Style("#7b5ea7", 1.9, (8, 4, 0.1, 4), "uses its volume"),
    Reason.LINK: Style("#2a6f97", 1.7, (3, 4), "links to it"),
    Reason.GROUP: Style(ORDER, 3.2, (), "group after group"),
}


def colours_of(diagram: Diagram) -> Mapping[str, str]:
    """The whole repo's groups in one order, so that a group keeps its colour when the focus changes."""
    groups = sorted(
        {group for service in diagram.repo.services.values() for group in service.groups} | {*diagram.repo.groups}
    )
    return {NO_GROUP: NEUTRAL} | {group: _PALETTE[n % len(_PALETTE)] for n, group in enumerate(groups)}


def mixed(colour: str, share: float, ground: str = PAPER) -> str:
    """`share` of a colour on a ground, as a colour of its own: no painter needs transparency."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + bytes(round(share * a + (1 - share) * b) for a, b in pairs).hex()
