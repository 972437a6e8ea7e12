"""What to type next, after a run: the last of its last lines."""

from __future__ import annotations

from collections.abc import Iterator

from ..outcome import Outcome, Report, Status
from ..plan import Verb
from .columns import flow
from .phrase import listed
from .terminal import Style, Tint

INTERRUPTED = "interrupted"  # the reason that the walk gives for what a Ctrl-C ended
_DEPLOYS = ("deploy", "deploy-group", "deploy-all", "update-services")
_STARTS = ("ensure", "start")
_FEW = 3  # names in one command


def next_lines(report: Report, style: Style) -> Iterator[str]:
    """`next  inv status`, and what else there is to do."""
    head = "next  "
    for command, reason in _commands(report):
        yield from flow(style, [(head, Tint.BOLD)], [(command, Tint.CYAN), (reason, Tint.DIM)])
        head = " " * len(head)


def _commands(report: Report) -> Iterator[tuple[str, str]]:
    title = f"inv {report.plan.title}"
    if report.interrupted:
        yield title, "(begins anew)" if report.undone else "(goes on from here)"
        return
    if report.trouble:
        yield title, "(once that is mended)"
        return
    silent = _worth_reading(report)
    if silent:
        others = f"({len(silent) - _FEW} more failed)" if len(silent) > _FEW else ""
        yield f"inv logs {','.join(silent[:_FEW])} --tail 50", others
    if report.undone and report.undone.sick:
        names = dict.fromkeys(step.subject for step in report.undone.sick)
        yield f"inv deploy {','.join(names)} --force", "(makes new containers)"
    yield from _without_what_failed(report)
    if not report.ok:
        yield title, "(once that is mended)" if report.undone else "(once that is mended: it goes on from here)"
    elif stopped := [o.step.subject for o in report.outcomes if o.step.verb is Verb.STOP]:
        _, dashes, flags = report.plan.title.partition(" --")
        yield f"inv start {','.join(dict.fromkeys(stopped))}{dashes}{flags}", "(until then it stays stopped)"
    elif report.changed:
        yield "inv status", ""


def _worth_reading(report: Report) -> list[str]:
    """Services whose containers may say more; of a run that went back, those whose containers are still there."""
    failed = [o for o in report.of(Status.FAILED) if o.step.gate and o.why != INTERRUPTED]
    if report.undone:
        there = {step.key for step in report.undone.sick}
        failed = [outcome for outcome in failed if outcome.step.key in there]
    return list(dict.fromkeys(outcome.step.subject for outcome in failed))


def _without_what_failed(report: Report) -> Iterator[tuple[str, str]]:
    """Until another host gives again what services here need: the way on without it."""
    waiting = {} if report.undone else dict(_waiting_for_another_host(report))
    task, _, words = report.plan.title.partition(" ")
    if not waiting or task not in (*_DEPLOYS, *_STARTS):
        return
    names = list(dict.fromkeys(outcome.step.subject for outcome, _ in waiting.values()))
    missing = dict.fromkeys(f"{r.step.subject} on {r.step.host.name}" for _, roots in waiting.values() for r in roots)
    reason = f"(without {listed([*missing])})"
    if task in _DEPLOYS and len(names) <= _FEW:
        _, dashes, flags = words.replace("--no-deps", "").strip().partition("--")
        yield f"inv deploy {','.join(names)} --no-deps {dashes}{flags}".rstrip(), reason
    elif "--host" not in words:
        hosts = dict.fromkeys(outcome.step.host.name for outcome, _ in waiting.values())
        yield f"inv {report.plan.title} --host {','.join(hosts)}", reason


def _waiting_for_another_host(report: Report) -> Iterator[tuple[str, tuple[Outcome, tuple[Outcome, ...]]]]:
    for outcome in report.of(Status.SKIPPED):
        roots = report.roots(outcome.step)
        if roots and all(root.step.host != outcome.step.host for root in roots):
            yield outcome.step.key, (outcome, roots)
