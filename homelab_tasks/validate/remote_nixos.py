"""H008: what a NixOS host itself makes of its system, without building it; slow, so only with `--deep`."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator

from ..command import Command, host_script
from ..fleet import in_parallel
from ..model import Host
from ..problem import Problem, Rule, Severity
from ..runner import Result, Runner, Unreachable, connect_all
from .facts import Facts
from .nixos.evaluate import Said, findings
from .nixos.flake import tracked_files
from .nixos.folder import Flake, flakes, reference
from .places import place_of

DRY_BUILD = Rule("H008", "dry-build", Severity.ERROR, "a NixOS host cannot plan the build of its system (`--deep`)")
TIMEOUT = 900  # seconds


def check(facts: Facts, hosts: Iterable[Host]) -> Iterator[Problem]:
    """A dry build on each NixOS host, all at once."""
    by_folder = {flake.folder: flake for flake in flakes(facts)}
    wanted = [(host, *found) for host in hosts if (found := reference(host)) and found[0] in by_folder]
    tracked = tracked_files(facts, tuple(by_folder.values()))
    if tracked is None:
        for host, _, _ in wanted:
            facts.left_out(f"the dry build on {host}", "only what Git tracks is sent, and this is no Git repo")
        return
    opened = connect_all(host for host, _, _ in wanted)

    def ask(unit: tuple[Host, str, str]) -> Result | Unreachable:
        host, folder, name = unit
        runner = opened[host.name].result()
        return (
            runner
            if isinstance(runner, Unreachable)
            else _built(runner, order(name, packed(facts, by_folder[folder], tracked)))
        )

    for (host, folder, _), answer in zip(wanted, in_parallel(ask, wanted), strict=True):
        if isinstance(answer, Unreachable):
            facts.left_out(f"the dry build on {host}", answer.why)
        else:
            yield from judge(facts, host, by_folder[folder], answer)


def order(name: str, flake: bytes) -> Command:
    """The command that has a host plan the build of `name` from a flake, a tar."""
    return host_script("dry_build", name, stdin=flake, timeout=TIMEOUT)


def judge(facts: Facts, host: Host, flake: Flake, answer: Result) -> Iterator[Problem]:
    """What came of it; pure."""
    if answer.ok:
        return
    if answer.lost or answer.exit in (124, 127):
        why = {124: f"no end within {TIMEOUT} s", 127: "nixos-rebuild is not installed there"}
        facts.left_out(f"the dry build on {host}", why.get(answer.exit, "the connection was lost"))
        return
    said = Said(answer.stderr, host, flake, place_of(facts, host, "flake"))
    yield from findings(said, DRY_BUILD)


def _built(runner: Runner, command: Command) -> Result:
    try:
        return runner.run(command)
    finally:
        runner.close()


def packed(facts: Facts, flake: Flake, tracked: Iterable[str]) -> bytes:
    """What Git tracks of the flake's folder, as it lies there: nothing else may come into a store that all can read."""
    tarred = io.BytesIO()
    prefix = f"{flake.folder}/" if flake.folder else ""
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        for path in sorted(tracked):
            full = facts.full(path)
            if path.startswith(prefix) and (full.is_file() or full.is_symlink()):
                tar.add(full, path.removeprefix(prefix), recursive=False)
    return tarred.getvalue()
