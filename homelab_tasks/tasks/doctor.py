"""The task that looks whether everything is there that a deploy needs."""

from __future__ import annotations

import sys

from invoke.context import Context

from .door import FAILED, here, homelab_task
from .flags import Flags, Output, flag


class Examining(Flags):
    """What doctor understands."""

    host: str | None = flag(None, "only these hosts: names with commas")


@homelab_task(Examining, Output)
def doctor(_: Context, examining: Examining, output: Output) -> None:
    """Say what this machine and the hosts lack.

    With the command that mends it. Changes nothing. The exit status
    is 1 if there is a problem.
    """
    from ..doctor import examine
    from ..repo import worktree
    from ..repo.loader import examine as read
    from ..report.doctor import doctor_json, doctor_text, is_well
    from ..report.terminal import style
    from .console import host_names, passing

    found = read(worktree(here()))
    repo = found.repo
    only = host_names(repo, examining.host)
    hosts = [host for name, host in sorted(repo.hosts.items()) if not only or name in only]
    with passing() as stage:
        stage(f"looking at this machine and {', '.join(host.name for host in hosts)}")
        findings = examine(found, hosts)
    print(doctor_json(findings) if output.json else doctor_text(findings, style=style(sys.stdout)))
    if not is_well(findings):
        sys.exit(FAILED)
