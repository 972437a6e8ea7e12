"""The lab's faults do what they say; everything else that is tested on hosts rests on that."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.lab import Lab, LabError, LabHost


def ssh(lab: Lab, host: LabHost, line: str) -> subprocess.CompletedProcess[str]:
    options = ["-F", str(lab.ssh_dir / "config"), "-o", "BatchMode=yes", "-o", "ConnectTimeout=1"]
    return subprocess.run(["ssh", *options, host.name, line], capture_output=True, text=True, check=False)


def test_admin_logs_in_and_reaches_docker_compose_git_and_the_checkout(lab: Lab, host: LabHost) -> None:
    done = ssh(lab, host, "docker ps -q && docker compose version --short && git --version && touch /opt/homelab/x")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("2.")


def test_hosts_see_each_other_by_name_and_nothing_outside(host: LabHost) -> None:
    assert host.exec("bash", "-c", "exec 3<>/dev/tcp/h2/22").returncode == 0
    assert host.check("ip", "route", "show", "default") == ""


def test_a_container_serves_http_and_stops_at_once(host: LabHost) -> None:
    host.docker("run", "--detach", "--name", "web", "homelab/demo:2")
    assert host.docker("exec", "web", "sh", "-c", "wget -qO /tmp/x http://127.0.0.1/ && cat /tmp/x") == "homelab/demo:2"
    host.docker("stop", "--time", "5", "web")
    assert host.docker("inspect", "--format", "{{.State.ExitCode}}", "web") == "0"


def test_a_signal_reaches_the_program_of_a_container(host: LabHost) -> None:
    program = "trap 'echo reloaded; exit 3' HUP; echo ready; while :; do sleep 0.01; done"
    host.docker("run", "--detach", "--name", "web", "homelab/demo:1", "sh", "-c", program)
    while "ready" not in host.docker("logs", "web"):
        pass
    host.docker("kill", "--signal", "HUP", "web")
    assert host.docker("wait", "web") == "3"
    assert host.docker("logs", "web") == "ready\nreloaded"


def test_the_two_images_differ(host: LabHost) -> None:
    one, two = host.docker("image", "inspect", "--format", "{{.Id}}", "homelab/demo:1", "homelab/demo:2").split()
    assert one != two


def test_a_cut_host_is_silent_until_it_is_healed(lab: Lab, host: LabHost) -> None:
    host.cut()
    assert "timed out" in ssh(lab, host, "true").stderr
    host.heal()
    assert ssh(lab, host, "true").returncode == 0


def test_a_host_that_was_moved_away_answers_later(host: LabHost) -> None:
    def seconds() -> float:
        before = time.monotonic()
        socket.create_connection((host.address, 22), timeout=10).close()
        return time.monotonic() - before

    with host.moved_away(0.1):
        assert seconds() >= 0.2
    assert seconds() < 0.2


def test_a_frozen_host_takes_the_connection_and_says_nothing(lab: Lab, host: LabHost) -> None:
    host.freeze()
    with socket.create_connection((host.address, 22), timeout=0.3) as connection, pytest.raises(TimeoutError):
        connection.recv(1)
    host.thaw()
    assert ssh(lab, host, "true").returncode == 0


def test_a_host_without_sshd_refuses(lab: Lab, host: LabHost) -> None:
    host.stop_sshd()
    assert "Connection refused" in ssh(lab, host, "true").stderr
    host.start_sshd()
    assert ssh(lab, host, "true").returncode == 0


def test_a_host_with_a_new_key_is_not_trusted(lab: Lab, host: LabHost) -> None:
    host.new_host_key()
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in ssh(lab, host, "true").stderr


def test_dockerd_dies_and_comes_back(host: LabHost) -> None:
    host.kill_docker()
    with pytest.raises(LabError, match="Cannot connect to the Docker daemon"):
        host.docker("ps")
    host.start_docker()
    assert host.docker("ps", "--quiet") == ""


def test_a_power_cut_ends_containers_and_keeps_files(host: LabHost) -> None:
    host.docker("run", "--detach", "--name", "web", "homelab/demo:1")
    host.check("touch", "/opt/homelab/kept")
    host.crash()
    assert host.pid == 0
    host.boot()
    assert host.docker("ps", "--quiet") == ""
    assert host.check("ls", "/opt/homelab") == "kept"


def test_a_full_disk_refuses_data_until_it_is_freed(host: LabHost) -> None:
    host.check("bash", "-c", "echo before >/opt/homelab/file")
    host.fill_disk()
    with pytest.raises(LabError, match="No space left on device"):
        host.check("bash", "-c", "echo more >/opt/homelab/new")
    host.free_disk()
    assert host.check("cat", "/opt/homelab/file") == "before"
    host.check("bash", "-c", "echo more >/opt/homelab/new")


def test_a_reset_leaves_nothing_of_a_test(lab: Lab, host: LabHost) -> None:
    before = _state(host)
    host.docker("run", "--detach", "--volume", "data:/data", "homelab/demo:1")
    host.docker("network", "create", "proxy")
    host.docker("tag", "homelab/demo:2", "homelab/demo:1")
    host.docker("tag", "homelab/demo:2", "other:latest")
    host.check("bash", "-c", "echo x >/opt/homelab/file; echo x >/var/lib/services/file; rm -rf /opt/homelab")
    host.fill_disk("/var/lib/services")
    host.new_host_key()
    lab.reset()
    assert _state(host) == before
    assert ssh(lab, host, "true").returncode == 0


def test_two_labs_run_side_by_side(lab: Lab) -> None:
    other = Lab.start(1)
    assert other.hosts[0].address != lab.hosts[0].address
    other.stop()
    assert not other.directory.exists()
    assert lab.hosts[0].docker_answers()


def test_a_kept_lab_is_found_by_its_name(lab: Lab) -> None:
    kept = Lab.start(1, keep_as=f"kept-{lab.network.slot}")
    found = Lab.find(f"kept-{lab.network.slot}")
    assert found
    assert found.hosts[0].check("hostname") == "h1"
    found.stop()
    assert Lab.find(f"kept-{lab.network.slot}") is None
    assert not Path(f"/run/netns/{kept.network.namespace(1)}").exists()


def _state(host: LabHost) -> list[str]:
    lines = ("docker ps -aq", "docker network ls --format {{.Name}}", "docker volume ls -q", "docker images --no-trunc")
    folders = "stat -c '%U %a %n' /opt/homelab /var/lib/services"
    return [line for command in (*lines, folders) for line in sorted(host.check("bash", "-c", command).splitlines())]
