"""The life of `.env` files: check, init, push, diff, edit; no value is ever shown."""

from __future__ import annotations

import sys

from invoke.collection import Collection
from invoke.context import Context

from ..errors import Refused
from .deploy import NAMES
from .door import FAILED, here, homelab_task
from .flags import Flags, Output, Waiting, flag, typed


class Where(Flags):
    """Which hosts."""

    host: str | None = flag(None, "only these hosts: names with commas")


class Some(Flags):
    """Which services; all without names."""

    names: str | None = flag(None, "only these services: names with commas, globs; all without it")


@homelab_task(Some, Where, Output)
def check(_: Context, some: Some, where: Where, output: Output) -> None:
    """Check each .env by its keys, here and on the hosts.

    Against its template and what the compose files need: missing,
    empty, placeholders, mode. Exit status 1 if something is wrong.
    """
    from ..envs.check import check as check_all
    from ..envs.expect import committed
    from ..report.env_check import check_json, check_text
    from .console import chosen, host_names, passing
    from .env_console import say_errors, style

    expected = committed(here())
    repo = expected.repo
    services = chosen(repo, some.names)
    with passing() as stage:
        stage("looking at env files")
        found = check_all(repo, [expected.of(service) for service in services], host_names(repo, where.host))
    print(check_json(found) if output.json else check_text(found, style=style()))
    say_errors(found.lost.values())
    if not found.ok:
        sys.exit(FAILED)


class Making(Flags):
    """What env.init understands."""

    generate: bool = flag(False, "random values where the template asks for them, and for passwords")


@homelab_task(Some, Making)
def init(_: Context, some: Some, making: Making) -> None:
    """Make each .env from its template, for you alone (600).

    Asks for what is empty or a placeholder, without showing it.
    One that is there is never overwritten.
    """
    from ..envs.expect import lying_here
    from ..envs.init import init as make
    from ..envs.init import not_ignored, open_ones
    from ..repo import select
    from .env_console import say_errors, say_made, secretly

    expected = lying_here(here())
    wanted = [expected.of(service) for service in select(expected.repo, some.names)]
    if some.names is None:
        wanted = open_ones(expected.repo, wanted)
    if not wanted:
        print("nothing to do: every service with a template has its .env")
    complete = True
    for one in wanted:
        try:
            made = make(expected.repo, one, secretly if sys.stdin.isatty() else None, generate=making.generate)
        except Refused as error:
            complete = False
            say_errors([str(error)])
        else:
            complete = complete and not made.missing
            say_made(made)
    for path in not_ignored(expected.examined, wanted):
        print(f"warning: Git does not ignore {path}; add .env to .gitignore", file=sys.stderr)
    if not complete:
        sys.exit(FAILED)


class Pushing(Flags):
    """What env.push understands."""

    dry_run: bool = flag(False, "show what would change and change nothing", again=False)
    yes: bool = flag(False, "do not ask before a file is replaced", again=False)


@homelab_task(Where, Pushing, Waiting, texts=NAMES)
def push(_: Context, names: str, where: Where, pushing: Pushing, waiting: Waiting) -> None:
    """Send each .env to its hosts; asks before one is replaced.

    The next deploy restarts what reads it. Works before the first
    deploy too. The file that was there is kept beside the records.
    """
    from ..envs.expect import committed
    from ..envs.lay import Laying
    from ..envs.push import contents, look, refuse_nothing, send
    from ..envs.reach import reached
    from .console import chosen, host_names, passing, patience
    from .env_console import may_replace, say_errors, say_sending, say_sent

    expected = committed(here())
    repo = expected.repo
    local = contents(repo, chosen(repo, names), host_names(repo, where.host))
    refuse_nothing(local, expected)
    with reached(repo, (unit.host for unit in local)) as hosts:
        with passing() as stage:
            stage("looking at env files")
            sending = look(hosts, local, expected)
        say_sending(repo, sending)
        say_errors(hosts.lost.values())
        failed = bool(hosts.lost)
        if sending.open and not pushing.dry_run:
            if not may_replace(sending, yes=pushing.yes):
                print("nothing was changed")
                sys.exit(FAILED)
            laying = Laying(typed("env.push", names, flags=[where]), patience(waiting.waits))
            for sent in send(hosts, sending.open, laying):
                say_sent(str(sent.unit), sent.why)
                failed = failed or bool(sent.why)
    if failed:
        sys.exit(FAILED)


@homelab_task(Where, Output, texts=NAMES)
def diff(_: Context, names: str, where: Where, output: Output) -> None:
    """Compare each .env with those on its hosts, key by key.

    The values are compared on the hosts; only keys are shown.
    """
    from .. import pipeline
    from ..envs.diff import diff as compare
    from ..report import env
    from .console import chosen, host_names, passing
    from .env_console import say_errors, style

    repo = pipeline.load(here())
    services = chosen(repo, names)
    with passing() as stage:
        stage("comparing env files")
        found = compare(repo, services, host_names(repo, where.host))
    print(env.diff_json(found) if output.json else env.diff_text(found, style=style()))
    say_errors(found.lost.values())
    if found.lost:
        sys.exit(FAILED)


@homelab_task(Where, Waiting, texts={"name": "a service"})
def edit(_: Context, name: str, where: Where, waiting: Waiting) -> None:
    """Edit a .env on its host with $VISUAL or $EDITOR here.

    It passes through memory only, is checked before it goes back,
    and is not written over what somebody else changed meanwhile.
    """
    from ..envs.edit import fetch, revise, write_back
    from ..envs.expect import committed
    from ..envs.lay import Laying
    from ..envs.reach import Unit, reached
    from ..envs.scratch import edited
    from .console import agree, chosen, host_names, patience
    from .env_console import say_errors, say_sent, the_one

    expected = committed(here())
    repo = expected.repo
    service, host = the_one(chosen(repo, name), host_names(repo, where.host))

    def again(what: str) -> bool:
        return sys.stdin.isatty() and agree(f"{what}; edit it again?", yes=False)

    with reached(repo, [host]) as hosts:
        if hosts.lost:
            say_errors(hosts.lost.values())
            sys.exit(FAILED)
        runner = hosts.runners[host.name]
        fetched = fetch(repo, runner, Unit(service, host), expected.of(service))
        text = revise(fetched, lambda text: edited(text, f"{service}.env"), again)
        if text is None:
            print("nothing was changed")
            return
        laying = Laying(typed("env.edit", name, flags=[where]), patience(waiting.waits))
        write_back(repo, runner, fetched.becomes(text), laying)
    say_sent(f"{service} on {host}")


env = Collection("env", check, init, push, diff, edit)
