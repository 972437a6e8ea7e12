"""`inv setup` on hosts that lack something, up to the first deploy; nothing that was there is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.homelab import Homelab, running
from tests.hosts.terminal import typed
from tests.lab import Lab, LabHost

BARE = """
gpasswd --delete admin docker
rm -rf /opt/homelab /var/lib/services /etc/nixos* /etc/sudoers.d/admin
ln -sfn ../usr/lib/os-release /etc/os-release
echo admin:hush | chpasswd
"""
MAY_SUDO = "echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin"
ASKED_BY_SUDO = "echo 'admin ALL=(ALL) ALL' >/etc/sudoers.d/admin"


@pytest.fixture(scope="module")
def lab(lab: Lab) -> Iterator[Lab]:  # noqa: ARG001 - where there can be no lab, the tests end there
    """A lab of one host, which these tests change in ways that no reset takes back."""
    own = Lab.start(1)
    yield own
    own.stop()


@pytest.fixture
def bare(host: LabHost) -> LabHost:
    """A host with sshd, a user and a Docker that he may not use yet; nothing of ours is there."""
    host.exec("bash", "-c", BARE)
    return host


@pytest.fixture
def home(home: Homelab) -> Homelab:
    home.add("blog")
    home.commit()
    return home


def state(host: LabHost) -> str:
    """All that `setup` may change."""
    look = (
        "stat -c '%n %U:%G %a' /opt/homelab /var/lib/services /etc/nixos* 2>/dev/null; id admin; dpkg --get-selections"
    )
    return host.exec("bash", "-c", look).stdout.decode()


def fingerprint_of(host: LabHost) -> str:
    return host.check("ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key").split()[1]


def test_a_bare_host_is_ready_for_its_first_deploy_after_one_command(home: Homelab, bare: LabHost) -> None:
    bare.check("bash", "-c", MAY_SUDO)
    before = state(bare)
    planned = home.succeed("setup", "h1", "--dry-run")
    assert "make /opt/homelab the checkout lies there, and is admin's" in planned.said
    assert "5 steps; nothing was changed to do it: inv setup h1" in planned.said
    assert state(bare) == before
    done = home.succeed("setup", "h1", "--yes")
    assert done.said.endswith("✓ h1 is ready next inv deploy-all --host h1")
    modes = "stat -c '%n %U %a' /opt/homelab /opt/homelab/.git/homelab /var/lib/services /var/lib/services/blog"
    assert bare.check("bash", "-c", modes).splitlines() == [
        "/opt/homelab admin 755",
        "/opt/homelab/.git/homelab admin 700",
        "/var/lib/services admin 755",
        "/var/lib/services/blog admin 755",
    ]
    ready = state(bare)
    assert home.succeed("setup", "h1").out == "nothing to do: h1 has all that a deploy needs\n"
    assert state(bare) == ready
    home.deploy()
    assert running(bare) == ["blog-web-1"]
    assert home.succeed("setup", "h1").out == "nothing to do: h1 has all that a deploy needs\n"


def test_without_a_yes_nothing_is_changed(home: Homelab, bare: LabHost) -> None:
    bare.check("bash", "-c", MAY_SUDO)
    before = state(bare)
    refused = home.inv("setup", "h1")
    assert (refused.status, refused.err) == (
        1,
        "error: set up h1: nobody is there to ask; say --yes if it is meant\n",
    )
    declined = typed(home, "setup", "h1", answers=[("set up h1? [y/N]", "n")])
    assert (declined.status, declined.said.endswith("nothing was changed")) == (1, True)
    assert state(bare) == before


def test_sudo_gets_its_password_once_and_nobody_else_does(home: Homelab, bare: LabHost) -> None:
    bare.check("bash", "-c", ASKED_BY_SUDO)
    refused = home.inv("setup", "h1", "--yes")
    assert refused.status == 1
    assert "error: sudo on h1 asks for a password, and nobody is there to type it; run this in a" in refused.said
    question = "password of admin for sudo on h1: "
    done = typed(home, "setup", "h1", "--yes", answers=[(question, "wrong"), (question, "hush")])
    assert (done.status, "h1 is ready" in done.said) == (0, True)
    assert "hush" not in done.said
    assert bare.exec("grep", "-r", "--binary-files=text", "hush", "/var/log", "/home/admin").stdout == b""


def test_a_password_that_sudo_does_not_take_changes_nothing(home: Homelab, bare: LabHost) -> None:
    bare.check("bash", "-c", ASKED_BY_SUDO)
    before = state(bare)
    question = "password of admin for sudo on h1: "
    done = typed(home, "setup", "h1", "--yes", answers=[(question, "wrong")] * 3)
    assert done.status == 1
    assert done.said.endswith("error: sudo on h1 did not take the password of admin; nothing was changed; try again")
    assert state(bare) == before


@pytest.mark.usefixtures("bare")
def test_a_user_who_may_not_use_sudo_is_told_who_can_change_that(home: Homelab) -> None:
    done = typed(home, "setup", "h1", "--yes", answers=[("password of admin for sudo on h1: ", "hush")])
    assert done.status == 1
    assert done.said.endswith("error: admin may not use sudo on h1; as root there: usermod -aG sudo admin")


def test_without_sudo_the_plan_is_for_somebody_else_to_carry_out(home: Homelab, bare: LabHost) -> None:
    bare.check("mv", "/usr/bin/sudo", "/usr/bin/.sudo")
    try:
        done = home.inv("setup", "h1", "--yes")
    finally:
        bare.check("mv", "/usr/bin/.sudo", "/usr/bin/sudo")
    assert done.status == 1
    assert "sudo usermod --append --groups docker admin" in done.said
    assert "admin cannot become root on h1: there is no sudo; run the commands above there as root" in done.said


def test_an_unknown_host_key_is_shown_and_trusted_only_by_a_person_or_by_its_fingerprint(
    home: Homelab, lab: Lab, bare: LabHost, tmp_path: Path
) -> None:
    bare.check("bash", "-c", MAY_SUDO)
    known = tmp_path / "ssh/known_hosts"
    home.inventory(lab, [bare], defaults={"known_hosts": str(known)})
    fingerprint = fingerprint_of(bare)
    refused = home.inv("setup", "h1", "--yes")
    assert (refused.status, refused.out) == (1, "")
    assert (
        f"ssh-ed25519 {fingerprint}, which is not known, and nobody is there to ask; if ssh-keygen -lf" in refused.err
    )
    assert refused.err.endswith(f"on the host shows the same: --fingerprint {fingerprint}\n")
    other = home.inv("setup", "h1", "--yes", "--fingerprint", "SHA256:" + "x" * 43)
    assert (other.status, "somebody may be in between" in other.err) == (1, True)
    dry = home.inv("setup", "h1", "--dry-run", "--fingerprint", fingerprint)
    assert (dry.status, "a dry run trusts nobody" in dry.err) == (1, True)
    declined = typed(home, "setup", "h1", answers=[("are they the same? [y/N]", "n")])
    assert (declined.status, "is not trusted; nothing was changed" in declined.said) == (1, True)
    assert not known.exists()
    agreed = typed(home, "setup", "h1", "--dry-run", answers=[])
    assert agreed.status == 1
    done = typed(home, "setup", "h1", answers=[("are they the same? [y/N]", "y"), ("set up h1? [y/N]", "y")])
    assert (done.status, fingerprint in done.said) == (0, True)
    assert known.read_text() == f"{bare.address} {bare.host_key}\n"


def test_the_fingerprint_alone_is_enough_where_nobody_sits(
    home: Homelab, lab: Lab, bare: LabHost, tmp_path: Path
) -> None:
    bare.check("bash", "-c", MAY_SUDO)
    home.inventory(lab, [bare], defaults={"known_hosts": str(tmp_path / "known_hosts")})
    fingerprint = fingerprint_of(bare)
    assert "h1 is ready" in home.succeed("setup", "h1", "--yes", "--fingerprint", fingerprint).said


def test_a_changed_host_key_is_never_replaced(home: Homelab, lab: Lab, bare: LabHost) -> None:
    before = Path(lab.known_hosts).read_text()
    bare.new_host_key()
    fingerprint = fingerprint_of(bare)
    done = home.inv("setup", "h1", "--yes", "--fingerprint", fingerprint)
    assert done.status == 1
    assert f"host key changed to ssh-ed25519 {fingerprint}" in done.said
    assert "if that is right: ssh-keygen -R" in done.said
    assert Path(lab.known_hosts).read_text() == before


def test_etc_nixos_becomes_a_link_and_what_was_there_is_kept(home: Homelab, lab: Lab, bare: LabHost) -> None:
    home.inventory(lab, [bare], defaults={"system": "nixos"})
    home.write("nixos/flake.nix", "{ }\n")
    bare.check("bash", "-c", f"{MAY_SUDO}; mkdir -p /etc/nixos; echo mine >/etc/nixos/hardware-configuration.nix")
    bare.check("bash", "-c", "rm /etc/os-release; echo 'ID=nixos' >/etc/os-release; usermod -aG docker admin")
    first = home.succeed("setup", "h1", "--yes")
    assert "hardware-configuration.nix of h1 belongs into the repo: it is in the folder that is kept" in first.said
    assert bare.check("readlink", "/etc/nixos") == "/opt/homelab/nixos"
    assert bare.check("bash", "-c", "cat /etc/nixos.*/hardware-configuration.nix") == "mine"
    assert home.succeed("setup", "h1").out == "nothing to do: h1 has all that a deploy needs\n"


def test_a_checkout_that_root_has_cloned_is_handed_over_and_data_in_it_keeps_its_owner(
    home: Homelab, bare: LabHost
) -> None:
    home.git("bundle", "create", str(home.top / "clone"), "main")
    bare.check("bash", "-c", f"{MAY_SUDO}; cat >/tmp/clone", stdin=(home.top / "clone").read_bytes())
    clone = "git clone --quiet --branch main /tmp/clone /opt/homelab && cd /opt/homelab/services/blog"
    bare.check("bash", "-c", f"{clone} && mkdir data && echo row >data/db && chown -R 911 data && echo A=1 >.env")
    home.succeed("setup", "h1", "--yes")
    owners = "stat -c '%U %a %n' .git services services/blog services/blog/compose.yml services/blog/.env"
    assert bare.check("bash", "-c", f"cd /opt/homelab && {owners}").splitlines() == [
        "admin 755 .git",
        "admin 755 services",
        "admin 755 services/blog",
        "admin 644 services/blog/compose.yml",
        "admin 600 services/blog/.env",
    ]
    assert bare.check("stat", "-c", "%u", "/opt/homelab/services/blog/data/db") == "911"
    home.deploy()
    assert home.succeed("setup", "h1").out == "nothing to do: h1 has all that a deploy needs\n"


REPOSITORY = """
set -e
mkdir -p /srv/apt && cd /srv/apt
for name in git docker-compose; do
  mkdir -p $name/DEBIAN
  for file in $(dpkg -L $name); do ! [ -f "$file" ] || cp -a --parents "$file" $name; done
  printf 'Package: %s\\nVersion: 9:9.0\\nArchitecture: all\\n' $name >$name/DEBIAN/control
  printf 'Maintainer: lab\\nDescription: lab\\n' >>$name/DEBIAN/control
  dpkg-deb --build --root-owner-group -Znone $name $name.deb >/dev/null
  cat $name/DEBIAN/control >>Packages
  printf 'Filename: ./%s.deb\\nSize: %s\\n' $name "$(stat -c %s $name.deb)" >>Packages
  printf 'SHA256: %s\\n\\n' "$(sha256sum $name.deb | cut -d' ' -f1)" >>Packages
done
dpkg --remove --force-depends git docker-compose
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
"""
SOURCE = "echo 'deb [trusted=yes] file:/srv/apt ./' >/etc/apt/sources.list.d/lab.list"


def test_what_is_missing_is_installed_by_apt_and_a_failure_there_is_told(home: Homelab, bare: LabHost) -> None:
    """The packages are Debian's own files, packed anew: apt and dpkg are real, and no network is needed."""
    bare.check("bash", "-c", f"{MAY_SUDO}\n{REPOSITORY}")
    failed = home.inv("setup", "h1", "--yes")
    assert failed.status == 1
    assert "+ install git, docker-compose git, Docker Compose v2 are missing" in failed.said
    assert "✗ install git, docker-compose: sudo env DEBIAN_FRONTEND=noninteractive apt-get" in failed.said
    assert "E: " in failed.said
    assert failed.err == "error: the rest was left; mend that, then: inv setup h1\n"
    assert bare.exec("test", "-e", "/opt/homelab").returncode == 1
    bare.check("bash", "-c", SOURCE)
    done = home.succeed("setup", "h1", "--yes")
    assert "✓ install git, docker-compose" in done.said
    home.deploy()
    assert running(bare) == ["blog-web-1"]


def test_a_host_without_bash_is_looked_at_all_the_same(home: Homelab, bare: LabHost) -> None:
    bare.check("usermod", "--shell", "/bin/sh", "admin")
    bare.check("mv", "/usr/bin/bash", "/usr/bin/.bash")
    try:
        done = home.inv("setup", "h1", "--dry-run")
    finally:
        bare.check("/bin/busybox", "mv", "/usr/bin/.bash", "/usr/bin/bash")
        bare.check("usermod", "--shell", "/bin/bash", "admin")
    assert (done.status, "+ install bash bash is missing" in done.said) == (0, True)
