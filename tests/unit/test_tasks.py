"""Words of the command line: what repeats a run, what is refused, and what is said of a mistyped task."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from invoke.program import Program

from homelab_tasks import ns
from homelab_tasks.__main__ import _Homelab
from homelab_tasks.errors import HomelabError, Refused
from homelab_tasks.model import Repo
from homelab_tasks.pipeline import Run
from homelab_tasks.repo import at_commit
from homelab_tasks.tasks.console import _say, chosen
from homelab_tasks.tasks.flags import Changing, Deploying, typed
from homelab_tasks.tasks.operate import Destroying, Reading

from .builders import a_repo
from .report_builders import a_plan, a_step
from .test_docs import blocks

DOCS = Path(__file__).parents[2] / "docs"


def test_what_repeats_a_run_carries_the_flags_that_make_it_another() -> None:
    shown = Changing(dry_run=True, exit_code=True, yes=True, verbose=True)
    assert typed("deploy", "plex,son*", flags=(Deploying(), shown)) == "deploy 'plex,son*'"
    deploying = Deploying(no_deps=True, force=True, prune=True, allow_dirty=True)
    assert typed("deploy-all", flags=(deploying, Changing(host="h1, h2", timeout="5m"))) == (
        "deploy-all --no-deps --force --prune --allow-dirty --host 'h1, h2' --timeout 5m"
    )
    assert typed("destroy", "plex", flags=(Destroying(volumes=True), Changing())) == "destroy plex --volumes"


@pytest.mark.parametrize(("given", "seconds"), [(None, 0), ("90", 90), ("5m", 300), ("1m30s", 90), ("0.5", 0.5)])
def test_a_timeout_is_seconds_or_a_duration(given: str | None, seconds: float) -> None:
    assert Changing(timeout=given).patience == seconds


@pytest.mark.parametrize("given", ["", "abc", "-3", "nan", "1e9", "5 m"])
def test_another_timeout_is_refused(given: str) -> None:
    with pytest.raises(Refused) as caught:
        Changing(timeout=given)
    assert str(caught.value) == f"--timeout: {given!r} is no time; give seconds or a duration: 90, 5m, 1m30s"


@pytest.mark.parametrize("given", ["", "abc", "-5", "1.5"])
def test_a_tail_that_is_no_number_of_lines_is_refused(given: str) -> None:
    with pytest.raises(Refused) as caught:
        Reading(tail=given)
    assert str(caught.value) == f"--tail: {given!r} is no number of lines; give one from 0 on: --tail 50"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("deploy", "deploy of what? name a service: homelab deploy plex, or homelab deploy-all"),
        ("deploy-group", "deploy-group of what? name a group: homelab deploy-group media, or homelab deploy-all"),
        ("setup", "setup of what? name a host: homelab setup nas"),
        ("import-just", "import-just of what? name a file: homelab import-just Justfile"),
        ("stop", "stop of what? name a service: homelab stop plex"),
        ("deploy a b", "one word too many: b; names go together with commas: homelab deploy a,b"),
        ("status plex", "status takes names after a flag; homelab status --names plex"),
        ("deploy-all plex", "one word too many: plex; homelab --help deploy-all shows what it takes"),
        ("deploy plex --frce", "no flag --frce; homelab --help deploy shows them"),
        ("depoly plex", "no task 'depoly'; did you mean 'deploy'?"),
        ("--frce", "no flag --frce; homelab --help shows them"),
        ("deploy plex --host", "--host needs a value; homelab --help deploy shows which"),
    ],
)
def test_what_is_mistyped_is_told_with_what_to_type(
    typed: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _Homelab(namespace=ns).run(["homelab", *typed.split()], exit=False)
    assert capsys.readouterr().err == f"error: {sentence}\n"


@pytest.mark.parametrize("name", [name for name in ns.task_names if ns[name].positional])
def test_the_help_of_a_task_that_needs_a_word_is_asked_for_after_its_name_too(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for words in (["--help", name], [name, "--help"], [name, "--help", "plex"]):
        Program(namespace=ns, binary="inv[oke]").run(["inv", *words], exit=False)
        said.append(capsys.readouterr().out)
    assert said[0].startswith(f"Usage: inv[oke] [--core-opts] {name} [--options]")
    assert said[1:] == said[:1] * 2


@pytest.mark.parametrize("name", ["deploy", "env.push"])
def test_an_unknown_flag_in_the_place_of_a_word_is_told_where_the_known_ones_are(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        Program(namespace=ns).run(["inv", name, "--frce"], exit=False)
    assert capsys.readouterr().err == f"error: no flag --frce; inv --help {name} shows them\n"


@pytest.mark.parametrize(("given", "notes"), [({}, 1), ({"yes": True}, 0)])
def test_a_question_that_yes_answers_is_not_announced(
    given: dict[str, bool], notes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_plan(a_step("plex"), asks=("restart 2 of 3 running services?",))
    _say(Run(a_repo(), plan), Changing(**given, dry_run=True))
    assert capsys.readouterr().out.count("asks first") == notes


def test_a_picture_that_cannot_be_written_is_an_error(checkout: Path) -> None:
    argv = [sys.executable, "-m", "homelab_tasks", "graph", "--output", "no/x.svg"]
    done = subprocess.run(argv, cwd=checkout, capture_output=True, text=True, check=False)
    told = "cannot write no/x.svg: no such file or directory; give --output a file in a folder that is there"
    assert (done.returncode, done.stderr) == (1, f"error: {told} and may be written\n")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--system", "--system: none of the hosts has system: nixos; say so in hosts.yaml where it is NixOS"),
        ("--system --service plex", "--system with some services only: NixOS is a whole host's; leave one of them out"),
        ("--system --group media", "--system with some services only: NixOS is a whole host's; leave one of them out"),
        ("--service plex --group media", "--service with --group; leave one of them out"),
        ("--group media", "no group 'media'; there is no group yet"),
        ("--reboot", "--reboot without --system: no NixOS would change; leave it out, or add --system"),
    ],
)
def test_a_rollback_refuses_flags_that_could_do_nothing(flags: str, sentence: str, checkout: Path) -> None:
    argv = [sys.executable, "-m", "homelab_tasks", "rollback", *flags.split()]
    done = subprocess.run(argv, cwd=checkout, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"error: {sentence}\n")


def test_a_service_that_is_not_committed_is_told_apart_from_one_that_is_not_there(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "services/new").mkdir()
    (checkout / "services/new/compose.yml").write_text("services: {web: {image: web}}\n")
    monkeypatch.chdir(checkout)
    repo = at_commit(checkout)
    assert _refusal(repo, "new") == (
        "new is not committed, and only commits are deployed; git add services/new && git commit"
    )
    assert _refusal(repo, "old") == "no service 'old'; there is plex"
    (checkout / "services/new/.git").write_text("gitdir: elsewhere\n")
    assert _refusal(repo, "new") == (
        "new lies in services/new, a Git repo of its own (a submodule?), and only commits of this one are deployed; "
        "commit the files themselves, and remove its .git"
    )


@pytest.mark.parametrize("tasks", ["tasks.py", "tasks/__init__.py"])
def test_invoke_told_where_the_tasks_are_finds_their_homelab_from_elsewhere(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, tasks: str
) -> None:
    (checkout / tasks).parent.mkdir(exist_ok=True)
    (checkout / tasks).write_text("from homelab_tasks import ns\n")
    argv = [sys.executable, "-m", "invoke", "--search-root", str(checkout), "list", "--format=json"]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = subprocess.run(argv, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert (done.returncode, '"plex"' in done.stdout) == (0, True), done.stderr
    (elsewhere / "hosts.yaml").write_text("hosts: {nas: }\n")
    there = subprocess.run(argv, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert '"plex"' not in there.stdout


def _refusal(repo: Repo, words: str) -> str:
    with pytest.raises(HomelabError) as caught:
        chosen(repo, words)
    return str(caught.value)


def test_tasks_of_a_repo_are_listed_beside_ours(tmp_path: Path) -> None:
    (block,) = (block for block in blocks(DOCS / "everyday.md") if block.language == "python")
    (tmp_path / "tasks.py").write_text(block.text)
    done = subprocess.run([sys.executable, "-m", "invoke"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "your own\n  backup           Copy the library away.\n" in done.stdout


def test_a_letter_means_the_same_in_every_task() -> None:
    meant: dict[str, set[str]] = {}
    for name in ns.task_names:
        for argument in ns[name].get_arguments(ignore_unknown_help=True):
            for letter in argument.names[1:]:
                meant.setdefault(letter, set()).add(argument.name)
    assert meant == {
        "d": {"dry_run"},
        "f": {"follow"},
        "h": {"host"},
        "o": {"output"},
        "v": {"verbose"},
        "y": {"yes"},
    }
