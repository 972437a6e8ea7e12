"""The env tasks on this machine as a host: in place, and in a checkout of its own; and what they refuse."""

from __future__ import annotations

import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from invoke.program import Program

from homelab_tasks import ns
from homelab_tasks.envs.edit import Fetched, revise
from homelab_tasks.envs.reach import Unit
from homelab_tasks.envs.scratch import _in_memory, edited
from homelab_tasks.errors import Refused

from .builders import a_host, a_service


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one task."""

    status: int
    out: str
    err: str


def inv(checkout: Path, *words: str) -> Done:
    """Run a task in this process; nobody is at its terminal."""
    out, err, status = StringIO(), StringIO(), 0
    former, sys.stdin = sys.stdin, StringIO()
    with chdir(checkout), redirect_stdout(out), redirect_stderr(err):
        try:
            Program(namespace=ns).run(["inv", *words], exit=False)
        except SystemExit as end:
            status = int(end.code or 0)
        finally:
            sys.stdin = former
    return Done(status, out.getvalue(), err.getvalue())


def runs_at(checkout: Path, path: Path) -> None:
    """The host of the homelab is this machine, its checkout at `path`; plex needs TOKEN."""
    (checkout / "hosts.yaml").write_text(f"hosts: {{nas: {{connection: local, path: '{path}'}}}}\n")
    (checkout / ".gitignore").write_text(".env\n")
    compose = "services: {web: {image: 'web:1', environment: ['TOKEN=${TOKEN:?}']}}\n"
    (checkout / "services/plex/compose.yml").write_text(compose)
    (checkout / "services/plex/.env.example").write_text("# generate\nTOKEN=\n")
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)
    subprocess.run(["git", "commit", "--quiet", "--message=x"], cwd=checkout, check=True)


def test_where_the_file_here_is_the_one_that_runs_nothing_is_sent(checkout: Path) -> None:
    runs_at(checkout, checkout)
    wrong = inv(checkout, "env.check")
    assert (wrong.status, wrong.out.splitlines()[1]) == (
        1,
        "plex     nas    no file, and needed: TOKEN; inv env.init --names plex",
    )
    assert inv(checkout, "env.init", "--generate").out == ("made services/plex/.env: 1 key\n  random values: TOKEN\n")
    assert inv(checkout, "env.push", "plex").out == "plex on nas: the file here is the one that runs; nothing to send\n"
    right = inv(checkout, "env.check")
    assert (right.status, right.out.splitlines()[1]) == (0, "plex     nas    right")
    assert inv(checkout, "env.init").out == "nothing to do: every service with a template has its .env\n"


def test_this_machine_may_have_a_checkout_of_its_own(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    there = tmp_path_factory.mktemp("opt")
    runs_at(checkout, there)
    (checkout / "services/plex/.env").write_text("TOKEN=hunter2\n")
    (checkout / "services/plex/.env").chmod(0o644)
    done = inv(checkout, "env.push", "plex")
    assert done.out.splitlines()[-1] == "plex on nas: written; the next deploy takes it up"
    assert done.err == ("warning: others may read services/plex/.env; chmod 600 services/plex/.env\n")
    laid = there / "services/plex/.env"
    assert (laid.read_text(), laid.stat().st_mode & 0o777) == ("TOKEN=hunter2\n", 0o600)
    assert '"title":"env.push plex","ok":true' in (there / ".git/homelab/journal.jsonl").read_text()
    assert "equal: 1 key" in inv(checkout, "env.diff", "plex").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["env.push", "plex"], "no .env here for plex; inv env.init --names plex"),
        (["env.push", "plx"], "no service 'plx'; did you mean 'plex'?"),
        (["env.init", "--names", "blog"], "blog has no template; write services/blog/.env.example"),
        (["env.diff", "plex", "--host", "h2"], "none of these runs on h2; inv list shows what runs where"),
        (["env.edit", "*"], "2 services are meant; one at a time is edited"),
        (["env.edit", "blog"], "blog runs on nas, h2; say which: --host NAME"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_next_move(checkout: Path, words: list[str], sentence: str) -> None:
    runs_at(checkout, checkout)
    (checkout / "hosts.yaml").write_text("hosts: {nas: , h2: }\n")
    (checkout / "services/plex/service.yaml").write_text("host: nas\n")
    (checkout / "services/blog").mkdir()
    (checkout / "services/blog/compose.yml").write_text("services: {web: {image: 'web:1'}}\n")
    (checkout / "services/blog/service.yaml").write_text("hosts: [nas, h2]\n")
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)
    subprocess.run(["git", "commit", "--quiet", "--message=x"], cwd=checkout, check=True)
    done = inv(checkout, *words)
    assert (done.status, done.err) == (1, f"error: {sentence}\n")


def reads_another(checkout: Path, there: Path) -> None:
    """As in `runs_at`; and paperless reads an env file of another name, blog reads none."""
    runs_at(checkout, there)
    for name, line in {"paperless": "env_file: [docker-compose.env]", "blog": "init: true"}.items():
        (checkout / f"services/{name}").mkdir()
        (checkout / f"services/{name}/compose.yml").write_text(f"services: {{web: {{image: 'web:1', {line}}}}}\n")
    (checkout / "services/paperless/docker-compose.env.example").write_text("A=1\n")
    (checkout / ".gitignore").write_text("*.env\n")
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)
    subprocess.run(["git", "commit", "--quiet", "--message=x"], cwd=checkout, check=True)


def test_an_env_file_of_another_name_is_looked_for_and_told_how_to_make(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = tmp_path_factory.mktemp("opt")
    reads_another(checkout, there)
    file = there / "services/paperless/docker-compose.env"
    wrong = inv(checkout, "env.check", "--names", "paperless,blog")
    move = f"make {file} on nas from services/paperless/docker-compose.env.example"
    said = f"paperless  nas    docker-compose.env: no file, and Compose stops without it; {move}"
    assert (wrong.status, wrong.out.splitlines()[1:]) == (1, [said])
    file.parent.mkdir(parents=True)
    file.write_text("A=1\n")
    right = inv(checkout, "env.check", "--names", "paperless")
    assert (right.status, right.out.splitlines()[1:]) == (0, ["paperless  nas    docker-compose.env: there"])


def test_a_comparison_has_the_env_files_of_other_names(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    reads_another(checkout, tmp_path_factory.mktemp("opt"))
    (checkout / "services/paperless/docker-compose.env").write_text("A=1\n")
    assert inv(checkout, "env.diff", "paperless").out.splitlines()[1:] == [
        "paperless  nas   none on either side",
        "paperless  nas   docker-compose.env: none there, and it is not sent",
    ]


def test_where_a_container_is_given_a_file_that_nobody_wrote_the_check_says_so(checkout: Path) -> None:
    runs_at(checkout, checkout)
    (checkout / "services/plex/.env.example").unlink()
    (checkout / "services/plex/compose.yml").write_text("services: {web: {image: 'web:1', env_file: .env}}\n")
    subprocess.run(["git", "commit", "--quiet", "--all", "--message=x"], cwd=checkout, check=True)
    done = inv(checkout, "env.check")
    told = "plex     nas    no file, and Compose stops without it; write services/plex/.env"
    assert (done.status, done.out.splitlines()[1]) == (1, told)
    assert inv(checkout, "env.push", "plex").err == (
        "error: no .env here for plex, and no template; write services/plex/.env\n"
    )


def test_to_send_all_asks_for_no_file_of_a_service_that_needs_none(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    reads_another(checkout, tmp_path_factory.mktemp("opt"))
    (checkout / "services/plex/.env").write_text("TOKEN=hunter2\n")
    assert inv(checkout, "env.push", "*", "--dry-run").out.splitlines()[2:] == [
        "blog: needs no .env",
        "paperless: needs no .env, and docker-compose.env is not sent; inv env.check --names paperless",
    ]


def test_without_a_terminal_what_is_open_is_named(checkout: Path) -> None:
    runs_at(checkout, checkout)
    (checkout / ".gitignore").unlink()
    done = inv(checkout, "env.init", "--names", "plex")
    assert (done.status, done.out) == (1, "made services/plex/.env: 1 key\n")
    assert done.err == (
        "error: services/plex/.env still needs TOKEN; edit it\n"
        "warning: Git does not ignore services/plex/.env; add .env to .gitignore\n"
    )


def test_a_committed_file_is_not_sent(checkout: Path) -> None:
    runs_at(checkout, checkout)
    (checkout / "services/plex/.env").write_text("TOKEN=hunter2\n")
    subprocess.run(["git", "add", "--all", "--force"], cwd=checkout, check=True)
    subprocess.run(["git", "commit", "--quiet", "--message=x"], cwd=checkout, check=True)
    done = inv(checkout, "env.push", "plex")
    assert done.err == (
        "error: services/plex/.env is committed, so a deploy delivers it; "
        "git rm --cached services/plex/.env (hosts keep theirs), and change its secrets: Git has them for ever\n"
    )


FETCHED = Fetched(Unit(a_service(), a_host()), "absent", "A=1\n")


def test_an_edit_goes_on_until_compose_can_read_it() -> None:
    texts = iter(["A='open\n", "A=2\n"])
    asked: list[str] = []

    def again(what: str) -> bool:
        asked.append(what)
        return True

    assert revise(FETCHED, lambda _: next(texts), again) == "A=2\n"
    assert len(asked) == 1
    assert "open" not in asked[0]


def test_an_edit_that_changes_nothing_is_none() -> None:
    assert revise(FETCHED, lambda text: text, lambda _: False) is None


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"EDITOR": "no-such-editor"}, "no editor 'no-such-editor'; say which: EDITOR=nano"),
        ({"VISUAL": "'"}, 'no editor "\'"; say which: EDITOR=nano'),
        ({"EDITOR": "false"}, "false ended with status 1; nothing was changed"),
    ],
)
def test_an_editor_that_fails_is_told(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        edited("A=1\n", "plex.env", environ)
    assert str(caught.value) == sentence


def test_a_file_that_is_no_text_survives_an_edit() -> None:
    assert edited("A=\udcff\r\n", "plex.env", {"EDITOR": "true"}) == "A=\udcff\r\n"


def test_a_folder_on_a_disk_is_not_taken_for_one_in_memory(tmp_path: Path) -> None:
    assert _in_memory("/dev/shm")
    assert not _in_memory("/proc")
    assert not _in_memory(str(tmp_path / "nothing"))


@pytest.mark.parametrize(("name", "copies"), [("vim", False), ("nvim", False), ("nano", True)])
def test_vim_is_told_to_keep_no_copies(tmp_path: Path, name: str, copies: bool) -> None:  # noqa: FBT001 - a row
    (tmp_path / name).write_text('#!/bin/sh\nfor last; do :; done\necho "$*" >"$last"\n')
    (tmp_path / name).chmod(0o755)
    said = edited("A=1\n", "plex.env", {"VISUAL": f"{tmp_path / name} -R"})
    options = "" if copies else "-n -i NONE --cmd set noundofile nobackup nowritebackup "
    assert said.startswith(f"-R {options}/")
