"""What compose files ask of images and of paths that are not there: told, or done, before anything changes."""

from __future__ import annotations

from pathlib import Path

from tests.hosts.homelab import CHECKOUT, Homelab, seen
from tests.hosts.registry import APP, registry
from tests.lab import LabHost

ALWAYS = (f"image: {APP}", "pull_policy: always")


def page(host: LabHost) -> str:
    """Which of the lab's images the container runs."""
    return host.docker("exec", "plex-web-1", "cat", "/www/index.html").strip()


def test_a_newer_image_comes_with_the_next_change_and_goes_back_with_it(
    home: Homelab, host: LabHost, tmp_path: Path
) -> None:
    newest = tmp_path / "newest"
    newest.write_text("1")
    with registry(host, newest):
        home.add("plex", *ALWAYS, "environment: {N: '1'}")
        home.commit()
        home.deploy()
        first = seen(host, "plex-web-1")
        newest.write_text("2")
        assert "nothing to do" in home.deploy().out
        assert seen(host, "plex-web-1") == first

        home.add("plex", *ALWAYS, 'command: ["false"]')
        home.commit()
        assert f"pulls {APP}" in home.succeed("deploy-all", "--dry-run").said
        failed = home.inv("deploy-all", "--yes", "--on-failure", "revert")
        assert failed.status == 1
        assert "as before" in failed.said
        assert page(host) == "homelab/demo:1"

        home.add("plex", *ALWAYS, "environment: {N: '2'}")
        home.commit()
        done = home.deploy()
        assert f"plex on h1: web: {APP} " in done.said
        assert page(host) == "homelab/demo:2"
        home.succeed("rollback", "--yes")
        assert page(host) == "homelab/demo:1"


def test_a_registry_that_is_down_stops_a_deploy_before_anything_changes_and_no_start(
    home: Homelab, host: LabHost, tmp_path: Path
) -> None:
    newest = tmp_path / "newest"
    newest.write_text("1")
    home.add("plex", *ALWAYS)
    home.commit()
    with registry(host, newest):
        home.deploy()
    home.add("plex", *ALWAYS, "environment: {N: '2'}")
    home.commit()
    before = seen(host, "plex-web-1")
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert f"try it there: docker pull {APP}, or take the one that is there with pull_policy: missing" in done.said
    assert seen(host, "plex-web-1") == before
    home.succeed("stop", "plex")
    home.succeed("start", "plex")
    assert page(host) == "homelab/demo:1"


def test_what_is_never_to_be_pulled_is_missed_before_anything_changes(home: Homelab, host: LabHost) -> None:
    home.add("plex", "image: my/own:1", "pull_policy: never")
    home.commit()
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "plex: image my/own:1 is not on h1, and its pull_policy is never; build or load it there" in done.said
    host.docker("tag", "homelab/demo:1", "my/own:1")
    home.deploy()


def test_a_path_that_is_not_in_git_stops_no_deploy(home: Homelab, host: LabHost) -> None:
    home.add("plex", 'volumes: ["../../data/plex:/data"]', "env_file: [{path: ../common.env, required: false}]")
    home.add("blog")
    home.commit()
    home.deploy()
    assert host.docker("inspect", "--format", "{{(index .Mounts 0).Source}}", "plex-web-1") == "/opt/homelab/data/plex"
    home.add("plex", "env_file: [../common.env]")
    home.commit()
    done = home.inv("deploy-all", "--yes")
    assert "plex: /opt/homelab/services/common.env is missing on h1; make it there" in done.said


def test_files_that_compose_file_chooses_are_named(home: Homelab) -> None:
    home.add("plex")
    home.write("common/extra.yml", "services: {extra: {image: homelab/demo:1, init: true}}\n")
    home.write("services/plex/.env.example", "COMPOSE_FILE=compose.yml:../../common/extra.yml\n")
    home.write("services/plex/.env", "COMPOSE_FILE=compose.yml:../../common/extra.yml\n")
    home.write(".gitignore", ".env\n")
    home.commit()
    assert "E007" in home.inv("validate").said
    home.succeed("env.push", "plex", "--yes")
    done = home.inv("deploy-all", "--yes")
    assert "COMPOSE_FILE in its .env there names files besides it: name the files with include:" in done.said
    assert "mend the file and commit" not in done.said


def test_an_env_file_of_the_repo_under_its_path_on_the_host_is_refused_before_it_is_read_too_early(
    home: Homelab, host: LabHost
) -> None:
    home.add("plex", f"env_file: {CHECKOUT}/services/plex/own.env")
    home.write("services/plex/own.env", "O=1\n")
    home.commit()
    refused = home.inv("deploy-all", "--yes")
    assert (refused.status, host.docker("ps", "--quiet")) == (1, "")
    assert "is a file of the repo, read on h1 before it comes there; write ./own.env" in " ".join(refused.said.split())
    home.add("plex", "env_file: ./own.env")
    home.commit()
    home.deploy()
    home.write("services/plex/own.env", "O=2\n")
    home.commit()
    home.deploy()
    assert "O=2" in host.docker("inspect", "--format", "{{.Config.Env}}", "plex-web-1")
