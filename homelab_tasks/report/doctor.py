"""What the doctor found: this machine and each host as a block, what is wrong first to meet the eye."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ..doctor import Finding, State
from .columns import flow, plain
from .phrase import count, grouped
from .terminal import Style, Symbol, Tint

_MARKS = {
    State.OK: (Symbol.DONE, Tint.GREEN),
    State.NOTICE: (Symbol.WAITING, Tint.YELLOW),
    State.PROBLEM: (Symbol.FAILED, Tint.RED),
}
_WORDS = {State.OK: "ok", State.NOTICE: "notice", State.PROBLEM: "problem"}
_WIDEST = 15


def doctor_text(findings: Sequence[Finding], *, style: Style) -> str:
    """A block a place, and a last line that counts."""
    blocks = grouped((finding.place, finding) for finding in findings)
    lines: list[str] = []
    for place, found in blocks.items():
        lines += [style.paint(place, Tint.BOLD), *_block(found, style), ""]
    return "\n".join([*lines, style.paint(_last_line(findings), Tint.BOLD)])


def doctor_json(findings: Sequence[Finding]) -> str:
    """`ok`, and `findings`: place, topic, state (ok, notice, problem), said, mend."""
    rows = [
        {"place": f.place, "topic": f.topic, "state": f.state.value, "said": f.said, "mend": f.mend} for f in findings
    ]
    return json.dumps({"ok": is_well(findings), "findings": rows}, indent=2, ensure_ascii=False)


def is_well(findings: Sequence[Finding]) -> bool:
    """No problem among them."""
    return all(finding.state is not State.PROBLEM for finding in findings)


def _block(found: Sequence[Finding], style: Style) -> Iterator[str]:
    width = min(max(len(finding.topic) for finding in found), _WIDEST)
    for finding in found:
        symbol, tint = _MARKS[finding.state]
        head = [
            (f"  {style.mark(symbol)} ", tint),
            (f"{_WORDS[finding.state]:<8}", tint),
            (f"{finding.topic:<{width}}  ", Tint.DIM),
        ]
        yield from flow(style, head, [plain(finding.said)], hang=14 + width)
        if finding.mend:
            yield from flow(style, [(" " * (14 + width), Tint.PLAIN)], [(finding.mend, Tint.CYAN)])


def _last_line(findings: Sequence[Finding]) -> str:
    problems = sum(finding.state is State.PROBLEM for finding in findings)
    notices = sum(finding.state is State.NOTICE for finding in findings)
    tail = f", {count(notices, 'notice')}" if notices else ""
    return f"{count(problems, 'problem')}{tail}" if problems else f"all is well{tail}"
