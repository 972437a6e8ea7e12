"""How env files come back as they were: from the copies that are kept beside the records."""

from __future__ import annotations

from collections.abc import Mapping

from ..command import Command, host_script
from ..model import Host


def bring(host: Host, files: Mapping[str, str]) -> Command:
    """Put these env files (path from the checkout's root -> hash of then) back; what lies there now is kept aside."""
    words = [word for path, hashed in sorted(files.items()) for word in (hashed, path)]
    return host_script("env_back", host.path, *words)
