"""A command line: every character survives every login shell."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from homelab_tasks.command import Command, command, script

SHELLS = [name for name in ("bash", "dash", "fish", "zsh", "tcsh") if shutil.which(name)]
ODD = "a b\t\n'\"\\\\ \\' $HOME $(x) `y` !1 ~ * ? [a] {b,c} & | ; < > # % = ^ é \u2028 -- \\"
PRINT = r"""for word; do printf '%s\0' "$word"; done"""


def run(shell: str, line: str) -> bytes:
    return subprocess.run([shell, "-c", line], stdout=-1, check=True).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_every_odd_character_arrives_through_each_login_shell(shell: str) -> None:
    words = [ODD, "", *ODD, "\\'", "'\\", "\\\\'\\"]
    assert run(shell, str(script(PRINT, *words))) == b"".join(word.encode() + b"\0" for word in words)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("reader", ["bash", "sh"])
def test_a_script_of_many_lines_is_one_line_for_each_login_shell(shell: str, reader: str) -> None:
    text = "if [ ! -e /nowhere ]; then\n  printf '%s\\n' \"it's $1\"\nfi\nexit 3\n"
    line = str(Command((reader, "-c", text, "homelab", "here!\n")))
    done = subprocess.run([shell, "-c", line], capture_output=True, text=True, check=False)
    assert ("\n" in line, done.stdout, done.stderr, done.returncode) == (False, "it's here!\n\n", "", 3)


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell != "tcsh"])  # which reads ! in any quotes
def test_so_do_folders(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / ODD.replace("/", "")
    folder.mkdir()
    order = Command(("sh", "-c", 'printf "%s" "$(pwd)"'), directory=str(folder))
    assert run(shell, str(order)).decode() == str(folder)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=5))
def test_any_words_arrive(words: list[str]) -> None:
    assert run("dash", str(script(PRINT, *words))) == b"".join(word.encode() + b"\0" for word in words)


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (command("docker", "ps"), "exec timeout --kill-after=10 60 docker ps"),
        (command("docker", "ps", timeout=0), "exec docker ps"),
        (command("ls", directory="/my lab", timeout=0.5), "cd '/my lab' && exec timeout --kill-after=10 0.5 ls"),
        (script("echo $1", "a b", timeout=0), "exec bash -c 'echo $1' homelab 'a b'"),
    ],
)
def test_a_command_is_one_shell_line(order: Command, line: str) -> None:
    assert str(order) == line


def test_a_folder_that_is_not_there_runs_nothing() -> None:
    done = subprocess.run(
        ["sh", "-c", str(command("echo", "ran", directory="/nowhere"))], capture_output=True, check=False
    )
    assert (done.returncode != 0, done.stdout) == (True, b"")


def test_the_host_itself_ends_what_takes_too_long() -> None:
    assert subprocess.run(["sh", "-c", str(command("sleep", "9", timeout=0.05))], check=False).returncode == 124


def test_no_form_of_a_command_shows_what_it_is_fed() -> None:
    fed = Command(("cat",), stdin=b"hunter2")
    assert repr(fed) == "Command('exec timeout --kill-after=10 60 cat')"
    assert "hunter2" not in pretty_repr(fed)
