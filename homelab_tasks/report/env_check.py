"""What is wrong with `.env` files, as text and JSON: names of keys, never a value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from posixpath import basename

from ..commands.env import Kind
from ..envs.check import Check, Checked, Finding, Wrong
from ..envs.diff import spoken
from ..problem import Severity
from .columns import Row, Span, table
from .env import LIES, place
from .phrase import grouped, listed
from .terminal import Style, Tint

_OF_KEYS = {
    (Wrong.MISSING, Severity.ERROR): "missing",
    (Wrong.MISSING, Severity.NOTICE): "not set, and not needed",
    (Wrong.EMPTY, Severity.ERROR): "empty",
    (Wrong.PLACEHOLDER, Severity.ERROR): "still a placeholder",
    (Wrong.EXTRA, Severity.NOTICE): "in no template",
}


def check_text(check: Check, *, style: Style) -> str:
    """A row for each file; what is wrong comes with the next move."""
    needed = [one for one in check.checked if one.findings or one.judged.kind is not Kind.ABSENT]
    if not needed:
        return "no .env is needed"
    rows: list[Row] = [[*place(one.service, one.where or "here"), _verdict(one)] for one in needed]
    return "\n".join(table(style, ("SERVICE", "WHERE", ".ENV"), rows))


def check_json(check: Check) -> str:
    """The same for programs."""
    files = [
        {
            "service": one.service,
            "where": one.where or "here",
            "path": one.path,
            "kind": one.judged.kind.value,
            "mode": f"{one.judged.mode:o}" if one.judged.mode else "",
            "ok": one.ok,
            "problems": [_finding_json(finding) for finding in one.findings],
        }
        for one in check.checked
    ]
    return json.dumps({"ok": check.ok, "files": files, "unreachable": dict(check.lost)}, indent=2)


def _verdict(one: Checked) -> Span:
    parts = [*_about_file(one.findings, one), *_about_keys(one.findings)]
    name = f"{basename(one.path)}: " if one.other else ""
    if one.ok:
        right = "there" if one.other else "right"
        said = "; ".join([right if one.judged.readable else "none", *parts])
        return f"{name}{said}", Tint.GREEN if one.judged.readable and not parts else Tint.PLAIN
    return name + "; ".join([*parts, _move(one)]), Tint.RED


def _about_file(findings: Iterable[Finding], one: Checked) -> Iterator[str]:
    for finding in findings:
        match finding.wrong:
            case Wrong.NO_FILE if finding.detail:
                yield f"no file, and needed: {finding.detail}"
            case Wrong.NO_FILE if finding.severity is Severity.ERROR:
                yield "no file, and Compose stops without it"
            case Wrong.UNREADABLE:
                yield LIES[one.judged.kind]
            case Wrong.STOPS:
                yield f"Compose stops at line {finding.detail}"
            case Wrong.MODE:
                yield f"mode {finding.detail}, so others may read it"
            case _:
                pass


def _about_keys(findings: Iterable[Finding]) -> Iterator[str]:
    keys = grouped(((f.wrong, f.severity), spoken(f.key)) for f in findings if f.key)
    for kind, names in keys.items():
        yield f"{_OF_KEYS[kind]}: {listed(names)}"


def _move(one: Checked) -> str:
    wrong = {finding.wrong for finding in one.findings if finding.severity is Severity.ERROR}
    at = f" --host {one.where}" if one.where else ""
    if wrong == {Wrong.MODE}:
        return f"chmod 600 {one.path}" + (f" on {one.where}" if one.path.startswith("/") else "")
    if one.other:
        place = f" on {one.where}" if one.path.startswith("/") else ""
        made = f"make {one.path}{place}" + (f" from {one.template}" if one.template else "")
        return made if one.judged.kind is Kind.ABSENT else f"look at {one.path}{place}"
    if one.judged.kind is Kind.ABSENT and at and one.path.startswith("/"):
        return f"inv env.push {one.service}{at}"
    if one.judged.kind is Kind.ABSENT:
        return f"inv env.init --names {one.service}" if one.template else f"write {one.path}"
    return f"inv env.edit {one.service}{at}" if at and one.path.startswith("/") else f"edit {one.path}"


def _finding_json(finding: Finding) -> dict[str, str]:
    said = {"problem": finding.wrong.value, "severity": finding.severity.value}
    said |= {"key": spoken(finding.key)} if finding.key else {}
    return said | ({"detail": finding.detail} if finding.detail else {})
