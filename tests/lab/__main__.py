"""Labs from the command line: python -m tests.lab up 2, exec h1 docker ps, cut h1, down."""

from __future__ import annotations

import argparse
import subprocess
import sys

from .base import base
from .errors import LabError
from .host import LabHost
from .lab import Lab
from .prepare import say

FAULTS = {
    "cut": LabHost.cut,
    "heal": LabHost.heal,
    "freeze": LabHost.freeze,
    "thaw": LabHost.thaw,
    "crash": LabHost.crash,
    "boot": LabHost.boot,
    "kill-docker": LabHost.kill_docker,
    "start-docker": LabHost.start_docker,
    "stop-sshd": LabHost.stop_sshd,
    "start-sshd": LabHost.start_sshd,
    "fill-disk": LabHost.fill_disk,
    "free-disk": LabHost.free_disk,
    "new-host-key": LabHost.new_host_key,
    "reset": LabHost.reset,
}


def main() -> int:
    """Carry out one command. Gives the exit status."""
    arguments = _parser().parse_args()
    try:
        return _carry_out(arguments)
    except LabError as error:
        say(str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="real test hosts on this machine")
    parser.add_argument("--name", default="lab", help="which lab; several can be up at once")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="install what is missing and build the hosts' root filesystem")
    commands.add_parser("up", help="boot hosts h1, h2, ...").add_argument("count", type=int)
    commands.add_parser("down", help="end them and remove every trace")
    inside = commands.add_parser("exec", help="run a command on a host")
    inside.add_argument("host")
    inside.add_argument("argv", nargs=argparse.REMAINDER)
    for name in FAULTS:
        commands.add_parser(name).add_argument("host")
    return parser


def _carry_out(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "prepare":
            base()
        case "up":
            _up(arguments.name, arguments.count)
        case "down":
            if lab := Lab.find(arguments.name):
                lab.stop()
        case "exec":
            host = _lab(arguments.name).host(arguments.host)
            return subprocess.run(host.enter(*arguments.argv), check=False).returncode
        case fault:
            FAULTS[fault](_lab(arguments.name).host(arguments.host))
    return 0


def _up(name: str, count: int) -> None:
    lab = Lab.find(name) or Lab.start(count, keep_as=name)
    for host in lab.hosts:
        sys.stdout.write(f"{host.name}  {host.address}  ssh -F {lab.ssh_dir / 'config'} {host.name}\n")


def _lab(name: str) -> Lab:
    lab = Lab.find(name)
    if not lab:
        raise LabError(f"no lab {name!r} is up; python -m tests.lab --name {name} up 2")
    return lab


if __name__ == "__main__":
    sys.exit(main())
