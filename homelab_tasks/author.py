"""Who works, and when: how records, journals and locks name a run."""

from __future__ import annotations

import getpass
import os
import platform
from datetime import UTC, datetime


def who() -> str:
    """`user@machine`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no entry in passwd, as in some CI containers
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


def now() -> str:
    """This moment, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
