"""What lies in the checkout on a host and at home: nothing that somebody wrote is lost, odd names are only names."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from homelab_tasks import pipeline
from homelab_tasks.outcome import Tell
from homelab_tasks.plan import Plan
from homelab_tasks.request import Request
from homelab_tasks.stage import Stage
from tests.hosts.homelab import CHECKOUT, Done, Homelab, events, head, now, put, running
from tests.lab import Lab, LabHost

MOUNT = "volumes: ['./config:/config:ro']"


def on(host: LabHost, line: str) -> str:
    """Output of a shell line, run as the user of the checkout."""
    done = host.exec("bash", "-c", line, user="admin")
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def test_a_file_that_was_edited_on_the_host_stops_the_deploy_and_is_kept(home: Homelab, host: LabHost) -> None:
    home.add("blog", MOUNT)
    home.add("wiki")
    home.write("services/blog/config/a.txt", "one\n")
    first = home.commit()
    home.deploy()
    put(host, "services/blog/config/a.txt", "mine\n")
    home.write("services/blog/config/a.txt", "two\n")
    home.commit()
    done = home.inv("deploy", "blog")
    assert done.status == 1
    assert "files were edited in /opt/homelab on h1: services/blog/config/a.txt; commit or undo that" in done.said
    assert (head(host), on(host, f"cat {CHECKOUT}/services/blog/config/a.txt")) == (first, "mine")
    assert home.succeed("deploy", "wiki").out.startswith("nothing to do:")
    on(host, f"cd {CHECKOUT} && git checkout --quiet services/blog/config/a.txt")
    home.deploy()
    assert host.docker("exec", "blog-web-1", "cat", "/config/a.txt") == "two"


def test_a_file_that_only_the_host_has_is_not_overwritten(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    first = home.commit()
    home.deploy()
    put(host, "services/blog/notes.txt", "mine\n")
    home.write("services/blog/notes.txt", "theirs\n")
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "files on h1 are in the way of the commit: services/blog/notes.txt; move them away there" in done.said
    assert (head(host), on(host, f"cat {CHECKOUT}/services/blog/notes.txt")) == (first, "mine")
    on(host, f"rm {CHECKOUT}/services/blog/notes.txt")
    home.deploy()
    assert on(host, f"cat {CHECKOUT}/services/blog/notes.txt") == "theirs"


def test_work_that_is_not_committed_is_named_and_never_deployed(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.add("wiki")
    home.commit()
    home.write("services/blog/new.txt", "not yet\n")
    refused = home.inv("deploy", "blog")
    assert (refused.status, running(host)) == (1, [])
    assert refused.err == (
        "error: not committed: services/blog/new.txt; commit it, or deploy the last commit: --allow-dirty\n"
    )
    assert (
        "not committed, and so not part of this: services/blog/new.txt"
        in home.succeed("deploy", "blog", "--dry-run").said
    )
    home.succeed("deploy", "wiki")
    home.succeed("deploy", "blog", "--allow-dirty")
    assert running(host) == ["blog-web-1", "wiki-web-1"]
    assert on(host, f"ls {CHECKOUT}/services/blog") == "compose.yml\nservice.yaml"


def test_an_older_commit_replaces_a_newer_one_only_by_force(home: Homelab, host: LabHost) -> None:
    home.add("blog", "environment: {A: one}")
    first = home.commit()
    home.add("blog", "environment: {A: two}")
    second = home.commit()
    home.deploy()
    home.git("checkout", "--quiet", "-b", "old", first)
    done = home.inv("deploy-all")
    told = f"h1 is at {second[:7]}, 1 commit ahead of this checkout; git pull first, or go back with --force"
    assert (done.status, told in done.said, head(host)) == (1, True, second)
    forced = home.succeed("deploy", "blog", "--host", "h1", "--force", "--dry-run")
    assert forced.said.endswith("to do it: inv deploy blog --force --host h1")
    home.deploy("--force")
    assert head(host) == first


class Colleague:
    """Watches a run, and tries to deploy a commit of his own from another machine as soon as it is at `stage`."""

    def __init__(self, home: Homelab, stage: Stage) -> None:
        self.clone = Homelab(home.top.with_name("clone"), home.top.with_name("clone"))
        home.git("clone", "--quiet", str(home.top), str(self.clone.top))
        self.clone.add("blog", "environment: {A: theirs}")
        self.commit = self.clone.commit()
        self.acts_at = stage
        self.done: Done | None = None

    def stage(self, text: str) -> None:
        """Nothing to show."""

    def at(self, stage: Stage) -> None:
        if stage is self.acts_at:
            self.done = self.clone.inv("deploy-all", "--yes")

    def approve(self, _plan: Plan) -> bool:
        return True

    def goes_back(self, _plan: Plan) -> None:
        """Nothing to show."""

    def tell(self, _plan: Plan) -> Tell:
        return lambda _: None


def deploy_beside_a_colleague(home: Homelab, stage: Stage) -> tuple[pipeline.Run, Colleague]:
    home.add("blog", "environment: {A: one}")
    home.commit()
    home.deploy()
    home.add("blog", "environment: {A: ours}")
    home.add("wiki")
    home.commit()
    colleague = Colleague(home, stage)
    return pipeline.deploy(pipeline.load(home.root), _all(home), pipeline.Options(), colleague), colleague


def test_while_a_plan_is_looked_at_nobody_else_changes_the_host(home: Homelab, host: LabHost) -> None:
    run, colleague = deploy_beside_a_colleague(home, Stage.LOCKED)
    assert run.report
    assert run.report.ok
    assert colleague.done
    assert colleague.done.status == 1
    told = rf"error: h1 is locked by .*, pid {os.getpid()}, since .*: deploy-all; wait for it, then run the same again"
    assert re.match(told, colleague.done.err)
    assert head(host) == home.git("rev-parse", "HEAD")
    assert host.docker("exec", "blog-web-1", "sh", "-c", "echo $A") == "ours"


def test_what_somebody_deployed_since_the_look_is_not_undone(home: Homelab, host: LabHost) -> None:
    run, colleague = deploy_beside_a_colleague(home, Stage.CONNECTED)
    assert colleague.done
    assert colleague.done.status == 0
    assert run.report
    told = f"h1 is at {colleague.commit[:7]}, which this checkout does not know; "
    assert {outcome.why.startswith(told) for outcome in run.report.outcomes} == {True}
    assert head(host) == colleague.commit
    assert host.docker("exec", "blog-web-1", "sh", "-c", "echo $A") == "theirs"


def _all(home: Homelab) -> Request:
    return Request("deploy-all", frozenset(pipeline.load(home.root).services), everything=True)


def test_a_delivery_that_a_power_cut_ended_is_finished_by_the_next_run(home: Homelab, host: LabHost) -> None:
    home.add("blog", MOUNT)
    home.write("services/blog/config/a.txt", "one\n")
    home.commit()
    home.deploy()
    home.write("services/blog/config/a.txt", "two\n")
    home.write("services/blog/config/b.txt", "two\n")
    commit = home.commit()
    files = f"{CHECKOUT}/services/blog/config"
    on(host, f"echo {commit} >{CHECKOUT}/.git/homelab/delivering; echo tw >{files}/a.txt; echo two >{files}/b.txt")
    on(host, f"touch {CHECKOUT}/.git/index.lock")
    home.deploy()
    assert (head(host), on(host, f"cat {files}/a.txt")) == (commit, "two")
    assert host.docker("exec", "blog-web-1", "cat", "/config/a.txt") == "two"
    assert on(host, f"git -C {CHECKOUT} status --porcelain; ls {CHECKOUT}/.git/homelab/delivering || true") == ""


HALF_A_GIT_FOLDER = "mkdir -p .git.new.77/.git/refs && touch .git.new.77/.git/HEAD.lock"
NO_COMMIT_YET = "git init --quiet --initial-branch=main"
HALF_A_FILE = f"{NO_COMMIT_YET} && mkdir -p .git/homelab services/blog && echo COMMIT >.git/homelab/delivering && \
echo ser >services/blog/compose.yml && touch .git/index.lock"


@pytest.mark.parametrize(
    "left", [HALF_A_GIT_FOLDER, NO_COMMIT_YET, HALF_A_FILE], ids=["half a Git folder", "no commit yet", "half a file"]
)
def test_a_first_delivery_that_was_cut_off_is_made_again(home: Homelab, host: LabHost, left: str) -> None:
    home.add("blog", "environment: {TOKEN: '${TOKEN:?}'}")
    home.write(".gitignore", ".env\n")
    commit = home.commit()
    put(host, "services/blog/.env", "TOKEN=hush\n")
    on(host, f"cd {CHECKOUT} && {left.replace('COMMIT', commit)}")
    home.deploy()
    assert head(host) == commit
    assert host.docker("exec", "blog-web-1", "sh", "-c", "echo $TOKEN") == "hush"
    assert (
        on(host, f"git -C {CHECKOUT} status --porcelain; ls -d {CHECKOUT}/.git*")
        == f"{CHECKOUT}/.git\n{CHECKOUT}/.gitignore"
    )


ODD = {"A": 'it\'s "quoted" `id` $HOME \\ end ', "B": "grün 🚀", "C": "line one\nline two", "D": "$(touch /tmp/oops)"}


@pytest.mark.parametrize("folder", ["", "lab", "my home's $lab; x"])
def test_odd_folders_and_values_arrive_as_they_are(tmp_path: Path, lab: Lab, host: LabHost, folder: str) -> None:
    home = Homelab.make(tmp_path / "the home lab", lab, [host], folder=folder)
    prefix = f"{folder}/" if folder else ""
    (home.top / "elsewhere.txt").write_text("not of the homelab\n")
    home.write(".gitignore", ".env\n")
    values = [f"{key}: {_double_quoted(value)}" for key, value in ODD.items()]
    home.add(
        "blog", "environment: {" + ", ".join([*values, "E: '${SECRET}'"]) + "}", "volumes: ['./my config:/config']"
    )
    home.write("services/blog/my config/ä b.txt", "one\n")
    home.commit()
    put(host, f"{prefix}services/blog/.env", "SECRET='pa $word\"'\n")
    home.deploy()
    expected = {**ODD, "E": 'pa $word"'}
    printed = host.docker("exec", "blog-web-1", "sh", "-c", 'printf "%s|" "$A" "$B" "$C" "$D" "$E"')
    assert printed == "|".join([*expected.values(), ""])
    since = now(host)
    assert home.deploy().out.startswith("nothing to do:")
    home.write("services/blog/my config/ä b.txt", "two\n")
    home.commit()
    assert "my config/ä b.txt changed" in home.deploy().out
    assert host.docker("exec", "blog-web-1", "cat", "/config/ä b.txt") == "two"
    assert events(host, "restart", since, "{{.Actor.Attributes.name}}") == ["blog-web-1"]


def _double_quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("$", "$$")
    return f'"{escaped}"'


def test_a_host_can_fetch_the_commit_from_its_own_origin(tmp_path: Path, lab: Lab, host: LabHost) -> None:
    home = Homelab.make(tmp_path / "homelab", lab, [host])
    home.inventory(lab, [host], defaults={"source": "origin"})
    home.add("blog")
    home.commit()
    on(host, "git init --quiet --bare --initial-branch=main ~/origin.git")
    push(home, lab)
    told = "h1 cannot fetch from its origin ('origin' does not appear to be a git repository)"
    mending = f"git -C {CHECKOUT} remote add origin"
    assert f"{told}; on h1: {mending} URL" in home.inv("deploy-all").said
    on(host, f"{mending} ~/origin.git")
    home.deploy()
    home.add("blog", "image: homelab/demo:2")
    commit = home.commit()
    refused = home.inv("deploy-all")
    assert refused.status == 1
    assert f"commit {commit[:7]} is not at the origin of h1; git push, then run the same again" in refused.said
    push(home, lab)
    home.deploy()
    assert head(host) == commit
    assert host.docker("inspect", "--format", "{{.Config.Image}}", "blog-web-1") == "homelab/demo:2"


def test_a_shallow_clone_says_so_before_its_first_delivery(home: Homelab, host: LabHost, tmp_path: Path) -> None:
    home.add("blog")
    first = home.commit()
    home.add("blog", "image: homelab/demo:2")
    second = home.commit()
    clone = Homelab(tmp_path / "clone", tmp_path / "clone")
    home.git("clone", "--quiet", "--depth=1", f"file://{home.top}", str(clone.top))
    whole = "this clone has only the last commits (git clone --depth); git fetch --unshallow"
    for words in (["--yes"], ["--dry-run"]):
        done = clone.inv("deploy-all", *words)
        assert (done.status, f"the first delivery to h1 is the whole history, and {whole}" in done.said) == (1, True)
    home.git("checkout", "--quiet", first)
    home.deploy()
    clone.deploy("--force")  # nothing is lacking: the host has the commit before it
    assert head(host) == second


def push(home: Homelab, lab: Lab) -> None:
    environment = {"GIT_SSH_COMMAND": f"ssh -F {lab.ssh_dir}/config", "PATH": "/usr/bin:/bin"}
    argv = ["git", "push", "--quiet", "h1:origin.git", "main"]
    subprocess.run(argv, cwd=home.root, env=environment, check=True)
