"""pyinfra: its facts say which files differ and which stacks run, its operations copy and start the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scripts.bench.peers.stacks import COPIES, Stacks
from scripts.bench.peers.tools import PYINFRA
from scripts.bench.peers.way import Way

INVENTORY, DEPLOY = "inventory.py", "deploy.py"
RUN = "pyinfra"


def files(stacks: Stacks) -> Mapping[str, str]:
    """The inventory, and the deploy itself."""
    hosts = [
        (
            name,
            {
                "ssh_hostname": ground.host.address,
                "ssh_user": "admin",
                "ssh_key": ground.lab.identity_file,
                "ssh_known_hosts_file": ground.lab.known_hosts,
                "ssh_strict_host_key_checking": "yes",
                "ssh_config_file": "/dev/null",
                "stacks": stacks.on(name),
            },
        )
        for name, ground in stacks.grounds.items()
    ]
    return {INVENTORY: f"hosts = {hosts!r}\n", DEPLOY: _DEPLOY.replace("COPIES", COPIES)}


def ways(stacks: Stacks) -> Iterator[Way]:
    """One connection a host; hosts side by side, the stacks of a host one after the other."""
    yield Way(RUN, (str(PYINFRA.path), "--yes", INVENTORY, DEPLOY), stacks.root, ordered=True, rare=True)


_DEPLOY = """\
from pyinfra import host
from pyinfra.facts.docker import DockerContainers
from pyinfra.operations import docker, files

running = {
    one["Config"]["Labels"].get("com.docker.compose.project")
    for one in host.get_fact(DockerContainers) or []
    if one["State"]["Running"]
}
for name in host.data.stacks:
    folder = "COPIES/" + name
    put = files.put(name=f"Copy {name}", src=f"stacks/{name}/compose.yml", dest=folder + "/compose.yml")
    if put.will_change or name not in running:
        docker.compose(name=f"Start {name}", project_directory=folder, project_name=name)
"""
