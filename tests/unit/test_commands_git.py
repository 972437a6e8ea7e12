"""The script that takes a commit in, run for real: nothing that a person has on the host is ever lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from homelab_tasks.commands.git import receive, take
from homelab_tasks.model import Host, Source

from .builders import a_host, a_repo
from .scratch import git

ENV = ("wiki/.env", "wiki/web env")  # of a service
Take = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    return path


@pytest.fixture
def host(tmp_path: Path) -> Host:
    path = tmp_path / "on host"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    return a_host(path=str(path))


@pytest.fixture
def there(host: Host) -> Path:
    return Path(host.path)


def commit(home: Path, **files: str | None) -> str:
    for name, content in files.items():
        path = home / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
    git(home, "add", "--all", "--force", ".")
    git(home, "commit", "--quiet", "--message=change")
    return git(home, "rev-parse", "HEAD")


@pytest.fixture
def send(home: Path, host: Host) -> Take:
    """Send the commit at home; `have` is what the host has already."""

    def run(
        have: str = "", *, bundled: bool = True, source: Source = Source.PUSH, config: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        new = git(home, "rev-parse", "HEAD")
        git(home, "update-ref", "refs/homelab/outgoing", new)
        lacking = [f"^{have}"] if have else []
        words = ["git", "bundle", "create", "--quiet", "-", "refs/homelab/outgoing", *lacking]
        bundle = subprocess.run(words, cwd=home, stdout=-1, check=True).stdout if bundled else b""
        target = a_host(path=host.path, source=source)
        settings = os.devnull if config is None else str(config)
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": settings, "HOME": "/nonexistent"}
        for order in (receive(target, bundle), take(target, a_repo(commit=new, branch="main"), ENV))[not bundled :]:
            done = subprocess.run(order.argv, input=order.stdin, env=environment, capture_output=True, check=False)
        return done

    return run


def head(there: Path) -> tuple[str, str]:
    return git(there, "rev-parse", "HEAD"), git(there, "symbolic-ref", "--short", "HEAD")


def clean(there: Path) -> bool:
    return not git(there, "status", "--porcelain") and not (there / ".git/homelab/delivering").exists()


def test_a_first_delivery_checks_the_branch_out(home: Path, there: Path, send: Take) -> None:
    new = commit(home, compose="v1")
    assert send().returncode == 0
    assert (head(there), (there / "compose").read_text(), clean(there)) == ((new, "main"), "v1", True)


def test_the_next_one_carries_only_what_is_new_and_removes_what_went(home: Path, there: Path, send: Take) -> None:
    old = commit(home, compose="v1", gone="v1", sub__file="v1")
    send()
    new = commit(home, compose="v2", gone=None)
    assert send(old).returncode == 0
    assert (head(there)[0], (there / "compose").read_text(), (there / "gone").exists(), clean(there)) == (
        new,
        "v2",
        False,
        True,
    )


def test_what_was_delivered_is_on_the_disk_before_the_marker_goes(
    home: Path, there: Path, send: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = commit(home, compose="v1", same="v1", gone="v1")
    send()
    commit(home, compose="v2", sub__file="v1", gone=None)
    log = tmp_path / "synced"
    real = shutil.which("sync")
    sync = tmp_path / "bin/sync"
    sync.parent.mkdir()
    sync.write_text(f'#!/bin/sh\n[ -e .git/homelab/delivering ] && echo "$@" >>{log}\nexec {real} "$@"\n')
    sync.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sync.parent}:{os.environ['PATH']}")
    assert send(old).returncode == 0
    assert (log.read_text().splitlines()[-1], clean(there)) == ("-- compose sub/file", True)


def test_going_back_needs_no_bundle(home: Path, there: Path, send: Take) -> None:
    old = commit(home, compose="v1")
    send()
    commit(home, compose="v2")
    send(old)
    git(home, "reset", "--quiet", "--hard", old)
    assert send(bundled=False).returncode == 0
    assert (head(there), clean(there)) == ((old, "main"), True)


def test_a_commit_that_did_not_arrive_changes_nothing(home: Path, there: Path, send: Take) -> None:
    old = commit(home, compose="v1")
    send()
    new = commit(home, compose="v2")
    done = send(bundled=False)
    assert (done.returncode, done.stderr.decode()) == (1, f"commit {new} did not arrive\n")
    assert (head(there)[0], clean(there)) == (old, True)


def refused(done: subprocess.CompletedProcess[bytes], name: str) -> bool:
    return done.returncode != 0 and done.stderr.decode() == f"these files would be overwritten:\n\t{name}\n"


def test_an_edit_on_the_host_is_named_and_kept(home: Path, there: Path, send: Take) -> None:
    old = commit(home, compose="v1")
    send()
    (there / "compose").write_text("edited by hand")
    commit(home, compose="v2")
    assert refused(send(old), "compose")
    assert ((there / "compose").read_text(), head(there)[0]) == ("edited by hand", old)
    assert refused(send(old), "compose"), "the second try refuses too"


def test_a_file_that_is_not_tracked_is_named_and_kept_on_a_first_delivery(home: Path, there: Path, send: Take) -> None:
    (there / "compose").write_text("was here before")
    commit(home, compose="v1", other="v1")
    assert refused(send(), "compose")
    assert ((there / "compose").read_text(), (there / "other").exists()) == ("was here before", False)


def test_an_ignored_file_such_as_a_dot_env_is_no_prey_either(home: Path, there: Path, send: Take) -> None:
    old = commit(home, **{".gitignore": ".env\n"})
    send()
    (there / ".env").write_text("TOKEN=mine")
    commit(home, **{".env": "TOKEN=committed"})
    assert refused(send(old), ".env")
    assert refused(send(old), ".env")
    assert (there / ".env").read_text() == "TOKEN=mine"


def test_a_file_in_the_place_of_a_new_folder_is_kept(home: Path, there: Path, send: Take) -> None:
    old = commit(home, **{".gitignore": "config\n"})
    send()
    (there / "config").write_text("mine")
    commit(home, config__app="v1")
    assert send(old).returncode != 0
    assert ((there / "config").read_text(), head(there)[0]) == ("mine", old)


def test_a_deleted_file_counts_as_edited_where_the_commit_changes_it(home: Path, there: Path, send: Take) -> None:
    old = commit(home, compose="v1")
    send()
    (there / "compose").unlink()
    commit(home, compose="v2")
    assert refused(send(old), "compose")


def test_a_delivery_that_was_cut_off_is_finished_by_force(home: Path, there: Path, send: Take) -> None:
    old = commit(home, a="v1", b="v1")
    send()
    new = commit(home, a="v2", b="v2", c="v2")
    (there / ".git/homelab/delivering").write_text(new + "\n")
    (there / ".git/index.lock").write_text("")
    (there / "a").write_text("v2")
    (there / "b").write_text("half")
    (there / "c").write_text("mine")
    done = send(old)
    assert done.returncode == 0
    assert (head(there)[0], (there / "b").read_text(), (there / "c").read_text(), clean(there)) == (
        new,
        "v2",
        "v2",
        True,
    )
    kept = {Path(line).name: Path(line).read_text() for line in done.stdout.decode().splitlines()}
    assert kept == {"b": "half", "c": "mine"}


def test_what_only_the_host_has_stays(home: Path, there: Path, send: Take) -> None:
    old = commit(home, compose="v1")
    send()
    (there / "data").mkdir()
    (there / "data/file").write_text("precious")
    (there / ".env").write_text("A=1")
    commit(home, compose="v2")
    assert send(old).returncode == 0
    assert ((there / "data/file").read_text(), (there / ".env").read_text()) == ("precious", "A=1")


def test_names_of_every_kind_arrive(home: Path, there: Path, send: Take) -> None:
    names = ["with space", "quo'te\"", "new\nline", "grün", "$(touch x)", "-dash", "back\\slash"]
    old = commit(home, **dict.fromkeys(names, "v1"))
    send()
    commit(home, **dict.fromkeys(names, "v2"))
    assert send(old).returncode == 0
    assert {path.name for path in there.iterdir()} == {*names, ".git"}
    assert {(there / name).read_text() for name in names} == {"v2"}


def test_with_source_origin_the_host_fetches_for_itself(home: Path, there: Path, send: Take) -> None:
    new = commit(home, compose="v1")
    git(there, "remote", "add", "origin", str(home))
    assert send(bundled=False, source=Source.ORIGIN).returncode == 0
    assert (head(there), clean(there)) == ((new, "main"), True)


TRACKED = {"wiki__compose": "v1", "wiki__.env": "KEY=old", "wiki__web env": "A=1"}


def untracked(home: Path) -> str:
    """As somebody does who was told that a .env is no file for Git."""
    git(home, "rm", "--quiet", "--cached", "wiki/.env", "wiki/web env")
    (home / ".gitignore").write_text(".env\nweb env\n")
    (home / "wiki/compose").write_text("v2")
    git(home, "add", ".gitignore", "wiki/compose")
    git(home, "commit", "--quiet", "--message=untrack")
    return git(home, "rev-parse", "HEAD")


def texts(there: Path) -> tuple[str, str, str]:
    return (there / "wiki/.env").read_text(), (there / "wiki/web env").read_text(), (there / "wiki/compose").read_text()


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("cut_off", [False, True])
def test_an_env_file_that_leaves_git_stays_on_the_host(
    home: Path, there: Path, send: Take, *, edited: bool, cut_off: bool
) -> None:
    old = commit(home, **TRACKED)
    send()
    (there / "wiki/.env").chmod(0o600)
    (there / "wiki/.env").write_text("KEY=mine" if edited else "KEY=old")
    (there / "mine").write_text("of the host")
    new = untracked(home)
    if cut_off:
        (there / ".git/homelab/delivering").write_text(f"{new}\n")
    done = send(old)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert texts(there) == ("KEY=mine" if edited else "KEY=old", "A=1", "v2")
    assert ((there / "wiki/.env").stat().st_mode & 0o777, head(there)) == (0o600, (new, "main"))
    assert git(there, "status", "--porcelain") == "?? mine"


def test_other_files_that_leave_git_go_while_env_files_stay(home: Path, there: Path, send: Take) -> None:
    old = commit(home, **TRACKED, wiki__gone="v1", other__env="A=1")
    send()
    git(home, "rm", "--quiet", "--cached", "wiki/gone", "other/env")
    untracked(home)
    assert send(old).returncode == 0
    assert (sorted(p.name for p in (there / "wiki").iterdir()), (there / "other").exists()) == (
        [".env", "compose", "web env"],
        False,
    )


def test_edits_of_other_files_still_bar_the_way_while_an_env_file_leaves_git(
    home: Path, there: Path, send: Take
) -> None:
    old = commit(home, **TRACKED)
    send()
    (there / "wiki/compose").write_text("mine")
    untracked(home)
    done = send(old)
    assert (done.returncode, done.stderr) == (1, b"these files would be overwritten:\n\twiki/compose\n")
    assert (texts(there), head(there)[0]) == (("KEY=old", "A=1", "mine"), old)


def test_the_way_back_to_a_commit_with_an_env_file_keeps_the_later_one_aside(
    home: Path, there: Path, send: Take
) -> None:
    old = commit(home, **TRACKED)
    send()
    new = untracked(home)
    send(old)
    (there / "wiki/.env").write_text("KEY=later")
    git(home, "reset", "--quiet", "--hard", old)
    done = send(bundled=False)
    assert done.returncode == 0, done.stderr
    aside = Path(done.stdout.decode().strip())
    assert (aside.read_text(), texts(there), head(there)[0], clean(there)) == (
        "KEY=later",
        ("KEY=old", "A=1", "v1"),
        old,
        True,
    )
    git(home, "reset", "--quiet", "--hard", new)
    assert send(bundled=False).returncode == 0
    assert (texts(there), head(there)[0], clean(there)) == (("KEY=old", "A=1", "v2"), new, True)


def test_an_env_file_that_was_never_in_git_bars_the_way(home: Path, there: Path, send: Take) -> None:
    old = commit(home, wiki__compose="v1")
    send()
    (there / "wiki/.env").write_text("KEY=mine")
    commit(home, **TRACKED)
    done = send(old)
    assert (done.returncode, done.stderr) == (1, b"these files would be overwritten:\n\twiki/.env\n")
    assert ((there / "wiki/.env").read_text(), head(there)[0]) == ("KEY=mine", old)


def test_files_have_the_bytes_of_the_commit_whatever_the_settings_of_the_host_say(
    home: Path, there: Path, send: Take, tmp_path: Path
) -> None:
    commit(home, **{"run.sh": "a\nb\n", "of_windows": "a\nb\n", ".gitattributes": "of_windows text eol=crlf\n"})
    config = tmp_path / "config"
    config.write_text("[core]\n\tautocrlf = true\n\teol = crlf\n")
    assert send(config=config).returncode == 0
    assert ((there / "run.sh").read_bytes(), (there / "of_windows").read_bytes()) == (b"a\nb\n", b"a\r\nb\r\n")
