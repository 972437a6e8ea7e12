"""compose-farm: `cf up --all` over its own SSH, the compose files on storage that all machines share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping

from scripts.bench.peers.stacks import Stacks
from scripts.bench.peers.tools import COMPOSE_FARM
from scripts.bench.peers.way import Way

CONFIG = "compose-farm.yaml"
UP = "compose-farm up --all"


def files(stacks: Stacks) -> Mapping[str, str]:
    """Its configuration: JSON is YAML."""
    hosts = {name: {"address": ground.host.address, "user": "admin"} for name, ground in stacks.grounds.items()}
    where = {name: stacks.homelab.host_of(name) for name in stacks.homelab.needs}
    return {CONFIG: json.dumps({"compose_dir": str(stacks.folder), "hosts": hosts, "stacks": where}, indent=1)}


def ways(stacks: Stacks) -> Iterator[Way]:
    """Its key and known hosts are looked for in the home folder, so it has one of its own."""
    home = stacks.root.with_name(f"{stacks.root.name}-home")
    argv = (str(COMPOSE_FARM.path), "up", "--all", "--config", str(stacks.root / CONFIG))
    yield Way(UP, argv, stacks.root, env={"HOME": str(home), "SSH_AUTH_SOCK": ""})


def make_home(stacks: Stacks) -> None:
    """The lab's key where compose-farm looks for its own."""
    folder = stacks.root.with_name(f"{stacks.root.name}-home") / ".ssh/compose-farm"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("id_ed25519", "id_ed25519.pub", "known_hosts"):
        shutil.copy(stacks.ssh_config.with_name(name), folder / name)
