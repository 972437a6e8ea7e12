"""What is refused before anything is planned, on a real Git repo and hosts that are only said to be seen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from homelab_tasks import guards
from homelab_tasks.errors import Refused
from homelab_tasks.fleet import Fleet
from homelab_tasks.model import Repo, Transport
from homelab_tasks.plan.survey import survey
from homelab_tasks.repo import at_commit
from tests.unit.builders import a_host, a_repo, a_request, a_service, an_observation

THERE = "c0ffee1" + "0" * 33


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "commit", "--allow-empty", "--message=x")
    return git(folder, "rev-parse", "HEAD")


def why_unfit(repo: Repo, there: str, *, force: bool = False, dirty: tuple[str, ...] = ()) -> str:
    """What is said of the host, which is at the commit `there` and lacks plex."""
    fleet = Fleet(repo, seen={"nas": an_observation(commit=there, dirty=dirty)})
    request = a_request("plex", force=force)
    guards.refuse_undoing(fleet, survey(repo, request, fleet.seen, fleet.unfit))
    return fleet.unfit.get("nas", "")


def test_a_commit_that_is_behind_the_hosts_does_not_replace_it_silently(checkout: Path) -> None:
    first = at_commit(checkout)
    second, third = commit(checkout), commit(checkout)
    go_back = "git pull first, or go back with --force"
    assert why_unfit(first, second) == f"nas is at {second[:7]}, 1 commit ahead of this checkout; {go_back}"
    assert why_unfit(first, third) == f"nas is at {third[:7]}, 2 commits ahead of this checkout; {go_back}"
    assert why_unfit(first, third, force=True) == ""
    assert why_unfit(at_commit(checkout), first.commit) == ""


def test_a_commit_of_another_branch_is_no_step_back(checkout: Path) -> None:
    git(checkout, "checkout", "-b", "other")
    theirs = commit(checkout)
    git(checkout, "checkout", "main")
    git(checkout, "commit", "--allow-empty", "--message=another")
    assert why_unfit(at_commit(checkout), theirs) == ""


def test_a_commit_that_is_not_known_here_is_not_undone(checkout: Path) -> None:
    why = "nas is at c0ffee1, which this checkout does not know; git pull first, or deploy over it with --force"
    assert why_unfit(at_commit(checkout), THERE) == why
    assert why_unfit(at_commit(checkout), THERE, force=True) == ""


def test_the_guards_look_at_what_is_seen_under_the_lock(checkout: Path) -> None:
    repo, request = at_commit(checkout), a_request("plex")
    fleet = Fleet(repo, seen={"nas": an_observation(commit=repo.commit)})
    guards.refuse_undoing(fleet, survey(repo, request, fleet.seen, fleet.unfit))
    assert fleet.unfit == {}
    fleet.seen["nas"] = an_observation(commit=THERE)
    guards.refuse_undoing(fleet, survey(repo, request, fleet.seen, fleet.unfit))
    assert list(fleet.unfit) == ["nas"]


def in_place(checkout: Path) -> Repo:
    host = a_host("nas", transport=Transport.LOCAL, path=str(checkout))
    return a_repo(a_service("plex", hosts=(host,)), root=str(checkout), commit=git(checkout, "rev-parse", "HEAD"))


def refusal(repo: Repo, *, allow: bool = False) -> str:
    with pytest.raises(Refused) as caught:
        guards.uncommitted(repo, a_request("plex"), allow=allow, dry_run=False)
    return str(caught.value)


def test_in_place_only_the_files_of_the_services_that_are_meant_matter(checkout: Path) -> None:
    repo = in_place(checkout)
    (checkout / "README.md").write_text("edited\n")
    (checkout / "services/blog").mkdir()
    (checkout / "services/blog/compose.yml").write_text("edited\n")
    assert guards.uncommitted(repo, a_request("plex"), allow=False, dry_run=False) == ()
    assert why_unfit(repo, repo.commit, dirty=("README.md", "services/plex/compose.yml")) == ""


def test_in_place_no_flag_deploys_the_commit_while_other_files_lie_there(checkout: Path) -> None:
    repo = in_place(checkout)
    (checkout / "services/plex/compose.yml").write_text("edited\n")
    told = "not committed: services/plex/compose.yml; commit it, or undo it: this very checkout is what runs"
    assert refusal(repo) == told
    assert refusal(repo, allow=True) == told
    (notice,) = guards.uncommitted(repo, a_request("plex"), allow=False, dry_run=True)
    assert notice == "not committed, and so not part of this: services/plex/compose.yml"


def test_elsewhere_the_flag_deploys_the_commit(checkout: Path) -> None:
    repo = at_commit(checkout)
    (checkout / "services/plex/compose.yml").write_text("edited\n")
    assert refusal(repo) == (
        "not committed: services/plex/compose.yml; commit it, or deploy the last commit: --allow-dirty"
    )
    (notice,) = guards.uncommitted(repo, a_request("plex"), allow=True, dry_run=False)
    assert notice == "not committed, and so not part of this: services/plex/compose.yml"


def test_a_secret_is_never_called_something_to_commit(checkout: Path) -> None:
    (checkout / "services/plex/.env").write_text("TOKEN=hush\n")
    notices = guards.uncommitted(at_commit(checkout), a_request("plex"), allow=False, dry_run=False)
    assert notices == ("services/plex/.env is not ignored by Git; add .env to .gitignore",)


def test_an_env_file_that_is_committed_is_like_any_other(checkout: Path) -> None:
    (checkout / "services/plex/.env").write_text("TAG=1\n")
    git(checkout, "add", "--all")
    commit(checkout)
    repo = at_commit(checkout)
    (checkout / "services/plex/.env").write_text("TAG=2\n")
    assert refusal(repo).startswith("not committed: services/plex/.env; ")


def test_services_that_run_on_other_hosts_than_those_that_are_meant_are_refused() -> None:
    repo = a_repo(a_service("dies", host="h1", depends_on="vpn"), a_service("vpn", host="h2"), a_service("blog"))
    with pytest.raises(Refused) as caught:
        guards.refuse_elsewhere(repo, a_request("dies", hosts=frozenset(["h2"])))
    assert str(caught.value) == "dies runs on h1, not on h2; inv list shows what runs where"
    with pytest.raises(Refused, match=r"blog, dies run on h1, nas, not on h2"):
        guards.refuse_elsewhere(repo, a_request("dies", "blog", hosts=frozenset(["h2"])))
    guards.refuse_elsewhere(repo, a_request("dies", "vpn", hosts=frozenset(["h2"])))
    guards.refuse_elsewhere(repo, a_request("dies"))
