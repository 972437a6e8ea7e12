"""The library in other hands: another repo's own tasks beside ours, the console script, this machine as a host."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts.homelab import Homelab, running
from tests.lab import Lab, LabHost

OWN_TASKS = '''
from invoke import task
from homelab_tasks import ns


@task
def backup(context):
    """Copy the data away."""
    context.run("inv stop blog")
    print("copied")
    context.run("inv start blog")


ns.add_task(backup)
'''


def test_another_repo_has_our_tasks_beside_its_own_and_deploys_with_them(home: Homelab, host: LabHost) -> None:
    home.write("tasks.py", OWN_TASKS)
    home.write("bin/inv", f'#!/bin/sh\nexec "{sys.executable}" -m invoke "$@"\n')
    (home.root / "bin/inv").chmod(0o755)
    home.add("blog")
    home.commit()
    listed = home.succeed("--list").out
    assert "backup" in listed
    assert "deploy-all" in listed
    home.succeed("deploy", "blog")
    assert running(host) == ["blog-web-1"]
    done = home.inv("backup", PATH=f"{home.root}/bin:/usr/bin:/bin")
    assert (done.status, "copied" in done.out) == (0, True)
    assert running(host) == ["blog-web-1"]


def test_the_console_script_works_in_any_folder_of_the_repo_without_a_tasks_file(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    (home.root / "tasks.py").unlink()
    home.commit()
    done = subprocess.run(
        [sys.executable, "-m", "homelab_tasks", "deploy", "blog"],
        cwd=home.root / "services/blog",
        env=home._environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert running(host) == ["blog-web-1"]


def test_sixty_services_on_one_host(home: Homelab, host: LabHost) -> None:
    for n in range(60):
        home.add(f"s{n:02}", "network_mode: none", depends_on=[f"s{n - 10:02}"] if n >= 10 else [])
    home.commit()
    home.succeed("deploy-all")
    assert running(host) == [f"s{n:02}-web-1" for n in range(60)]
    done = home.deploy()
    assert done.out.startswith("nothing to do: 60 services on h1 are as the repo says")


@pytest.fixture
def here(tmp_path: Path, lab: Lab, host: LabHost) -> Homelab:
    """A homelab whose only host is this machine itself; its Docker is that of a lab host, as another has no images."""
    home = Homelab.make(tmp_path / "homelab", lab, [])
    home.write("hosts.yaml", "hosts:\n  here: {connection: local}\n")
    home.write(".gitignore", ".env\n__pycache__/\n")
    return replace(home, variables={"DOCKER_HOST": f"unix:///proc/{host.pid}/root/run/docker.sock"})


def test_this_machine_deploys_its_own_checkout_in_place(here: Homelab, host: LabHost) -> None:
    here.add("blog", "environment: {A: one}", host="here")
    first = here.commit()
    done = here.succeed("deploy", "blog")
    assert "first delivery" not in done.out
    assert _value(host) == "one"
    here.add("blog", "environment: {A: two}", host="here")
    here.commit()
    assert "environment ~ A" in here.succeed("deploy-all").out
    assert _value(host) == "two"
    assert here.succeed("deploy-all").out.startswith("nothing to do:")
    assert here.git("status", "--porcelain") == ""
    assert here.git("log", "--format=%H").split()[-1] == first


def test_in_place_an_edited_file_of_something_else_stops_nothing(here: Homelab, host: LabHost) -> None:
    here.add("blog", "environment: {A: one}", host="here")
    here.write("README.md", "one\n")
    here.commit()
    here.write("README.md", "two\n")
    here.succeed("deploy", "blog")
    here.replace("services/blog/compose.yml", "one", "two")
    refused = here.inv("deploy", "blog", "--allow-dirty")
    file = "services/blog/compose.yml"
    assert (refused.status, refused.err) == (
        1,
        f"error: not committed: {file}; commit it, or undo it: this very checkout is what runs\n",
    )
    assert _value(host) == "one"


def _value(host: LabHost) -> str:
    return host.docker("exec", "blog-web-1", "sh", "-c", "echo $A").strip()
