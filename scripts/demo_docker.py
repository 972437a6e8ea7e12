"""What the demo has made in the Docker of this machine, found by its compose projects: nothing else is touched."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.demo_show import DemoFailed, run

IMAGES = "homelab/demo"
STARTS = "{{.Name}} {{.Id}} {{.State.StartedAt}}"  # for `docker inspect`
LABEL = "com.docker.compose.project"
OWNED = '{{.Name}} {{.Label "com.docker.compose.project"}}'  # for networks and volumes
CONTAINERS = (
    '{{.ID}} {{.State}} {{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.project.working_dir"}}'
)


@dataclass(frozen=True, slots=True)
class Docker:
    """The demo's part of it: `example` says which projects and networks there are, `homelab` where they started."""

    example: Path
    homelab: Path

    @staticmethod
    def answers() -> bool:
        if not shutil.which("docker"):
            return False
        return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0

    def containers(self) -> dict[str, str]:
        """Name of each running container, with its id and time of start."""
        ids = [found.id for found in self._containers() if found.running]
        return starts(run("docker", "inspect", "--format", STARTS, *ids)) if ids else {}

    def remove(self, *, images: bool) -> list[str]:
        """Remove everything. Gives what that was; raises DemoFailed if another checkout's demo is up."""
        removed = []
        for kind, names, words in self._leftovers(images=images):
            if names:
                run("docker", *words, *names)
                removed.append(f"{len(names)} {kind}{'s' if len(names) > 1 else ''}")
        return removed

    def _leftovers(self, *, images: bool) -> Iterator[tuple[str, list[str], list[str]]]:
        """Kind, names and the words that remove them; each kind is asked for when those before it are gone."""
        yield "container", [found.id for found in self._containers()], ["rm", "--force", "--volumes"]
        networks = [*self._labelled("network"), *self._listed("network", self._external())]
        yield "network", networks, ["network", "rm"]
        yield "volume", self._labelled("volume"), ["volume", "rm"]
        if images:
            found = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", IMAGES).split()
            yield "image", found, ["image", "rm", "--force"]

    def _containers(self) -> list[_Container]:
        listed = run("docker", "ps", "--all", "--no-trunc", "--filter", f"label={LABEL}", "--format", CONTAINERS)
        fields = [line.split(" ", 3) for line in listed.splitlines()]
        ours = self._projects()
        found = [_Container(id_, state == "running", Path(path)) for id_, state, name, path in fields if name in ours]
        for one in found:
            if self.homelab not in one.directory.parents and one.directory.exists():
                raise DemoFailed(f"another demo is up, of {one.directory}; in its project: ./run demo --down")
        return found

    def _labelled(self, kind: str) -> list[str]:
        listed = run("docker", kind, "ls", "--filter", f"label={LABEL}", "--format", OWNED)
        ours = self._projects()
        return [name for name, project in map(str.split, listed.splitlines()) if project in ours]

    def _listed(self, kind: str, names: set[str]) -> list[str]:
        return [name for name in run("docker", kind, "ls", "--format", "{{.Name}}").split() if name in names]

    def _projects(self) -> set[str]:
        return {yaml.safe_load(file.read_text())["name"] for file in self.example.glob("services/**/compose.yml")}

    def _external(self) -> set[str]:
        return set(yaml.safe_load((self.example / "hosts.yaml").read_text())["networks"])


@dataclass(frozen=True, slots=True)
class _Container:
    id: str
    running: bool
    directory: Path


def starts(inspected: str) -> dict[str, str]:
    """`docker inspect` in the form STARTS, as a mapping."""
    return dict(line.strip("/").split(maxsplit=1) for line in inspected.splitlines())
