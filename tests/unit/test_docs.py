"""What the docs say is so: tasks, flags, keys, causes, examples, links and rooms."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from invoke.program import Program

from homelab_tasks import ns
from homelab_tasks.model import CheckKind, Health, Host, Reaction, Reason
from homelab_tasks.outcome import Outcome, Report, Status
from homelab_tasks.plan import Plan, Step, Verb
from homelab_tasks.repo import load, worktree
from homelab_tasks.repo.document import Map, document
from homelab_tasks.repo.hosts import Checkout, read_inventory
from homelab_tasks.repo.settings import read_settings
from homelab_tasks.report import as_json
from homelab_tasks.report.graph import draw
from tests.unit.builders import a_host

TOP = Path(__file__).resolve().parents[2]
PAGES = (TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "CHANGELOG.md", *sorted((TOP / "docs").glob("*.md")))
# Their examples are faulty on purpose, and run by test_validate_rules
OF_RULES = TOP / "docs/rules.md"
# Their commands are run by tests/hosts/test_handbook, in order, on real hosts
ON_HOSTS = tuple(TOP / f"docs/{name}.md" for name in ("start", "everyday", "emergency", "recovery"))
OFFLINE = ("list", "show", "graph")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the language of its fence, its lines, and the heading that it stands under."""

    language: str
    lines: tuple[str, ...]
    section: str

    @property
    def title(self) -> str:
        """The file that the block shows, by the comment on its first line."""
        return self.lines[0].removeprefix("# ") if self.lines[0].startswith("# ") else ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def blocks(page: Path) -> Iterator[Block]:
    section, language, inside, lines = "", "", False, list[str]()
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            if inside:
                yield Block(language, tuple(lines), section)
            inside, language, lines = not inside, line.removeprefix("```"), []
        elif inside:
            lines.append(line)
        elif line.startswith("#"):
            section = line


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def rows(page: str, section: str = "") -> list[list[str]]:
    """The cells of every row of the tables on a page, or under one heading."""
    text = (TOP / page).read_text()
    if section:
        text = text.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def named(cells: Iterable[list[str]]) -> set[str]:
    """The words in backticks in the first cells."""
    return {word for row in cells for word in re.findall(r"`([^`]+)`", row[0])}


def flags() -> dict[str, set[str]]:
    return {str(context.name): {f for f in context.flags if f.startswith("--")} for context in ns.to_contexts()}


# Tasks and flags


def test_the_readme_lists_every_task_and_no_other() -> None:
    listed = [name.removeprefix("inv ").split()[0] for name in named(rows("README.md", "Everyday commands"))]
    assert sorted(listed) == sorted(ns.task_names)


def test_every_flag_after_a_task_exists() -> None:
    wrong = [
        f"{page.name}: inv {task} {flag}"
        for page in PAGES
        for task, rest in re.findall(r"\binv ([a-z.-]+)([^`\n]*)", page.read_text())
        if task in flags()
        for flag in re.findall(r"(?<!\S)--[a-z-]+", re.split(r" {2,}", rest)[0])
        if flag not in {*flags()[task], "--help"}
    ]
    assert wrong == []


def test_every_flag_in_the_text_is_one_of_ours() -> None:
    known = {flag for of_task in flags().values() for flag in of_task}
    found = {(page.name, flag) for page in PAGES for flag in re.findall(r"`(--[\w-]+)[` ]", prose(page))}
    assert sorted((page, flag) for page, flag in found if flag not in known) == []


def test_every_flag_is_in_the_table_or_is_a_named_argument() -> None:
    own = {f"--{arg.name}" for context in ns.to_contexts() for arg in context.positional_args}
    known = {flag for of_task in flags().values() for flag in of_task}
    listed = named(rows("docs/deploy.md", "Flags"))
    assert known - own - {flag for flag in listed if flag.startswith("--")} == set()


def test_every_task_fits_a_line_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    Program(namespace=ns).run(["homelab", "--list"], exit=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert [line for line in lines if len(line) > 80] == []
    assert len(lines) == len(ns.task_names)


def test_the_help_of_every_task_fits_the_narrowest_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for task in ns.task_names:
        Program(namespace=ns).run(["homelab", "--help", task], exit=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 10 * len(ns.task_names)
    assert [line for line in lines if len(line) > 80] == []


# Keys


class Asked(Map):
    """A mapping that remembers which keys a loader asked it for."""

    __slots__ = ("keys_asked",)

    def __init__(self, **content: Any) -> None:
        super().__init__(document("", b"{}").node)
        self.keys_asked: list[str] = []
        self.nodes.update(dict.fromkeys(content, (self.node, self.node)))
        self.update(content)

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_asked.append(key)
        return super().get(key, default)


def asked_by_hosts_yaml() -> dict[str, set[str]]:
    defaults, host, group, network = Asked(), Asked(), Asked(), Asked()
    top = Asked(defaults=defaults, hosts=Asked(nas=host), groups=Asked(media=group), networks=Asked(cameras=network))
    read_inventory(top, Checkout(TOP, TOP), [])
    everywhere = set(defaults.keys_asked) & set(host.keys_asked)
    return {
        "Top level": set(top.keys_asked),
        "In `defaults` and in a host": everywhere,
        "In `defaults` only": set(defaults.keys_asked) - everywhere,
        "In a host only": set(host.keys_asked) - everywhere,
        "In a group": set(group.keys_asked),
        "In a network": set(network.keys_asked),
    }


@pytest.mark.parametrize("section", asked_by_hosts_yaml())
def test_the_keys_of_hosts_yaml_are_those_that_the_loader_knows(section: str) -> None:
    assert first_words(rows("docs/hosts.yaml.md", section)) == asked_by_hosts_yaml()[section]


def test_the_keys_of_service_yaml_are_those_that_the_loader_knows() -> None:
    selector = Asked(tags="x")
    hook = Asked(run="x")
    hooks = Asked(before_deploy=hook)
    settings = Asked(host=selector, hooks=hooks)
    read_settings(settings, "services/plex", {"nas": a_host()}, Health(), [])
    documented = first_words(rows("docs/service.yaml.md"))
    kinds = {kind.value for kind in CheckKind}
    reactions = {"signal:HUP", *(r.value for r in Reaction if r is not Reaction.SIGNAL)}
    known = {*settings.keys_asked, *selector.keys_asked, *hooks.keys_asked, *hook.keys_asked, *kinds, *reactions}
    assert documented == known - {"group"}  # said in the row of `groups`


def first_words(table: list[list[str]]) -> set[str]:
    return {word for row in table if (word := row[0].strip("`")) not in ("key", "value")}


@pytest.mark.parametrize(
    ("page", "key", "default"),
    [
        ("docs/hosts.yaml.md", "path", Host("", "").path),
        ("docs/hosts.yaml.md", "data", Host("", "").data),
        ("docs/hosts.yaml.md", "parallel", f"{Host('', '').parallel}"),
        ("docs/hosts.yaml.md", "connect_timeout", f"{Host('', '').connect_timeout:g}"),
        ("docs/hosts.yaml.md", "timeout", f"{Health().timeout:g}"),
        ("docs/hosts.yaml.md", "settle", f"{Health().settle:g}"),
        ("docs/service.yaml.md", "timeout", f"{Health().timeout:g}"),
        ("docs/service.yaml.md", "settle", f"{Health().settle:g}"),
    ],
)
def test_a_default_is_the_one_of_the_model(page: str, key: str, default: str) -> None:
    (row,) = [row for row in rows(page) if row[0] == f"`{key}`"]
    assert re.findall(r"`([^`]+)`", row[2])[-1] == default


def test_the_reasons_of_edges_are_those_of_the_model() -> None:
    assert first_words(rows("docs/dependencies.md")) - {"reason"} == {reason.value for reason in Reason}


def test_the_keys_of_the_json_are_documented() -> None:
    step = Step("plex@nas", Verb.UPDATE, "plex", a_host())
    body = json.loads(as_json.run(Plan("deploy plex"), Report(Plan("deploy plex", steps=(step,)), (done(step),))))
    text = (TOP / "docs/deploy.md").read_text().split("## JSON\n")[1]
    assert named(rows("docs/deploy.md", "JSON")) == set(body)
    assert [key for key in body["steps"][0] if f"`{key}`" not in text] == []


def done(step: Step) -> Outcome:
    return Outcome(step, Status.DONE)


# Examples


def homelabs() -> Iterator[tuple[str, dict[str, str]]]:
    """The YAML files shown under one heading, with the page and heading."""
    for page in (page for page in PAGES if page != OF_RULES):
        shown: dict[str, dict[str, str]] = {}
        for block in blocks(page):
            if block.language == "yaml":
                shown.setdefault(block.section, {})[block.title] = block.text
        yield from ((f"{page.name} {section}", files) for section, files in shown.items())


@pytest.mark.parametrize(("place", "files"), list(homelabs()))
def test_the_files_under_a_heading_load(place: str, files: dict[str, str], tmp_path: Path) -> None:
    """A hosts.yaml begins a homelab of its own; other files stand in the place of those of this repo."""
    if "hosts.yaml" not in files:
        shutil.copy(TOP / "hosts.yaml", tmp_path)
        shutil.copytree(TOP / "services", tmp_path / "services")
    for path, text in files.items():
        assert re.fullmatch(r"hosts\.yaml|services/\S+\.ya?ml", path), f"{place}: what file is {path!r}?"
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert load(worktree(tmp_path)).hosts


def commands() -> Iterator[tuple[str, str]]:
    """Each command of a console block, with the output that is shown for it."""
    for page in (page for page in PAGES if page not in ON_HOSTS):
        for block in blocks(page):
            if block.language == "console":
                for part in block.text.removeprefix("$ ").split("\n$ "):
                    command, _, output = part.partition("\n")
                    yield command, output


@pytest.mark.parametrize(("command", "output"), list(commands()))
def test_a_command_prints_what_is_shown(command: str, output: str) -> None:
    """On this repo's own homelab. A line of three dots stands for any lines."""
    program, task, *rest = shlex.split(command)
    assert program == "inv"
    assert task in OFFLINE
    said = StringIO()
    with chdir(TOP), redirect_stdout(said), redirect_stderr(StringIO()):
        Program(namespace=ns).run(["inv", task, *rest], exit=False)
    assert re.fullmatch(_pattern(output), said.getvalue().rstrip("\n") + "\n", re.DOTALL), said.getvalue()


def _pattern(output: str) -> str:
    return "".join("(.*\n)?" if line == "..." else re.escape(f"{line}\n") for line in output.splitlines())


def test_the_picture_is_that_of_the_demo() -> None:
    drawn = draw(load(worktree(TOP / "examples/demo")), format="svg")
    renew = "cd examples/demo && inv graph --output ../../docs/demo.svg"
    assert (TOP / "docs/demo.svg").read_text() == drawn, renew


# Sentences

# What stands for something else in a sentence: an example's name, or a word with a digit or punctuation in it
STANDS_IN = (
    r"\b(?:nas|plex|blog|web|hl15|tdarr|admin|media|TITLE|TZ|x|y|docker|git|bash|old|http|tcp|command|updating|services?)"
    r"\b(?!\S)|\S*[\d/@.:'$;,=~>-]\S*"
)


def sentences() -> Iterator[str]:
    for line in (TOP / "docs/troubleshooting.md").read_text().splitlines():
        if line.startswith("- `"):
            yield from re.findall(r"`([^`]+)`", line)


def test_every_sentence_that_is_explained_is_still_said() -> None:
    code = "".join(path.read_text() for path in sorted((TOP / "homelab_tasks").rglob("*.py")))
    pieces = [(part.strip(), sentence) for sentence in sentences() for part in re.split(STANDS_IN, sentence)]
    assert len(pieces) > 60
    assert [sentence for part, sentence in pieces if " " in part and part not in code] == []


# Links and rooms


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        yield from ((page, target) for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)))


@pytest.mark.parametrize(("page", "target"), [(p, t) for p, t in links() if not t.startswith("https://")])
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    there = (page.parent / path).resolve() if path else page
    assert there.is_file()
    assert not anchor or anchor in anchors(there)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_room_is_in_the_architecture_and_no_other() -> None:
    entries = [path for path in (TOP / "homelab_tasks").iterdir() if path.suffix == ".py" or path.is_dir()]
    there = {path.stem for path in entries if not path.name.startswith("__")}
    assert first_words(rows("docs/architecture.md", "The rooms")) - {"room"} == there
