"""The pages for those who come from somewhere else name all that they know, and only what is here."""

from __future__ import annotations

import re

import pytest

from homelab_tasks.justfile.parse import parse

from .justfiles import whole
from .test_docs import named, rows

# What the text around the Justfile calls, and no recipe defines
UNDEFINED = {"update-services", "deploy-sonarr", "deploy-radarr", "logs-sonarr"}


def test_every_recipe_has_its_row() -> None:
    recipes = {*parse("Justfile", whole()).recipes, "logs", "validate"} | UNDEFINED
    assert named(rows("docs/from-just.md", "Recipes")) == recipes


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
