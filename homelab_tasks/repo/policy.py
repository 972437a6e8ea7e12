"""What `pull_policy` and the durations of a compose file ask for (Compose spec, "Services")."""

from __future__ import annotations

import re

_SECONDS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|us|µs|[wdhms])", re.ASCII)


def span(text: str) -> float:
    """`1m30s`, `2d` as seconds; 0 if it is no duration, which Compose then refuses."""
    parts = _PART.findall(text)
    if len(text) > 40 or "".join(number + unit for number, unit in parts) != text:
        return 0.0
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def renewed_after(policy: str) -> float | None:
    """The age in seconds from which an image that is there is pulled again, 0 for `always`; None: it never is."""
    match policy:
        case "always":
            return 0.0
        case "daily":
            return _SECONDS["d"]
        case "weekly":
            return _SECONDS["w"]
        case _:
            return span(policy.removeprefix("every_")) if policy.startswith("every_") else None
