"""The script that checks a commit out on a host, run in real checkouts: what stands in its way, and what does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from homelab_tasks.commands.git import give, take
from homelab_tasks.model import Host, Repo, Source
from homelab_tasks.repo import take_in
from homelab_tasks.undelivered import sentence

from .builders import a_host
from .scratch import git


class Places:
    """A repo at home, and a checkout that fetches from it."""

    def __init__(self, folder: Path) -> None:
        self.home, self.there = folder / "home", folder / "there"
        for place in (self.home, self.there):
            place.mkdir()
            git(place, "init", "--quiet", "--initial-branch=main")
        git(self.there, "remote", "add", "origin", str(self.home))
        self.host = a_host("nas", path=str(self.there))

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.home / name.replace("__", "/")).parent.mkdir(exist_ok=True)
            (self.home / name.replace("__", "/")).write_text(text)
        git(self.home, "add", "--all")
        git(self.home, "commit", "--quiet", "--allow-empty", "--message=change")
        return git(self.home, "rev-parse", "HEAD")

    def lay(self, **files: str) -> None:
        for name, text in files.items():
            (self.there / name).write_text(text)

    def take(self, commit: str, branch: str = "main", *, source: Source = Source.PUSH) -> str:
        """Deliver it; gives what a person is told, "" when it is checked out."""
        if source is Source.PUSH:
            git(self.there, "fetch", "--quiet", str(self.home), f"+{commit}:refs/homelab/incoming")
        host = Host(**{name: getattr(self.host, name) for name in Host.__struct_fields__} | {"source": source})
        command = take(host, Repo(str(self.home), {}, {}, commit=commit, branch=branch), [])
        done = subprocess.run(["bash", "-c", str(command)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            assert (self.at, self.branch, git(self.there, "status", "--porcelain")) == (commit, branch, "")
            return ""
        return sentence(host, commit, done.stderr, shallow=False) or f"unknown: {done.stderr}"

    @property
    def at(self) -> str:
        return git(self.there, "rev-parse", "HEAD")

    @property
    def branch(self) -> str:
        return git(self.there, "symbolic-ref", "--short", "HEAD")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


ODD = {'a "b" $HOME [c]': "one\n", "-n": "one\n"}


def test_where_the_git_folder_was_lost_files_that_are_as_the_commit_has_them_are_taken_as_they_are(
    places: Places,
) -> None:
    commit = places.commit(a="one\n", conf__b="two\n", **ODD)
    (places.there / "conf").mkdir()
    places.lay(a="one\n", **{"conf/b": "two\n"}, **ODD)
    assert places.take(commit) == ""


def test_only_the_files_that_differ_are_in_the_way_and_a_few_are_named(places: Places) -> None:
    names = [f"f{n}" for n in range(8)]
    commit = places.commit(same="one\n", **dict.fromkeys(names, "one\n"))
    places.lay(same="one\n", **dict.fromkeys(names, "mine\n"))
    assert places.take(commit) == (
        "files on nas are in the way of the commit: f0, f1, f2, f3, f4 and 3 more; move them away there"
    )
    places.lay(**dict.fromkeys(names, "one\n"))
    assert places.take(commit) == ""


def test_a_file_that_came_by_hand_first_is_no_hindrance_to_the_commit_that_brings_it(places: Places) -> None:
    places.take(places.commit(a="one\n"))
    commit = places.commit(a="two\n", b="new\n", link="x")
    places.lay(b="new\n")
    (places.there / "link").mkdir()
    assert places.take(commit) == "files on nas are in the way of the commit: link; move them away there"
    (places.there / "link").rmdir()
    assert places.take(commit) == ""


@pytest.mark.parametrize(("old", "new"), [("fix", "fix/two"), ("fix/two", "fix"), ("a/b", "a/b/c")])
def test_a_branch_whose_name_bars_the_next_one_goes_when_all_of_it_is_in_that(
    places: Places, old: str, new: str
) -> None:
    assert places.take(places.commit(a="one\n"), old) == ""
    git(places.there, "branch", "fixed")
    assert places.take(places.commit(a="two\n"), new) == ""
    assert git(places.there, "for-each-ref", "--format=%(refname:short)", "refs/heads").split() == sorted(
        [new, "fixed"]
    )


def test_a_branch_with_commits_of_its_own_stays_and_the_next_move_is_told(places: Places) -> None:
    base = places.commit(a="one\n")
    assert places.take(places.commit(a="two\n"), "fix") == ""
    git(places.home, "reset", "--quiet", "--hard", base)
    commit = places.commit(a="three\n")
    move = f"git -C {places.there} branch -m fix old-fix"
    told = f"the branch fix on nas leaves no place for that of the commit; on nas: {move}"
    assert places.take(commit, "fix/two") == told
    subprocess.run(move.split(), check=True)
    assert places.take(commit, "fix/two") == ""


def test_a_commit_that_only_a_tag_leads_to_is_fetched_by_its_id(places: Places) -> None:
    places.commit(a="one\n")
    git(places.home, "checkout", "--quiet", "--detach")
    tagged = places.commit(a="two\n")
    git(places.home, "tag", "v1")
    git(places.home, "checkout", "--quiet", "main")
    assert places.take(tagged, source=Source.ORIGIN) == ""
    nowhere = "c0ffee" + "0" * 34
    assert places.take(nowhere, source=Source.ORIGIN) == (
        "commit c0ffee0 is not at the origin of nas; git push, then run the same again"
    )


def test_a_hook_that_fails_there_is_named(places: Places) -> None:
    hook = places.there / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no lamp >&2\nexit 1\n")
    hook.chmod(0o755)
    move = f"mend or remove it there: cd {places.there} && cd $(git rev-parse --git-path hooks)"
    assert places.take(places.commit(a="one\n")) == f"a post-checkout hook of Git's on nas failed (no lamp); {move}"


def test_what_a_shallow_clone_could_not_send_is_told_with_the_way_out() -> None:
    said = "error: Could not read f3f0291d032f4cd9fff0c74d95eb1dcf749d0eea\n"
    assert sentence(a_host("nas"), "1024dab" + "0" * 33, said, shallow=True) == (
        "nas lacks the commits that 1024dab builds on, and this clone has only the last commits (git clone --depth); "
        "git fetch --unshallow"
    )
    assert sentence(a_host("nas"), "1024dab" + "0" * 33, said, shallow=False) == ""


@pytest.mark.parametrize("short", [40, 7])
def test_a_host_gives_back_a_commit_that_was_amended_away_at_home(places: Places, short: int) -> None:
    places.commit(a="one\n")
    old = places.commit(a="two\n")
    assert places.take(old) == ""
    git(places.home, "commit", "--quiet", "--amend", "--message=better")
    new = git(places.home, "rev-parse", "HEAD")
    assert places.take(new) == ""
    git(places.home, "reflog", "expire", "--expire=all", "--all")
    git(places.home, "gc", "--quiet", "--prune=now")
    assert subprocess.run(["git", "cat-file", "-e", old], cwd=places.home, check=False).returncode
    for have in (new, ""):
        line = str(give(places.host, old[:short], have))
        take_in(places.home, subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout)
        assert git(places.home, "show", f"{old}:a") == "two"
    unknown = give(places.host, "c0ffee" + "0" * 34, new)
    assert subprocess.run(["bash", "-c", str(unknown)], capture_output=True, check=False).returncode == 1
