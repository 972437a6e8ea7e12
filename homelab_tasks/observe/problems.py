"""Why a deploy could not work on a host: `what; the next move`."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Host, System
from .sections import checkout, clock
from .seen import Checkout


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
    if "cannot connect" in said.lower() or "is the docker daemon running" in said.lower():
        return f"the docker daemon on {host.name} does not answer; on {host.name}: sudo systemctl start docker"
    return f"docker ps failed on {host.name} ({_last_line(said)}); mend that there first"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.replace("\0", "\n").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
