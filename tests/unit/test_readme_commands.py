"""Every command in the handbook and the READMEs names a task and flags that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_docs import PAGES, TOP, flags

READMES = sorted(file for folder in ("services", "nixos", "examples") for file in (TOP / folder).rglob("README*.md"))
# Invoke's own, in the place of a task
OF_INVOKE = ("--list", "--help", "--version", "--complete")
# Where a shell looks for a command: at the beginning of a line, and after what ends or begins another; or we name one
_COMMAND = re.compile(
    r"(?:^|[;&|(`]|\$ |\bsudo |^next |^to do it: )\s*(?:inv|homelab)(?: +([^\n;&|)#`]*)|$)", re.MULTILINE
)


def code(text: str) -> Iterator[str]:
    """Fenced blocks, indented ones, and what stands in backticks."""
    yield from re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (line.strip() for line in re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE))
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text))


def commands(text: str) -> Iterator[list[str]]:
    """The words after each `inv` and `homelab`; two blanks begin a remark."""
    for part in code(text):
        yield from (re.split(r" {2,}", found[1] or "")[0].split() for found in _COMMAND.finditer(part))


def faults(words: list[str]) -> Iterator[str]:
    """What is wrong with a command."""
    known = flags()
    if not words or words[0] in OF_INVOKE:
        return
    task, *rest = words
    if task not in known:
        yield f"no task {task}"
        return
    own = {*known[task], "--help"}
    given = (word.partition("=")[0].strip("[]") for word in rest)
    yield from (f"{task} has no flag {flag}" for flag in given if flag.startswith("--") and flag not in own)


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=lambda file: str(file.relative_to(TOP)))
def test_every_command_of_a_page_names_a_task_and_flags_that_exist(page: Path) -> None:
    found = [(" ".join(words), fault) for words in commands(page.read_text()) for fault in faults(words)]
    assert found == []


def test_the_readmes_name_most_of_what_is_used_every_day() -> None:
    tasks = {words[0] for readme in READMES for words in commands(readme.read_text()) if words}
    assert {"deploy", "destroy", "env.init", "env.push", "generate", "logs", "rollback", "stop"} <= tasks


def test_the_pages_name_every_task() -> None:
    tasks = {words[0] for page in PAGES for words in commands(page.read_text()) if words}
    assert set(flags()) <= tasks


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Say `inv depoly plex`, then look.", ["no task depoly"]),
        ("    inv deploy plex --dry-rum   (first)", ["deploy has no flag --dry-rum"]),
        ("    cd examples/demo && homelab lsit", ["no task lsit"]),
        ("```console\n$ inv stop plex --al=1\n```", ["stop has no flag --al"]),
        ("| `up x` | `inv depoly x` | better |", ["no task depoly"]),
        ("```\n✓ done\nnext  inv staus\n```", ["no task staus"]),
        ("```\nto do it: inv deploy plex --yse\n```", ["deploy has no flag --yse"]),
        ("a `inv` is `inv --list`, and `inv deploy\n  plex --dry-run` is one; inv lsit is prose", []),
        ("`inv logs plex | grep inv`, or `ls homelab nothing`", []),
        ("    inv env.push plex  (inv is said --here)", []),
    ],
)
def test_a_command_that_does_not_exist_is_found_in_code_and_nowhere_else(text: str, wrong: list[str]) -> None:
    assert [fault for words in commands(text) for fault in faults(words)] == wrong
