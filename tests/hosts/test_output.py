"""Output that nobody reads, or that cannot be written: a run that has begun goes on to its end all the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.homelab import Homelab, eventually, head, seen
from tests.hosts.slow import NOT_READY
from tests.lab import Lab, LabHost

GOES_ON = "warning: standard output cannot be written (broken pipe); the run goes on to its end, and inv history tells"


@pytest.fixture
def chain(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> Homelab:
    """Three services in a row, of version one on h1; a deploy that fails goes back."""
    home.inventory(lab, hosts[:1], defaults={"on_failure": "revert"})
    version(home, "one")
    home.deploy()
    return home


def version(home: Homelab, value: str, *second: str) -> None:
    home.add("first", f"environment: {{V: {value}}}")
    home.add("second", f"environment: {{V: {value}}}", *second, depends_on=["first"])
    home.add("third", f"environment: {{V: {value}}}", depends_on=["second"])
    home.commit()


def versions(host: LabHost) -> list[str]:
    names = ("first-web-1", "second-web-1", "third-web-1")
    return [version_of(host, name) for name in names]


def version_of(host: LabHost, name: str) -> str:
    """ "" while it is being replaced."""
    return host.exec("docker", "exec", name, "sh", "-c", "echo $V").stdout.decode().strip()


def without_reader(home: Homelab, host: LabHost, *words: str, both: bool = False) -> subprocess.Popen[str]:
    """A deploy whose reader has left as soon as the second service was made anew."""
    process = home.start("deploy-all", "--yes", *words)
    eventually(lambda: version_of(host, "second-web-1") == "two", "the new container")
    for stream in (process.stdout, process.stderr if both else None):
        if stream:
            stream.close()
    return process


@pytest.mark.parametrize("both", [False, True], ids=["stdout", "both"])
def test_a_deploy_whose_reader_leaves_goes_on_to_its_end(chain: Homelab, host: LabHost, *, both: bool) -> None:
    version(chain, "two", NOT_READY)
    with without_reader(chain, host, both=both) as process:
        host.docker("exec", "second-web-1", "touch", "/tmp/ready")
        assert process.wait(30) == 0
        said = "" if both or not process.stderr else process.stderr.read()
    assert said.startswith(GOES_ON) is not both
    assert versions(host) == ["two", "two", "two"]
    assert chain.succeed("history", "--limit", "1", "--format", "json").json["runs"][0]["outcome"] == "done"
    assert chain.deploy().out.startswith("nothing to do:")


def test_a_deploy_whose_reader_leaves_puts_back_what_fails(chain: Homelab, host: LabHost) -> None:
    before = head(host)
    version(chain, "two", NOT_READY)
    with without_reader(chain, host, "--timeout", "4") as process:
        assert process.wait(30) == 1
    assert (versions(host), head(host)) == (["one", "one", "one"], before)
    run = chain.succeed("history", "--limit", "1", "--format", "json").json["runs"][0]
    assert (run["outcome"], run["reverted"]) == ("put back", True)


def test_a_deploy_that_nobody_reads_from_the_start_changes_nothing(chain: Homelab, host: LabHost) -> None:
    before = head(host)
    version(chain, "two")
    with chain.start("deploy-all", "--yes") as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(30) == 1
        assert process.stderr
        assert process.stderr.read() == ""
    assert (versions(host), head(host)) == (["one", "one", "one"], before)
    chain.deploy()


@pytest.fixture
def full() -> Iterator[int]:
    with Path("/dev/full").open("w") as file:
        yield file.fileno()


def into(home: Homelab, stdout: int, *words: str) -> tuple[int, str]:
    """Exit status of `inv WORDS` with that output, and what it says besides."""
    argv = [sys.executable, "-m", "invoke", *words]
    done = subprocess.run(
        argv, cwd=home.root, env=home._environment(), stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )
    return done.returncode, done.stderr


def test_a_full_disk_ends_a_deploy_before_it_changes_anything_and_none_that_has_begun(
    chain: Homelab, host: LabHost, full: int
) -> None:
    version(chain, "two")
    told = "error: the output cannot be written, no space is left there; make room, then again\n"
    assert into(chain, full, "deploy-all", "--yes") == (1, told)
    assert versions(host) == ["one", "one", "one"]
    status, said = into(chain, full, "deploy-all", "--yes", "--format", "json")
    assert (status, "(no space left on device); the run goes on" in said) == (0, True)
    assert versions(host) == ["two", "two", "two"]


def test_a_deploy_needs_no_output_at_all(chain: Homelab, host: LabHost) -> None:
    version(chain, "two")
    for words in ("deploy-all --yes", "status"):
        line = f"exec {sys.executable} -m invoke {words} <&- >&- 2>&-"
        done = subprocess.run(["bash", "-c", line], cwd=chain.root, env=chain._environment(), check=False)
        assert (words, done.returncode) == (words, 0)
    assert versions(host) == ["two", "two", "two"]
    assert seen(host, "third-web-1").status == "running"


def test_a_host_that_lets_in_and_runs_nothing_is_told_from_one_whose_answer_broke_off(
    chain: Homelab, host: LabHost
) -> None:
    path = f"{host.check('getent', 'passwd', 'admin').split(':')[5]}/.bashrc"
    host.check("bash", "-c", f"if [ -e {path} ]; then mv {path} {path}.away; fi; echo exit >{path}")
    try:
        done = chain.inv("status")
    finally:
        host.check("bash", "-c", f"rm {path}; if [ -e {path}.away ]; then mv {path}.away {path}; fi")
    told = "h1 lets us in and then runs no command; look for an exit in ~/.bashrc there, and for ForceCommand or"
    assert (done.status, told in done.said) == (1, True)
