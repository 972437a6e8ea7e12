"""The pages for those who come from somewhere else name all that they know, and only what is here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from homelab_tasks import ns
from homelab_tasks.justfile.parse import parse

from .justfiles import whole
from .test_docs import TOP, named, rows

PAGES = ("from-just.md", "from-compose-farm.md", "from-portainer.md")
# What the text around the Justfile calls, and no recipe defines
UNDEFINED = {"update-services", "deploy-sonarr", "deploy-radarr", "logs-sonarr"}


def test_every_recipe_has_its_row() -> None:
    recipes = {*parse("Justfile", whole()).recipes, "logs", "validate"} | UNDEFINED
    assert named(rows("docs/from-just.md", "Recipes")) == recipes


def ours(page: str) -> Iterator[tuple[str, str]]:
    """The tasks after `inv` in a page's code, also in the cells of tables, with the whole of it."""
    for code in re.findall(r"`([^`]+)`", (TOP / "docs" / page).read_text().replace("```", "")):
        yield from ((task, code) for task in re.findall(r"^inv ([\w.-]+)", code))


@pytest.mark.parametrize("page", PAGES)
def test_every_task_that_is_named_exists(page: str) -> None:
    found = list(ours(page))
    assert len(found) > 15
    assert [code for task, code in found if task not in ns.task_names] == []


@pytest.mark.parametrize(
    ("page", "section"),
    [
        ("from-just.md", "Recipes"),
        ("from-just.md", "Workflows"),
        ("from-compose-farm.md", "Commands"),
        ("from-portainer.md", "Commands"),
    ],
)
def test_every_row_says_what_takes_its_place(page: str, section: str) -> None:
    table = [row for row in rows(f"docs/{page}", section) if "here" not in row]
    assert len(table) > 10
    fine = r"`inv\b|nothing|`depends_on`|`docker compose`"
    assert [row for row in table if not re.search(fine, row[1])] == []
