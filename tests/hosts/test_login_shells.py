"""What an SSH server runs in place of bash, and a daemon of Docker that is not the system's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hosts.homelab import Homelab, running
from tests.hosts.test_doctor import examined, found
from tests.lab import LabHost

LIBRARIES = "/lib/x86_64-linux-gnu/libtinfo.so.6", "/lib/x86_64-linux-gnu/libcrypt.so.1"


@pytest.fixture
def blog(home: Homelab) -> Homelab:
    home.add("blog", "labels: {greeting: 'it is $${HERE}!'}")
    home.commit()
    return home


@contextmanager
def csh(host: LabHost) -> Iterator[None]:
    """The login shell of admin is the csh of this machine."""
    program = shutil.which("tcsh")
    if not program:
        pytest.skip("there is no csh on this machine")
    for path in (program, *LIBRARIES):
        if Path(path).exists() and host.exec("test", "-e", path).returncode:
            host.check("tee", path, stdin=Path(path).read_bytes())
    host.check("chmod", "755", program)
    host.check("usermod", "--shell", program, "admin")
    try:
        yield
    finally:
        host.check("usermod", "--shell", "/bin/bash", "admin")


def test_csh_is_a_login_shell_like_any_other(blog: Homelab, host: LabHost) -> None:
    blog.write("services/blog/.env", "A='wow!'\n")
    with csh(host):
        for words in (
            "setup h1 --yes",
            "env.push blog --yes",
            "env.diff blog",
            "deploy-all",
            "status",
            "history",
            "doctor",
        ):
            blog.succeed(*words.split())
        blog.add("blog", "image: homelab/demo:2", hooks={"before_deploy": "echo 'one!'\nhostname >/tmp/seen\n"})
        blog.commit()
        blog.deploy()
        assert "nothing to do" in blog.deploy().out
        blog.succeed("rollback")
    assert host.check("cat", "/tmp/seen") == "h1"
    assert running(host) == ["blog-web-1"]


def test_a_user_who_may_only_copy_files_is_told_by_whatever_asks_the_host(blog: Homelab, host: LabHost) -> None:
    told = "h1 lets us in and then runs no command"
    with host.sshd_says("ForceCommand internal-sftp"):
        runs = [blog.inv(*words.split()) for words in ("deploy-all", "logs blog", "env.diff blog")]
        doctor = found(examined(blog, "--host", "h1"), "h1")["reachable"]
    assert [(done.status, told in done.said) for done in runs] == [(1, True)] * 3
    assert (told in doctor, "ForceCommand" in doctor) == (True, True)


def test_a_daemon_of_the_user_that_is_down_is_not_taken_for_the_systems(blog: Homelab, host: LabHost) -> None:
    socket = "unix:///run/user/1000/docker.sock"
    told = f"no docker daemon answers at {socket} on h1, which DOCKER_HOST or a context names there"
    path = f"{host.check('getent', 'passwd', 'admin').split(':')[5]}/.bashrc"
    host.check(
        "bash", "-c", f"if [ -e {path} ]; then mv {path} {path}.away; fi; echo export DOCKER_HOST={socket} >{path}"
    )
    try:
        runs = [blog.inv(*words.split()) for words in ("deploy-all", "status", "setup h1 --yes")]
    finally:
        host.check("bash", "-c", f"rm {path}; if [ -e {path}.away ]; then mv {path}.away {path}; fi")
    assert [(done.status, f"{told}; on h1: systemctl --user start docker" in done.said) for done in runs] == [
        (1, True)
    ] * 3
