"""The history as text, two lines a run, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..history import Change, Ending, Run
from ..plan import Verb
from .columns import Span, flow, plain
from .phrase import clean, did, duration, grouped, listed, moment, short
from .terminal import Style, Tint

_TINTS = {Ending.DONE: Tint.GREEN, Ending.RUNNING: Tint.CYAN, Ending.PUT_BACK: Tint.YELLOW}
_VERBS = {verb.value: verb for verb in Verb}


def history_text(runs: Sequence[Run], notes: Iterable[str], *, style: Style) -> str:
    """The runs, the newest first, and what could not be read of them."""
    lines = [line for run in runs for line in _run(run, style)] or ["no run is recorded"]
    lines += [line for note in notes for line in flow(style, [("note: ", Tint.YELLOW)], [plain(clean(note))])]
    return "\n".join(lines)


def history_json(runs: Sequence[Run], notes: Iterable[str], unfit: Iterable[tuple[str, str]]) -> str:
    """The same for programs: runs, notes, and the hosts that did not answer."""
    body = {"runs": [_plain(run) for run in runs], "notes": list(notes), "hosts": dict(unfit)}
    return json.dumps(body, indent=2, ensure_ascii=False)


def _run(run: Run, style: Style) -> Iterator[str]:
    head: list[Span] = [(f"{moment(run.at)}  ", Tint.BOLD)]
    seconds = f" in {duration(run.seconds)}" if run.ended else ""
    back = ", put back" if run.reverted and run.ending is not Ending.PUT_BACK else ""
    ending = run.ending.value + seconds + back
    facts = plain(f"{_move(run)} by {clean(run.by)}")
    yield from flow(style, head, [(f"{ending};", _TINTS.get(run.ending, Tint.RED)), facts])
    silent = f"; no end is written on {listed(run.silent)}" if run.silent and run.ended else ""
    left = f"; not put back: {'; '.join(map(clean, run.left))}" if run.left else ""
    left += "".join(f"; {clean(told)}" for told in run.aside)
    where = f"{clean(run.title)} on {listed(sorted(run.moves))}:"
    yield from flow(style, [plain("    ")], [plain(where), plain(_changed(run) + left + silent)])


def _move(run: Run) -> str:
    """`c0ffee1 -> deadbee`; `at deadbee` where no commit moved."""
    befores = {before for before, _ in run.moves.values()}
    afters = {after for _, after in run.moves.values()}
    after = short(max(afters)) if len(afters) == 1 else "several"
    if befores == afters:
        return f"at {after}" if any(afters) else ""
    before = (short(max(befores)) or "nothing") if len(befores) == 1 else "several"
    return f"{before} -> {after}"


def _changed(run: Run) -> str:
    """`updated plex, blog; failed vpn (why)`; what was meant where nobody wrote down what came of it."""
    parts = [
        f"{done} {listed([_name(change, run) for change in changes])}"
        for done, changes in grouped((_did(change), change) for change in run.changes).items()
    ]
    whys = dict.fromkeys(clean(change.why) for change in run.changes if change.why and _is_reason(change, run))
    return "; ".join([*parts, *whys]) or "nothing"


def _is_reason(change: Change, run: Run) -> bool:
    """Why it failed; of one that was skipped only where no host has written down its cause."""
    return change.status == "failed" or bool(
        change.cause and change.cause not in {f"{other.service}@{other.host}" for other in run.changes}
    )


def _did(change: Change) -> str:
    if change.status == "done":
        return did(_VERBS[change.verb]) if change.verb in _VERBS else change.verb
    return change.status or f"to {change.verb}"


def _name(change: Change, run: Run) -> str:
    service = clean(change.service)
    return service if len(run.moves) == 1 else f"{service}@{change.host}"


def _plain(run: Run) -> Mapping[str, object]:
    return {
        "run": run.id,
        "at": run.at,
        "by": run.by,
        "title": run.title,
        "hosts": [{"host": host, "from": before, "to": after} for host, (before, after) in sorted(run.moves.items())],
        "outcome": run.ending.value,
        "seconds": round(run.seconds, 3),
        "reverted": run.reverted,
        "left": list(run.left),
        "aside": list(run.aside),
        "changes": [_change(change) for change in run.changes],
        "silent": list(run.silent),
    }


def _change(change: Change) -> Mapping[str, str]:
    return {slot: getattr(change, slot) for slot in ("service", "host", "verb", "status", "why", "kept")}
