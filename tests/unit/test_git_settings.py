"""What the user has set up for his own git, and what a hook leaves in the environment, changes no answer of ours."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from homelab_tasks import pipeline
from homelab_tasks.errors import HomelabError, Refused
from homelab_tasks.model import Pinned
from homelab_tasks.repo import at_commit, at_pinned, first_with, uncommitted
from homelab_tasks.repo.git import _git

from .scratch import git

SETTINGS = """
[log]
	showSignature = true
	follow = true
	date = relative
	decorate = full
[color]
	ui = always
	grep = always
[core]
	quotePath = true
	pager = false
[diff]
	external = false
	noprefix = true
	mnemonicPrefix = true
	relative = true
[status]
	showUntrackedFiles = no
	showStash = true
	branch = true
	short = true
[i18n]
	logOutputEncoding = UTF-16
[gpg]
	program = false
"""


@pytest.fixture
def settings(checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - which clears them
    file = tmp_path_factory.mktemp("home") / "gitconfig"
    file.write_text(SETTINGS)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")


def signed(checkout: Path) -> str:
    """A commit with something that git would look at for a signature."""
    git(checkout, "add", "--all")
    tree, parent = git(checkout, "write-tree"), git(checkout, "rev-parse", "HEAD")
    who = "me <me@lan> 1700000000 +0000"
    text = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\ngpgsig -----BEGIN PGP SIGNATURE-----\n"
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=checkout,
        input=f"{text} \n -----END PGP SIGNATURE-----\n\nsigned\n".encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    commit = done.stdout.decode().strip()
    git(checkout, "reset", "--quiet", "--hard", commit)
    return commit


@pytest.mark.usefixtures("settings")
def test_pins_are_made_of_signed_commits_whatever_git_log_shows(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    (checkout / "services/plex/compose.yml").write_text("services: {web: {image: web:2}}\n")
    base = signed(checkout)
    made = at_pinned(checkout, base, {"plex": Pinned(first, "ann@desk", "2026-01-31T21:14:05Z")})
    assert git(checkout, "rev-list", "--max-count=1", "--timestamp", made.commit) == f"1700000000 {made.commit}"


@pytest.mark.usefixtures("settings")
def test_what_is_asked_of_a_repo_has_the_same_answers(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    folder = checkout / "services/grün"
    folder.mkdir()
    (folder / "notes").write_text("x")
    (checkout / "services/plex/compose.yml").write_text("services: {web: {image: web:2}}\n")
    assert uncommitted(checkout) == ("services/grün/", "services/plex/compose.yml")
    came = signed(checkout)
    assert first_with(checkout, first, came, "services/grün") == came
    assert at_commit(checkout).branch == "main"


def test_a_tag_of_the_name_of_the_branch_does_not_change_how_the_branch_is_called(checkout: Path) -> None:
    git(checkout, "tag", "main")
    assert at_commit(checkout).branch == "main"


def test_a_deploy_that_a_hook_of_another_repo_starts_finds_its_own(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path_factory.mktemp("bare")
    git(bare, "init", "--quiet", "--bare")
    for name, value in {"GIT_DIR": ".", "GIT_INDEX_FILE": str(bare / "index"), "GIT_PREFIX": "x/"}.items():
        monkeypatch.setenv(name, value)
    assert list(pipeline.load(checkout).services) == ["plex"]
    assert uncommitted(checkout) == ()


def test_the_error_names_what_git_was_to_do(checkout: Path) -> None:
    with pytest.raises(HomelabError, match=r"^git commit-tree failed in "):
        _git(checkout, "-c", "i18n.commitEncoding=UTF-8", "commit-tree", "nope")
    with pytest.raises(HomelabError, match=r"^git status failed in "):
        _git(checkout, "--no-optional-locks", "status", "--nope")


@pytest.fixture
def followed(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """The origin, one commit ahead of the checkout, which is itself the host's."""
    (checkout / "hosts.yaml").write_text("hosts: {here: {connection: local, source: origin}}\n")
    git(checkout, "commit", "--quiet", "--all", "--message=here")
    origin = tmp_path_factory.mktemp("origin")
    git(origin, "clone", "--quiet", str(checkout), ".")
    git(checkout, "remote", "add", "origin", str(origin))
    git(checkout, "fetch", "--quiet", "origin")
    git(checkout, "branch", "--quiet", "--set-upstream-to=origin/main")
    (origin / "services/plex/compose.yml").write_text("services: {web: {image: web:2}}\n")
    git(origin, "commit", "--quiet", "--all", "--message=newer")
    return origin


def test_a_dry_run_reads_what_a_pull_would_bring_and_moves_nothing(checkout: Path, followed: Path) -> None:
    ours, newer = git(checkout, "rev-parse", "HEAD"), git(followed, "rev-parse", "HEAD")
    dry = pipeline.load(checkout, pull=True, dry_run=True)
    assert (dry.commit, dry.branch, dry.services["plex"].stack.containers[0].image) == (newer, "main", "web:2")
    assert (git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain")) == (ours, "")
    assert pipeline.load(checkout, pull=True).commit == newer
    assert git(checkout, "rev-parse", "HEAD") == newer


def test_what_is_not_pushed_yet_is_what_a_dry_run_plans(checkout: Path, followed: Path) -> None:
    pipeline.load(checkout, pull=True)
    git(checkout, "commit", "--quiet", "--allow-empty", "--message=ours")
    ours = git(checkout, "rev-parse", "HEAD")
    assert pipeline.load(checkout, pull=True, dry_run=True).commit == ours
    git(followed, "commit", "--quiet", "--allow-empty", "--message=theirs")
    theirs = git(followed, "rev-parse", "HEAD")
    with pytest.raises(Refused) as refused:
        pipeline.load(checkout, pull=True, dry_run=True)
    assert str(refused.value) == (
        f"git pull --ff-only would fail in {checkout}: {ours[:7]} here and {theirs[:7]} at its origin went apart; "
        "mend that first"
    )
    git(checkout, "remote", "set-url", "origin", f"{checkout}{os.sep}nowhere")
    with pytest.raises(Refused, match=r"^git fetch failed in "):
        pipeline.load(checkout, pull=True, dry_run=True)
