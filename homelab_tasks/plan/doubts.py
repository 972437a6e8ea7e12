"""Which networks a deploy that did not end well may have left in another make."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .facts import Facts
    from .survey import Finding

Model = Mapping[str, Any]


def doubted_networks(facts: Facts, finding: Finding, model: Model) -> frozenset[str]:
    """The project's own networks that are not those of its record, by Docker's names: made since, or gone.

    No record says how a network was made by a deploy that failed; and a container that was taken off one is started
    without it.
    """
    record = facts.seen[finding.host.name].records.get(finding.service.name)
    if record is None:
        return frozenset()
    bodies = ((key, body or {}) for key, body in (model.get("networks") or {}).items())
    names = {str(body.get("name") or key) for key, body in bodies if not body.get("external")}
    since, made = _seconds(record.at), facts.resolved[finding.host.name].stock.made
    return frozenset(name for name in names if name not in made or made[name] > since)


def _seconds(at: str) -> float:
    """The end of the second that a record is of."""
    try:
        return datetime.fromisoformat(at).timestamp() + 1
    except ValueError:
        return 0.0
