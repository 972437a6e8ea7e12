"""What a lab host cannot have of this repo's own homelab, and what stands in for it; all else runs as shipped.

- Images: the lab has no registry. One image stands in for all, so its program and its tests do as well.
- Addresses and keys of the hosts, and NixOS, which is tested on hosts that can build it.
- What only a person knows goes into the `.env` files; the rest of them is made by `inv env.init --generate`.
- The programs of databases that the hooks call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.lab import Lab, LabHost

IMAGE = "homelab/demo:1"
# A container listens where it should, and is ready a little later, which its log tells
PROGRAM = """
answer='while read -r line; do case $$line in ?|"") break; esac; done; printf "HTTP/1.0 200 OK\\r\\n\\r\\nfine\\n"'
for port in PORTS; do nc -ll -p $$port -e sh -c "$$answer" & done
sleep 0.3; touch /dev/shm/ready; echo ready; exec sleep 100000
"""
READY = ["CMD", "test", "-e", "/dev/shm/ready"]
# Whatever service asks for it
GIVEN = {
    "PROXY_ADDRESS": "10.0.0.5",
    "ROUTER_ADDRESS": "10.0.0.1",
    "WIREGUARD_ADDRESSES": "10.64.0.2/32",
    "WIREGUARD_PRIVATE_KEY": "wOEI9rqqbDwnN8/Bpp22sVz48T71vJ4fYmFWujulwUU=",
}
BASH = '#!/bin/sh\nexec sh "$@"\n'
DUMP = "#!/bin/sh\necho rows\n"
# Service and container -> its programs, by their paths in the container
PROGRAMS = {
    ("immich", "database"): {"/bin/bash": BASH, "/bin/pg_dump": DUMP},
    ("nextcloud", "database"): {"/bin/bash": BASH, "/bin/pg_dump": DUMP},
    ("postgres", "postgres"): {"/bin/bash": BASH, "/bin/pg_dumpall": DUMP},
    ("vaultwarden", "vaultwarden"): {
        "/bin/bash": BASH,
        "/vaultwarden": "#!/bin/sh\ntouch /data/db_$(date +%Y%m%d_%H%M%S).sqlite3\n",
    },
}


def swap_inventory(file: Path, lab: Lab, hosts: Mapping[str, LabHost]) -> None:
    """`hosts.yaml` with the hosts of the lab under the names that it gives."""
    inventory = yaml.safe_load(file.read_text())
    inventory["defaults"] |= {"identity_file": lab.identity_file, "known_hosts": lab.known_hosts}
    for name, fields in inventory["hosts"].items():
        fields |= {"address": hosts[name].address, "system": "none"}
        fields.pop("flake", None)
    file.write_text(yaml.safe_dump(inventory, sort_keys=False))


def swap_stack(file: Path) -> None:
    """A compose file with the lab's image, and the programs that its service's hooks call beside it."""
    stack = yaml.safe_load(file.read_text())
    for key, container in stack["services"].items():
        _swap(container)
        for path, text in PROGRAMS.get((file.parent.name, key), {}).items():
            program = file.parent / "stand-ins" / Path(path).name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o755)
            container["volumes"] = [*container.get("volumes", ()), f"./stand-ins/{program.name}:{path}:ro"]
    file.write_text(yaml.safe_dump(stack, sort_keys=False))


def give(file: Path) -> set[str]:
    """Write what a person knows into an `.env`, as in an editor; the keys that were."""
    lines = file.read_text().splitlines()
    keys = [line.partition("=")[0] for line in lines]
    whole = [f"{key}={GIVEN[key]}" if key in GIVEN else line for key, line in zip(keys, lines, strict=True)]
    file.write_text("\n".join([*whole, ""]))
    return GIVEN.keys() & {*keys}


def _swap(container: dict[str, Any]) -> None:
    ports = " ".join(sorted({*_published(container), *_asked(container)}))
    container.pop("entrypoint", None)
    container |= {"image": IMAGE, "command": ["sh", "-c", PROGRAM.replace("PORTS", ports)]}
    if "healthcheck" in container:
        container["healthcheck"] |= {"test": READY}  # its times are as shipped


def _published(container: dict[str, Any]) -> Iterator[str]:
    for port in container.get("ports", ()):
        target, _, protocol = port.rpartition(":")[2].partition("/")
        if protocol != "udp":
            yield target


def _asked(container: dict[str, Any]) -> set[str]:
    """Ports that its own health check asks: those of who is in another's network, and publishes none."""
    return set(re.findall(r":(\d{2,5})\b", str(container.get("healthcheck", {}).get("test", ""))))
