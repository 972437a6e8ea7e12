"""The one look at a host: the script run for real on scratch checkouts, and the parser of whatever comes back."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homelab_tasks.model import Host
from homelab_tasks.observe import Checkout, Health, Observation, look, parse, seconds_up

from .builders import a_host, a_record
from .scratch import fake_docker, git

Look = Callable[..., Observation]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "checkout").mkdir()
    return a_host(path=str(tmp_path / "checkout"))


@pytest.fixture
def output(host: Host, tmp_path: Path) -> Callable[..., str]:
    """Run the look with a docker that prints `docker`, and give what it printed."""

    def run(*env_files: str, docker: str = "", exit_status: int = 0) -> str:
        path = fake_docker(tmp_path, f"printf '%s' '{docker}'; exit {exit_status}")
        argv = look(host, env_files).argv
        environment = {"PATH": path, "HOME": str(tmp_path)}
        return subprocess.run(argv, env=environment, stdout=subprocess.PIPE, check=True).stdout.decode()

    return run


@pytest.fixture
def see(host: Host, output: Callable[..., str]) -> Look:
    return lambda *env_files, **docker: parse(host, output(*env_files, **docker))


@pytest.fixture
def checkout(host: Host) -> Path:
    path = Path(host.path)
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "compose.yml").write_text("services: {}\n")
    git(path, "add", ".")
    git(path, "commit", "--quiet", "--message=first")
    return path


def folder(checkout: Path) -> Path:
    path = checkout / ".git/homelab"
    path.mkdir(exist_ok=True)
    return path


def test_a_folder_without_git_is_empty_and_has_nothing_to_say(see: Look) -> None:
    seen = see()
    assert (seen.checkout, seen.commit, seen.folder, seen.records, seen.problems) == (Checkout.EMPTY, "", "", {}, ())


def test_a_host_without_the_folder_is_empty(see: Look, host: Host) -> None:
    Path(host.path).rmdir()
    assert see("services/plex/.env").checkout is Checkout.EMPTY


def test_a_checkout_tells_its_commit_and_branch(see: Look, checkout: Path) -> None:
    seen = see()
    assert (seen.checkout, seen.commit, seen.branch) == (Checkout.GIT, git(checkout, "rev-parse", "HEAD"), "main")
    assert seen.folder == f"{checkout}/.git/homelab"


def test_a_fresh_repo_has_no_commit(see: Look, host: Host) -> None:
    git(Path(host.path), "init", "--quiet", "--initial-branch=main")
    seen = see()
    assert (seen.checkout, seen.commit, seen.branch, seen.dirty) == (Checkout.GIT, "", "main", ())


def test_a_worktree_keeps_its_records_in_its_own_git_folder(see: Look, checkout: Path, host: Host) -> None:
    main = checkout.rename(checkout.with_name("main"))
    git(main, "worktree", "add", "--quiet", "-b", "other", host.path)
    seen = see()
    assert (seen.checkout, seen.folder) == (Checkout.GIT, f"{main}/.git/worktrees/checkout/homelab")


def test_a_broken_checkout_is_a_problem_with_gits_words(see: Look, checkout: Path) -> None:
    (checkout / ".git/HEAD").write_text("nonsense")
    seen = see()
    assert seen.checkout is Checkout.FOREIGN
    assert seen.problems[0].startswith(f"git does not work in {checkout} on nas (fatal: not a git repository")


def test_a_dead_worktree_link_is_a_problem_too(see: Look, host: Host) -> None:
    Path(host.path, ".git").write_text("gitdir: /nowhere")
    seen = see()
    assert (seen.checkout, seen.folder) == (Checkout.FOREIGN, "")


def test_edited_added_renamed_and_deleted_files_are_dirty_whatever_they_are_called(see: Look, checkout: Path) -> None:
    names = ["with space.yml", "quote'\".yml", "new\nline.yml", "grün.yml", "renamed.yml", "gone.yml"]
    for name in names:
        (checkout / name).write_text("a file that is long enough to be found again after its renaming\n" + name)
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message=names")
    for name in names[:4]:
        (checkout / name).write_text("edited")
    git(checkout, "mv", "renamed.yml", "new name.yml")
    (checkout / "gone.yml").unlink()
    (checkout / "untracked").write_text("")
    assert sorted(see().dirty) == sorted([*names[:4], "new name.yml", "gone.yml"])


def test_a_marker_tells_of_a_delivery_that_did_not_end(see: Look, checkout: Path) -> None:
    (folder(checkout) / "delivering").write_text("c0ffee\n")
    assert see().interrupted == "c0ffee"


def test_records_are_read_and_a_torn_last_line_is_passed_over(see: Look, checkout: Path) -> None:
    whole = a_record("plex")
    (folder(checkout) / "state.jsonl").write_text(whole.line() + "\n" + a_record("blog").line()[:20])
    seen = see()
    assert (seen.records, seen.record_lines) == ({"plex": whole}, 1)


def test_a_line_that_is_no_record_is_counted_and_hides_nothing_that_comes_after(see: Look, checkout: Path) -> None:
    whole = a_record("plex")
    (folder(checkout) / "state.jsonl").write_text(f"x\036clock\n\036y\n{whole.line()}\n")
    (folder(checkout) / "system.jsonl").write_text("\036clock\n")
    seen = see()
    assert (seen.records, seen.strange, seen.record_lines) == ({"plex": whole}, (1, 2), 3)
    assert (seen.problems, seen.clock > 1.7e9) == ((), True)


def test_the_holder_counts_only_while_the_lock_is_held(see: Look, checkout: Path) -> None:
    (folder(checkout) / "holder").write_text("ann@desk, pid 7\n")
    assert see().holder == ""
    with subprocess.Popen(
        ["flock", folder(checkout) / "lock", "sh", "-c", "echo; read _"], stdin=-1, stdout=-1
    ) as held:
        assert held.stdout is not None
        held.stdout.readline()
        assert see().holder == "ann@desk, pid 7"
        held.communicate()


ENV = """\
# TOKEN_OF_COMMENT=1
PLAIN=plainsecret
 export SPACED = spacedsecret
COLON: colonsecret
EMPTY=
DOUBLE="first
INSIDE_DOUBLE=insidesecret
ESCAPED=\\" INSIDE_STILL=escapedsecret
end" # over
SINGLE='one
INSIDE_SINGLE=singlesecret
'
AFTER=aftersecret
QUOTED="a # b"
PASSED_THROUGH
"""


def test_an_env_file_shows_its_keys_and_mode(see: Look, checkout: Path) -> None:
    (checkout / ".env").write_text(ENV)
    (checkout / ".env").chmod(0o640)
    seen = see(".env", "absent.env")
    assert list(seen.env) == [".env"]
    assert seen.env[".env"].keys == ("PLAIN", "SPACED", "COLON", "EMPTY", "DOUBLE", "SINGLE", "AFTER", "QUOTED")
    assert (seen.env[".env"].mode, seen.env[".env"].hash) == (0o640, "")


@pytest.mark.parametrize("awk", [name for name in ("mawk", "gawk", "busybox") if shutil.which(name)])
def test_every_awk_reads_the_same_keys(see: Look, checkout: Path, tmp_path: Path, awk: str) -> None:
    (checkout / ".env").write_bytes(b"\xef\xbb\xbfFIRST='it\\'s\nNOT_A_KEY=x'\r\nSECOND=\xff\xfe\r\n")
    see(".env")
    call = "busybox awk" if awk == "busybox" else awk
    fake = tmp_path / "bin/awk"
    fake.write_text(f'#!/bin/sh\nexec /usr/bin/{call} "$@"\n')
    fake.chmod(0o755)
    assert see(".env").env[".env"].keys == ("FIRST", "SECOND")


def test_env_files_with_odd_names_are_seen(see: Look, checkout: Path) -> None:
    names = ["with space/.env", "a=b/.env", "qu'o\"te/.env", "grün/$(x)/.env", "-dash.env", "back\\slash.env"]
    for name in names:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("KEY=value\n")
    seen = see(*names)
    assert {name: file.keys for name, file in seen.env.items()} == dict.fromkeys(names, ("KEY",))


def test_hashes_are_keyed_and_the_cache_gives_the_fresh_one(see: Look, checkout: Path) -> None:
    (checkout / ".env").write_text("A=1\n")
    (folder(checkout) / "key").write_text("key of nas\n")
    fresh = see(".env").env[".env"]
    said = subprocess.run("cat .git/homelab/key .env | sha256sum", shell=True, cwd=checkout, stdout=-1, check=True)  # noqa: S602
    assert fresh.hash == said.stdout.decode().split()[0]
    (folder(checkout) / "env").write_text(f"{fresh.stat} {fresh.hash}\n")
    assert see(".env").env[".env"] == fresh
    (folder(checkout) / "env").write_text(f"{fresh.stat} cafe\n")
    assert see(".env").env[".env"].hash == "cafe"
    (checkout / ".env").write_text("A=2\n")
    assert see(".env").env[".env"].hash not in ("cafe", fresh.hash, "")


def test_env_files_elsewhere_on_the_host_are_hashed_and_their_keys_are_nobodys(
    see: Look, checkout: Path, tmp_path: Path
) -> None:
    (folder(checkout) / "key").write_text("key of nas\n")
    for name in ("all.env", "me.env"):
        (tmp_path / name).write_text(f"IN={name}\n")
    (checkout / ".env").write_text("A=1\n")
    names = (".env", f"{tmp_path}/all.env", "~/me.env", "~/absent.env", "/absent.env")
    seen = see(*names)
    assert {path: file.keys for path, file in seen.env.items() if path in names} == {
        ".env": ("A",),
        f"{tmp_path}/all.env": (),
        "~/me.env": (),
    }
    hashes = [hashlib.sha256(f"key of nas\nIN={name}\n".encode()).hexdigest() for name in ("all.env", "me.env")]
    assert [seen.env[path].hash for path in (f"{tmp_path}/all.env", "~/me.env")] == hashes
    (folder(checkout) / "env").write_text(f"{seen.env['~/me.env'].stat} cafe\n")
    assert see(*names).env["~/me.env"].hash == "cafe"


def test_without_a_checkout_there_are_keys_and_no_hash(see: Look, host: Host) -> None:
    Path(host.path, ".env").write_text("A=1\n")
    seen = see(".env")
    assert (seen.env[".env"].keys, seen.env[".env"].hash) == (("A",), "")


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
BODIES = {"plain": "{}", "single": "'{}'", "double": '"{}"', "lines": '"first\n{}\nNAME={}\n"', "comment": "x # {}"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES, form=st.sampled_from(sorted(BODIES)))
def test_no_part_of_a_value_leaves_the_host(value: str, form: str, checkout: Path, output: Callable[..., str]) -> None:
    quoted = "".join(c for c in value if c not in "'\"\n\r\\") + "s3cr3t\\\"s3cr3t\\'s3cr3t"
    (checkout / ".env").write_text(f"KEY={BODIES[form].replace('{}', quoted)}\nLAST=s3cr3t\n")
    assert "s3cr3t" not in output(".env")


@pytest.mark.parametrize(
    ("status", "least", "most"),
    [
        ("Up Less than a second", 0, 1),
        ("Up 1 second (health: starting)", 1, 2),
        ("Up 59 seconds", 59, 60),
        ("Up About a minute (healthy)", 60, 120),
        ("Up About an hour", 3600, 7200),
        ("Up 3 weeks (Paused)", 1814400, 2419200),
        ("Up", 0, math.inf),
        ("Up 3 fortnights", 0, math.inf),
        ("Exited (0) 2 days ago", 0, math.inf),
    ],
)
def test_how_long_a_container_is_up_is_known_as_coarsely_as_docker_says_it(
    status: str, least: float, most: float
) -> None:
    assert seconds_up(status) == (least, most)


ROW = "{id}\\tplex,web/db\\trunning\\t{status}\\tplex:1\\tplex\\tserver\\t/opt/my homelab/plex\\t"


@pytest.mark.parametrize(
    ("status", "health", "exit_status"),
    [
        ("Up 3 hours (healthy)", Health.HEALTHY, None),
        ("Up 3 hours (unhealthy)", Health.UNHEALTHY, None),
        ("Up 1 second (health: starting)", Health.STARTING, None),
        ("Up 3 hours", Health.NONE, None),
        ("Exited (137) 2 days ago", Health.NONE, 137),
        ("Exited (0) 2 days ago", Health.NONE, 0),
        ("Restarting (1) 5 seconds ago", Health.NONE, None),
    ],
)
def test_the_status_of_a_container_is_read(status: str, health: Health, exit_status: int | None) -> None:
    row = ROW.format(id="abc", status=status).replace("\\t", "\t")
    (found,) = parse(a_host(), answer(docker=row + "\n")).containers
    assert (found.health, found.exit) == (health, exit_status)
    assert (found.name, found.key, found.directory) == ("plex", "server", "/opt/my homelab/plex")


def test_one_off_containers_and_warnings_of_docker_are_passed_over() -> None:
    oneoff = "abc\tplex-run-1\trunning\tUp\tplex:1\tplex\tserver\t/opt\tTrue"
    assert parse(a_host(), answer(docker=f"WARNING: no swap limit\n{oneoff}\n")).containers == ()


@pytest.mark.parametrize(
    ("image", "moved"),
    [("plex:1", False), ("plex@sha256:" + "0" * 64, False), ("sha256:" + "0" * 64, True), ("0123456789ab", True)],
)
def test_an_image_shown_by_its_id_has_lost_its_name(image: str, moved: bool) -> None:  # noqa: FBT001
    row = f"abc\tplex\trunning\tUp\t{image}\tplex\tserver\t/opt\t"
    assert [c.image_moved for c in parse(a_host(), answer(docker=row)).containers] == [moved]


SOCKET = "unix:///run/user/1000/docker.sock"
ELSEWHERE = "which DOCKER_HOST or a context names there; on nas: "


def answer(docker: str = "", exit_status: str = "0") -> str:
    return f"\036docker\n{docker}\036docker-exit\n{exit_status}\n\036clock\n1700000000.5\n"


@pytest.mark.parametrize(
    ("said", "status", "problem"),
    [
        ("", "127", "docker is not installed on nas; install Docker Engine and Compose v2 there"),
        (
            "permission denied while trying to connect to the Docker daemon socket",
            "1",
            "me may not use docker on nas; on nas: sudo usermod -aG docker me",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "1",
            "the docker daemon on nas does not answer; on nas: sudo systemctl start docker",
        ),
        (
            f"Cannot connect to the Docker daemon at {SOCKET}. Is the docker daemon running?",
            "1",
            f"no docker daemon answers at {SOCKET} on nas, {ELSEWHERE}systemctl --user start docker",
        ),
        (
            f"failed to connect to the docker API at {SOCKET}; check if the path is correct",
            "1",
            f"no docker daemon answers at {SOCKET} on nas, {ELSEWHERE}systemctl --user start docker",
        ),
        (
            "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct",
            "1",
            "the docker daemon on nas does not answer; on nas: sudo systemctl start docker",
        ),
        (
            "Cannot connect to the Docker daemon at tcp://10.0.0.9:2375. Is the docker daemon running?",
            "1",
            f"no docker daemon answers at tcp://10.0.0.9:2375 on nas, {ELSEWHERE}start it, or mend that there",
        ),
        ("some\nnew words\n", "1", "docker ps failed on nas (new words); mend that there first"),
    ],
)
def test_what_keeps_docker_from_working_is_a_problem_with_the_next_move(said: str, status: str, problem: str) -> None:
    assert parse(a_host(user="me"), answer(said, status)).problems == (problem,)


def test_a_missing_docker_is_told_from_a_failing_one(see: Look) -> None:
    assert see(exit_status=1, docker="boom").problems == ("docker ps failed on nas (boom); mend that there first",)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\nwelcome \033[1mto\033[0m nas\nmore\n", "'welcome [1mto[0m nas'"),
        ("hello", "'hello'"),
        ("\n", "an empty line"),
        ("x" * 99, f"'{'x' * 60}'"),
    ],
)
def test_what_a_login_shell_prints_before_the_answer_is_a_problem(said: str, shown: str) -> None:
    told = f"the login shell of nas prints {shown}; make its ~/.bashrc silent without a terminal"
    assert parse(a_host(), said + answer()).problems == (told,)


def test_a_missing_tool_is_named() -> None:
    seen = parse(a_host(), "\036shell\nme\nmissing flock\n" + answer())
    assert seen.problems == ("flock is not installed on nas; install it there",)


def test_a_missing_compose_is_named() -> None:
    seen = parse(a_host(), "\036compose\n\036no-compose\n" + answer())
    assert (seen.compose, *seen.problems) == ("", "Docker Compose v2 is not installed on nas; install its plugin there")


def test_a_checkout_of_somebody_else_gets_the_command_that_mends_it() -> None:
    said = "fatal: detected dubious ownership in repository at '/opt/homelab'\nTo add an exception..."
    seen = parse(a_host(user="me", path="/opt/homelab"), f"\036git\n{said}\n" + answer())
    move = "on nas: sudo chown -R me: /opt/homelab"
    assert seen.problems == (f"/opt/homelab on nas belongs to another user; {move}",)


def test_the_hosts_clock_is_read_with_a_point_or_a_comma() -> None:
    assert parse(a_host(), answer()).clock == 1700000000.5
    assert parse(a_host(), answer().replace(".5", ",25")).clock == 1700000000.25


def test_warnings_of_git_before_its_headers_do_no_harm() -> None:
    git_said = "warning: unable to access '/root/.config/git'\n# branch.oid c0ffee\0# branch.head main\0"
    seen = parse(a_host(), f"\036git\n{git_said}" + answer())
    assert (seen.checkout, seen.commit, seen.branch) == (Checkout.GIT, "c0ffee", "main")


def test_an_answer_that_was_cut_short_anywhere_is_never_taken_for_a_good_one(
    output: Callable[..., str], checkout: Path
) -> None:
    (checkout / ".env").write_text("A=1\n")
    whole = output(".env")
    assert parse(a_host(), whole).problems == ()
    for length in range(len(whole)):
        assert parse(a_host(), whole[:length]).problems, whole[:length]


SECTIONS = st.sampled_from(
    [
        "shell",
        "compose",
        "git",
        "folder",
        "state",
        "delivering",
        "holder",
        "env",
        "keys",
        "docker",
        "docker-exit",
        "clock",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(SECTIONS, st.text()), max_size=8), st.binary())
def test_the_parser_never_raises(sections: list[tuple[str, str]], noise: bytes) -> None:
    said = "".join(f"\036{name}\n{body}" for name, body in sections)
    parse(a_host(), said)
    parse(a_host(), noise.decode("utf-8", "replace"))
    parse(a_host(), said + "\036env\n" + noise.decode("utf-8", "replace"))


def test_an_unreadable_env_file_has_neither_keys_nor_hash(see: Look, checkout: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every file")
    (folder(checkout) / "key").write_text("key\n")
    (checkout / ".env").write_text("A=1\n")
    (checkout / ".env").chmod(0)
    seen = see(".env")
    assert (seen.env[".env"].keys, seen.env[".env"].hash) == ((), "")
