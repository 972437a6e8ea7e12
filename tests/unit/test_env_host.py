"""The scripts that judge, give out and lay an env file, run for real; and what is read of their answers."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from homelab_tasks.command import Command
from homelab_tasks.commands.env import Judged, Key, Kind, Side, Text, digest, fetch, judge, parse, put
from homelab_tasks.dotenv import parse as read
from homelab_tasks.dotenv.placeholder import PATTERN
from homelab_tasks.model import Host

from .builders import a_host
from .scratch import git

FILE = "services/plex/.env"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host with an empty checkout and a folder for plex."""
    host = a_host(path=str(tmp_path / "opt homelab"))
    Path(host.path, "services/plex").mkdir(parents=True)
    git(Path(host.path), "init", "--quiet", "--initial-branch=main")
    Path(host.path, ".git/homelab").mkdir()
    return host


def run(command: Command) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(command.argv, input=command.stdin, env=environment, capture_output=True, check=False)


def write(host: Host, text: str, *, mode: int = 0o600) -> Path:
    file = Path(host.path, FILE)
    file.write_bytes(text.encode())
    file.chmod(mode)
    return file


def judged(host: Host, other: Text | None = None) -> Judged:
    done = run(judge(host, {FILE: other}, PATTERN))
    assert done.stderr == b""
    answer = parse(done.stdout.decode())
    assert answer is not None
    return answer[FILE]


def keys(seen: Judged) -> list[tuple[str, str]]:
    """Each key with what is so about it, in a word."""
    return [(key.name, " ".join(_about(key))) for key in seen.keys]


def _about(key: Key) -> Iterable[str]:
    yield from [name for name in ("empty", "inherited", "placeholder") if getattr(key, name)]
    yield from [key.side.name.lower()] if key.side else []


def test_a_file_is_judged_by_its_keys(host: Host) -> None:
    write(host, "# c\nA=1\nexport B = ''\nC=changeme # now\nD\nE='several\nlines'\nA=2\n", mode=0o644)
    seen = judged(host, Text("D=\n", public=True))
    assert (seen.kind, seen.mode, seen.fault) == (Kind.FILE, 0o644, 0)
    assert keys(seen) == [
        ("A", "only_there"),
        ("B", "empty only_there"),
        ("C", "placeholder only_there"),
        ("D", "inherited different"),
        ("E", "only_there"),
    ]


@pytest.mark.parametrize(
    ("there", "here", "same"),
    [
        ("A=1", "A=1", True),
        ("A=1", 'export A = "1" # one', True),
        ("A='1'", "A=1   ", True),
        ("A: 1", "A=1\r", True),
        ("A='a$b'", "A=a$$b", True),
        ("A=a$b", 'A="a$b"', True),
        ("A='two\nlines'", 'A="two\nlines"', True),
        ("A='a\\b'", "A=a\\b", True),
        ("A=old\nA=1", "A=1", True),
        ("A=1", "A=01", False),
        ("A=a$b", "A='a$b'", False),
        ('A="a\\nb"', "A='a\\nb'", False),
        ("A=x #y", "A='x #y'", False),
        ("A=", "A=0", False),
    ],
)
def test_values_are_compared_as_compose_reads_them(host: Host, there: str, here: str, same: bool) -> None:  # noqa: FBT001
    write(host, f"{there}\n")
    assert keys(judged(host, Text(f"{here}\n")))[0][1].split()[-1] == ("same" if same else "different")


def test_what_is_only_on_one_side_is_told(host: Host) -> None:
    write(host, "A=1\nTHERE=1\n")
    assert keys(judged(host, Text("HERE=1\nA=1\n"))) == [
        ("A", "same"),
        ("THERE", "only_there"),
        ("HERE", "only_here"),
    ]


def test_what_may_be_part_of_a_value_is_told_by_its_line_alone(host: Host) -> None:
    write(host, "KEY=-----BEGIN\nMIIEvQIBADANBgkqhkiG9w0BAQ=\nhunter2\nhunter3=\n")
    assert keys(judged(host)) == [("KEY", ""), ("#2", "empty"), ("#3", "inherited"), ("hunter3", "empty")]
    assert [name for name, _ in keys(judged(host, Text("hunter2=\n", public=True)))][2] == "hunter2"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\nB C=2\n", 2),
        ("A='open\nB=1\n", 1),
        ("A=1\n\n# c\n{\n", 4),
        ("A='two\nlines'\n!\n", 3),
        ("A=1\n", 0),
        ("\ufeffA=1\r\n", 0),
        ("", 0),
    ],
)
def test_the_line_at_which_compose_stops_is_told(host: Host, text: str, line: int) -> None:
    write(host, text)
    assert judged(host).fault == line


def test_what_is_no_file_is_told(host: Host) -> None:
    file = Path(host.path, FILE)
    assert judged(host).kind is Kind.ABSENT
    file.mkdir()
    assert judged(host).kind is Kind.OTHER
    file.rmdir()
    file.symlink_to("nowhere")
    assert judged(host).kind is Kind.OTHER
    file.with_name("nowhere").write_text("A=1\n")
    assert judged(host).kind is Kind.LINK
    file.unlink()
    write(host, "A=1\n" * 70_000)
    assert judged(host).kind is Kind.HUGE


def test_a_host_without_a_checkout_has_no_file(tmp_path: Path) -> None:
    assert judged(a_host(path=str(tmp_path / "nothing"))) == Judged(Kind.ABSENT)


@pytest.mark.parametrize("answer", ["", "bash: awk: command not found", "\036services/plex/.env\nabsent\n"])
def test_an_answer_without_its_end_is_none(answer: str) -> None:
    assert parse(answer) is None


def test_keys_are_those_that_the_parser_here_finds(tmp_path: Path) -> None:
    """Two readers of the same files: awk on the hosts, Python here."""
    texts = [_some_lines(random.Random(seed)) for seed in range(160)]  # noqa: S311 - no secret
    others = texts[1::2] + texts[::2]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}").write_bytes(text.encode())
    asked = {f"{number}": Text(other, public=True) for number, other in enumerate(others)}
    answer = parse(run(judge(a_host(path=str(tmp_path)), asked, PATTERN)).stdout.decode())
    assert answer is not None
    disagreements = [
        (text, other)
        for n, (text, other) in enumerate(zip(texts, others, strict=True))
        if _differs(text, other, answer[f"{n}"])
    ]
    assert disagreements == []
    assert sum(seen.fault == 0 for seen in answer.values()) > 40


_PIECES = ["x", "y z", " ", "'", '"', "\\", "#", " #", "\n", "é", "=", ":", "''", '""', "\\n", "\t"]


def _some_lines(chance: random.Random) -> str:
    def line() -> str:
        quote = chance.choice(["", "", "'", '"'])
        value = quote + "".join(chance.choice(_PIECES) for _ in range(chance.randint(0, 3))) + quote
        sign = chance.choice(["=", "=", "=", ": ", " = ", ""])
        return (
            chance.choice(["", "export "])
            + chance.choice("ABC")
            + sign
            + value
            + chance.choice(["", " # c", "\r"])
            + "\n"
        )

    return "".join(line() for _ in range(chance.randint(1, 3)))


def _differs(text: str, other: str, seen: Judged) -> bool:
    ours, theirs = read(text), read(other)
    if ours.faults or seen.fault:
        return (ours.faults[0].line if ours.faults else 0) != seen.fault
    values, compared = ({entry.key: entry for entry in parsed.entries} for parsed in (ours, theirs))
    found = {key.name: key for key in seen.keys if key.side is not Side.ONLY_HERE and not key.name.startswith("#")}
    for name, key in found.items():
        entry = values[name]
        if key.empty != (not entry.value and not entry.inherited) or key.inherited != entry.inherited:
            return True
        both = not theirs.faults and name in compared and not entry.inherited
        if both and "\\" not in text + other and (key.side is Side.SAME) != (entry.value == compared[name].value):
            return True
    return not theirs.faults and len(seen.keys) < len(values)


def lay(host: Host, text: str, before: str = "absent") -> str:
    done = run(put(host, FILE, text.encode(), before))
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().strip()


def test_a_file_is_laid_for_its_owner_alone(host: Host) -> None:
    Path(host.path, "services/plex").rmdir()
    assert lay(host, "A=1\n") == "written"
    folder = Path(host.path, "services/plex")
    assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [(".env", 0o600)]
    assert folder.stat().st_mode & 0o755 == 0o755
    assert Path(host.path, FILE).read_text() == "A=1\n"


def test_the_file_that_was_there_is_kept_for_its_owner_alone(host: Host) -> None:
    write(host, "A=old\n", mode=0o644)
    assert lay(host, "A=new\n", digest(b"A=old\n")) == "written"
    old = Path(host.path, ".git/homelab/env-old/services/plex")
    assert [(path.read_text(), path.stat().st_mode & 0o777) for path in old.iterdir()] == [("A=old\n", 0o600)]
    assert old.stat().st_mode & 0o777 == 0o700


def test_the_last_that_were_replaced_are_kept_also_where_the_clock_was_ahead(host: Host) -> None:
    old = Path(host.path, ".git/homelab/env-old/services/plex")
    old.mkdir(parents=True)
    for second in range(55, 60):
        (old / f"20990101T0304{second}.999Z.env").write_text(f"A={second}\n")
    (old / "20260101T030459.000Z.env").write_text("A=first\n")
    before = b"A=0\n"
    write(host, before.decode())
    for number in range(1, 4):
        assert lay(host, f"A={number}\n", digest(before)) == "written"
        before = f"A={number}\n".encode()
    assert [path.read_text() for path in sorted(old.iterdir())] == ["A=58\n", "A=59\n", "A=0\n", "A=1\n", "A=2\n"]


def test_the_same_content_only_gets_its_mode(host: Host) -> None:
    file = write(host, "A=1\n", mode=0o644)
    inode = file.stat().st_ino
    assert lay(host, "A=1\n", digest(b"A=1\n")) == "written"
    assert (file.stat().st_mode & 0o777, file.stat().st_ino) == (0o600, inode)
    assert not Path(host.path, ".git/homelab/env-old").exists()


def test_what_was_changed_meanwhile_is_not_replaced(host: Host) -> None:
    file = write(host, "A=theirs\n")
    assert lay(host, "A=ours\n", digest(b"A=old\n")) == "changed"
    assert lay(host, "A=ours\n") == "changed"
    file.unlink()
    assert lay(host, "A=ours\n", digest(b"A=old\n")) == "changed"
    assert not file.exists()


def test_a_link_a_folder_and_a_committed_file_are_not_replaced(host: Host) -> None:
    file = write(host, "A=1\n")
    git(Path(host.path), "add", FILE)
    assert lay(host, "A=2\n", digest(b"A=1\n")) == "tracked"
    git(Path(host.path), "rm", "--quiet", "--cached", FILE)
    file.rename(file.with_name("real"))
    file.symlink_to("real")
    assert lay(host, "A=2\n", digest(b"A=1\n")) == "other"
    file.unlink()
    file.mkdir()
    assert lay(host, "A=2\n") == "other"


def test_what_was_cut_short_on_the_way_is_not_laid(host: Host) -> None:
    file = write(host, "A=old\n")
    command = put(host, FILE, b"A=new\n", digest(b"A=old\n"))
    done = subprocess.run(command.argv, input=command.stdin[:-2], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"cut short on the way\n")
    assert ([path.name for path in file.parent.iterdir()], file.read_text()) == ([".env"], "A=old\n")


def test_what_a_killed_one_left_is_taken_away(host: Host) -> None:
    file = Path(host.path, FILE)
    file.with_name(".env.homelab-abcdefgh").write_text("A=half")
    file.with_name(".env.personal").write_text("A=mine")
    assert lay(host, "A=1\n") == "written"
    assert sorted(path.name for path in file.parent.iterdir()) == [".env", ".env.personal"]


def test_a_file_is_given_out_whole(host: Host) -> None:
    assert run(fetch(host, FILE)).stdout == b"absent\n"
    write(host, "A='1\n2'\n\n")
    assert run(fetch(host, FILE)).stdout == b"file\nA='1\n2'\n\n"
    Path(host.path, FILE).unlink()
    Path(host.path, FILE).symlink_to("/etc/hostname")
    assert run(fetch(host, FILE)).stdout == b"other\n"


def test_no_value_is_in_an_argument(host: Host) -> None:
    commands = [
        judge(host, {FILE: Text("A=hunter2\n")}, PATTERN),
        put(host, FILE, b"A=hunter2\n", digest(b"B=hunter3")),
    ]
    assert [word for command in commands for word in command.argv if "hunter" in word] == []
    assert [word for word in commands[1].argv if digest(b"B=hunter3") in word] == []
