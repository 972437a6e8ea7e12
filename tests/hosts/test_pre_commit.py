"""The hooks for other repos, with the real pre-commit in a scratch repo: what is wrong does not become a commit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("pre_commit", reason="pre-commit is not installed: pip install pre-commit")
pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")

TOP = Path(__file__).parents[2]
MANIFEST = TOP / ".pre-commit-hooks.yaml"
COMPOSE = """\
services:
  web:
    image: acme/web:1
    restart: unless-stopped
    environment: {TOKEN: "${TOKEN:?}"}
"""
NO_INDEX = ("No matching distribution", "Could not find a version", "Connection", "Temporary failure")


@dataclass(frozen=True, slots=True)
class Repo:
    """A homelab of one service, valid, committed."""

    root: Path
    home: Path

    @classmethod
    def make(cls, folder: Path) -> Repo:
        repo = cls(folder / "homelab", folder / "home")
        repo.home.mkdir()
        repo.root.mkdir()
        repo.write("hosts.yaml", "hosts: {nas: {address: 10.0.0.5}}\n")
        repo.write(".gitignore", ".env\n")
        repo.write("services/web/compose.yml", COMPOSE)
        repo.write("services/web/.env.example", "# of acme\nTOKEN=\n")
        repo.write("services/web/README.md", "# web\n\nOf acme.\n")
        repo.git("init", "--quiet", "--initial-branch=main")
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "--message=first")
        return repo

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def git(self, *words: str) -> str:
        """What `git WORDS` prints; it has to succeed."""
        done = self.run("git", *words)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in the repo, and all that it says."""
        author = {f"GIT_{who}_{what}": "me@lan" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))}
        env = kept | author | {"HOME": str(self.home), "PRE_COMMIT_HOME": str(self.home / "pc")}
        return subprocess.run(
            words, cwd=self.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )

    def commit(self) -> tuple[int, str]:
        """Commit all that is staged: exit status, and what the hooks said."""
        done = self.run("git", "commit", "--message=next")
        return done.returncode, done.stdout

    @property
    def commits(self) -> int:
        return int(self.git("rev-list", "--count", "HEAD"))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """With the hooks of the manifest installed, run by this very Python instead of one of their own."""
    made = Repo.make(tmp_path)
    made.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks()}]}))
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message=hooks")
    done = made.run(sys.executable, "-m", "pre_commit", "install")
    assert done.returncode == 0, done.stdout
    return made


def hooks() -> list[dict[str, Any]]:
    """Those of the manifest, without the environment that pre-commit would have to download."""
    ours = f"env PYTHONPATH={TOP} {sys.executable} -m homelab_tasks"
    read = yaml.safe_load(MANIFEST.read_text())
    return [{**hook, "language": "system", "entry": hook["entry"].replace("homelab", ours, 1)} for hook in read]


def test_a_right_commit_passes(repo: Repo) -> None:
    repo.write("services/web/compose.yml", COMPOSE.replace("acme/web:1", "acme/web:2"))
    repo.git("add", "--all")
    status, said = repo.commit()
    assert status == 0, said
    assert repo.commits == 3


def test_a_template_that_lacks_a_key_stops_the_commit_and_the_message_is_enough_to_mend_it(repo: Repo) -> None:
    repo.write("services/web/.env.example", "# of acme\nTOKN=\n")
    repo.git("add", "--all")
    status, said = repo.commit()
    assert status != 0
    assert repo.commits == 2
    assert "services/web/compose.yml:5:" in said
    assert "TOKEN" in said
    assert "services/web/.env.example" in said
    repo.write("services/web/.env.example", "# of acme\nTOKEN=\n")
    repo.git("add", "--all")
    repo.write("services/web/README.md", "# web\n\nOf acme, still.\n")
    repo.git("add", "--all")
    assert repo.commit()[0] == 0


def test_a_template_at_which_compose_would_stop_is_told_with_its_line(repo: Repo) -> None:
    repo.write("services/web/.env.example", "# of acme\nTOKEN='open\n")
    repo.git("add", "--all")
    status, said = repo.commit()
    assert status != 0
    assert "services/web/.env.example:2:" in said


def test_a_env_that_would_be_committed_stops_the_commit_and_shows_no_value(repo: Repo) -> None:
    repo.write("services/web/.env", "TOKEN=hush-1234567890\n")
    (repo.root / "services/web/.env").chmod(0o600)
    repo.git("add", "--force", "services/web/.env")
    status, said = repo.commit()
    assert status != 0
    assert repo.commits == 2
    assert "git rm --cached services/web/.env" in said
    assert "hush" not in said
    assert "no .env in Git...." in said
    repo.git("rm", "--quiet", "--cached", "services/web/.env")
    repo.write("services/web/README.md", "# web\n\nOf acme, still.\n")
    repo.git("add", "--all")
    assert repo.commit()[0] == 0


def test_what_is_not_of_the_homelab_is_not_looked_at(repo: Repo) -> None:
    repo.write("services/web/.env.example", "# of acme\nTOKN=\n")  # broken, and not part of the commit
    repo.write("notes.txt", "milk\n")
    repo.git("add", "notes.txt")
    status, said = repo.commit()
    assert status == 0, said
    assert said.count("Skipped") == 2


def test_the_hooks_install_themselves_from_this_repo(tmp_path: Path) -> None:
    """As another repo gets them: cloned, and built with pip, which needs a package index."""
    hooks_repo = tmp_path / "hooks"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TOP / "homelab_tasks", hooks_repo / "homelab_tasks", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(TOP / name, hooks_repo / name)
    other = Repo.make(tmp_path)
    words = ("-c", "init.defaultBranch=main", "-C", str(hooks_repo))
    other.git(*words, "init", "--quiet")
    other.git(*words, "add", "--all")
    other.git(*words, "commit", "--quiet", "--message=hooks")
    other.write("services/web/.env.example", "# of acme\nTOKN=\n")
    other.git("add", "--all")
    done = other.run(sys.executable, "-m", "pre_commit", "try-repo", str(hooks_repo), "homelab-validate", "--all-files")
    if any(sign in done.stdout for sign in NO_INDEX):
        pytest.skip("pip reaches no package index here")
    assert done.returncode == 1, done.stdout
    assert "services/web/compose.yml:5:" in done.stdout, done.stdout
