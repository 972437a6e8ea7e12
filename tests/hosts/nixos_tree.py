"""nixos/ on a host that has Nix, and what stands in for nixpkgs there."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.nixos import NixosHost

TOP = Path(__file__).parents[2]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ you@laptop"
SHIPPED, FINISHED = "/root/tree/nixos", "/root/finished"
_NIXPKGS = "/root/tree/nixpkgs"
_PLACEHOLDERS = {
    "users/admin.nix": ("authorizedKeys.keys = [", f'authorizedKeys.keys = [ "{KEY}"'),
    "hosts/homelab-hl15/default.nix": ('hostId = "00000000"', 'hostId = "8425e349"'),
}


@dataclass(frozen=True, slots=True)
class Tree:
    """The files as they are, `SHIPPED`, and once more with the placeholders filled in, `FINISHED`."""

    host: NixosHost

    @classmethod
    def on(cls, host: NixosHost) -> Tree:
        """Copy them to the host."""
        tree = cls(host)
        for folder, target in (("nixos", SHIPPED), ("nixos", FINISHED), ("tests/nix/nixpkgs", _NIXPKGS)):
            tree._send(TOP / folder, target)
        for file, (old, new) in _PLACEHOLDERS.items():
            text = (TOP / "nixos" / file).read_text()
            assert text.count(old) == 1, file
            tree.write(f"{FINISHED}/{file}", text.replace(old, new))
        return tree

    def system(self) -> Mapping[str, Any]:
        """What is configured for the host hl15, placeholders filled in."""
        found: Mapping[str, Any] = json.loads(self.evaluate(FINISHED))
        return found

    def evaluate(self, flake: str) -> str:
        """The system of hl15 as JSON, or what Nix says instead. The lock stays as it is, and nothing is fetched."""
        words = ("nix", "eval", "--json", "--offline", "--no-write-lock-file")
        inputs = ("--override-input", "nixpkgs", f"path:{_NIXPKGS}")
        system = "nixosConfigurations.homelab-hl15.config.system.build.toplevel"
        done = self.host.exec(*words, *inputs, f"path:{flake}#{system}")
        return (done.stdout or done.stderr).decode()

    def write(self, path: str, text: str) -> str:
        """Write a file of the host; gives its path."""
        self.host.check("tee", path, stdin=text.encode())
        return path

    def _send(self, folder: Path, target: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(folder, ".")
        self.host.check("mkdir", "-p", target)
        self.host.check("tar", "-C", target, "-x", "--no-same-owner", stdin=packed.getvalue())


def sshd_config(settings: Mapping[str, Any]) -> str:
    """`services.openssh.settings` as NixOS writes them."""
    return "".join(f"{key} {_word(value)}\n" for key, value in settings.items())


def fstab(mounts: Mapping[str, Any]) -> str:
    """`fileSystems` as NixOS writes them."""
    fields = [(m["device"], path, m["fsType"], ",".join(m["options"]), "0", "0") for path, m in mounts.items()]
    return "".join(" ".join(words) + "\n" for words in fields)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, list) else str(value)
