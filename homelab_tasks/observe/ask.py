"""The command that asks everything at once."""

from __future__ import annotations

from collections.abc import Iterable

from ..command import Command, host_script
from ..model import Host

FIELDS = (
    "{{.ID}}",
    "{{.Names}}",
    "{{.State}}",
    "{{.Status}}",
    "{{.Image}}",
    '{{.Label "com.docker.compose.project"}}',
    '{{.Label "com.docker.compose.service"}}',
    '{{.Label "com.docker.compose.project.working_dir"}}',
    '{{.Label "com.docker.compose.oneoff"}}',
)


def look(host: Host, env_files: Iterable[str]) -> Command:
    """The command that observes `host`; `env_files` are paths from its checkout's root."""
    return host_script("look", host.path, "\t".join(FIELDS), *env_files, timeout=60)
