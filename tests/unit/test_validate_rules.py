"""docs/rules.md has a section for each rule, and its examples do what it says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from homelab_tasks.validate import catalog
from homelab_tasks.validate.run import validate

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = (DOCS / "rules.md", *sorted(DOCS.glob("rules.d-*.md")))
NOT_RUN = {
    "R017": "root may read every folder",
    "N010": "it needs --deep",
    "C009": "it needs one certain Docker Compose",
}
NOT_RUN_FAMILIES = "H"  # they need hosts

_SECTION = re.compile(r"^## ([A-Z]\d{3}) ([a-z-]+)\n(.*?)(?=^## [A-Z]\d{3} |^# [A-Z]: |\Z)", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^(bad|good) `([^`\n]+)`(?:, ([^\n]+))?\n+```[a-z]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)

MINIMAL = {
    "compose.yml": "services:\n  app:\n    image: nginx:1.27.0\n    restart: unless-stopped\n",
    ".env.example": "",
    "README.md": "An example.\n",
    "service.yaml": "description: an example\n",
}
COMPOSE = {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}


@dataclass(frozen=True)
class File:
    path: str
    how: str
    text: str


@dataclass(frozen=True)
class Section:
    code: str
    name: str
    severity: str
    bad: tuple[File, ...] = field(repr=False)
    good: tuple[File, ...] = field(repr=False)


def sections() -> Iterator[Section]:
    for page in PAGES:
        for code, name, body in _SECTION.findall(page.read_text()):
            files = [(kind, File(path, how, text)) for kind, path, how, text in _FILE.findall(body)]
            said = re.match(r"`(error|warning|notice)` · \S", body)
            assert said, f"{page.name} {code}: begins with `severity` · the reason"
            bad, good = (tuple(f for kind, f in files if kind == wanted) for wanted in ("bad", "good"))
            yield Section(code, name, said[1], bad, good)


SECTIONS = {section.code: section for section in sections()}
RUN = [code for code in sorted(SECTIONS) if code not in NOT_RUN and code[0] not in NOT_RUN_FAMILIES]


def lay(root: Path, files: tuple[File, ...]) -> None:
    """A repo that is all right, with these files in it."""
    (root / "services").mkdir(parents=True)
    (root / "hosts.yaml").write_text("hosts:\n  nas: {address: 10.0.0.5}\n")
    for file in files:
        _write(root / file.path, file)
    for folder in {Path(file.path).parent for file in files if file.path.startswith("services/")}:
        if not any(file.how == "alone" for file in files if Path(file.path).parent == folder):
            _complete(root / folder)
    if any(file.how.startswith("in Git") for file in files):
        subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
        added = [file.path for file in files if file.how.startswith("in Git")]
        subprocess.run(["git", "add", "--force", *added], cwd=root, check=True)


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.how == "a folder":
        path.mkdir()
        return
    path.write_bytes(file.text.encode("latin-1" if file.how == "as Latin-1" else "utf-8"))
    mode = re.search(r"mode (0\d+)", file.how)
    path.chmod(int(mode[1], 8) if mode else 0o600 if path.name == ".env" else 0o644)


def _complete(folder: Path) -> None:
    there = {path.name for path in folder.iterdir()}
    for name, text in MINIMAL.items():
        if name not in there and not (name in COMPOSE and there & COMPOSE):
            (folder / name).write_text(text)


def codes(root: Path, files: tuple[File, ...]) -> set[str]:
    """Without asking other programs, so that an example says the same on every machine."""
    lay(root, files)
    return {problem.rule for problem in validate(root, quick=True).problems}


@pytest.mark.parametrize("code", RUN)
def test_the_bad_example_is_found(code: str, tmp_path: Path) -> None:
    assert code in codes(tmp_path / "homelab", SECTIONS[code].bad)


@pytest.mark.parametrize("code", RUN)
def test_the_good_example_is_not(code: str, tmp_path: Path) -> None:
    assert code not in codes(tmp_path / "homelab", SECTIONS[code].good)


def test_every_rule_has_a_section_and_every_section_a_rule() -> None:
    documented = {code: (section.name, section.severity) for code, section in SECTIONS.items()}
    assert documented == {rule.code: (rule.name, rule.severity.value) for rule in catalog.rules(remote=True)}


def test_no_code_and_no_name_is_given_twice() -> None:
    codes, names = ([getattr(rule, part) for rule in catalog.rules(remote=True)] for part in ("code", "name"))
    assert len(set(codes)) == len(codes)
    assert len(set(names)) == len(names)


def test_every_section_has_both_examples() -> None:
    assert [code for code in RUN if not (SECTIONS[code].bad and SECTIONS[code].good)] == []
