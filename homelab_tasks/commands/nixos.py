"""NixOS command lines: build a system, activate it under a clock, confirm it; and what their failures mean."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..command import Command, command, host_script
from ..model import Host

BUILD_TIMEOUT = 6 * 3600  # seconds; a kernel may be among it
GOES_BACK_IN = 120  # seconds that going back may take once it began
# Exit statuses of the scripts
WENT_BACK, STUCK, NOT_BOOTED, GONE, BUSY, ASKS_FOR_REBOOT = 4, 5, 6, 66, 75, 100


def build(folder: str, flake: str) -> Command:
    """Build the system of `flake`; prints its store path. `folder` is that of the host's records."""
    return host_script("system_build", folder, flake, timeout=BUILD_TIMEOUT)


def activate(seconds: float, *, reboot: bool = False) -> Command:
    """Activate the system whose store path is added as the last word, as root; unless it is confirmed within
    `seconds`, the host goes back. With `reboot` the host restarts if the activation asks for it.
    """
    arguments = (f"{seconds:g}", "reboot" if reboot else "")
    return host_script("system_activate", *arguments, timeout=seconds + GOES_BACK_IN)


def keep() -> Command:
    """Confirm the system whose store path is added as the last word, and make it the boot default, as root."""
    return host_script("system_keep", timeout=300)


def rights() -> Command:
    """Prints how the user becomes root: `root`, `free`, `asks` or `none`."""
    return command("sh", "-c", _RIGHTS, timeout=20)


def nothing() -> Command:
    """Do nothing, to see whether it may be done."""
    return command("true", timeout=20)


_RIGHTS = """
if [ "$(id -u)" = 0 ]; then echo root
elif ! command -v sudo >/dev/null; then echo none
elif sudo -n true 2>/dev/null </dev/null; then echo free
else echo asks; fi
"""


def why_not_built(host: Host, said: str) -> str:
    """What a failed build said, as `what; the next move`."""
    for pattern, sentence in _BUILD:
        found = re.search(pattern, said)
        if found:
            return sentence(host, found)
    errors = [_in_repo(line.strip()) for line in said.splitlines() if "error:" in line]
    lines = errors or [line.strip() for line in said.splitlines() if line.strip()] or ["no message"]
    what = lines[-1].partition("error:")[2].strip() or lines[-1]
    return f"the system of {host.name} cannot be built ({what}); mend the flake and commit"


def why_not_root(host: Host, said: str) -> str:
    """What sudo's refusal means, "" where it did not refuse."""
    if re.search(r"incorrect password|no password was provided|Sorry, try again", said):
        return f"sudo on {host.name} does not take that password; run the same again"
    if re.search(r"sudo: (a terminal is required|a password is required|sorry, you must have a tty)", said):
        return f"sudo on {host.name} asks for a password; {NOPASSWD}"
    if "not in the sudoers file" in said or "is not allowed to execute" in said:
        return f"{host.user or 'the user'} may not use sudo on {host.name}; {_WHEEL}"
    return ""


def why_not_activated(host: Host, status: int, said: str, log: str) -> str:
    """Why an activation did not come to its end, and what became of the host. `said` is the script's output."""
    if status == GONE:
        return f"the system is no longer in the store of {host.name}; update-system builds it anew"
    if status == BUSY:
        return f"somebody else activates a system on {host.name}; wait for that, then run the same again"
    if status == ASKS_FOR_REBOOT:
        return f"the new system of {host.name} only starts with a reboot, nothing was changed; say --reboot"
    if status == NOT_BOOTED:
        return _not_booted(host)
    if status not in (WENT_BACK, STUCK):
        return f"the new system of {host.name} cannot be activated ({_last(log) or f'exit status {status}'})"
    if status == STUCK:
        end = f"and the one before did not come back whole; look at {host.name} before anything else"
    else:
        end = "the one before runs again; mend the flake and commit"
    return f"the new system of {host.name} {_how(said, log)}; {end}"


def why_not_kept(host: Host, status: int, log: str) -> str:
    """Why a system that runs could not be confirmed."""
    if status == NOT_BOOTED:
        return _not_booted(host)
    return f"the new system of {host.name} cannot be confirmed ({_last(log) or f'exit status {status}'})"


def _how(said: str, log: str) -> str:
    status, seconds = (re.findall(r"(?m)^status (\d+) (\d+)$", said) or [("?", "0")])[-1]
    units = re.findall(r"(?m)^.*the following units failed: (.+)$", log)
    if units:
        return f"runs, but units failed ({units[-1].strip()})"
    if re.search(r"(?m)^late$", said):
        return f"was not active after {seconds} s, and was stopped"
    if status == "0":
        return "was not activated, although its activation says so"
    words = f": {_last(log)}" if _last(log) else ""
    return f"failed to activate after {seconds} s (exit status {status}{words})"


def _not_booted(host: Host) -> str:
    return f"the new system of {host.name} runs, but could not be made the boot default; run the same again"


def _last(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _in_repo(text: str) -> str:
    """Places as they are called in the repo: Nix names its own copy of them."""
    return re.sub(r"/nix/store/[0-9a-z]{32}-[^/\s']+/", "", text)


def _no_attribute(host: Host, found: re.Match[str]) -> str:
    folder = host.flake.partition("#")[0] or "."
    move = f"add it to {folder}/flake.nix, or set flake: of {host.name} in hosts.yaml"
    return f"{folder} has no system {found[1]!r}; {move}"


def _not_committed(host: Host, found: re.Match[str]) -> str:
    path = _in_repo(found[1] or found[2])
    return f"the system of {host.name} needs {path}, which is not in the commit; git add it and commit"


def _syntax(host: Host, found: re.Match[str]) -> str:
    place = _in_repo(found[2]).strip("«»")
    return f"{place}: {found[1].strip()} (system of {host.name}); mend the file and commit"


def _assertions(host: Host, found: re.Match[str]) -> str:
    texts = "; ".join(re.findall(r"(?m)^\s*- (.+)$", found[1]))
    return f"the system of {host.name} contradicts itself: {texts}"


NOPASSWD = "run it from a terminal, or allow it there: security.sudo.wheelNeedsPassword = false"
_WHEEL = 'add it to the group there: extraGroups = [ "wheel" ]'
_Sentence = Callable[[Host, re.Match[str]], str]
_BUILD: tuple[tuple[str, _Sentence], ...] = (
    (r"does not provide attribute .*?'nixosConfigurations\.\"?([^\"'.]+)", _no_attribute),
    (r"(?:getting status of '([^']+)': No such file|path '([^']+)' does not exist)", _not_committed),
    (r"error: (syntax error[^\n]*?)\s+at ([^\s]+:\d+:\d+)", _syntax),
    (r"Failed assertions:\s*\n((?:.*?\s*- .+\n?)+)", _assertions),
    (
        r"unable to download '([^']+)'",
        lambda host, found: (
            f"{host.name} cannot download {found[1]}; look at its network, and commit flake.lock if there is none"
        ),
    ),
    (
        r"lacks a signature by a trusted key",
        lambda host, _: (
            f"the Nix daemon of {host.name} does not trust {host.user or 'the user'}; add it there to "
            "nix.settings.trusted-users"
        ),
    ),
    (
        r"No space left on device",
        lambda host, _: f"the disk of {host.name} is full; free some space there: sudo nix-collect-garbage",
    ),
    (
        r"nixos-rebuild: not found",
        lambda host, _: f"{host.name} has no nixos-rebuild; is it NixOS? if not: system: none in hosts.yaml",
    ),
)
