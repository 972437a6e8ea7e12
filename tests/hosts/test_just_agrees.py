"""Real `just` reads a Justfile as we do: recipes, parameters, dependencies, aliases and values."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from homelab_tasks.justfile.files import read
from homelab_tasks.justfile.recipe import Justfile, Parameter
from tests.unit.justfiles import ODD, whole

JUSTFILES = {
    **ODD,
    "a whole homelab": whole(),
    "imports": "set allow-duplicate-recipes\nimport 'more.just'\nimport? 'none.just'\nc: a\nb: c\n",
}


def said_by_just(file: Path) -> Any:
    """Its own dump; the tests' environment brings it (rust-just)."""
    just = shutil.which("just", path=str(Path(sys.executable).parent))
    assert just, "pip install rust-just"
    words = (just, "--justfile", str(file), "--dump", "--dump-format", "json")
    return json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)


@pytest.mark.parametrize("name", JUSTFILES)
def test_just_finds_the_same_in_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "Justfile").write_text(f"{JUSTFILES[name]}\nanother:\n", newline="")  # a file without any is none
    (tmp_path / "more.just").write_text("a:\nb: a\n")
    said = said_by_just(tmp_path / "Justfile")
    found = read(tmp_path / "Justfile", "Justfile")
    assert shape(found) == {name: shape_of_just(recipe) for name, recipe in said["recipes"].items()}
    assert found.aliases == {alias: one["target"] for alias, one in said["aliases"].items()}
    assert found.odd == ()


def shape(found: Justfile) -> dict[str, Any]:
    return {
        name: {
            "parameters": [(p.name, kind(p), bool(p.default)) for p in recipe.parameters],
            "before": [(need.name, len(need.arguments)) for need in recipe.before],
            "after": [(need.name, len(need.arguments)) for need in recipe.after],
            "has a body": bool(recipe.body),
            "is a script": bool(recipe.shebang),
        }
        for name, recipe in found.recipes.items()
    }


def kind(parameter: Parameter) -> str:
    if not parameter.variadic:
        return "singular"
    return "star" if parameter.optional else "plus"


def shape_of_just(recipe: Any) -> dict[str, Any]:
    needs = [(need["recipe"], len(need["arguments"])) for need in recipe["dependencies"]]
    return {
        "parameters": [(p["name"], kind_of_just(p), p["default"] is not None) for p in recipe["parameters"]],
        "before": needs[: recipe["priors"]],
        "after": needs[recipe["priors"] :],
        "has a body": bool(recipe["body"]),
        "is a script": recipe["shebang"],
    }


def kind_of_just(parameter: Any) -> str:
    """With a default, `+` may be left out as well as `*`."""
    kind = str(parameter["kind"])
    return "star" if kind == "plus" and parameter["default"] is not None else kind
