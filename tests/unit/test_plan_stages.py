"""The order inside one project."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.plan.stages import stages

HEALTHY = {"condition": "service_healthy"}
STARTED = {"condition": "service_started"}
ENDED = {"condition": "service_completed_successfully"}


def model(**needs: dict[str, Any]) -> dict[str, Any]:
    return {"services": {key: {"depends_on": uses} for key, uses in needs.items()}}


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({"web": {}, "db": {}}, []),
        ({"web": {"db": STARTED}, "db": {}}, []),
        ({"web": {"db": HEALTHY}, "db": {}}, ["db", "web"]),
        ({"web": {"db": HEALTHY, "cache": STARTED}, "db": {}, "cache": {}}, ["cache db", "web"]),
        ({"proxy": {"web": STARTED}, "web": {"db": HEALTHY}, "db": {}}, ["db", "proxy web"]),
        ({"proxy": {"web": HEALTHY}, "web": {"db": HEALTHY}, "db": {}}, ["db", "web", "proxy"]),
        ({"web": {"db": HEALTHY, "setup": ENDED}, "db": {}, "setup": {}}, []),
        ({"web": {"db": {**HEALTHY, "restart": True}}, "db": {}}, []),
        ({"web": {"db": {**HEALTHY, "required": False}}}, ["web"]),
    ],
)
def test_what_waits_for_health_starts_in_a_later_stage(needs: dict[str, Any], expected: list[str]) -> None:
    assert [" ".join(sorted(stage)) for stage in stages(model(**needs))] == expected
