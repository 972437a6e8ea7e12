"""What root, a power cut or a talkative shell left on a host: named with the line that mends it, which is then run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, head
from tests.hosts.test_doctor import examined, found
from tests.lab import LabHost

MOUNT = "volumes: ['./config:/config:ro']"


@pytest.fixture
def changed(home: Homelab) -> Homelab:
    """A service was deployed, and is changed since: also its configuration, by a file that changed and a new one."""
    home.add("blog", MOUNT)
    home.write("services/blog/config/app.yml", "one\n")
    home.commit()
    home.deploy()
    home.write("services/blog/config/app.yml", "two\n")
    home.write("services/blog/config/more/new.yml", "new\n")
    home.commit()
    return home


def as_root(host: LabHost, told: str) -> None:
    """Run what a sentence says after `sudo`."""
    host.check("bash", "-c", told.partition("sudo ")[2].rstrip())


def test_a_folder_of_root_stops_the_deploy_before_anything_changes(changed: Homelab, host: LabHost) -> None:
    before = head(host)
    host.check("chown", "root:", f"{CHECKOUT}/services/blog/config")
    done = changed.inv("deploy-all", "--yes")
    told = (
        f"admin may not write {CHECKOUT}/services/blog/config on h1, where the commit changes files; "
        f"on h1: sudo chown admin: {CHECKOUT}/services/blog/config"
    )
    assert (done.status, told in done.said, head(host)) == (1, True, before)
    assert host.docker("exec", "blog-web-1", "cat", "/config/app.yml") == "one"
    as_root(host, told)
    changed.deploy()
    assert host.docker("exec", "blog-web-1", "cat", "/config/app.yml", "/config/more/new.yml") == "two\nnew"


def test_what_git_could_not_write_after_all_fails_the_deploy_and_the_next_one_writes_it(
    changed: Homelab, host: LabHost
) -> None:
    before, file = head(host), f"{CHECKOUT}/services/blog/config/app.yml"
    host.check("mount", "--bind", file, file)
    try:
        done = changed.inv("deploy-all", "--yes")
    finally:
        host.check("umount", file)
    assert (done.status, head(host)) == (1, before)
    told = "delivering the commit on h1 failed (unable to unlink old 'services/blog/config/app.yml'"
    assert done.said.count(told) == 1
    assert host.docker("exec", "blog-web-1", "cat", "/config/app.yml") == "one"
    again = changed.deploy()
    assert "was kept as" not in again.said
    assert host.docker("exec", "blog-web-1", "cat", "/config/app.yml") == "two"


@pytest.mark.parametrize("owned", ["lock", "working", ""])
def test_a_lock_of_root_is_no_other_run_and_doctor_and_setup_say_so_too(
    changed: Homelab, host: LabHost, owned: str
) -> None:
    file = f"{CHECKOUT}/.git/homelab/{owned}".rstrip("/")
    host.check("chown", "root:", file)
    done = changed.inv("deploy-all", "--yes", "--wait-lock", "30s")
    told = f"cannot write {file} on h1 (permission denied); on h1: sudo chown -R admin: {CHECKOUT}/.git"
    assert (done.status, done.err, done.seconds < 20) == (1, f"error: {told}\n", True)
    assert found(examined(changed, "--host", "h1"), "h1")["records"] == (
        f"{file} may not be written by admin; on h1: sudo chown -R admin: {CHECKOUT}/.git"
    )
    assert f"sudo chown -R admin:admin {CHECKOUT}/.git, and" in changed.succeed("setup", "h1", "--dry-run").said
    as_root(host, told)
    changed.deploy()


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "refs/heads/main.lock"])
def test_a_lock_that_git_left_is_named_once_with_the_line_that_removes_it(
    changed: Homelab, host: LabHost, lock: str
) -> None:
    file = f"{CHECKOUT}/.git/{lock}"
    host.check("install", "-o", "admin", "/dev/null", file)
    done = changed.inv("deploy-all", "--yes")
    told = f"Git's own lock {file} lies on h1; if no git works there: rm {file}"
    assert (done.status, done.said.count(told)) == (1, 1)
    host.check("rm", file)
    changed.deploy()
    assert host.docker("exec", "blog-web-1", "cat", "/config/app.yml") == "two"


def test_an_sshd_that_takes_too_few_sessions_is_told_before_anything_changes(changed: Homelab, host: LabHost) -> None:
    before = head(host)
    told = "h1 refuses another session on this connection, and a deploy needs five"
    move = "raise MaxSessions in its sshd_config, 10 if it is left out"
    with host.sshd_says("MaxSessions 4"):
        done = changed.inv("deploy-all", "--yes")
        assert (done.status, f"{told}; {move}" in done.said, head(host)) == (1, True, before)
        assert found(examined(changed, "--host", "h1"), "h1")["sessions"] == f"{told}; {move}"
    with host.sshd_says("MaxSessions 5"):
        changed.deploy()
    assert host.docker("exec", "blog-web-1", "cat", "/config/app.yml") == "two"


@pytest.fixture
def shell(host: LabHost) -> Iterator[str]:
    """Where bash reads what it does first, under sshd without a terminal too; gone afterwards."""
    path = f"{host.check('getent', 'passwd', 'admin').split(':')[5]}/.bashrc"
    host.check("bash", "-c", f"if [ -e {path} ]; then mv {path} {path}.away; fi")
    yield path
    host.check("bash", "-c", f"rm {path}; if [ -e {path}.away ]; then mv {path}.away {path}; fi")


@pytest.mark.parametrize("line", ["echo welcome to nas", "printf 'welcome to nas'"])
def test_a_login_shell_that_prints_is_named_by_whatever_asks_the_host(
    changed: Homelab, host: LabHost, shell: str, line: str
) -> None:
    host.check("tee", shell, stdin=f"{line}\n".encode())
    changed.write("services/blog/.env", "A=1\n")
    told = re.compile("the login shell of h1 prints '(welcome to nas)+'; make its ~/.bashrc silent without a terminal")
    for words in ("deploy-all --yes", "restart blog", "status", "cleanup --yes", "env.push blog --yes"):
        done = changed.inv(*words.split())
        assert (words, done.status, bool(told.search(done.said))) == (words, 1, True), done.said
    assert told.match(found(examined(changed, "--host", "h1"), "h1")["deploys"])
    assert told.search(changed.inv("setup", "h1", "--dry-run").said)
    host.check("tee", shell, stdin=f"case $- in *i*) ;; *) return ;; esac\n{line}\n".encode())
    changed.deploy()
