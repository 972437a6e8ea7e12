"""The script that holds a host's lock and writes its records, run for real and killed for real."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homelab_tasks import record
from homelab_tasks.command import host_text
from homelab_tasks.commands.ledger import hold
from homelab_tasks.model import Host
from homelab_tasks.observe import Observation, parse

from .builders import a_host, a_record
from .scratch import fake_docker, git

END = "\036end\n"


class Hold:
    """One run of the script, as a client talks with it."""

    def __init__(self, host: Host, path: str, who: str, env_files: tuple[str, ...], turn: str) -> None:
        argv = hold(host, who, "main", env_files, turn=turn).argv
        environment = {"PATH": path, "HOME": "/nonexistent"}
        self.process = subprocess.Popen(
            argv, env=environment, stdin=-1, stdout=-1, start_new_session=True, restore_signals=False
        )

    def fits(self, size: int) -> None:
        """From now on no file may grow beyond `size` bytes: what is too long is torn there, as on a full disk."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def said(self, end: bytes = END.encode()) -> str:
        """What the script prints up to `end` or its own end."""
        assert self.process.stdout is not None
        text = b""
        while not text.endswith(end):
            ready, _, _ = select.select([self.process.stdout], [], [], 10)
            assert ready, text
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                break
            text += part
        return text.decode()

    def send(self, *lines: str) -> list[str]:
        """Write lines, and wait until they are on the disk; what was answered to those about records."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in (*lines, "sync")).encode())
        self.process.stdin.flush()
        *answers, synced = self.said(b"synced\n").splitlines()
        assert synced == "synced"
        return answers

    def finish(self, last: bytes = b"") -> None:
        """Close its input, as a client does that ends, and wait for its end."""
        self.process.communicate(last, timeout=10)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return a_host(path=str(tmp_path / "opt/homelab"))


@pytest.fixture
def state(host: Host) -> Path:
    return Path(host.path, ".git/homelab")


@pytest.fixture
def take(host: Host, tmp_path: Path) -> Iterator[Callable[..., Hold]]:
    path = fake_docker(tmp_path, "exit 0")
    started: list[Hold] = []

    def start(*env_files: str, who: str = "ann@desk, pid 7", turn: str = "") -> Hold:
        started.append(Hold(host, path, who, env_files, turn))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


def look(host: Host) -> Observation:
    words = ["bash", "-c", host_text("look"), "look", host.path, ""]
    return parse(host, subprocess.run(words, stdout=-1, text=True, check=True).stdout)


@contextmanager
def working(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command of a run that is dead, which works until its input ends."""
    argv = ["flock", "--shared", str(state / "working"), "sh", "-c", "echo; read _"]
    with subprocess.Popen(argv, stdin=-1, stdout=-1) as work:
        assert work.stdout is not None
        work.stdout.readline()
        yield work


def observed(said: str, host: Host) -> Observation:
    first, _, rest = said.removesuffix("\036end\n").partition("\n")
    assert first == "locked"
    return parse(host, rest)


def test_a_first_run_makes_the_folder_and_its_repo_and_sees_the_host(take: Callable[..., Hold], host: Host) -> None:
    seen = observed(take().said(), host)
    assert (seen.commit, seen.branch, seen.folder) == ("", "main", f"{host.path}/.git/homelab")
    assert seen.problems == ()


def test_a_host_is_seen_anew_only_if_a_run_was_there_since_the_last_look(take: Callable[..., Hold], host: Host) -> None:
    first = take()
    first.said()
    assert look(host).turn == ""
    first.finish()
    turn = look(host).turn
    second = take(turn=turn)
    assert second.said() == f"locked\n{END}"
    second.finish()
    assert observed(take(turn=turn).said(), host).commit == ""


def test_what_a_dead_run_still_does_is_seen_once_it_is_done(take: Callable[..., Hold], host: Host, state: Path) -> None:
    first = take()
    first.said()
    first.finish()
    turn = look(host).turn
    with working(state) as work:
        assert (look(host).turn, bool(turn)) == ("", True)
        second = take(turn=turn)
        waits = ["pgrep", "--parent", str(second.process.pid), "--full", "flock --wait 5 9"]
        while subprocess.run(waits, check=False, stdout=subprocess.DEVNULL).returncode:
            assert second.process.poll() is None
        work.communicate()
        assert observed(second.said(), host).branch == "main"


def test_what_the_records_lie_in_is_for_their_owner_only(take: Callable[..., Hold], state: Path) -> None:
    lock = take()
    lock.said()
    lock.send(f"state {a_record().line()}", "journal {}", "detail plex 3", "{}", "env stat cafe", "env-swap")
    modes = {path.name: path.stat().st_mode & 0o777 for path in [state, *state.rglob("*")]}
    assert {name for name, mode in modes.items() if mode != 0o600} == {"homelab", "detail"}
    assert (modes["homelab"], modes["detail"]) == (0o700, 0o700)
    assert {
        "key",
        "env",
        "state.jsonl",
        "journal.jsonl",
        "plex.json",
        "holder",
        "lock",
        "working",
        "turn",
    } <= modes.keys()


def test_a_second_run_is_told_who_holds_the_lock(take: Callable[..., Hold]) -> None:
    first = take()
    first.said()
    assert take(who="ben").said() == "held ann@desk, pid 7\n"
    first.finish()
    assert take(who="ben").said().startswith("locked\n")


def test_the_lock_is_free_after_the_client_was_killed(take: Callable[..., Hold]) -> None:
    first = take()
    first.said()
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait()
    assert take(who="ben").said().startswith("locked\n")


def test_a_run_waits_for_what_a_dead_run_left_working(take: Callable[..., Hold], state: Path) -> None:
    first = take()
    first.said()
    first.finish()
    with working(state) as work:
        second = take(who="ben")
        time.sleep(0)
        work.communicate()
        assert second.said().startswith("locked\n")


def test_a_look_that_asks_for_the_lock_for_a_moment_does_not_turn_a_run_away(
    take: Callable[..., Hold], state: Path
) -> None:
    first = take()
    first.said()
    first.finish()
    with subprocess.Popen(["flock", "--shared", state / "lock", "sh", "-c", "echo; sleep 0.1"], stdout=-1) as look:
        assert look.stdout is not None
        look.stdout.readline()
        assert take().said().startswith("locked\n")


def test_records_are_appended_and_the_last_one_counts(take: Callable[..., Hold], state: Path) -> None:
    old, new = a_record("plex", digest="old"), a_record("plex", digest='it\'s \\new\\ "grün" %s')
    lock = take()
    lock.said()
    lock.send(f"state {old.line()}")
    lock.send(f"state {new.line()}", 'journal {"event":"end"}')
    assert record.read((state / "state.jsonl").read_text()) == {"plex": new}
    assert (state / "journal.jsonl").read_text() == '{"event":"end"}\n'


def test_a_torn_last_line_does_not_spoil_the_next_record(take: Callable[..., Hold], state: Path) -> None:
    state.mkdir(parents=True)
    git(state.parent.parent, "init", "--quiet")
    (state / "state.jsonl").write_text(a_record("blog").line() + '\n{"service":"pl')
    lock = take()
    lock.said()
    lock.send(f"state {a_record('plex').line()}")
    assert record.read((state / "state.jsonl").read_text()).keys() == {"blog", "plex"}


@pytest.mark.parametrize("room", [0, 1, 70])
def test_what_does_not_fit_on_the_disk_is_told_and_leaves_nothing_half_written(
    take: Callable[..., Hold], state: Path, room: int
) -> None:
    plex, blog = a_record("plex"), a_record("blog")
    lock = take()
    lock.said()
    assert lock.send(f"state {plex.line()}", 'journal {"event":"begin"}') == ["ok"]
    before = (state / "state.jsonl").stat().st_size
    lock.fits(before + room)
    assert lock.send(
        f"state {blog.line()}", f"detail blog {2 * before + 1}", "x" * 2 * before, f"state {blog.line()}"
    ) == [
        "failed File too large",
        "failed File too large",
    ]
    assert (state / "state.jsonl").read_text() == f"{plex.line()}\n"
    assert list((state / "detail").iterdir()) == []
    lock.fits(-1)
    assert lock.send(f"state {blog.line()}") == ["ok"]
    assert record.read((state / "state.jsonl").read_text()) == {"plex": plex, "blog": blog}


def test_a_compaction_that_does_not_fit_leaves_the_old_state(take: Callable[..., Hold], state: Path) -> None:
    lock = take()
    lock.said()
    lock.send("state now")
    lock.fits(10)
    lock.send("compact 1", "compact 23456789", "swap", "env 12345678901", "env-swap")
    assert (state / "state.jsonl").read_text() == "now\n"
    lock.fits(-1)
    lock.send("compact 1", "compact 2", "swap")
    assert (state / "state.jsonl").read_text() == "1\n2\n"
    assert not (state / "env").exists()


def test_a_service_that_is_removed_leaves_no_detail(take: Callable[..., Hold], state: Path) -> None:
    lock = take()
    lock.said()
    lock.send("detail plex 3", "{}", "detail blog 3", "{}", "forget ../plex")
    assert [path.name for path in (state / "detail").iterdir()] == ["blog.json"]


def test_a_folder_of_records_that_others_could_read_is_closed_to_them(take: Callable[..., Hold], state: Path) -> None:
    state.mkdir(parents=True)
    git(state.parent.parent, "init", "--quiet")
    state.chmod(0o755)
    take().said()
    assert state.stat().st_mode & 0o777 == 0o700


def test_a_line_that_the_client_could_not_end_is_not_written(take: Callable[..., Hold], state: Path) -> None:
    lock = take()
    lock.said()
    lock.finish(b'state {"service":"pl')
    assert not (state / "state.jsonl").exists()


def test_compaction_keeps_the_old_state_until_the_new_one_is_whole(take: Callable[..., Hold], state: Path) -> None:
    lock = take()
    lock.said()
    lock.send("state old", "compact new 1", "compact new 2")
    assert (state / "state.jsonl").read_text() == "old\n"
    lock.send("swap")
    assert (state / "state.jsonl").read_text() == "new 1\nnew 2\n"
    assert not (state / "state.next").exists()


def test_a_compaction_that_a_dead_run_left_half_done_is_thrown_away(take: Callable[..., Hold], state: Path) -> None:
    first = take()
    first.said()
    first.send("state now", "compact of the dead", "env of the dead")
    os.killpg(first.process.pid, signal.SIGKILL)
    second = take()
    second.said()
    second.send("compact alive", "swap", "env-swap")
    assert (state / "state.jsonl").read_text() == "alive\n"
    assert not (state / "env").exists()


def test_a_detail_replaces_the_last_one(take: Callable[..., Hold], state: Path) -> None:
    lock = take()
    lock.said()
    first = '{"model":{"a":"it\'s \\\\ %s"}}'
    lock.send(f"detail plex {len(first) + 1}", first)
    lock.send("detail plex 12", '{"model":2}')
    assert [path.name for path in (state / "detail").iterdir()] == ["plex.json"]
    assert (state / "detail/plex.json").read_text() == '{"model":2}\n'


def test_the_key_is_made_once_and_the_hashes_of_env_files_stay(
    take: Callable[..., Hold], host: Host, state: Path
) -> None:
    lock = take()
    lock.said()
    lock.finish()
    key = (state / "key").read_text()
    Path(host.path, ".env").write_text("A=1\n")
    lock = take(".env")
    first = observed(lock.said(), host).env[".env"]
    lock.send(f"env {first.stat} {first.hash}", "env-swap")
    lock.finish()
    again = observed(take(".env").said(), host).env[".env"]
    assert (again, len(key.split()[0]), (state / "key").read_text()) == (first, 64, key)


def test_a_clean_end_leaves_no_name_and_no_half_files(take: Callable[..., Hold], state: Path) -> None:
    lock = take()
    lock.said()
    lock.send("compact 1", "env 1")
    lock.finish()
    left = {path.name for path in state.iterdir()}
    assert left == {"detail", "key", "lock", "turn", "working"}


def test_a_file_where_the_checkout_should_be_is_told(take: Callable[..., Hold], host: Host) -> None:
    Path(host.path).parent.mkdir()
    Path(host.path).write_text("")
    assert take().said().splitlines()[:2] == ["unwritable", "File exists"]


def test_a_large_journal_makes_room_and_the_older_part_is_kept(take: Callable[..., Hold], state: Path) -> None:
    state.mkdir(parents=True)
    git(state.parent.parent, "init", "--quiet")
    (state / "journal.jsonl").write_text("older\n" * 200_000)
    (state / "journal.older.jsonl").write_text("oldest\n")
    lock = take()
    lock.said()
    lock.send('journal {"event":"begin"}')
    assert (state / "journal.jsonl").read_text() == '{"event":"begin"}\n'
    assert (state / "journal.older.jsonl").read_text() == "older\n" * 200_000


def test_a_torn_last_line_of_the_journal_does_not_spoil_the_next_one(take: Callable[..., Hold], state: Path) -> None:
    state.mkdir(parents=True)
    git(state.parent.parent, "init", "--quiet")
    (state / "journal.jsonl").write_text('{"event":"begin"}\n{"event":"en')
    lock = take()
    lock.said()
    lock.send('journal {"event":"end"}')
    assert (state / "journal.jsonl").read_text() == '{"event":"begin"}\n{"event":"end"}\n'
