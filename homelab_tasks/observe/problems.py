"""Why a deploy could not work on a host: `what; the next move`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..model import Host, System
from .sections import checkout, clock
from .seen import Checkout

_SILENT = ("cannot connect to the docker daemon", "failed to connect to the docker api")  # the second since 29
_ITS_OWN = ("unix:///var/run/docker.sock", "unix:///run/docker.sock")


def of_host(host: Host, sections: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with the shell, Git, or the answer itself."""
    found = ["; ".join(not_silent(host, sections[""]))] if "" in sections else []
    found += [
        f"{line.removeprefix('missing ')} is not installed on {host.name}; install it there"
        for line in sections.get("shell", "").splitlines()
        if line.startswith("missing ")
    ]
    git = sections.get("git", "")
    if checkout(git) is Checkout.FOREIGN:
        found.append(_git_problem(host, git))
    if not clock(sections):
        found.append(f"the answer of {host.name} was cut short; run the same again")
    return tuple(found)


def not_silent(host: Host, said: str) -> tuple[str, str]:
    """Something was printed before the answer began, so no answer can be relied on: what, and the next move."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    shown = "".join(letter for letter in lines[0] if letter.isprintable())[:60] if lines else ""
    what = f"'{shown}'" if shown else "an empty line"
    return f"the login shell of {host.name} prints {what}", "make its ~/.bashrc silent without a terminal"


def ran_nothing(host: Host, said: str, errors: str) -> tuple[str, str] | None:
    """The answer has no part of ours: something else ran, or nothing did. What, and the next move; None where that is
    not so, or the host has said more of it.
    """
    if "\036" in said or (errors.strip() and not re.search(r"(bin/|shell).*No such file", errors)):
        return None
    words = f" ({_last_line(errors or said)})" if (errors or said).strip() else ""
    what = f"{host.name} lets us in and then runs no command{words}"
    return what, "look for an exit in ~/.bashrc there, and for ForceCommand or ChrootDirectory in its sshd_config"


def of_docker(host: Host, sections: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with Docker and Compose."""
    found = []
    if "no-compose" in sections:
        found.append(f"Docker Compose v2 is not installed on {host.name}; install its plugin there")
    status = sections.get("docker-exit", "").strip()
    if status != "0" and clock(sections):
        found.append(_docker_problem(host, status, sections.get("docker", "")))
    return tuple(found)


def _git_problem(host: Host, said: str) -> str:
    if "dubious ownership" in said:
        move = f"on {host.name}: sudo chown -R {host.user or '$USER'}: {host.path}"
        return f"{host.path} on {host.name} belongs to another user; {move}"
    return f"git does not work in {host.path} on {host.name} ({_last_line(said)}); mend that there first"


def _docker_problem(host: Host, status: str, said: str) -> str:
    if status == "127" and host.system is System.NIXOS:
        move = "virtualisation.docker.enable = true in its configuration, then: inv update-system"
        return f"docker is not installed on {host.name}; {move}"
    if status == "127":
        return f"docker is not installed on {host.name}; install Docker Engine and Compose v2 there"
    if "permission denied" in said.lower():
        who = host.user or "the user"
        return (
            f"{who} may not use docker on {host.name}; on {host.name}: sudo usermod -aG docker {host.user or '$USER'}"
        )
    if other := other_socket(host, said):
        return "; ".join(other)
    if any(words in said.lower() for words in (*_SILENT, "cannot connect", "is the docker daemon running")):
        return f"the docker daemon on {host.name} does not answer; on {host.name}: sudo systemctl start docker"
    return f"docker ps failed on {host.name} ({_last_line(said)}); mend that there first"


def socket_elsewhere(said: str) -> str:
    """Where docker has looked for its daemon in vain; "" for the system's."""
    named = re.search(rf"(?i)(?:{'|'.join(_SILENT)}) at (\S+?)[.;]*(?:\s|$)", said)
    return named[1] if named and named[1] not in _ITS_OWN else ""


def other_socket(host: Host, said: str) -> tuple[str, str] | None:
    """No daemon answers where DOCKER_HOST says, and that is not the system's: what, and the next move."""
    socket = socket_elsewhere(said)
    if not socket:
        return None
    what = f"no docker daemon answers at {socket} on {host.name}, which DOCKER_HOST or a context names there"
    user = "/run/user/" in socket
    return what, f"on {host.name}: {'systemctl --user start docker' if user else 'start it, or mend that there'}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.replace("\0", "\n").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
