"""just, a recipe for each service with those it depends on: on the host itself, and from here with one ssh a recipe."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping

from scripts.bench.peers.stacks import REPO, Stacks
from scripts.bench.peers.tools import JUST
from scripts.bench.peers.way import Way

THERE, HERE = "Justfile", "remote.just"
ON_HOST, OVER_SSH = "just, on the host", "just, one ssh a recipe"


def files(stacks: Stacks) -> Mapping[str, str]:
    """Both Justfiles, which are in the repo."""
    ssh = f"ssh -F {stacks.ssh_config}"
    hosts = stacks.grounds

    def remote(name: str) -> str:
        host = stacks.homelab.host_of(name)
        return f"{ssh} {host} 'cd {REPO}/stacks/{name} && docker compose up -d'"

    pulls = [f"{ssh} {host} 'git -C {REPO} pull --quiet --ff-only'" for host in hosts]
    local = _justfile(stacks, ["git pull --quiet --ff-only"], lambda name: f"cd stacks/{name} && docker compose up -d")
    return {THERE: local, HERE: _justfile(stacks, pulls, remote)}


def ways(stacks: Stacks) -> Iterator[Way]:
    """Needs `just` on the host for the first. With several hosts it would do one after the other."""
    just = str(JUST.path)
    first = next(iter(stacks.grounds))
    ssh = ("ssh", "-F", str(stacks.ssh_config), first, f"cd {shlex.quote(REPO)} && just deploy-all")
    yield Way(ON_HOST, ssh, stacks.root, ordered=True, one_host=True)
    yield Way(OVER_SSH, (just, "--justfile", HERE, "deploy-all"), stacks.root, ordered=True, one_host=True)


def put_on_host(stacks: Stacks) -> None:
    """The program itself, on the first host."""
    ground = next(iter(stacks.grounds.values()))
    ground.host.check("install", "-m755", "/dev/stdin", "/usr/local/bin/just", stdin=JUST.path.read_bytes())


def _justfile(stacks: Stacks, update: list[str], up: Callable[[str], str]) -> str:
    needs = stacks.homelab.needs
    everything = " ".join(f"ensure-{name}" for name in needs)
    recipes = [_recipe(name, [f"ensure-{other}" for other in needs[name]], up(name)) for name in needs]
    pull = "".join(f"    {line}\n" for line in update)
    return f"update-system:\n{pull}\ndeploy-all: update-system {everything}\n\n" + "\n".join(recipes)


def _recipe(name: str, needs: list[str], line: str) -> str:
    return f'{" ".join([f"ensure-{name}:", *needs])}\n    @echo "Ensuring {name} is running..."\n    {line}\n'
