"""The same homelab as the peers keep it: one flat folder a service, named as its Compose project, in one Git repo."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.ground import Ground
from scripts.bench.homelab import Homelab

BARE = "/home/admin/homelab.git"  # on each host: what `git pull` there pulls from, so that it costs no network
REPO = "/home/admin/homelab"
COPIES = "/home/admin/copies"  # for a peer that copies each file by itself
_AS_BENCH = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")


@dataclass(frozen=True, slots=True)
class Stacks:
    """`root` is the Git repo on this machine. The hosts see its files under the same path, as on shared storage."""

    root: Path
    homelab: Homelab
    grounds: Mapping[str, Ground]

    @property
    def folder(self) -> Path:
        """Holds the services' folders."""
        return self.root / "stacks"

    @property
    def ssh_config(self) -> Path:
        """With the lab's key and its known hosts."""
        return next(iter(self.grounds.values())).lab.ssh_dir / "config"

    def on(self, host: str) -> list[str]:
        """The services of a host, each after what it needs."""
        return [name for name in self.homelab.needs if self.homelab.host_of(name) == host]

    def make(self, files: Mapping[str, str]) -> None:
        """A fresh repo with these files besides the services', on this machine and on all hosts."""
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self._git("init", "--quiet", "--initial-branch=main")
        for name, text in files.items():
            (self.root / name).write_text(text)
        for ground in self.grounds.values():
            ground.as_admin(f"git init --quiet --bare --initial-branch=main {BARE}")

    def settle(self, tags: Mapping[str, str]) -> None:
        """Here and on the hosts: the services' files name these images."""
        self.change(tags)
        for name, ground in self.grounds.items():
            ground.as_admin(f"[ -e {REPO} ] || git clone --quiet {BARE} {REPO}; git -C {REPO} pull --quiet --ff-only")
            ground.unpack(COPIES, self._archive(self.on(name)))

    def change(self, tags: Mapping[str, str]) -> None:
        """Here, in what the hosts can pull and on the shared storage, but nowhere else on the hosts."""
        for name in self.homelab.needs:
            file = self.folder / name / "compose.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.homelab.compose(name, tags[name]))
        self._git("add", "--all")
        self._git(
            "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-qm", "bench", "--allow-empty"
        )
        for name, ground in self.grounds.items():
            self._git("push", "--quiet", "--force", f"{name}:{BARE}", "main")
            ground.unpack(str(self.folder), self._archive(self.on(name)))

    def _archive(self, names: Iterable[str]) -> bytes:
        """The folders of these services as a tar."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name in names:
                tar.add(self.folder / name, name)
        return buffer.getvalue()

    def _git(self, *words: str) -> None:
        env = {**os.environ, "GIT_SSH_COMMAND": f"ssh -F '{self.ssh_config}'"}
        subprocess.run(["git", *words], cwd=self.root, env=env, check=True, stdout=subprocess.DEVNULL)
