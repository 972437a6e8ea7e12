"""Why a system that was activated is not there to stay, in words; the rest of it is proven on hosts."""

from __future__ import annotations

import pytest

from homelab_tasks.commands import nixos
from homelab_tasks.plan import Switch
from homelab_tasks.runner import Result
from homelab_tasks.switch import _Asked, _why_not

from .builders import a_host

HOST = a_host("hl15")
ACT = Switch(nixos.activate(180), nixos.keep(), 180)
REFUSED = "connection refused"
BACK = "it went back by itself, mend the flake and commit"
UNKNOWN = "it goes back by itself where it can: run the same again"
OLD = b"/nix/store/o-nixos\n"


@pytest.mark.parametrize(
    ("asked", "restarts", "told"),
    [
        (_Asked(Result(0)), False, ""),
        (
            _Asked(Result(4, OLD), refused=REFUSED),
            False,
            f"nobody could log in to the new system of hl15 within 180 s (connection refused); {BACK}",
        ),
        (
            _Asked(Result(4, OLD)),
            False,
            "the new system of hl15 was not confirmed within 180 s; it went back by itself, mend the flake and commit",
        ),
        (
            _Asked(refused=REFUSED),
            False,
            f"nobody can tell what hl15 runs (connection refused); {UNKNOWN}",
        ),
        (
            _Asked(refused=REFUSED),
            True,
            "hl15 did not come back from its reboot (connection refused); look at its console",
        ),
        (
            _Asked(Result(4, OLD)),
            True,
            "hl15 started another system than the new one (/nix/store/o-nixos); look at its boot loader",
        ),
        (
            _Asked(Result(6)),
            False,
            "the new system of hl15 runs, but could not be made the boot default; run the same again",
        ),
        (
            _Asked(Result(1, stderr="sudo: a password is required\n")),
            False,
            f"sudo on hl15 asks for a password; {nixos.NOPASSWD}",
        ),
        (
            _Asked(Result(1, stderr="x\nerror: opening lock file\n")),
            False,
            "the new system of hl15 cannot be confirmed (error: opening lock file)",
        ),
    ],
)
def test_what_became_of_a_system_is_told(asked: _Asked, restarts: bool, told: str) -> None:  # noqa: FBT001
    assert _why_not(HOST, asked, ACT, restarts=restarts) == told
