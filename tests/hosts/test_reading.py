"""What only looks changes nothing, JSON stands alone on stdout, logs end when told; images and disks are cared for."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, containers, eventually, finish, now, put, running, seen
from tests.lab import LabHost

TALK = "command: [sh, -c, 'n=0; while :; do n=$$((n + 1)); echo {word} $$n; sleep 0.1; done']"


def state(host: LabHost) -> str:
    """Everything that a run could leave behind: files with their times, temporary ones, and what Docker has."""
    files = f"find {CHECKOUT} /var/lib/services /home/admin -printf '%p %m %i %T@\\n'; ls -A /tmp"
    docker = "docker ps --all --quiet; docker network ls --quiet; docker volume ls --quiet; docker images --quiet"
    return host.check("bash", "-c", f"{{ {files}; {docker}; }} | sort")


def test_a_dry_run_changes_nothing_on_any_host_and_its_status_tells_if_there_is_something_to_do(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("blog", host="h1")
    home.commit()
    empty = [state(host) for host in hosts[:2]]
    assert home.inv("deploy-all", "--dry-run", "--exit-code").status == 2
    assert [state(host) for host in hosts[:2]] == empty
    home.deploy()
    home.add("blog", "image: homelab/demo:2", host="h1")
    home.add("wiki", host="h2")
    home.commit()
    before = [state(host) for host in hosts[:2]]
    done = home.inv("deploy-all", "--dry-run", "--exit-code")
    assert (done.status, done.err) == (2, "")
    assert "image 1 -> 2" in done.out
    assert done.said.endswith("; nothing was changed to do it: inv deploy-all")
    for words in (["destroy", "blog"], ["stop", "blog"], ["restart", "blog"], ["ensure", "blog"]):
        home.succeed(*words, "--dry-run")
    assert [state(host) for host in hosts[:2]] == before
    home.deploy()
    assert home.inv("deploy-all", "--dry-run", "--exit-code").status == 0


LOOKS = (["list"], ["status"], ["hosts"])
CHANGES = (["stop", "blog"], ["start", "blog"], ["restart", "blog"], ["ensure", "blog"], ["destroy", "blog", "--yes"])


def test_json_is_all_that_is_on_stdout(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("blog", host="h1")
    home.add("wiki", host="h2")
    home.commit()
    deployed = home.inv("deploy-all", "--format", "json").json
    assert {step["key"]: step["status"] for step in deployed["steps"]} == {"blog@h1": "done", "wiki@h2": "done"}
    assert (deployed["ok"], deployed["title"]) == (True, "deploy-all")
    for words in (*LOOKS, *CHANGES, ["deploy", "blog"], ["deploy-all", "--dry-run"]):
        done = home.succeed(*words, "--format", "json")
        assert isinstance(done.json, dict)
        assert done.err == ""
    hosts[1].stop_sshd()
    home.add("wiki", "image: homelab/demo:2", host="h2")
    home.commit()
    failed = home.inv("deploy-all", "--format", "json")
    assert (failed.status, failed.json["ok"]) == (1, False)
    assert home.inv("status", "--format", "json").json["hosts"].keys() == {"h2"}


def test_the_status_of_some_services_asks_only_the_hosts_where_they_belong(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("blog", host="h1")
    home.add("wiki", host="h2")
    home.commit()
    home.deploy()
    hosts[1].stop_sshd()
    assert "h2" not in home.succeed("status", "--names", "blog").said
    done = home.inv("status")
    assert (done.status, "! cannot reach h2 (" in done.out) == (1, True)


def nobody_reads_on(host: LabHost) -> None:
    """Waits until no log reader is left: they are told to end, and take a moment."""
    eventually(lambda: host.exec("pgrep", "--full", "compose.* logs").returncode == 1, "the end of all readers")


def test_logs_of_two_services_are_interleaved_with_their_names_and_end_at_ctrl_c(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("one", TALK.format(word="eins"), host="h1")
    home.add("two", TALK.format(word="zwei"), host="h2")
    home.commit()
    home.deploy()
    assert len(home.succeed("logs", "one,two", "--tail", "2").out.splitlines()) == 4
    with home.start("logs", "one,two", "--follow", "--tail", "1") as process:
        lines = [_line(process) for _ in range(20)]
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        done = finish(process, started, seconds=5)
    assert (done.status, done.err) == (130, "")
    assert {line.split(" | ")[0] for line in lines} == {"one", "two"}
    assert all("eins" in line or line.startswith("two") for line in lines)
    for host in hosts[:2]:
        nobody_reads_on(host)


def test_the_logs_of_more_services_than_a_connection_has_channels_are_followed(home: Homelab, host: LabHost) -> None:
    names = [f"s{n}" for n in range(9)]
    for name in names:
        home.add(name, TALK.format(word=f"talk-{name}"), "network_mode: none")
    home.commit()
    home.deploy()
    shown = home.succeed("logs", "s*", "--tail", "1").out.splitlines()
    assert sorted(line.split()[0] for line in shown) == names
    with home.start("logs", "s*", "--follow", "--tail", "1") as process:
        lines = [_line(process) for _ in range(200)]
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        done = finish(process, started, seconds=5)
    assert (done.status, done.err) == (130, "")
    assert {line.split()[0] for line in lines} == set(names)
    assert all(f"talk-{line.split()[0]} " in line for line in lines)
    nobody_reads_on(host)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_the_logs_of_a_host_that_is_off_are_an_error_and_those_of_the_others_are_shown(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("one", "command: [sh, -c, 'echo hello; sleep 9999']", host="h1")
    home.add("two", host="h2")
    home.commit()
    home.deploy()
    hosts[1].stop_sshd()
    done = home.inv("logs", "one,two")
    assert (done.status, "hello" in done.out) == (1, True)
    assert done.err.startswith("error: cannot reach h2 ")


@pytest.mark.parametrize("task", ["update-services", "deploy-all"])
def test_an_image_whose_name_moved_on_is_taken_up(home: Homelab, host: LabHost, task: str) -> None:
    home.add("blog")
    home.add("wiki", "image: homelab/demo:2")
    home.commit()
    home.deploy()
    wiki = seen(host, "wiki-web-1")
    host.docker("tag", "homelab/demo:2", "homelab/demo:1")
    done = home.succeed(task)
    assert "blog update: container web runs an older image than its image's name means now" in done.said
    image = host.docker("image", "inspect", "--format", "{{.Id}}", "homelab/demo:2")
    assert host.docker("inspect", "--format", "{{.Image}}", "blog-web-1") == image
    assert seen(host, "wiki-web-1") == wiki
    assert home.deploy().out.startswith("nothing to do:")


def test_pull_images_says_what_could_not_be_fetched(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    assert "no service is deployed, so there is nothing to pull" in home.succeed("pull-images").out
    home.deploy()
    done = home.inv("pull-images")
    assert (done.status, done.err.startswith("error: blog on h1: pull failed (")) == (1, True)
    assert running(host) == ["blog-web-1"]


def test_which_images_would_be_pulled_is_told_as_the_host_reads_its_files(home: Homelab, host: LabHost) -> None:
    home.add("blog", "image: homelab/demo:${TAG:-1}")
    home.add("wiki")
    home.commit()
    home.succeed("deploy", "blog")
    put(host, "services/blog/.env", "TAG=2\n")
    before, since = state(host), now(host)
    assert home.succeed("pull-images", "--dry-run").out == "blog on h1: would fetch homelab/demo:2\n"
    assert (host.docker("events", "--since", since, "--until", now(host)), state(host)) == ("", before)


def test_cleanup_asks_and_removes_only_what_no_service_needs(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.add("wiki")
    home.commit()
    home.deploy()
    home.succeed("stop", "wiki")
    host.docker("run", "--name", "stray", "homelab/demo:1", "true")
    host.docker("volume", "create", "keep")
    dangling = host.docker("commit", "stray")
    asked = home.inv("cleanup", "--host", "h1")
    assert asked.status == 1
    assert asked.err.endswith(" on h1: nobody is there to ask; say --yes if it is meant\n")
    before = state(host)
    foretold = home.succeed("cleanup", "--dry-run", "--host", "h1").out
    table = [line.split() for line in foretold.splitlines()[1:-2]]
    assert [(host, kind, name) for host, kind, _, _, name in table] == [
        ("h1", "container", "stray"),
        ("h1", "image", dangling.removeprefix("sha256:")[:12]),
    ]
    assert foretold.splitlines()[-1].startswith("h1: would free at least ")
    assert state(host) == before
    home.succeed("cleanup", "--yes")
    assert home.succeed("cleanup", "--dry-run", "--host", "h1").out == "h1: nothing to remove\n"
    assert sorted(containers(host)) == ["blog-web-1", "wiki-web-1"]
    assert dangling not in host.docker("images", "--no-trunc", "--quiet", "--all")
    assert host.docker("volume", "ls", "--quiet") == "keep"


def test_unnamed_volumes_are_foretold_only_where_they_would_go(home: Homelab, host: LabHost) -> None:
    home.add("blog", "volumes: ['/data']")
    home.commit()
    home.deploy()
    host.docker("run", "--name", "stray", "--volume", "/cache", "homelab/demo:1", "sh", "-c", "echo 1234 >/cache/x")
    host.docker("volume", "create", "keep")
    unnamed = host.docker("inspect", "--format", "{{(index .Mounts 0).Name}}", "stray")
    assert " volume " not in home.succeed("cleanup", "--dry-run", "--host", "h1").out
    foretold = home.succeed("cleanup", "--dry-run", "--volumes", "--host", "h1").out
    assert [line.split()[-1] for line in foretold.splitlines() if " volume " in line] == [unnamed[:12]]
    volumes = set(host.docker("volume", "ls", "--quiet").split())
    home.succeed("cleanup", "--yes", "--volumes", "--host", "h1")
    assert volumes - set(host.docker("volume", "ls", "--quiet").split()) == {unnamed}


def test_nothing_is_asked_of_docker_by_a_look(home: Homelab, host: LabHost) -> None:
    home.add("blog", "healthcheck: {test: [CMD, 'true'], interval: 1h, start_period: 1s}")
    home.commit()
    home.deploy()
    since = now(host)
    home.succeed("status")
    home.succeed("hosts")
    assert host.docker("events", "--since", since, "--until", now(host)) == ""
