"""Docker command lines that concern no compose project."""

from __future__ import annotations

from collections.abc import Iterable

from ..command import Command, command, host_script
from ..model import Network

KEPT_IMAGES = "homelab-kept"  # what names of kept images begin with
PULL_TIMEOUT = 900  # seconds


def pull(image: str) -> Command:
    """Fetch one image; through the host's own CLI, which knows the credentials of private registries."""
    return command("docker", "pull", "--quiet", image, timeout=PULL_TIMEOUT)


def renew(image: str, age: float) -> Command:
    """Fetch an image that is there, if its name was given at least `age` seconds ago; prints its id afterwards."""
    return host_script("renew", image, f"{age:.0f}", timeout=PULL_TIMEOUT)


def tag(ident: str, name: str) -> Command:
    """Let `name` mean the image of this id."""
    return command("docker", "image", "tag", ident, name)


def keep_images(project: str, idents: Iterable[str]) -> Command:
    """Give images names of their own, as the ones they had mean others by now: so nothing that tidies up takes them.

    Of a project those of the last three times are kept; `inv cleanup` leaves those of the last.
    """
    return host_script("keep_images", f"{KEPT_IMAGES}/{project}", *sorted(idents))


def remove(container: str) -> Command:
    """Remove a container that does not run; its volumes stay."""
    return command("docker", "container", "rm", container)


def rename(container: str, name: str) -> Command:
    """Give a container another name."""
    return command("docker", "container", "rename", container, name)


def remove_network(name: str) -> Command:
    """Remove a network that nothing uses."""
    return command("docker", "network", "rm", name)


def create_network(network: Network) -> Command:
    """Make an external network that `hosts.yaml` lists."""
    flags = ["--driver", network.driver]
    flags += ["--internal"] if network.internal else []
    flags += ["--subnet", network.subnet] if network.subnet else []
    for key, value in sorted(network.options.items()):
        flags += ["--opt", f"{key}={value}"]
    return command("docker", "network", "create", *flags, network.name)
