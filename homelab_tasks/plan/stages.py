"""The order inside one project, where a container waits for another one's health.

`docker compose up` waits for Docker's own word there, which comes one `interval` after the start (30 s by default).
Started stage by stage, with our own wait between, the same order takes as long as the containers need: 31.8 s became
2.6 s for two containers of which the first is ready at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Model = Mapping[str, Any]


def stages(model: Model) -> tuple[frozenset[str], ...]:
    """Keys under `services:` in the order of their start; () where Compose does as well by itself.

    It is also left to Compose where a container waits for another one's end, or is restarted with it: that cannot be
    said of a part of a project.
    """
    needs = {key: container.get("depends_on") or {} for key, container in (model.get("services") or {}).items()}
    uses = [use for dependencies in needs.values() for use in dependencies.values()]
    left_to_compose = any(
        use.get("restart") or use.get("condition") == "service_completed_successfully" for use in uses
    )
    if left_to_compose or not any(use.get("condition") == "service_healthy" for use in uses):
        return ()
    depths: dict[str, int] = {}
    for key in needs:
        _depth(key, needs, depths)
    last = max(depths.values())
    return tuple(frozenset(key for key, depth in depths.items() if depth == level) for level in range(last + 1))


def _depth(key: str, needs: Mapping[str, Model], depths: dict[str, int]) -> int:
    """How many waits for health come before the start of `key`. Compose refuses cycles, so this ends."""
    if key not in depths:
        before = [
            _depth(other, needs, depths) + (use.get("condition") == "service_healthy")
            for other, use in needs[key].items()
            if other in needs
        ]
        depths[key] = max(before, default=0)
    return depths[key]
