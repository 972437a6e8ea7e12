"""What a changed service needs beyond a plain `up`."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.model import Reaction
from homelab_tasks.plan.effect import Effect, effect_of

from .builders import a_container, a_host, a_model, a_plan, a_repo, a_request, a_service, an_observation, resolved

AT = "/opt/homelab/services/plex"
DIRECTORY = {"type": "bind", "source": f"{AT}/config", "target": "/config"}
FILE = {"type": "bind", "source": f"{AT}/config/app.yml", "target": "/app.yml"}


def effect(changed: str = "config/app.yml", *, reaction: Reaction = Reaction.RESTART, **containers: Any) -> Effect:
    """The effect of one changed file of plex, whose model stays what it was."""
    path = f"services/plex/{changed}"
    service = a_service("plex", files={path: "new"}, on_config_change=reaction, signal="HUP")
    model = a_model("plex", **containers)
    return effect_of(
        a_repo(service), service, a_host(), resolved(model=model, before=model, files_before={path: "old"})
    )


def test_a_file_that_no_container_sees_has_no_effect() -> None:
    found = effect("README.md", web={"volumes": [DIRECTORY]})
    assert not found
    assert [str(c) for c in found.changes] == ["README.md changed"]


@pytest.mark.parametrize("mount", [DIRECTORY, FILE])
def test_a_changed_file_restarts_the_containers_that_mount_it(mount: dict[str, str]) -> None:
    found = effect(web={"volumes": [mount]}, db={})
    assert (found.restart, found.recreate | found.signal, bool(found)) == (frozenset(["web"]), frozenset[str](), True)


def test_so_do_configs_and_secrets() -> None:
    service = a_service("plex", files={"services/plex/config/app.yml": "new"})
    model = a_model("plex", web={"configs": [{"source": "app"}]}) | {
        "configs": {"app": {"file": f"{AT}/config/app.yml"}}
    }
    answer = resolved(model=model, before=model, files_before={"services/plex/config/app.yml": "old"})
    assert effect_of(a_repo(service), service, a_host(), answer).restart == {"web"}


def handing_on(file: str, kind: str = "secrets") -> dict[str, Any]:
    """A model with two containers, of which one gets this file."""
    return a_model("plex", web={kind: [{"source": "key"}]}, db={}) | {kind: {"key": {"file": file}}}


@pytest.mark.parametrize("kind", ["configs", "secrets"])
@pytest.mark.parametrize("before", [None, f"{AT}/key"], ids=["a first deploy", "a later one"])
def test_a_container_from_another_folder_has_the_configs_and_secrets_of_that(kind: str, before: str | None) -> None:
    service, model = a_service(files={}), handing_on(f"{AT}/key", kind)
    answer = resolved(model=model, before=model if before else None, files_before={})
    there = [a_container(key=key, directory="/opt/stacks/plex") for key in ("web", "db")]
    found = effect_of(a_repo(service), service, a_host(), answer, there)
    assert (found.recreate, found.remade) == (frozenset(["web"]), frozenset[str]())
    assert [str(c) for c in found.changes] == [f"web: {kind[:-1]} key of /opt/stacks/plex -> {AT}/key"]


@pytest.mark.parametrize(("file", "folder"), [("/run/secrets/key", "/opt/stacks/plex"), (f"{AT}/key", AT)])
def test_the_same_file_needs_no_new_container(file: str, folder: str) -> None:
    service, answer = a_service(), resolved(before=None, files_before=None, model=handing_on(file))
    there = [a_container(key="web", directory=folder)]
    assert effect_of(a_repo(service), service, a_host(), answer, there) == Effect(model_changed=True)


def test_another_file_of_the_same_secret_needs_a_new_container() -> None:
    service = a_service(files={})
    answer = resolved(before=handing_on(f"{AT}/one"), model=handing_on(f"{AT}/two"), files_before={})
    found = effect_of(a_repo(service), service, a_host(), answer)
    assert (found.recreate, [str(c) for c in found.changes]) == (frozenset(["web"]), ["secret key changed"])


def test_a_folder_with_a_similar_name_is_not_meant() -> None:
    assert not effect("config-old/app.yml", web={"volumes": [DIRECTORY]})


def test_the_reaction_that_service_yaml_names_is_taken() -> None:
    assert effect(reaction=Reaction.RECREATE, web={"volumes": [DIRECTORY]}).recreate == {"web"}
    assert effect(reaction=Reaction.SIGNAL, web={"volumes": [DIRECTORY]}).signal == {"web"}
    assert not effect(reaction=Reaction.NONE, web={"volumes": [DIRECTORY]})


@pytest.mark.parametrize("mounts", [[FILE], [FILE, DIRECTORY], [DIRECTORY, FILE]])
def test_a_signal_becomes_a_restart_where_the_file_itself_is_mounted(mounts: list[dict[str, str]]) -> None:
    found = effect(reaction=Reaction.SIGNAL, web={"volumes": mounts})
    assert (found.restart, found.signal) == (frozenset(["web"]), frozenset[str]())


def test_who_shares_the_network_of_a_recreated_container_is_recreated() -> None:
    found = effect(reaction=Reaction.RECREATE, vpn={"volumes": [DIRECTORY]}, app={"network_mode": "service:vpn"})
    assert found.recreate == {"vpn", "app"}


def test_a_changed_file_of_a_build_builds() -> None:
    assert effect("src/main.py", web={"build": {"context": AT}}).build
    assert not effect("src/main.py", web={"build": {"context": f"{AT}/other"}})


BUILD = {
    "context": f"{AT}/app",
    "dockerfile": "../docker/Dockerfile",
    "additional_contexts": {"conf": f"{AT}/conf", "base": "docker-image://alpine", "up": "https://example.org/x.git"},
}


@pytest.mark.parametrize(
    ("file", "builds"),
    [
        ("app/main.py", True),
        ("docker/Dockerfile", True),
        ("docker/Dockerfile.dockerignore", True),
        ("docker/other", False),
        ("conf/x/y", True),
        ("Dockerfile", False),
    ],
)
def test_all_that_an_image_is_made_of_counts_wherever_it_lies(file: str, builds: bool) -> None:  # noqa: FBT001
    assert effect(file, web={"build": BUILD}).build is builds


def test_force_builds_too() -> None:
    answer = resolved(model=a_model("plex", plex={"build": BUILD}), before=a_model("plex", plex={"build": BUILD}))
    plan = a_plan(a_repo(a_service()), a_request("plex", force=True), an_observation("plex"), answers=[answer])
    assert "--build" in str(plan.steps[0].commands[-1])


def test_changed_arguments_of_a_build_build() -> None:
    service = a_service("plex", files={})
    before, model = (a_model("plex", web={"build": {"context": AT, "args": {"V": v}}}) for v in "12")
    assert effect_of(a_repo(service), service, a_host(), resolved(before=before, model=model, files_before={})).build


def test_what_compose_makes_anew_by_itself_is_left_to_it() -> None:
    service = a_service("plex", files={"services/plex/config/app.yml": "new"})
    before, model = (a_model("plex", web={"image": f"web:{v}", "volumes": [DIRECTORY]}) for v in "12")
    answer = resolved(before=before, model=model, files_before={"services/plex/config/app.yml": "old"})
    found = effect_of(a_repo(service), service, a_host(), answer)
    assert (found.remade, found.restart) == (frozenset(["web"]), frozenset[str]())
    assert [str(c) for c in found.changes] == ["web: image 1 -> 2", "config/app.yml changed"]


def test_a_first_deploy_changes_everything_and_tells_nothing() -> None:
    found = effect_of(a_repo(), a_service(), a_host(), resolved(before=None, files_before=None))
    assert found == Effect(model_changed=True)


def test_files_come_and_go() -> None:
    service = a_service("plex", files={"services/plex/new.yml": "1"})
    found = effect_of(a_repo(service), service, a_host(), resolved(files_before={"services/plex/old.yml": "1"}))
    assert [str(c) for c in found.changes] == ["new.yml added", "old.yml removed"]


def mounting(*sources: str) -> dict[str, Any]:
    return {
        "web": {"volumes": [{"type": "bind", "source": f"{AT}/{source}", "target": f"/{source}"} for source in sources]}
    }


def restarted(before: dict[str, str], after: dict[str, str], model: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What restarts, and what the plan says, where these are the files of plex by records and by the commit."""
    service, both = a_service("plex", files=after), a_model("plex", **model)
    answer = resolved(model=both, before=both, files_before=before)
    found = effect_of(a_repo(service), service, a_host(), answer)
    return sorted(found.restart), [str(change) for change in found.changes]


RUN = "services/plex/run.sh"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("one 100644", "one 100755", (["web"], ["run.sh changed"])),
        ("one 100755", "one 100755", ([], [])),
        ("one", "one 100755", ([], [])),
        ("one", "two 100644", (["web"], ["run.sh changed"])),
    ],
    ids=["made executable", "as it was", "recorded before modes were", "and changed since"],
)
def test_a_mode_is_part_of_a_file(before: str, after: str, said: tuple[list[str], list[str]]) -> None:
    assert restarted({RUN: before}, {RUN: after}, mounting("run.sh")) == said


def test_a_container_sees_what_a_mounted_symlink_leads_to() -> None:
    links = {
        "services/plex/a.conf": "l1 120000 ../../shared/a.conf",
        "services/plex/config": "l2 120000 ../../latest/conf",
        "latest": "l3 120000 shared",
    }
    a, deep, other = ({f"shared/{name}": "one 100644"} for name in ("a.conf", "conf/deep/x", "other"))
    changed = dict.fromkeys({**a, **deep, **other}, "two 100644")
    both = mounting("a.conf", "config")
    for old, seen in ((a, True), (deep, True), (other, False)):
        new = {path: changed[path] for path in old}
        assert bool(restarted({**links, **old}, {**links, **new}, both)[0]) is seen


def test_an_env_file_that_leaves_git_is_said_to_stay() -> None:
    said = restarted({"services/plex/.env": "one 100644", RUN: "one 100644"}, {}, mounting("config"))
    assert said == ([], [".env is in Git no more, and stays on nas", "run.sh removed"])
