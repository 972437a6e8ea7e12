"""A homelab whose hosts stand in for NixOS, and the flake with their systems."""

from __future__ import annotations

import json
import os
import platform
import pty
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.hosts.homelab import Homelab
from tests.lab import Lab
from tests.lab.machine import HERE
from tests.lab.nixos import NixosHost

STATE = "/opt/homelab/.git/homelab"
_FLAKE = """{
  outputs = { self }: {
    nixosConfigurations = {
%s    };
  };
}
"""
_SYSTEM = """      "%s".config.system.build.toplevel = derivation {
        name = "nixos-system-%s";
        system = "%s-linux";
        builder = "/bin/bash";
        args = [ ./build.sh ];
        script = ./switch-to-configuration;
        behaviour = "%s";
        note = "%s";
      };
"""
_BUILD = """export PATH=/usr/bin:/bin
[ "$behaviour" != slow ] || until [ -e /run/built ]; do sleep 0.05; done
mkdir -p $out/bin && cp $script $out/bin/switch-to-configuration && chmod +x $out/bin/*
echo "$behaviour" >$out/behaviour && echo "$note" >$out/note
"""


@dataclass(frozen=True, slots=True)
class NixosHomelab(Homelab):
    """A homelab for NixOS hosts; `systems` writes what they are to become."""

    def systems(self, note: str = "", **behaviours: str) -> str:
        """Write the flake, with a system for each host, and commit it."""
        machine = platform.machine()
        bodies = "".join(_SYSTEM % (name, name, machine, how, note) for name, how in behaviours.items())
        self.write("nixos/flake.nix", _FLAKE % bodies)
        self.write("nixos/build.sh", _BUILD)
        self.write("nixos/switch-to-configuration", (HERE / "switch_to_configuration").read_text())
        return self.commit(note or "systems")

    def nixos(self, lab: Lab, hosts: Iterable[NixosHost], **defaults: object) -> None:
        """Write `hosts.yaml` with all hosts on NixOS; nobody waits long for a confirmation."""
        common = {
            "user": "admin",
            "identity_file": lab.identity_file,
            "known_hosts": lab.known_hosts,
            "system": "nixos",
            "confirm_timeout": 8,
            "connect_timeout": 2,
        }
        listed = {host.name: {"address": host.address} for host in hosts}
        self.write("hosts.yaml", yaml.safe_dump({"defaults": common | defaults, "hosts": listed}))

    def type(self, *words: str, answer: str, to: str) -> int:
        """Run `inv WORDS` on a terminal and answer each question that ends with `to`; gives its exit status."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.root)
            os.execve(  # noqa: S606 - a terminal needs a process of its own
                sys.executable, [sys.executable, "-m", "invoke", *words], self._environment()
            )
        answers, said = answer.splitlines(keepends=True), b""
        with suppress(OSError):  # the terminal is gone with the process
            while part := os.read(terminal, 65536):
                said += part
                if said.endswith(to.encode()) and answers:
                    os.write(terminal, answers.pop(0).encode())
                    said = b""
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@dataclass(frozen=True, slots=True)
class State:
    """What counts about the system of a host."""

    behaviour: str
    note: str
    kept: bool  # it is what the next boot starts, by the profile and by the boot loader
    armed: bool  # the clock runs that would go back


def state(host: NixosHost) -> State:
    """The system of a host as it is now."""
    system = host.system
    how = host.check("cat", f"{system}/behaviour")
    note = host.check("bash", "-c", f"cat {system}/note 2>/dev/null || true")
    armed = host.exec("systemctl", "is-active", "--quiet", "homelab-rollback.timer").returncode == 0
    return State(how, note, host.boot_default == (system, system), armed)


def recorded(host: NixosHost) -> Mapping[str, Any]:
    """The last record of the host's system, {} where there is none."""
    lines = host.check("bash", "-c", f"cat {STATE}/system.jsonl 2>/dev/null || true").splitlines()
    return json.loads(lines[-1]) if lines else {}


def a_nixos_homelab(folder: Path, lab: Lab, hosts: Iterable[NixosHost]) -> NixosHomelab:
    """A homelab in `folder` for these hosts, whose systems are good."""
    made = Homelab.make(folder, lab, hosts)
    home = NixosHomelab(made.root, made.top)
    hosts = tuple(hosts)
    home.nixos(lab, hosts)
    home.systems("one", **{host.name: "good" for host in hosts})
    return home
