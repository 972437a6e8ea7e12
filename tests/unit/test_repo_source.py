"""The folder as it lies there and the commit, each read from a real Git repo in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from homelab_tasks.errors import HomelabError
from homelab_tasks.repo import archive, commit, load, locate, uncommitted, worktree

WEB = "services: {web: {image: web}}\n"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    who = {
        "GIT_AUTHOR_NAME": "me",
        "GIT_AUTHOR_EMAIL": "me@lan",
        "GIT_COMMITTER_NAME": "me",
        "GIT_COMMITTER_EMAIL": "me@lan",
    }
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in (
        who | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    ).items():
        monkeypatch.setenv(name, value)


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def write(folder: Path, **texts: str) -> Path:
    for name, text in {"hosts.yaml": "hosts: {nas: }\n", **texts}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def committed(folder: Path, top: Path | None = None) -> Path:
    git(top or folder, "init", "--quiet", "--initial-branch=main")
    git(top or folder, "add", "--all")
    git(top or folder, "commit", "--quiet", "--message=x")
    return folder


def error_of(start: Path, rev: str = "HEAD") -> str:
    with pytest.raises(HomelabError) as caught:
        commit(locate(start, rev))
    return str(caught.value)


def test_a_commit_is_read_whatever_lies_in_the_folder(tmp_path: Path) -> None:
    lab = committed(write(tmp_path, **{"services/plex/compose.yml": WEB, "services/plex/app.conf": "one\n"}))
    write(lab, **{"services/plex/compose.yml": "broken: [", "services/new/compose.yml": WEB})
    repo = load(commit(locate(lab / "services" / "plex")))
    assert (repo.root, repo.prefix, repo.branch, repo.commit) == (str(lab), "", "main", git(lab, "rev-parse", "HEAD"))
    assert repo.services["plex"].files == {
        "services/plex/app.conf": git(lab, "rev-parse", "HEAD:services/plex/app.conf") + " 100644",
        "services/plex/compose.yml": git(lab, "rev-parse", "HEAD:services/plex/compose.yml") + " 100644",
    }
    assert list(repo.services) == ["plex"]


def test_a_homelab_may_be_a_folder_of_a_larger_repo(tmp_path: Path) -> None:
    lab = write(tmp_path / "my lab", **{"services/plex/compose.yml": WEB})
    write(tmp_path, **{"hosts.yaml": "not ours", "services/other/compose.yml": WEB})
    (tmp_path / "hosts.yaml").rename(tmp_path / "x.yaml")
    repo = load(commit(locate(committed(lab, top=tmp_path))))
    assert (repo.prefix, list(repo.services)) == ("my lab/", ["plex"])
    assert list(repo.services["plex"].files) == ["services/plex/compose.yml"]
    assert worktree(lab).prefix == "my lab/"
    write(lab, **{"services/plex/compose.yml": "x", "services/plex/a b": "", "../elsewhere": ""})
    assert uncommitted(lab) == ("services/plex/a b", "services/plex/compose.yml")


def test_an_older_commit_can_be_asked_for(tmp_path: Path) -> None:
    lab = committed(write(tmp_path, **{"services/old/compose.yml": WEB}))
    git(lab, "mv", "services/old", "services/new")
    git(lab, "commit", "--quiet", "--message=y")
    assert list(load(commit(locate(lab))).services) == ["new"]
    assert list(load(commit(locate(lab, "HEAD~1"))).services) == ["old"]


def test_three_processes_of_git_read_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    composes = {f"services/s{i}/{file}": WEB for i in range(9) for file in ("compose.yml", ".env.example")}
    lab = committed(write(tmp_path / "lab", **composes))
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    load(commit(locate(lab)))
    assert trace.read_text().count('"event":"start"') == 3


def test_a_detached_head_has_no_branch(tmp_path: Path) -> None:
    lab = committed(write(tmp_path))
    git(lab, "checkout", "--quiet", "--detach")
    assert commit(locate(lab)).branch == ""


def test_a_symlink_is_followed_inside_a_commit(tmp_path: Path) -> None:
    lab = write(tmp_path, **{"shared/web.yml": WEB, "services/plex/x": ""})
    (lab / "services/plex/compose.yml").symlink_to("../../shared/web.yml")
    (lab / "services/plex/loop").symlink_to("loop")
    repo = load(commit(locate(committed(lab))))
    assert repo.services["plex"].stack.containers[0].image == "web"


def files_of(lab: Path) -> list[str]:
    return [path.removeprefix("services/plex/") for path in load(commit(locate(lab))).services["plex"].files]


def test_what_symlinks_of_a_service_lead_to_belongs_to_it(tmp_path: Path) -> None:
    shared = {"shared/conf/app.yml": "one", "shared/conf/deep/x": "", "shared/web.yml": WEB, "shared/other": ""}
    lab = write(tmp_path, **shared, **{"services/plex/x": "", "services/plex/README.md": ""})
    (lab / "services/plex/compose.yml").symlink_to("../../shared/web.yml")
    (lab / "services/plex/config").symlink_to("../../latest/conf")
    (lab / "latest").symlink_to("shared")
    (lab / "shared/conf/deep/loop").symlink_to("../../conf/deep")
    (lab / "services/plex/loop").symlink_to("loop")
    (lab / "services/plex/out").symlink_to("/etc/passwd")
    (lab / "services/plex/far").symlink_to("../../../../far")
    repo = load(commit(locate(committed(lab))))
    assert files_of(lab) == [
        "latest",
        *("compose.yml", "config", "far", "loop", "out", "x"),
        *("shared/conf/app.yml", "shared/conf/deep/loop", "shared/conf/deep/x", "shared/web.yml"),
    ]
    assert repo.services["plex"].stack.reads == (
        *("latest", "shared/conf", "shared/conf/deep", "shared/conf/deep/loop", "shared/web.yml"),
    )


def test_modes_and_what_lies_behind_symlinks_are_part_of_the_digest(tmp_path: Path) -> None:
    lab = write(tmp_path, **{"services/plex/compose.yml": WEB, "services/plex/run.sh": "", "shared/a": "one"})
    digests = []
    for change in (
        lambda: None,
        lambda: (lab / "services/plex/run.sh").chmod(0o755),
        lambda: (lab / "services/plex/a").symlink_to("../../shared/a"),
        lambda: (lab / "shared/a").write_text("two"),
    ):
        change()
        digests.append(load(commit(locate(committed(lab)))).services["plex"].digest)
    assert len({*digests}) == 4


def test_what_a_service_is_made_of_travels_whatever_attributes_say(tmp_path: Path) -> None:
    long = f"services/plex/{'d' * 90}/{'f' * 90}"
    files = {
        "services/plex/compose.yml": WEB,
        "services/plex/v": "$Format:%H$\n",
        long: "x\r\n",
        "other": "",
        "a/b": "1",
    }
    lab = write(
        tmp_path / "top" / "my lab", **files, **{".gitattributes": "compose.yml export-ignore\n* text export-subst\n"}
    )
    (lab / "services/plex/run.sh").write_text("#!/bin/sh\n")
    (lab / "services/plex/run.sh").chmod(0o755)
    (lab / "services/plex/link").symlink_to(f"../../{'t' * 120}")
    write(tmp_path / "top", top="")
    repo = load(commit(locate(committed(lab, top=tmp_path / "top"))))
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-x"], cwd=out, input=archive(repo, ["services/plex", "a", "absent"]), check=True)
    made = out / "my lab/services/plex"
    assert {path.name for path in (out / "my lab").iterdir()} == {"services", "a"}
    assert (made / "v").read_text() == "$Format:%H$\n"
    assert (made / "compose.yml").read_text() == WEB
    assert (out / "my lab" / long).exists()
    assert str((made / "link").readlink()) == f"../../{'t' * 120}"
    assert (made / "run.sh").stat().st_mode & 0o111 and not (made / "v").stat().st_mode & 0o111
    assert len(archive(repo, ["."])) > len(archive(repo, ["services"]))


def test_a_folder_is_read_as_it_lies_there(tmp_path: Path) -> None:
    lab = write(tmp_path, **{"services/plex/compose.yml": WEB, "services/plex/.git/a/compose.yml": WEB})
    (lab / "services/round").symlink_to(lab / "services")
    os.mkfifo(lab / "services/plex/pipe")
    repo = load(worktree(lab / "services"))
    assert (list(repo.services), repo.commit, repo.services["plex"].digest) == (["plex"], "", "")


def test_without_hosts_yaml_the_error_shows_one(tmp_path: Path) -> None:
    assert error_of(tmp_path) == (
        f"no hosts.yaml here or above ({tmp_path}); create one in the homelab's folder:\n"
        "hosts:\n  nas:\n    address: 10.0.0.5\n    user: admin"
    )


def test_outside_of_git_the_error_says_how_to_begin(tmp_path: Path) -> None:
    lab = write(tmp_path / "lab")
    assert (
        error_of(lab) == f"{lab} is in no Git repo; only commits are deployed: git init && git add --all && git commit"
    )


def test_before_the_first_commit_the_error_says_so(tmp_path: Path) -> None:
    lab = write(tmp_path)
    git(lab, "init", "--quiet")
    assert error_of(lab) == f"no commit yet in {lab}; make the first: git add --all && git commit"


def test_a_bad_revision_is_an_error(tmp_path: Path) -> None:
    lab = committed(write(tmp_path))
    assert error_of(lab, "v9") == f"no commit 'v9' in {lab}; see git log --oneline"
    assert error_of(lab, "--all") == "no commit '--all'; give a commit, branch or tag"


def test_hosts_yaml_must_be_in_the_commit(tmp_path: Path) -> None:
    lab = write(tmp_path)
    (lab / "hosts.yaml").rename(lab / "x")
    committed(lab)
    (lab / "x").rename(lab / "hosts.yaml")
    head = git(lab, "rev-parse", "HEAD")
    assert error_of(lab) == f"no hosts.yaml in commit {head[:10]}; add and commit it: git add hosts.yaml && git commit"
