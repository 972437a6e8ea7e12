"""What counts as changed, and in which words: one service on one host."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.model import Container, Reason
from homelab_tasks.observe import EnvFile, Health
from homelab_tasks.plan.drift import Drift, env_hashes, find_drift
from homelab_tasks.plan.past import Past

from .builders import a_container, a_record, a_repo, a_service, a_stack, an_edge, an_observation


def drift(**seen: Any) -> Drift:
    repo = a_repo(a_service("plex"))
    return find_drift(repo, repo.services["plex"], an_observation("plex", **seen))


def env(hashed: str) -> dict[str, EnvFile]:
    return {"services/plex/.env": EnvFile(0o600, hashed, ("A",), "stat")}


def test_a_service_as_it_was_left_is_unchanged() -> None:
    assert not drift()


def test_a_service_without_a_record_is_new() -> None:
    assert drift(records={}) == Drift(new=True)


def test_a_service_whose_first_deploy_did_not_end_is_new_and_unfinished() -> None:
    begun = a_record(digest="", containers=(), unfinished=True)
    assert drift(records={"plex": begun}) == Drift(new=True, unfinished=True)


def test_containers_that_a_failed_deploy_of_ours_made_anew_are_nobody_elses_work() -> None:
    records = {"plex": a_record(unfinished=True)}
    assert drift(records=records) == Drift(unfinished=True)
    assert drift(records=records, containers=(a_container(id="another"),)) == Drift(unfinished=True)
    assert drift(records=records, containers=(a_container(), a_container(key="web", id="web"))) == Drift(
        unfinished=True
    )
    assert drift(records=records, containers=()).absent == ("container plex is gone",)
    assert drift(records=records).down


def test_other_committed_files_are_a_change() -> None:
    assert drift(records={"plex": a_record(digest="old")}) == Drift(files=True)


def test_another_env_file_is_a_change_and_a_look_without_one_too() -> None:
    recorded = {"plex": a_record(env={"services/plex/.env": "aa"})}
    assert drift(records=recorded, env=env("aa")) == Drift()
    assert drift(records=recorded, env=env("bb")) == Drift(env=("services/plex/.env",))
    assert drift(records=recorded) == Drift(env=("services/plex/.env",))
    assert drift(env=env("aa")) == Drift(env=("services/plex/.env",))


def test_another_env_file_elsewhere_on_the_host_is_a_change_wherever_the_homelab_lies() -> None:
    service = a_service("plex", stack=a_stack("plex", env_files=(), host_env_files=("/etc/all.env", "~/me.env")))
    repo = a_repo(service, prefix="lab/")
    records = {"plex": a_record(env={"/etc/all.env": "aa", "~/me.env": "bb"})}
    there = {"/etc/all.env": EnvFile(0o644, "aa", (), "stat"), "~/me.env": EnvFile(0o644, "bb", (), "stat")}
    assert not find_drift(repo, service, an_observation("plex", records=records, env=there))
    there["~/me.env"] = EnvFile(0o644, "cc", (), "stat")
    assert find_drift(repo, service, an_observation("plex", records=records, env=there)) == Drift(env=("~/me.env",))


def test_env_files_of_a_homelab_in_a_subfolder_are_found() -> None:
    repo = a_repo(a_service("plex"), prefix="lab/")
    seen = an_observation("plex", env={"lab/services/plex/.env": EnvFile(0o600, "aa", (), "stat")})
    assert list(env_hashes(repo, repo.services["plex"], seen).values()) == ["aa"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": "exited", "exit": 137}, "container plex is exited, exit status 137"),
        ({"state": "created"}, "container plex is created"),
        ({"state": "paused"}, "container plex is paused"),
        ({"id": "another"}, "container plex was made anew by somebody else"),
        ({"key": "other", "id": "another"}, "container plex is gone"),
    ],
)
def test_a_container_that_is_not_as_recorded_is_named(fields: dict[str, Any], sentence: str) -> None:
    assert drift(containers=(a_container(**fields),)).absent[0] == sentence


def test_a_container_whose_image_name_moved_on_is_outdated_and_not_down() -> None:
    found = drift(containers=(a_container(image="sha256:" + "0" * 64),))
    assert found == Drift(outdated=("container plex runs an older image than its image's name means now",))
    assert not found.down


def test_a_container_that_is_gone_is_named() -> None:
    assert drift(containers=()).absent == ("container plex is gone",)


def test_a_container_that_nobody_recorded_is_named() -> None:
    extra = a_container(key="web", id="web")
    assert drift(containers=(a_container(), extra)).absent == ("container web is not of the last deploy",)


def test_a_container_that_was_meant_to_end_may_have_ended() -> None:
    from msgspec.structs import replace

    record = a_record()
    done = a_record(containers=(replace(record.containers[0], finished=True),))
    assert not drift(records={"plex": done}, containers=(a_container(state="exited", exit=0),))
    assert drift(records={"plex": done}, containers=(a_container(state="exited", exit=1),))


def test_a_job_that_ended_well_after_its_deploy_is_unchanged() -> None:
    def drifts(status: int, **fields: Any) -> bool:
        stack = a_stack("plex", containers=(Container("plex", image="plex:1", **fields),))
        repo = a_repo(a_service("plex", stack=stack))
        seen = an_observation("plex", containers=(a_container(state="exited", exit=status),))
        return bool(find_drift(repo, repo.services["plex"], seen))

    assert [drifts(0, may_end=True), drifts(1, may_end=True), drifts(0)] == [False, True, True]


def test_sick_containers_are_named_and_are_not_absent() -> None:
    assert drift(containers=(a_container(health=Health.UNHEALTHY),)) == Drift(
        sick={"plex": "container plex is unhealthy"}
    )
    assert drift(containers=(a_container(state="restarting"),)) == Drift(
        sick={"plex": "container plex restarts again and again"}
    )
    assert not drift(containers=(a_container(health=Health.STARTING),))


def test_containers_under_a_former_project_name_are_known_and_the_name_is_a_change() -> None:
    service = a_service("plex", stack=a_stack("plex", project="media-plex"))
    repo = a_repo(service)
    assert find_drift(repo, service, an_observation("plex")) == Drift(files=True)


def test_a_network_that_is_shared_must_still_be_the_same_containers() -> None:
    repo = a_repo(a_service("vpn"), a_service("qbit"), edges=[an_edge("qbit", "vpn", Reason.NAMESPACE)])
    records = {"qbit": a_record("qbit", borrows={"vpn": "id-vpn"}), "vpn": a_record("vpn")}
    qbit, vpn = a_container("qbit"), a_container("vpn")
    same = an_observation(records=records, containers=(qbit, vpn))
    other = an_observation(records=records, containers=(qbit, a_container("vpn", id="new")))
    assert not find_drift(repo, repo.services["qbit"], same)
    assert find_drift(repo, repo.services["qbit"], other) == Drift(borrowed=("vpn",))


def test_an_env_file_that_is_committed_counts_as_a_file_of_the_service() -> None:
    repo = a_repo(a_service("plex", files={"services/plex/.env": "blob 100644"}))
    seen = an_observation("plex", env=env("bb"), records={"plex": a_record(env={"services/plex/.env": "aa"})})
    assert not find_drift(repo, repo.services["plex"], seen)
    assert not env_hashes(repo, repo.services["plex"], seen)


def test_going_back_to_where_an_env_file_is_committed_brings_no_other_one() -> None:
    committed = a_service("plex", files={"services/plex/.env": "blob 100644"})
    repo = a_repo(committed, prefix="lab/")
    past = Past({"lab/services/plex/.env": "aa", "lab/shared.env": "bb"})
    assert past.at(repo, committed).env == {"lab/shared.env": "bb"}


def test_an_env_file_elsewhere_on_the_host_is_told_and_not_brought_back() -> None:
    service = a_service("plex", stack=a_stack("plex", host_env_files=("/etc/all.env",)))
    past = Past({"services/plex/.env": "aa", "/etc/all.env": "bb"})
    assert past.at(a_repo(service), service).env == {"services/plex/.env": "aa"}
    same, other = ({"/etc/all.env": EnvFile(0o644, hashed, (), "stat")} for hashed in ("bb", "cc"))
    assert not list(past.staying(a_repo(service), service, an_observation("plex", env=same)))
    told = "plex: /etc/all.env on nas is not as it was then, and stays so, as it is not the homelab's"
    looked = an_observation("plex", env=other)
    assert list(past.staying(a_repo(service), service, looked)) == [f"{told}; put it back there yourself"]


def test_an_env_file_that_comes_with_git_is_not_said_to_stay_under_its_full_path_either() -> None:
    path = "/opt/homelab/lab/services/plex/own.env"
    stack = a_stack("plex", host_env_files=(path,))
    service = a_service("plex", stack=stack, files={"services/plex/own.env": "blob 100644"})
    looked = an_observation("plex", env={path: EnvFile(0o644, "cc", (), "stat")})
    assert not list(Past({path: "bb"}).staying(a_repo(service, prefix="lab/"), service, looked))
    assert list(Past({path: "bb"}).staying(a_repo(service), service, looked))
