"""What is run on a NixOS host, and what its failures mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.commands import nixos

from .builders import a_host

HOST = a_host("hl15", user="admin", flake="nixos#homelab-hl15")
OTHERS = "'packages.x86_64-linux.a', 'legacyPackages.x86_64-linux.a' or 'nixosConfigurations.\"x\".config'"
STORE = "/nix/store/" + "a" * 32 + "-source"


def test_a_system_is_activated_under_a_clock_that_the_host_keeps() -> None:
    order = nixos.activate(180)
    assert (order.argv[3:], order.timeout) == (("homelab", "180", ""), 300)
    assert nixos.activate(90, reboot=True).argv[4:] == ("90", "reboot")


def test_a_build_has_no_clock_to_speak_of() -> None:
    order = nixos.build("/opt/homelab/.git/homelab", "/opt/homelab/nixos#hl15")
    assert (order.argv[4:], order.timeout) == (("/opt/homelab/.git/homelab", "/opt/homelab/nixos#hl15"), 21600)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "error: flake 'git+file:///opt/homelab?dir=nixos' does not provide attribute " + OTHERS,
            "nixos has no system 'x'; add it to nixos/flake.nix, or set flake: of hl15 in hosts.yaml",
        ),
        (
            f"error: getting status of '{STORE}/nixos/users/admin.nix': No such file or directory",
            "the system of hl15 needs nixos/users/admin.nix, which is not in the commit; git add it and commit",
        ),
        (
            f"error: path '{STORE}/nixos/disk.nix' does not exist",
            "the system of hl15 needs nixos/disk.nix, which is not in the commit; git add it and commit",
        ),
        (
            f"error: syntax error, unexpected '}}', expecting ';'\n\n       at {STORE}/nixos/flake.nix:3:5:\n",
            (
                "nixos/flake.nix:3:5: syntax error, unexpected '}', expecting ';' (system of hl15); "
                "mend the file and commit"
            ),
        ),
        (
            "error: unable to download 'https://api.github.com/x': Could not resolve host",
            (
                "hl15 cannot download https://api.github.com/x; "
                "look at its network, and commit flake.lock if there is none"
            ),
        ),
        (
            "error: cannot add path '/nix/store/x' because it lacks a signature by a trusted key",
            "the Nix daemon of hl15 does not trust admin; add it there to nix.settings.trusted-users",
        ),
        (
            (
                "error:\n       Failed assertions:\n"
                "       - users.users.plex.group is unset.\n       - UIDs must be unique!\n"
            ),
            "the system of hl15 contradicts itself: users.users.plex.group is unset.; UIDs must be unique!",
        ),
        (
            "nixos-rebuild: not found\n",
            "hl15 has no nixos-rebuild; is it NixOS? if not: system: none in hosts.yaml",
        ),
        (
            "copying\nerror: writing to file: No space left on device",
            "the disk of hl15 is full; free some space there: sudo nix-collect-garbage",
        ),
        (
            "warning: x\nerror: builder for 'y.drv' failed with exit code 1\n",
            (
                "the system of hl15 cannot be built (builder for 'y.drv' failed with exit code 1); "
                "mend the flake and commit"
            ),
        ),
        ("", "the system of hl15 cannot be built (no message); mend the flake and commit"),
    ],
)
def test_a_failed_build_is_told_in_our_words(said: str, told: str) -> None:
    assert nixos.why_not_built(HOST, said) == told


@given(st.text())
def test_whatever_a_build_says_is_one_sentence(said: str) -> None:
    assert "hl15" in nixos.why_not_built(HOST, said)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("sudo: a password is required\n", "sudo on hl15 asks for a password; "),
        ("sudo: a terminal is required to read the password", "sudo on hl15 asks for a password; "),
        ("Sorry, try again.\nsudo: 1 incorrect password attempt", "sudo on hl15 does not take that password; "),
        ("admin is not in the sudoers file.", "admin may not use sudo on hl15; "),
    ],
)
def test_sudo_is_told_in_our_words(said: str, told: str) -> None:
    assert nixos.why_not_root(HOST, said).startswith(told)


def test_what_is_not_of_sudo_is_left_to_others() -> None:
    assert nixos.why_not_root(HOST, "error: cannot stop the world") == ""


STUCK = "and the one before did not come back whole; look at hl15 before anything else"
BACK = "; the one before runs again; mend the flake and commit"


@pytest.mark.parametrize(
    ("status", "said", "log", "told"),
    [
        (
            4,
            "status 4 2\n",
            "warning: the following units failed: a.service, b.service\n",
            f"the new system of hl15 runs, but units failed (a.service, b.service){BACK}",
        ),
        (
            4,
            "status 0 1\n",
            "",
            f"the new system of hl15 was not activated, although its activation says so{BACK}",
        ),
        (4, "status 1 180\nlate\n", "", f"the new system of hl15 was not active after 180 s, and was stopped{BACK}"),
        (
            4,
            "status 1 3\n",
            "x\nCould not acquire lock\n",
            f"the new system of hl15 failed to activate after 3 s (exit status 1: Could not acquire lock){BACK}",
        ),
        (
            5,
            "status 2 3\n",
            "",
            f"the new system of hl15 failed to activate after 3 s (exit status 2); {STUCK}",
        ),
        (66, "", "", "the system is no longer in the store of hl15; update-system builds it anew"),
        (75, "", "", "somebody else activates a system on hl15; wait for that, then run the same again"),
        (
            100,
            "status 100 0\n",
            "",
            "the new system of hl15 only starts with a reboot, nothing was changed; say --reboot",
        ),
        (6, "", "", "the new system of hl15 runs, but could not be made the boot default; run the same again"),
        (1, "", "Failed to start unit", "the new system of hl15 cannot be activated (Failed to start unit)"),
    ],
)
def test_a_failed_activation_says_what_runs_now(status: int, said: str, log: str, told: str) -> None:
    assert nixos.why_not_activated(HOST, status, said, log) == told
