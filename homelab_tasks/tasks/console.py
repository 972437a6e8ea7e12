"""The person at the terminal, as a run sees them: told what happens, asked before something is removed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..errors import HomelabError, Refused, UnknownName
from .door import CHANGES, FAILED, INTERRUPTED
from .outlet import outlive_readers

if TYPE_CHECKING:
    from ..ledger import Locked
    from ..model import Repo, Service
    from ..outcome import Tell
    from ..pipeline import Options, Run
    from ..plan import Plan
    from ..stage import Stage
    from ..waiting import Patience
    from ..work import Audience
    from .flags import Changing, Output


def carry_out(work: Callable[[Audience], Run], changing: Changing, output: Output) -> None:
    """Do the work in front of whoever sits there, say how it ended, and exit with the status that says the same."""
    with _audience(changing, output) as audience:
        run = _patiently(partial(work, audience), changing)
    if output.json:
        from ..report import as_json

        print(as_json.run(run.plan, run.report))
    else:
        _say(run, changing)
    sys.stdout.flush()
    status = _status(run, changing)
    if status:
        sys.exit(status)


def _patiently(work: Callable[[], Run], changing: Changing) -> Run:
    """The run, once the hosts are free, if somebody would rather wait for them."""
    if not changing.waits or changing.dry_run:
        return work()
    from ..waiting import patiently

    return patiently(work, patience(changing.waits))


def patience(seconds: float) -> Patience:
    """Wait so long for locked hosts, and say for whom."""
    from ..waiting import Patience

    def tell(locked: Locked) -> None:
        print(f"{locked.sentence}; waiting for it", file=sys.stderr, flush=True)

    return Patience(seconds, tell)


@contextmanager
def passing() -> Iterator[Callable[[str], None]]:
    """Somebody to tell what is being done right now: on a terminal it shows, and is wiped off at the end."""
    from ..report.terminal import stage

    try:
        yield stage
    finally:
        stage("")


def agree(question: str, *, yes: bool) -> bool:
    """Ask for a y; `--yes` answers, and without a terminal nobody else can."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Refused(f"{question.removesuffix('?')}: nobody is there to ask", move="say --yes if it is meant")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def options(changing: Changing) -> Options:
    """The flags that the pipeline itself understands."""
    from ..pipeline import Options

    return Options(dry_run=changing.dry_run)


def chosen(repo: Repo, words: str | None) -> tuple[Service, ...]:
    """The services that the words mean at the repo's commit. Raises UnknownName, and Refused for what is only here."""
    from ..repo import select

    try:
        return select(repo, words)
    except UnknownName as error:
        services = _only_here(repo, error.name)
        if not services:
            raise
        folder = shlex.join(service.directory for service in services)
        if foreign := next((path for path in (_other_repo(repo, s) for s in services) if path), ""):
            what = f"{error.name} lies in {foreign}, a Git repo of its own (a submodule?), and only commits of this one"
            raise Refused(f"{what} are deployed", move="commit the files themselves, and remove its .git") from error
        what = f"{error.name} is not committed, and only commits are deployed"
        raise Refused(what, move=f"git add {folder} && git commit") from error


def _only_here(repo: Repo, name: str) -> tuple[Service, ...]:
    """What it names in the folder as it lies here."""
    from ..repo import load, select, worktree

    try:
        return select(load(worktree(Path(repo.root))), name)
    except HomelabError:
        return ()


def _other_repo(repo: Repo, service: Service) -> str:
    """The folder of another Git repo that the service lies in, from the homelab's root; "" where it is of this one."""
    from ..repo.source import git_top

    root = Path(repo.root)
    top = git_top(root / service.directory)
    return "" if top in (None, git_top(root)) else str(top.relative_to(root))


def host_names(repo: Repo, words: str | None) -> frozenset[str]:
    """The hosts of `--host`; empty, for all, where it was not given. Raises UnknownName and Refused."""
    if words is None:
        return frozenset()
    from ..repo.select import parts_of

    names = frozenset(parts_of(words, "host"))
    for name in sorted(names - set(repo.hosts)):
        raise UnknownName("host", name, repo.hosts)
    return names


@contextmanager
def _audience(changing: Changing, output: Output) -> Iterator[Audience]:
    if output.json:
        yield _Silent(changing)
        return
    with ExitStack() as at_the_end, passing() as stage:
        yield _Console(changing, stage, at_the_end)


class _Silent(Struct, frozen=True):
    """JSON was asked for: nothing is said on the way."""

    changing: Changing

    def stage(self, text: str) -> None:
        """Nothing."""

    def at(self, stage: Stage) -> None:
        """Nothing."""
        _outlive_readers(stage)

    def approve(self, plan: Plan) -> bool:
        """Ask if something goes away, or much is disturbed."""
        return _may(plan, self.changing)

    def goes_back(self, plan: Plan) -> None:
        """Nothing."""

    def tell(self, _: Plan) -> Tell:
        """Nobody."""
        return lambda _: None


class _Console(Struct, frozen=True):
    """A person watches, or a file does."""

    changing: Changing
    show: Callable[[str], None]
    at_the_end: ExitStack

    def stage(self, text: str) -> None:
        """Show it in passing; and import what every run prints at its end, while it is the hosts' turn."""
        self.show(text)
        from ..report import plan  # noqa: F401

    def at(self, stage: Stage) -> None:
        """Of these the lines about the steps tell enough."""
        _outlive_readers(stage)

    def approve(self, plan: Plan) -> bool:
        """Show the plan; ask if something goes away, or much is disturbed."""
        self.stage("")
        print(_shown(plan, self.changing), flush=True)
        return _may(plan, self.changing)

    def goes_back(self, plan: Plan) -> None:
        """A line that tells what follows from what came before."""
        from ..report.summary import going_back_text
        from ..report.terminal import style

        self.stage("")
        print(going_back_text(plan, style=style(sys.stdout)), flush=True)

    def tell(self, plan: Plan) -> Tell:
        """The screen, from now on about this plan."""
        from ..report.live import live

        self.stage("")
        screen = live(plan, sys.stdout)
        self.at_the_end.callback(screen.close)
        return screen


def _outlive_readers(stage: Stage) -> None:
    """Before anything changes a run may end with its reader; from then on it goes on to its end."""
    from ..stage import Stage

    if stage is Stage.AGREED:
        outlive_readers()


def _may(plan: Plan, changing: Changing) -> bool:
    """A move's second half needs no question: its first half starts the service elsewhere."""
    going = dict.fromkeys(step.subject for step in plan.steps if step.verb.removes and not step.moved)
    asks = [*([f"remove {', '.join(going)}?"] if going else []), *plan.asks]
    return all(agree(question, yes=changing.yes) for question in asks)


def _shown(plan: Plan, changing: Changing) -> str:
    """The plan as text, without the questions that `--yes` has answered."""
    from ..report.plan import plan_text
    from ..report.terminal import style

    asked = replace(plan, asks=()) if changing.yes else plan
    return plan_text(asked, style=style(sys.stdout), verbose=changing.verbose, dry_run=changing.dry_run)


def _say(run: Run, changing: Changing) -> None:
    if run.declined:
        print("nothing was changed")
    elif run.report:
        from ..report.summary import summary_text
        from ..report.terminal import style

        print(summary_text(run.report, style=style(sys.stdout)))
    else:
        print(_shown(run.plan, changing))


def _status(run: Run, changing: Changing) -> int:
    if run.report and run.report.interrupted:
        return INTERRUPTED
    stuck = any(step.blocked for step in run.plan.steps)
    if run.declined or run.plan.faults or stuck or (run.report and not run.report.ok):
        return FAILED
    if changing.dry_run and changing.exit_code and run.plan.steps:
        return CHANGES
    return 0
