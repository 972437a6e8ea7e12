"""The one-time setup of a host."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import Refused, UnknownName
from .door import FAILED, here, homelab_task
from .flags import Flags, flag

if TYPE_CHECKING:
    from ..model import Host, Repo
    from ..provision import Plan
    from ..runner import Runner
    from ..runner.known_hosts import Stranger


class SettingUp(Flags):
    """What setup understands."""

    dry_run: bool = flag(False, "show the plan and change nothing", again=False)
    yes: bool = flag(False, "do not ask before the plan is carried out", again=False)
    fingerprint: str | None = flag(None, "trust the host key SHA256:..., and no other, without asking")

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        given = self.fingerprint
        if given is not None and not (given.startswith("SHA256:") and len(given) == 50):
            raise Refused(f"--fingerprint: {given!r} is none", move="give it as ssh-keygen -l shows it: SHA256:...")


@homelab_task(SettingUp, texts={"host": "a host of hosts.yaml"})
def setup(_: Context, host: str, setting: SettingUp) -> None:
    """Make a host ready for deploys, once; asks first.

    Git, Docker, Compose, the checkout, folders for data, the group
    docker, the host key. The same again does what is left.
    """
    from .. import provision, repo

    loaded = repo.load(repo.worktree(here()))
    if host not in loaded.hosts:
        raise UnknownName("host", host, loaded.hosts)
    runner = provision.reach(loaded.hosts[host], _comparison(setting, loaded.hosts[host]))
    try:
        plan = provision.look(loaded, loaded.hosts[host], runner)
        done = _set_up(runner, plan, setting)
    finally:
        runner.close()
    if done:
        _look_again(loaded, loaded.hosts[host], _comparison(setting, loaded.hosts[host]))


def _set_up(runner: Runner, plan: Plan, setting: SettingUp) -> bool:
    """Show the plan and carry it out; False where there was nothing to do. Exits where it did not come to an end."""
    from .. import provision
    from ..report.setup import outcome_text, plan_text
    from ..report.terminal import style
    from .console import agree

    screen = style(sys.stdout)
    print(plan_text(plan, style=screen, dry_run=setting.dry_run), flush=True)
    if setting.dry_run or plan.blocked or not plan.steps:
        _leave_if(bool(plan.faults or plan.blocked))
        return False
    if not agree(f"set up {plan.host.name}?", yes=setting.yes):
        print("nothing was changed")
        sys.exit(FAILED)
    root = provision.become_root(runner, plan, _password(plan.host))
    done = provision.carry_out(
        runner, plan, root, lambda outcome: print(outcome_text(outcome, style=screen), flush=True)
    )
    if not done:
        print(f"error: the rest was left; mend that, then: inv setup {plan.host.name}", file=sys.stderr)
    _leave_if(not done)
    return True


def _look_again(repo: Repo, host: Host, compare: Callable[[Stranger], bool]) -> None:
    """Over a new connection: who has joined a group is in it from the next login on."""
    from .. import provision
    from ..report.setup import ready_text
    from ..report.terminal import style

    runner = provision.reach(host, compare)
    try:
        left = provision.look(repo, host, runner)
    finally:
        runner.close()
    print(ready_text(left, style=style(sys.stdout)))
    _leave_if(bool(left.steps or left.faults))


def _comparison(setting: SettingUp, host: Host) -> Callable[[Stranger], bool]:
    """How an unknown host key becomes a known one: by the fingerprint that was given, or by a person's eyes."""
    from ..provision import compare_with, how_to_compare

    def compare(stranger: Stranger) -> bool:
        key = f"{stranger.key.kind} {stranger.key.fingerprint}"
        if setting.fingerprint is not None and compare_with(setting.fingerprint, stranger) and not setting.dry_run:
            return True
        if setting.dry_run:
            what = f"{stranger.name} shows the key {key}, which is not known; a dry run trusts nobody"
            raise Refused(what, move=f"without --dry-run it is shown, to be compared, first: inv setup {host.name}")
        if not sys.stdin.isatty():
            what = f"{stranger.name} shows the key {key}, which is not known, and nobody is there to ask"
            same = f"if {how_to_compare(stranger)} on the host shows the same"
            raise Refused(what, move=f"{same}: --fingerprint {stranger.key.fingerprint}")
        return _eyes(stranger, how_to_compare(stranger))

    return compare


def _eyes(stranger: Stranger, how: str) -> bool:
    from ..report.setup import stranger_text
    from ..report.terminal import style
    from .console import agree

    print(stranger_text(stranger, how, style=style(sys.stdout)), flush=True)
    return agree("are they the same?", yes=False)


def _password(host: Host) -> Callable[[str], str]:
    def ask(prompt: str) -> str:
        from getpass import getpass

        if not sys.stdin.isatty():
            what = f"sudo on {host.name} asks for a password, and nobody is there to type it"
            raise Refused(what, move="run this in a terminal, or allow sudo without a password there")
        return getpass(prompt, stream=sys.stderr)

    return ask


def _leave_if(failed: bool) -> None:  # noqa: FBT001 - the name says what it means
    sys.stdout.flush()
    if failed:
        sys.exit(FAILED)
