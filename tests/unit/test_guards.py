"""What is refused before anything is planned, on a real Git repo and hosts that are only said to be seen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from homelab_tasks import guards
from homelab_tasks.errors import Refused
from homelab_tasks.fleet import Fleet
from homelab_tasks.model import Container, Environment, Repo, Service, Stack, System, Transport
from homelab_tasks.plan import Delivery, Plan, Step, Verb
from homelab_tasks.plan.survey import survey
from homelab_tasks.repo import at_commit
from tests.unit.builders import a_host, a_repo, a_request, a_service, a_stack, an_observation

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


def test_commits_of_somebody_else_that_this_branch_lacks_are_asked_about(checkout: Path) -> None:
    git(checkout, "branch", "theirs")
    theirs = git(checkout, "commit-tree", "-p", "theirs", "-m", "from the other laptop", "theirs^{tree}")
    ours = commit(checkout)
    nas = a_host("nas")
    plan = Plan("deploy plex", deliveries=(Delivery(nas, theirs),))
    fleet = Fleet(at_commit(checkout), seen={"nas": an_observation(commit=theirs)})
    asked = f"nas is at {theirs[:7]}, with 1 commit that this branch lacks: undo it there?"
    assert guards.guarded(fleet, plan, a_request("plex"), allow_removals=False).asks == (asked,)
    assert guards.guarded(fleet, plan, a_request("plex", force=True), allow_removals=False).asks == ()
    fleet.seen["nas"] = an_observation(commit=ours)  # this checkout was there itself, before it was amended
    git(checkout, "commit", "--amend", "--allow-empty", "--message=amended")
    amended = Fleet(at_commit(checkout), seen=fleet.seen)
    assert guards.guarded(amended, plan, a_request("plex"), allow_removals=False).asks == ()


def test_in_the_middle_of_a_rebase_head_is_nothing_to_deploy(checkout: Path) -> None:
    repo, request = at_commit(checkout), a_request()
    assert guards.uncommitted(repo, request, allow=False, dry_run=False) == ()
    (checkout / ".git" / "rebase-merge").mkdir()
    told = "a rebase is under way here, and HEAD in the middle of it"
    with pytest.raises(Refused, match=f"{told}; git rebase --continue, or --abort; or deploy HEAD as it is: --allow"):
        guards.uncommitted(repo, request, allow=False, dry_run=False)
    assert guards.uncommitted(repo, request, allow=True, dry_run=False) == (told,)


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


def test_a_flake_that_is_not_committed_is_no_system_to_activate(checkout: Path) -> None:
    host = a_host("nas", system=System.NIXOS, flake="nixos#nas")
    repo = replace(at_commit(checkout), hosts={"nas": host})
    (checkout / "nixos").mkdir()
    (checkout / "nixos/flake.nix").write_text("edited\n")
    (checkout / "services/plex/compose.yml").write_text("edited\n")
    with pytest.raises(Refused) as refused:
        guards.uncommitted(repo, a_request(system=True), allow=False, dry_run=False)
    assert str(refused.value) == "not committed: nixos/; commit it, or deploy the last commit: --allow-dirty"


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


def removing(*services: Service, gone: tuple[str, ...] = (), moved: bool = False) -> Plan:
    names = [(service.name, service.hosts[0]) for service in services] + [(name, PRODUCTION) for name in gone]
    steps = [Step(f"{name}@{host.name}", Verb.REMOVE, name, host, moved=moved) for name, host in names]
    return Plan("destroy", steps=tuple(steps))


PRODUCTION = a_host("nas", environment=Environment.PRODUCTION)
DATABASE = a_stack(makes_volumes=frozenset({"plex_db"}))


def faults(plan: Plan, *services: Service, allow: bool = False, ci: str = "") -> tuple[str, ...]:
    fleet = Fleet(a_repo(*services))
    environ = {"CI": ci} if ci else {}
    return guards.guarded(fleet, plan, a_request("plex"), allow_removals=allow, environ=environ).faults


def test_ci_removes_nothing_without_being_told_to() -> None:
    plex = a_service("plex")
    told = "CI=true, and this would remove plex; if that is meant: --allow-removals"
    assert faults(removing(plex), plex, ci="true") == (told,)
    assert faults(removing(plex), plex, ci="true", allow=True) == ()
    assert faults(removing(plex), plex, ci="false") == ()
    assert faults(removing(plex), plex) == ()
    assert faults(Plan("deploy"), plex, ci="true") == ()


def test_the_second_half_of_a_move_is_no_removal() -> None:
    plex = a_service("plex", hosts=(PRODUCTION,), stack=DATABASE)
    assert faults(removing(plex, moved=True), plex, ci="true") == ()


@pytest.mark.parametrize(
    ("stack", "kept"),
    [
        (DATABASE, "the volume plex_db"),
        (a_stack(needs_volumes=frozenset({"media"})), "the volume media"),
        (a_stack(containers=(Container("web", data=("/mnt/vault",)),)), "/mnt/vault"),
        (a_stack(containers=(Container("web", mounts=("services/plex/data",)),)), "services/plex/data"),
    ],
)
def test_in_production_a_service_that_keeps_data_stays(stack: Stack, kept: str) -> None:
    plex = a_service("plex", hosts=(PRODUCTION,), stack=stack)
    told = f"plex keeps data in {kept}, and nas is production"
    move = "protect: true in its service.yaml keeps it, --allow-removals lets it go"
    assert faults(removing(plex), plex) == (f"{told}; {move}",)
    assert faults(removing(plex), plex, allow=True) == ()
    elsewhere = replace(plex, hosts=(a_host("nas", environment=Environment.STAGING),))
    assert faults(removing(elsewhere), elsewhere) == ()


def test_in_production_what_keeps_no_data_or_is_protected_anyway_needs_no_second_word() -> None:
    config = a_stack(containers=(Container("web", mounts=("services/plex/compose.yml",)),))
    plex = a_service("plex", hosts=(PRODUCTION,), stack=config)
    assert faults(removing(plex), plex) == ()
    kept = a_service("plex", hosts=(PRODUCTION,), stack=DATABASE, protect=True)
    assert faults(removing(kept), kept) == ()


def test_in_production_nobody_knows_what_a_service_keeps_that_left_the_repo() -> None:
    plex = a_service("plex", hosts=(PRODUCTION,))
    (told,) = faults(removing(gone=("old",)), plex)
    assert told == (
        "old, which is no longer in the repo, may keep data on nas, a production host; look there, then: "
        "--allow-removals"
    )


def asked(running: int, restarting: int, *, everything: bool = True, verb: Verb = Verb.UPDATE) -> tuple[str, ...]:
    names = [f"s{n}" for n in range(running)]
    repo = a_repo(*map(a_service, names), a_service("new"))
    steps = tuple(Step(f"{name}@nas", verb, name, a_host()) for name in names[:restarting])
    steps += (Step("new@nas", Verb.CREATE, "new", a_host()),)
    fleet = Fleet(repo, seen={"nas": an_observation(*names)})
    request = a_request(*names, everything=everything)
    return guards.guarded(fleet, Plan("deploy-all", steps=steps), request, allow_removals=False, environ={}).asks


@pytest.mark.parametrize(
    ("running", "restarting", "asks"),
    [
        (20, 11, ("restart 11 of 20 running services?",)),
        (20, 10, ()),
        (3, 2, ("restart 2 of 3 running services?",)),
        (2, 2, ()),
        (0, 0, ()),
    ],
)
def test_a_deploy_of_everything_asks_when_most_of_it_restarts(
    running: int, restarting: int, asks: tuple[str, ...]
) -> None:
    assert asked(running, restarting) == asks


def test_a_deploy_by_name_and_what_restarts_nothing_do_not_ask() -> None:
    assert asked(20, 20, everything=False) == ()
    assert asked(20, 20, verb=Verb.NOTE) == ()
