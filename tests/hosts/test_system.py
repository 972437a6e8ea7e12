"""NixOS on hosts with a real systemd and a real Nix: built, activated under a clock, confirmed over a new line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import started
from tests.hosts.homelab import containers, eventually, finish, head
from tests.hosts.system import NixosHomelab, State, a_nixos_homelab, recorded, state
from tests.lab.errors import run
from tests.lab.nixos import NixosHost, NixosLab

GOOD = State("good", "one", kept=True, armed=False)


@pytest.fixture(scope="module")
def nixos() -> Iterator[NixosLab]:
    """Two hosts that stand in for NixOS."""
    yield from started(NixosLab, 2)


@pytest.fixture
def h1(nixos: NixosLab) -> NixosHost:
    """A host with its first system, as it was at first."""
    host = nixos.hosts[0]
    assert isinstance(host, NixosHost)
    host.reset()
    return host


@pytest.fixture
def home(tmp_path: Path, nixos: NixosLab, h1: NixosHost) -> NixosHomelab:
    """A homelab of one host, on which a good system with the note `one` was activated."""
    made = a_nixos_homelab(tmp_path / "homelab", nixos, [h1])
    made.succeed("update-system")
    assert state(h1) == GOOD
    return made


def converges(home: NixosHomelab, host: NixosHost) -> None:
    """Once the flake is mended, the same command brings the host there, and then has nothing to do."""
    commit = home.systems("mended", h1="good")
    home.succeed("update-system")
    assert (state(host), recorded(host)["commit"]) == (State("good", "mended", kept=True, armed=False), commit)
    assert home.inv("update-system", "--dry-run", "--exit-code").status == 0


def test_a_system_is_activated_once_and_then_left_alone(home: NixosHomelab, h1: NixosHost) -> None:
    first = h1.system
    home.systems("two", h1="good")
    home.succeed("update-system")
    assert state(h1) == State("good", "two", kept=True, armed=False)
    assert (recorded(h1)["system"], recorded(h1)["before"]) == (h1.system, first)
    home.write("README.md", "nothing of nixos/\n")
    commit = home.commit()
    said = home.succeed("update-system").said
    assert said == f"nothing to do: the system on h1 is as the repo says ({commit[:7]})"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("outputs =", "outputs", "error: nixos/flake.nix:2:11: syntax error, unexpected"),
        ('"h1".config', '"other".config', "nixos has no system 'h1'; add it to nixos/flake.nix, or set flake: of h1"),
        ("./build.sh", "./missing.sh", "needs nixos/missing.sh, which is not in the commit; git add it and commit"),
        ('"/bin/bash"', '"/bin/false"', "the system of h1 cannot be built ("),
    ],
)
def test_a_flake_that_is_wrong_changes_nothing(
    home: NixosHomelab, h1: NixosHost, old: str, new: str, told: str
) -> None:
    home.systems("wrong", h1="good")
    home.replace("nixos/flake.nix", old, new)
    home.commit()
    done = home.inv("update-system")
    assert (done.status, state(h1)) == (1, GOOD)
    assert told.removeprefix("error: ") in done.said
    converges(home, h1)


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("fails", "the new system of h1 runs, but units failed (broken.service, other.service)"),
        ("breaks", "the new system of h1 failed to activate after N s (exit status 1: error: cannot stop the world)"),
        ("dies", "the new system of h1 was not activated, although its activation says so"),
    ],
)
def test_a_system_that_does_not_activate_goes_back_at_once(
    home: NixosHomelab, h1: NixosHost, behaviour: str, told: str
) -> None:
    home.systems("bad", h1=behaviour)
    done = home.inv("update-system")
    assert (done.status, state(h1)) == (1, GOOD)
    assert f"{told}; the one before runs again; mend the flake and commit" in re.sub(
        r"after \d s", "after N s", done.said
    )
    assert done.seconds < 8
    converges(home, h1)


def test_an_activation_that_hangs_with_its_lock_goes_back_when_the_clock_ends(
    home: NixosHomelab, h1: NixosHost
) -> None:
    home.systems("bad", h1="hangs")
    done = home.inv("update-system")
    assert (done.status, state(h1)) == (1, GOOD)
    assert re.search("the new system of h1 was not active after [89] s, and was stopped; the one before", done.said)
    converges(home, h1)


def test_a_system_that_locks_everybody_out_undoes_itself(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("bad", h1="sshd")
    done = home.inv("update-system")
    assert (done.status, state(h1)) == (1, GOOD)
    assert "nobody could log in to the new system of h1 within 8 s (" in done.said
    assert "it went back by itself" in done.said
    converges(home, h1)


def test_a_host_that_is_lost_while_it_builds_is_as_it_was(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("two", h1="slow")
    with home.start("update-system") as process:
        eventually(lambda: b"nix build" in h1.exec("pgrep", "-fa", "nix build").stdout, "the build")
        lose_connections(h1)
        done = finish(process)
    assert (done.status, state(h1)) == (1, GOOD)
    assert "h1 was lost while its system was built; run the same again" in done.said
    h1.check("touch", "/run/built")
    home.succeed("update-system")
    assert state(h1) == State("slow", "two", kept=True, armed=False)


def test_a_host_that_is_lost_while_it_activates_is_found_again_and_confirmed(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("two", h1="waits")
    with home.start("update-system") as process:
        activating(h1)
        lose_connections(h1)
        h1.check("touch", "/run/go")
        done = finish(process)
    assert (done.status, state(h1)) == (0, State("waits", "two", kept=True, armed=False)), done.said
    assert recorded(h1)["system"] == h1.system
    assert home.inv("update-system", "--dry-run", "--exit-code").status == 0


def test_a_network_that_is_cut_while_it_activates_leaves_the_system_before(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("two", h1="waits")
    with home.start("update-system") as process:
        activating(h1)
        h1.cut()
        h1.check("touch", "/run/go")
        eventually(lambda: state(h1) == GOOD, "the way back")
        h1.heal()
        done = finish(process)
    assert (done.status, state(h1)) == (1, GOOD), done.said
    converges(home, h1)


def test_a_power_cut_while_it_activates_starts_the_system_before(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("two", h1="waits")
    with home.start("update-system") as process:
        activating(h1)
        h1.crash()
        h1.boot()
        done = finish(process)
    assert (done.status, state(h1)) == (1, GOOD)
    converges(home, h1)


def test_a_run_that_is_killed_confirms_nothing_and_the_next_one_goes_on(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("two", h1="waits")
    with home.start("update-system") as process:
        activating(h1)
        process.kill()
    h1.check("touch", "/run/go")
    eventually(lambda: state(h1) == GOOD, "the way back")
    home.succeed("update-system")
    assert state(h1) == State("waits", "two", kept=True, armed=False)


def test_an_activation_by_hand_is_waited_for_and_never_mixed_with(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("two", h1="waits")
    home.inv("update-system", "--dry-run")
    h1.exec("bash", "-c", f"cp -r {Path(h1.system)} /root/by-hand && echo waits >/root/by-hand/behaviour")
    path = h1.check("nix-store", "--add", "/root/by-hand")
    unit = ("systemd-run", "--collect", "--unit=nixos-rebuild-switch-to-configuration")
    h1.check(*unit, f"{path}/bin/switch-to-configuration", "switch")
    done = home.inv("update-system")
    assert (done.status, "somebody else activates a system on h1; wait for that" in done.said) == (1, True), done.said
    h1.check("touch", "/run/go")
    eventually(lambda: h1.system == path, "the activation by hand")
    home.succeed("update-system")
    assert state(h1) == State("waits", "two", kept=True, armed=False)


def test_of_two_runs_the_second_one_is_told_who_works(home: NixosHomelab, h1: NixosHost) -> None:
    home.systems("two", h1="waits")
    with home.start("update-system") as process:
        activating(h1)
        second = home.inv("update-system")
        h1.check("touch", "/run/go")
        assert finish(process).status == 0
    assert second.status == 1
    assert "h1 is locked by" in second.said


def test_a_reboot_is_made_only_if_it_is_allowed(home: NixosHomelab, h1: NixosHost) -> None:
    home.add("web", "restart: 'no'")
    home.systems("two", h1="reboot")
    done = home.inv("deploy-all")
    assert (done.status, state(h1), containers(h1)) == (1, GOOD, {})
    assert "the new system of h1 only starts with a reboot, nothing was changed; say --reboot" in done.said
    home.succeed("deploy-all", "--reboot")
    assert state(h1) == State("reboot", "two", kept=True, armed=False)
    assert containers(h1)["web-web-1"].status == "running"


def test_services_come_after_the_system_and_are_looked_at_again(home: NixosHomelab, h1: NixosHost) -> None:
    home.add("web", "restart: 'no'")
    home.add("other", "restart: 'no'")
    home.systems("two", h1="good")
    home.deploy()
    before = containers(h1)
    home.replace("services/web/compose.yml", "init: true", "init: true\n    environment: {A: b}")
    home.systems("three", h1="docker")
    done = home.succeed("deploy-all")
    after = containers(h1)
    assert state(h1) == State("docker", "three", kept=True, armed=False)
    assert {name: seen.status for name, seen in after.items()} == {"web-web-1": "running", "other-web-1": "running"}
    assert (after["web-web-1"].id != before["web-web-1"].id, after["other-web-1"].id == before["other-web-1"].id) == (
        True,
        True,
    ), done.said


def test_services_stay_as_they_are_where_the_system_does_not_come(home: NixosHomelab, h1: NixosHost) -> None:
    home.add("web")
    home.systems("two", h1="fails")
    done = home.inv("deploy", "web")
    assert (done.status, state(h1), containers(h1)) == (1, GOOD, {})
    assert "web: needs the system, which failed" in done.said
    home.succeed("update-services")
    assert containers(h1)["web-web-1"].status == "running"


def test_what_somebody_else_activated_is_replaced(home: NixosHomelab, h1: NixosHost) -> None:
    first = h1.check("nix-store", "--add", "/usr/local/lib/lab/first")
    h1.check(f"{first}/bin/switch-to-configuration", "test")
    assert "activate: another system runs than the recorded one" in home.inv("update-system", "--dry-run").said
    home.succeed("update-system")
    assert state(h1) == GOOD


def test_the_boot_default_that_a_failed_switch_left_behind_is_mended(home: NixosHomelab, h1: NixosHost) -> None:
    first = h1.check("nix-store", "--add", "/usr/local/lib/lab/first")
    h1.check("nix-env", "--profile", "/nix/var/nix/profiles/system", "--set", first)
    assert "activate: its next boot would start another system" in home.inv("update-system", "--dry-run").said
    home.succeed("update-system")
    assert state(h1) == GOOD


@pytest.fixture
def h2(nixos: NixosLab) -> NixosHost:
    """Another such host."""
    host = nixos.hosts[1]
    assert isinstance(host, NixosHost)
    host.reset()
    return host


def test_several_hosts_are_built_at_once_and_activated_one_by_one(
    home: NixosHomelab, nixos: NixosLab, h1: NixosHost, h2: NixosHost
) -> None:
    home.nixos(nixos, [h1, h2])
    home.systems("two", h1="fails", h2="good")
    done = home.inv("update-system", "--on-failure", "keep")
    assert (done.status, state(h1), state(h2)) == (1, GOOD, State("good", "two", kept=True, armed=False))
    told = [line.split()[4].strip(":") for line in done.out.splitlines() if re.match(r"[▸✓✗] the system  h", line)]
    assert told[:2] == ["building", "building"]
    assert told[2:] in (
        ["activating", "failed", "activating", "activated"],
        ["activating", "activated", "activating", "failed"],
    )


def test_where_one_host_fails_all_have_the_systems_of_before(
    home: NixosHomelab, nixos: NixosLab, h1: NixosHost, h2: NixosHost
) -> None:
    home.nixos(nixos, [h1, h2])
    home.systems("one", h1="good", h2="good")
    home.succeed("update-system")
    home.systems("two", h1="fails", h2="good")
    done = home.inv("update-system")
    assert (done.status, state(h1), state(h2)) == (1, GOOD, GOOD)
    home.systems("three", h1="good", h2="good")
    home.succeed("update-system")
    assert (state(h1), state(h2)) == (State("good", "three", kept=True, armed=False),) * 2


def test_a_host_with_system_none_is_left_alone(home: NixosHomelab, nixos: NixosLab, h1: NixosHost) -> None:
    home.nixos(nixos, [h1], system="none")
    home.add("web")
    home.systems("two", h1="good")
    home.deploy()
    assert (state(h1), containers(h1)["web-web-1"].status) == (GOOD, "running")
    refused = home.inv("update-system")
    assert (refused.status, refused.err) == (
        1,
        "error: none of the hosts has system: nixos; say so in hosts.yaml where it is NixOS\n",
    )


def test_a_system_needs_no_docker(home: NixosHomelab, h1: NixosHost) -> None:
    home.add("web")
    home.systems("two", h1="nodocker")
    h1.check("mv", "/usr/bin/docker", "/usr/bin/docker.away")
    refused = home.inv("update-services")
    assert (refused.status, home.succeed("update-system").status) == (1, 0)
    assert state(h1) == State("nodocker", "two", kept=True, armed=False)


def test_sudo_that_asks_is_refused_where_nobody_can_answer(home: NixosHomelab, h1: NixosHost) -> None:
    ask_for_a_password(h1)
    home.systems("two", h1="good")
    done = home.inv("update-system")
    assert (done.status, state(h1), head(h1) == home.git("rev-parse", "HEAD")) == (1, GOOD, False)
    assert "sudo on h1 asks for a password; run it from a terminal, or allow it there" in done.said


def test_sudo_is_told_a_password_that_was_typed_once(home: NixosHomelab, h1: NixosHost) -> None:
    ask_for_a_password(h1)
    home.systems("two", h1="good")
    assert home.type("update-system", answer="correct horse\n", to="password for sudo on h1: ") == 0
    assert state(h1) == State("good", "two", kept=True, armed=False)
    home.systems("three", h1="good")
    assert home.type("update-system", answer="wrong\nwrong\nwrong\n", to="password for sudo on h1: ") == 1
    assert state(h1) == State("good", "two", kept=True, armed=False)


def test_a_passphrase_is_asked_for_once_although_the_host_is_connected_to_twice(
    home: NixosHomelab, nixos: NixosLab, h1: NixosHost, tmp_path: Path
) -> None:
    key = tmp_path / "locked"
    shutil.copy(nixos.identity_file, key)
    run("ssh-keygen", "-q", "-p", "-P", "", "-N", "correct horse", "-f", str(key))
    home.nixos(nixos, [h1], identity_file=str(key))
    home.systems("two", h1="good")
    assert home.type("update-system", answer="correct horse\n", to=f"passphrase for {key}: ") == 0
    assert state(h1) == State("good", "two", kept=True, armed=False)


def ask_for_a_password(host: NixosHost) -> None:
    host.check("bash", "-c", "echo 'admin ALL=(ALL) ALL' >/etc/sudoers.d/admin")
    host.check("chpasswd", stdin=b"admin:correct horse\n")


def activating(host: NixosHost) -> None:
    """Wait until the activation works."""
    unit = "nixos-rebuild-switch-to-configuration.service"
    eventually(lambda: host.exec("systemctl", "is-active", "--quiet", unit).returncode == 0, "the activation")


def lose_connections(host: NixosHost) -> None:
    """End every SSH connection to the host, as a firewall does that was started anew."""
    host.check("pkill", "-KILL", "-u", "admin", "-f", "sshd")
