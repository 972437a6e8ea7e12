"""The numbered steps of the pages, in an order that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
OF_THE_LAST_COMMIT = r"inv (?:env\.(?!init)|deploy|ensure|status|start|stop|restart|logs|pull-images)"


def steps(page: Path) -> list[str]:
    """The numbered lists of a page, each as one text."""
    return re.findall(r"^1\. .*(?:\n(?:\d+\. | {3}|$).*)*", page.read_text(), flags=re.MULTILINE)


def test_there_are_lists_of_steps() -> None:
    assert {page.stem for page in DOCS.glob("*.md") if steps(page)} >= {"adding", "from-just", "from-compose-farm"}


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_what_goes_by_the_last_commit_comes_after_the_commit(page: Path) -> None:
    wrong = []
    for text in steps(page):
        commit = re.search(r"git commit|\bCommit\b|Then commit", text)
        first = re.search(OF_THE_LAST_COMMIT, text)
        if commit and first and first.start() < commit.start():
            wrong.append(text[first.start() :].splitlines()[0])
    assert wrong == []
