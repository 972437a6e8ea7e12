"""Docker command lines that concern no compose project."""

from __future__ import annotations

from ..command import Command, command
from ..model import Network

PULL_TIMEOUT = 900  # seconds


def pull(image: str) -> Command:
    """Fetch one image; through the host's own CLI, which knows the credentials of private registries."""
    return command("docker", "pull", "--quiet", image, timeout=PULL_TIMEOUT)


def create_network(network: Network) -> Command:
    """Make an external network that `hosts.yaml` lists."""
    flags = ["--driver", network.driver]
    flags += ["--internal"] if network.internal else []
    flags += ["--subnet", network.subnet] if network.subnet else []
    for key, value in sorted(network.options.items()):
        flags += ["--opt", f"{key}={value}"]
    return command("docker", "network", "create", *flags, network.name)
