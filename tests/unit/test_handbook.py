"""The handbook as a whole: each page has its place, what is made from the code is current, and the site builds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.handbook import NotBuilt, build
from scripts.reference import reference

TOP = Path(__file__).resolve().parents[2]
DOCS = TOP / "docs"


class Config(yaml.SafeLoader):
    """Reads past the name of a Python function, which Zensical looks up."""


Config.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def config() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((TOP / "mkdocs.yml").read_text(), Config)  # noqa: S506 - no tag makes an object
    return found


def pages(nav: Any) -> Iterator[str]:
    """The files that the navigation names, in order."""
    if isinstance(nav, str):
        yield nav
    else:
        for inner in nav.values() if isinstance(nav, dict) else nav:
            yield from pages(inner)


def test_every_page_has_one_place_in_the_navigation() -> None:
    assert sorted(pages(config()["nav"])) == sorted(path.name for path in DOCS.glob("*.md"))


def test_the_navigation_has_four_parts() -> None:
    assert [part for entry in config()["nav"] for part in entry] == ["Start", "Every day", "Reference", "Inside"]


def test_the_reference_of_tasks_is_current() -> None:
    assert (DOCS / "reference.md").read_text() == reference(), "python -m scripts.reference"


def test_every_picture_is_shown() -> None:
    shown = {name for page in DOCS.glob("*.md") for name in re.findall(r"!\[[^]]*\]\(([\w./-]+)\)", page.read_text())}
    of_readme = set(re.findall(r"\]\(docs/([\w.-]+\.svg)\)", (TOP / "README.md").read_text()))
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.svg")}
    assert there == {name for name in shown | of_readme if name.endswith(".svg")}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A handbook of one page."""
    pytest.importorskip("zensical", reason="Zensical is not installed: pip install zensical")
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: a\nuse_directory_urls: false\nnav: [index.md]\n")
    (tmp_path / "docs/index.md").write_text("# Page\n")
    return tmp_path


def test_a_file_beside_the_docs_comes_along(book: Path) -> None:
    (book / "examples").mkdir()
    (book / "examples/a.yml").write_text("a: 1\n")
    (book / "docs/index.md").write_text("# Page\n\n[a](../examples/a.yml)\n")
    site = build(book)
    assert (site / "files/examples/a.yml").read_text() == "a: 1\n"
    assert 'href="files/examples/a.yml"' in (site / "index.html").read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a](nowhere.md)", "page does not exist"),
        ("[a](index.md#nowhere)", "anchor does not exist"),
        ("![a](nowhere.svg)", "nowhere.svg, in index.md: leads nowhere"),
        ("[a](../nowhere.yml)", "files/nowhere.yml, in index.md: leads nowhere"),
    ],
)
def test_a_link_that_leads_nowhere_stops_the_build(book: Path, text: str, said: str) -> None:
    (book / "docs/index.md").write_text(f"# Page\n\n{text}\n")
    with pytest.raises(NotBuilt) as stopped:
        build(book)
    assert said in str(stopped.value)
