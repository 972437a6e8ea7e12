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
        have: str = "", *, bundled: bool = True, source: Source = Source.PUSH
    ) -> subprocess.CompletedProcess[bytes]:
        new = git(home, "rev-parse", "HEAD")
        git(home, "update-ref", "refs/homelab/outgoing", new)
        lacking = [f"^{have}"] if have else []
        words = ["git", "bundle", "create", "--quiet", "-", "refs/homelab/outgoing", *lacking]
        bundle = subprocess.run(words, cwd=home, stdout=-1, check=True).stdout if bundled else b""
        target = a_host(path=host.path, source=source)
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "HOME": "/nonexistent"}
        for order in (receive(target, bundle), take(target, a_repo(commit=new, branch="main")))[not bundled :]:
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
