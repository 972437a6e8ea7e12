"""What of a commit a NixOS system is made of."""

from __future__ import annotations

from homelab_tasks.repo import load

from .builders import Files

HOSTS = "hosts:\n  nas: {system: nixos}\n  pi: {system: nixos, flake: 'machines/pi#pi'}\n  box: {}\n"
FILES = {"hosts.yaml": HOSTS, "nixos/flake.nix": "one", "services/web/compose.yml": "services: {web: {image: x}}\n"}


def systems(**files: str) -> dict[str, str]:
    settings = {"services/web/service.yaml": "host: box\n"}
    return dict(load(Files(FILES | settings | {k.replace("__", "/"): v for k, v in files.items()})).systems)


def test_every_nixos_host_has_the_digest_of_the_folder_of_its_flake() -> None:
    found = systems()
    assert (sorted(found), found["pi"], len(found["nas"])) == (["nas", "pi"], "", 64)


def test_only_what_is_in_that_folder_counts() -> None:
    assert systems() == systems(README="another")
    assert systems()["nas"] != systems(**{"nixos__flake.nix": "two"})["nas"]
    assert systems()["pi"] != systems(**{"machines__pi__flake.nix": "two"})["pi"]
