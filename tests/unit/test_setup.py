"""What a host lacks becomes a plan; parsers and plans on values, nothing is asked of a host."""
# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.command import command
from homelab_tasks.commands.sudo import Rights, Root
from homelab_tasks.errors import Refused
from homelab_tasks.model import Host, System, Transport
from homelab_tasks.provision import Plan, compare_with, how_to_compare
from homelab_tasks.provision.folders import paths
from homelab_tasks.provision.plan import plan_setup
from homelab_tasks.provision.seen import Docker, Kind, Release, Seen, Spot, parse
from homelab_tasks.report.setup import plan_text, ready_text, stranger_text
from homelab_tasks.runner.known_hosts import Key, Stranger
from homelab_tasks.tasks.setup import SettingUp
from tests.unit.builders import a_host, a_repo, a_service
from tests.unit.report_builders import NARROW, screen

TOOLS = frozenset({"bash", "git", "flock", "timeout", "tar", "docker", "compose"})
TRIXIE = Release("Debian GNU/Linux 13 (trixie)", frozenset({"debian"}), "trixie")
BOOKWORM = Release("Debian GNU/Linux 12 (bookworm)", frozenset({"debian"}), "bookworm")
UBUNTU = Release("Linux Mint 22", frozenset({"linuxmint", "ubuntu", "debian"}), "wilma")
NIXOS = Release("NixOS 25.05 (Warbler)", frozenset({"nixos"}), "warbler")
FEDORA = Release("Fedora Linux 42", frozenset({"fedora"}))
READY: Mapping[str, Spot] = {
    "/opt/homelab": Spot(Kind.FOLDER, "admin", 0o755, writable=True),
    "/opt/homelab/.git": Spot(Kind.FOLDER, "admin", 0o755, writable=True),
    "/opt/homelab/.git/homelab": Spot(Kind.FOLDER, "admin", 0o700, writable=True),
    "/var/lib/services": Spot(Kind.FOLDER, "admin", 0o755, writable=True),
    "/var/lib/services/plex": Spot(Kind.FOLDER, "911", 0o755),
}
NAS = a_host(user="admin")
ON_NIXOS = a_host(user="admin", system=System.NIXOS, flake="nixos#nas")


def seen(spots: Mapping[str, Spot] | None = None, **fields: Any) -> Seen:
    """A host that has everything, but for `fields` and the spots that are named."""
    plain = {
        "user": "admin",
        "group": "users",
        "groups": frozenset({"users", "docker"}),
        "rights": Rights.FREE,
        "release": TRIXIE,
        "tools": TOOLS,
        "docker": Docker.ANSWERS,
        "docker_group": True,
        "systemd": True,
        "spots": {**READY, **(spots or {})},
        "clock": "20260131T211405Z",
    }
    return Seen(**{**plain, **fields})


def planned(look: Seen, host: Host = NAS, **fields: Any) -> Plan:
    return plan_setup(a_repo(a_service("plex", hosts=(host,)), **fields), host, look)


def typed(plan: Plan) -> list[str]:
    return [act.typed(plan.seen.rights) for step in plan.steps for act in step.acts]


def test_a_host_that_has_everything_needs_nothing() -> None:
    plan = planned(seen())
    assert (plan.steps, plan.faults, plan.notes) == ((), (), ())
    assert plan_text(plan, style=NARROW) == "nothing to do: nas has all that a deploy needs"


def test_a_fresh_debian_gets_everything_in_the_order_in_which_it_works() -> None:
    lacks = {"tools": frozenset({"bash", "tar"}), "docker": Docker.MISSING, "docker_group": False}
    fresh = seen(dict.fromkeys(READY, Spot()), **lacks, groups=frozenset({"users"}), apt=True)
    assert plan_text(planned(fresh), style=NARROW, dry_run=True) == screen("""
setup nas  admin@nas.lan (Debian GNU/Linux 13 (trixie))

  + install git, util-linux, coreutils, docker.io, docker-compose  git, flock,
      timeout, Docker, Docker Compose v2 are missing
      sudo apt-get -o DPkg::Lock::Timeout=300 update --quiet
      sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300
       install --yes --quiet git util-linux coreutils docker.io docker-compose

  + add admin to the group docker  who is in it may use Docker, which is as good
      as root
      sudo usermod --append --groups docker admin

  + make /opt/homelab  the checkout lies there, and is admin's
      sudo install -d -o admin -g users -m 755 /opt/homelab

  + make /opt/homelab/.git/homelab  records of deploys lie there, for admin only
      git init --quiet --initial-branch=main /opt/homelab
      install -d -o admin -g users -m 700 /opt/homelab/.git/homelab

  + make /var/lib/services  services keep their data there
      sudo install -d -o admin -g users -m 755 /var/lib/services

  + make /var/lib/services/plex  data of the services on this host
      sudo install -d -o admin -g users -m 755 /var/lib/services/plex

6 steps; nothing was changed
to do it: inv setup nas
""")


@pytest.mark.parametrize(
    ("release", "tools", "packages", "installed"),
    [
        (TRIXIE, TOOLS - {"git"}, {}, "git"),
        (TRIXIE, TOOLS - {"compose"}, {}, "docker-compose"),
        (TRIXIE, TOOLS - {"docker", "compose"}, {"docker-cli": "26.1"}, "docker.io docker-cli docker-compose"),
        (BOOKWORM, TOOLS - {"compose"}, {"docker-compose": "1.29.2-3"}, ""),
        (BOOKWORM, TOOLS - {"compose"}, {"docker-compose": "1.29.2-3", "docker-compose-plugin": "2.40"}, "docker-compose-plugin"),
        (BOOKWORM, TOOLS - {"docker", "compose"}, {}, ""),
        (BOOKWORM, TOOLS - {"docker", "compose"}, {"docker-compose-plugin": "2.40", "docker-ce": "5:28"}, "docker-ce docker-ce-cli docker-compose-plugin"),
        (UBUNTU, TOOLS - {"docker", "compose"}, {}, "docker.io docker-compose-v2"),
        (UBUNTU, TOOLS - {"compose"}, {"docker-compose": "1:2.40.1"}, "docker-compose"),
    ],
)  # fmt: skip
def test_what_apt_is_asked_for(release: Release, tools: frozenset[str], packages: Any, installed: str) -> None:
    docker = Docker.ANSWERS if "docker" in tools else Docker.MISSING
    plan = planned(seen(release=release, tools=tools, packages=packages, apt=True, docker=docker))
    lines = [line.partition("--quiet ")[2] for line in typed(plan) if "apt-get" in line and "install" in line]
    assert lines == ([installed] if installed else [])
    assert bool(plan.faults) == (not installed)


def test_debian_12_has_no_compose_and_the_way_to_it_is_said() -> None:
    plan = planned(seen(release=BOOKWORM, tools=TOOLS - {"docker", "compose", "git"}, apt=True, docker=Docker.MISSING))
    assert plan.faults == (
        "Debian GNU/Linux 12 (bookworm) has no package of Docker Compose v2; add Docker's own repository on nas (https://docs.docker.com/engine/install/), then this installs docker-ce docker-ce-cli docker-compose-plugin: inv setup nas",
    )
    assert typed(plan)[1].endswith("install --yes --quiet git")


def test_elsewhere_a_person_installs_what_is_missing() -> None:
    plan = planned(seen(release=FEDORA, tools=TOOLS - {"git", "compose"}))
    told = "git, Docker Compose v2 not installed on nas; install that with the packages of Fedora Linux 42 there"
    assert (plan.steps, plan.faults) == ((), (told,))


def test_on_nixos_the_configuration_is_named() -> None:
    tools = TOOLS - {"git", "docker", "compose"}
    look = seen(release=NIXOS, tools=tools, docker=Docker.MISSING, spots={"/etc/nixos": LINKED})
    assert planned(look, ON_NIXOS).faults == (
        "git, Docker, Docker Compose v2 not installed on nas; in its NixOS configuration: environment.systemPackages = [ pkgs.git ]; virtualisation.docker.enable = true",
    )
    outside = seen(release=NIXOS, docker=Docker.DENIED, groups=frozenset({"users"}), spots={"/etc/nixos": LINKED})
    told = 'admin may not use Docker on nas; in its NixOS configuration: users.users.admin.extraGroups = [ "docker" ]'
    assert (planned(outside, ON_NIXOS).steps, planned(outside, ON_NIXOS).faults) == ((), (told,))


LINKED = Spot(Kind.LINK, "root", 0o777, target="/opt/homelab/nixos")


@pytest.mark.parametrize(
    ("spot", "commands"),
    [
        (Spot(), ["sudo ln --symbolic --no-target-directory /opt/homelab/nixos /etc/nixos"]),
        (
            Spot(Kind.FOLDER, "root", 0o755),
            [
                "sudo mv --no-target-directory --no-clobber /etc/nixos /etc/nixos.20260131T211405Z",
                "sudo ln --symbolic --no-target-directory /opt/homelab/nixos /etc/nixos",
            ],
        ),
        (LINKED, []),
    ],
)
def test_etc_nixos_becomes_a_link_and_what_is_there_is_kept(spot: Spot, commands: list[str]) -> None:
    assert typed(planned(seen(release=NIXOS, spots={"/etc/nixos": spot}), ON_NIXOS)) == commands


def test_a_link_to_elsewhere_is_kept_aside_too() -> None:
    elsewhere = Spot(Kind.LINK, "root", 0o777, target="/home/ann/nixos")
    first, _ = typed(planned(seen(release=NIXOS, spots={"/etc/nixos": elsewhere}), ON_NIXOS))
    assert first == "sudo mv --no-target-directory --no-clobber /etc/nixos /etc/nixos.20260131T211405Z"


@pytest.mark.parametrize(("flake", "prefix"), [("github:me/nixos#nas", ""), ("/etc/elsewhere#nas", "")])
def test_a_flake_that_is_not_in_the_checkout_is_not_linked(flake: str, prefix: str) -> None:
    host = a_host(user="admin", system=System.NIXOS, flake=flake)
    assert planned(seen(release=NIXOS), host, prefix=prefix).steps == ()


def test_a_homelab_in_a_subfolder_has_its_flake_there() -> None:
    (line,) = typed(planned(seen(release=NIXOS), ON_NIXOS, prefix="infra/"))
    assert line == "sudo ln --symbolic --no-target-directory /opt/homelab/infra/nixos /etc/nixos"


def test_what_hosts_yaml_says_of_the_system_is_compared_with_what_runs() -> None:
    told = "nas runs Debian GNU/Linux 13 (trixie), and hosts.yaml says system: nixos; set system: none there"
    assert planned(seen(), ON_NIXOS).faults == (told,)
    note = "nas runs NixOS; with system: nixos in hosts.yaml its system is deployed too"
    assert planned(seen(release=NIXOS)).notes == (note,)


ROOTS = Spot(Kind.FOLDER, "root", 0o755)


@pytest.mark.parametrize(
    ("spots", "commands"),
    [
        ({"/opt/homelab": ROOTS, "/opt/homelab/.git": ROOTS}, ["sudo chown -R admin:users /opt/homelab/.git, and what Git tracks in /opt/homelab"]),
        ({"/opt/homelab/.git": ROOTS}, ["sudo chown -R admin:users /opt/homelab/.git, and what Git tracks in /opt/homelab"]),
        ({"/opt/homelab/.git/homelab/lock": Spot(Kind.FILE, "root", 0o600)}, ["sudo chown -R admin:users /opt/homelab/.git, and what Git tracks in /opt/homelab"]),
        ({"/opt/homelab/.git/homelab": Spot()}, ["install -d -o admin -g users -m 700 /opt/homelab/.git/homelab"]),
        ({"/opt/homelab/.git/homelab": Spot(Kind.FOLDER, "admin", 0o755)}, ["sudo chmod 700 /opt/homelab/.git/homelab"]),
        ({"/var/lib/services": ROOTS}, ["sudo chown admin:users /var/lib/services"]),
        ({"/var/lib/services": Spot(Kind.FOLDER, "root", 0o775, writable=True)}, []),
        ({"/var/lib/services": Spot(Kind.FOLDER, "admin", 0o777, writable=True)}, ["sudo chmod o-w /var/lib/services"]),
        ({"/var/lib/services/plex": Spot(writable=True)}, ["install -d -o admin -g users -m 755 /var/lib/services/plex"]),
        ({"/opt/homelab/services/plex/.env": Spot(Kind.FILE, "admin", 0o640)}, ["chmod 600 /opt/homelab/services/plex/.env"]),
        ({"/opt/homelab/services/plex/.env": Spot(Kind.FILE, "admin", 0o600)}, []),
        (
            {"/opt/homelab/services/plex/.env": Spot(Kind.FILE, "root", 0o700)},
            ["sudo chown admin:users /opt/homelab/services/plex/.env", "sudo chmod 600 /opt/homelab/services/plex/.env"],
        ),
    ],
)  # fmt: skip
def test_owners_and_modes(spots: Mapping[str, Spot], commands: list[str]) -> None:
    assert typed(planned(seen(spots=spots))) == commands


def test_a_checkout_that_the_user_may_make_needs_no_root() -> None:
    gone = {path: Spot(writable=True) for path in ("/opt/homelab", "/opt/homelab/.git", "/opt/homelab/.git/homelab")}
    plan = planned(seen(spots=gone, rights=Rights.NONE))
    assert (plan.needs_root, plan.blocked) == (False, "")
    assert typed(plan)[0] == "install -d -o admin -g users -m 755 /opt/homelab"


def test_without_sudo_nothing_is_done_and_the_commands_are_for_somebody_else() -> None:
    plan = planned(seen(spots={"/var/lib/services": ROOTS}, rights=Rights.NONE))
    assert plan.blocked == "admin cannot become root on nas: there is no sudo; run the commands above there as root"
    assert "1 step; nothing was changed" in plan_text(plan, style=NARROW)


def test_a_file_where_a_folder_belongs_is_for_a_person_to_move() -> None:
    plan = planned(seen(spots={"/var/lib/services": Spot(Kind.FILE, "root", 0o644)}))
    assert (plan.steps, plan.faults) == ((), ("/var/lib/services on nas is no folder; move it away there",))


@pytest.mark.parametrize(
    ("fields", "commands", "faults"),
    [
        ({"docker": Docker.DENIED, "groups": frozenset({"users"})}, ["sudo usermod --append --groups docker admin"], ()),
        ({"docker": Docker.DENIED}, [], ("admin is in the group docker on nas, and may not use Docker; on the host: ls -l /var/run/docker.sock",)),
        ({"docker": Docker.DENIED, "groups": frozenset(), "docker_group": False}, [], ("admin may not use Docker on nas, and there is no group docker; make one for its socket",)),
        ({"docker": Docker.SILENT}, ["sudo systemctl enable --now docker"], ()),
        ({"docker": Docker.SILENT, "systemd": False}, [], ("the docker daemon on nas does not answer; start it there",)),
        ({"groups": frozenset({"users"})}, [], ()),  # rootless, or opened in another way
    ],
)  # fmt: skip
def test_docker_answers_the_user_in_the_end(fields: Any, commands: list[str], faults: tuple[str, ...]) -> None:
    plan = planned(seen(**fields))
    assert (typed(plan), plan.faults) == (commands, faults)


def test_here_a_new_group_counts_from_the_next_login_on() -> None:
    here = a_host(transport=Transport.LOCAL)
    told = "admin is in the group docker on nas, and may not use Docker; log in again, as this session is older"
    assert planned(seen(docker=Docker.DENIED), here).faults == (told,)


def test_root_needs_no_sudo_and_no_group() -> None:
    plan = planned(
        seen(user="root", rights=Rights.ROOT, groups=frozenset({"root"}), spots={"/var/lib/services": Spot()})
    )
    assert typed(plan)[-1] == "install -d -o root -g users -m 755 /var/lib/services"


def test_every_service_of_the_host_gets_its_folder() -> None:
    tv = a_service("sonarr-tv", app="sonarr", instance="tv", hosts=(NAS,))
    repo = a_repo(tv, a_service("plex", hosts=(NAS,)), a_service("blog", host="hl15"))
    assert paths(repo, NAS)[5:8] == ("/var/lib/services", "/var/lib/services/plex", "/var/lib/services/sonarr/tv")


def test_a_read_only_disk_is_no_host_that_is_ready() -> None:
    plan = planned(seen(read_only={"/opt/homelab": "/opt"}))
    move = "sudo mount -o remount,rw /opt, and look at dmesg: a disk with errors becomes so"
    assert plan.faults == (f"/opt/homelab on nas is read-only; on nas: {move}",)


def test_a_daemon_of_the_user_is_not_mended_by_starting_the_systems() -> None:
    said = "Cannot connect to the Docker daemon at unix:///run/user/1000/docker.sock. Is the docker daemon running?"
    plan = planned(seen(docker=Docker.SILENT, silence=said))
    what = "no docker daemon answers at unix:///run/user/1000/docker.sock on nas, which DOCKER_HOST or a context names there"
    assert (plan.steps, plan.faults) == ((), (f"{what}; on nas: systemctl --user start docker",))


# The look

SAID = (
    "user\tadmin\t1000\tusers\tusers docker\t\n"
    "os\tubuntu\tdebian\tnoble\tUbuntu 24.04.3 LTS\t\n"
    "tool\tbash\t\ntool\tgit\t\n"
    "docker\tdenied\t\nhas\tdocker-group\t\nhas\tsystemd\t\nsudo\tasks\t\nhas\tapt\t\n"
    "package\tdocker-compose-v2\t2.40.3+ds1-0ubuntu1\t\n"
    "path\t/opt/homelab\tnone\t-\t0\tno\t\t\n"
    "path\t/etc/nixos\tlink\troot\t777\tno\t/opt/homelab/nixos\t\n"
    "read-only\t/opt/homelab\t/opt\t\n"
    "clock\t20260131T211405Z\t\nend\t\t\n"
)


def test_what_the_look_prints_is_understood() -> None:
    assert parse(SAID) == Seen(
        user="admin",
        group="users",
        groups=frozenset({"users", "docker"}),
        rights=Rights.ASKS,
        release=Release("Ubuntu 24.04.3 LTS", frozenset({"ubuntu", "debian"}), "noble"),
        tools=frozenset({"bash", "git"}),
        docker=Docker.DENIED,
        docker_group=True,
        systemd=True,
        apt=True,
        packages={"docker-compose-v2": "2.40.3+ds1-0ubuntu1"},
        spots={"/opt/homelab": Spot(), "/etc/nixos": Spot(Kind.LINK, "root", 0o777, target="/opt/homelab/nixos")},
        read_only={"/opt/homelab": "/opt"},
        clock="20260131T211405Z",
    )


def test_what_the_login_shell_prints_before_the_look_is_a_fault() -> None:
    look = parse("welcome to nas" + SAID)
    assert look is not None
    assert look.user == "admin"
    told = "the login shell of nas prints 'welcome to nas'; make its ~/.bashrc silent without a terminal"
    assert planned(seen(before=look.before)).faults == (told,)


def test_root_is_root_whatever_sudo_says() -> None:
    look = parse(SAID.replace("1000", "0"))
    assert look is not None and look.rights is Rights.ROOT


@pytest.mark.parametrize("cut", [0, 10, 100, len(SAID) - 3])
def test_an_answer_that_was_cut_short_is_none(cut: int) -> None:
    assert parse(SAID[:cut]) is None


@given(st.lists(st.sampled_from([*SAID.splitlines(), "path\tx", "tool", "package\ta", "\t", "os\t\t"]), max_size=30))
def test_lines_in_any_order_and_number_do_not_end_it(lines: list[str]) -> None:
    found = parse("".join(f"{line}\n" for line in lines))
    assert found is None or found.user == "admin"


# sudo

MAKE = command("install", "-d", "/opt/homelab")


def test_root_runs_a_command_as_it_is() -> None:
    assert Root(Rights.ROOT).command(MAKE) == MAKE


def test_sudo_keeps_the_time_limit_inside_as_nobody_else_may_end_what_root_runs() -> None:
    line = "exec timeout --kill-after=10 90 sudo -n -- timeout --kill-after=10 60 install -d /opt/homelab"
    assert str(Root(Rights.FREE).command(MAKE)) == line


def test_a_password_goes_through_the_input_and_nowhere_else() -> None:
    root = Root(Rights.ASKS, "hush")
    asked = root.command(MAKE)
    line = "exec timeout --kill-after=10 90 sudo -k -S -p '' -- timeout --kill-after=10 60 install -d /opt/homelab"
    assert (str(asked), asked.stdin) == (line, b"hush\n")
    assert "hush" not in repr(root)


# The host key

ED25519 = Key("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIK4N1m8ofIMNlg9eyKu0Y//kDOEhCHMT++THwGdHkbEQ")
SHOWN = Stranger("nas.lan", ED25519, "~/.ssh/known_hosts")
FINGERPRINT = "SHA256:Vyxnua1n16aga55kp/EY3B+i2vhFk7s9mEBbtPrtr1o"


def test_a_stranger_is_shown_with_the_command_that_shows_the_same_on_the_host() -> None:
    assert stranger_text(SHOWN, how_to_compare(SHOWN), style=NARROW) == screen(f"""
nas.lan shows a host key that nobody knows here:
  ssh-ed25519 {FINGERPRINT}
compare it with what the host itself says, at its own console:
  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
""")


def test_a_fingerprint_that_was_given_has_to_be_the_one_that_is_shown() -> None:
    assert compare_with(FINGERPRINT, SHOWN)
    with pytest.raises(Refused) as caught:
        compare_with("SHA256:" + "x" * 43, SHOWN)
    assert str(caught.value) == (
        f"nas.lan shows the key ssh-ed25519 {FINGERPRINT}, and not SHA256:{'x' * 43}; "
        "somebody may be in between; on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
    )


@pytest.mark.parametrize("given_", ["", "SHA256:", "MD5:00:11", FINGERPRINT[:-1]])
def test_what_is_no_fingerprint_is_refused(given_: str) -> None:
    with pytest.raises(Refused, match=r"give it as ssh-keygen -l shows it"):
        SettingUp(fingerprint=given_)


def test_what_is_left_after_the_last_step_is_said() -> None:
    left = planned(seen(docker=Docker.SILENT, systemd=False))
    assert ready_text(left, style=NARROW) == screen("""
nas is not ready yet
✗ the docker daemon on nas does not answer; start it there
""")
    assert ready_text(planned(seen()), style=NARROW) == "✓ nas is ready\nnext  inv deploy-all --host nas"
