"""Ctrl-C before any task has begun: a sentence and status 130, whoever's code it arrives in."""

from __future__ import annotations

import subprocess
import sys

import pytest

PRESSED_AT = """
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
sys.argv[:] = ["homelab", "depoly"]
from homelab_tasks.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["invoke", "homelab_tasks.tasks.door", "homelab_tasks.tasks.mistyped"])
def test_ctrl_c_before_a_task_begins_ends_in_one_sentence(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRESSED_AT.format(module=module)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted; run the same again to go on\n")


def test_a_task_hears_ctrl_c_itself() -> None:
    lines = [
        "import signal",
        "from homelab_tasks.interrupt import give_up, hear_all, nothing_begun",
        "nothing_begun()",
        "before = signal.getsignal(signal.SIGINT) is give_up",
        "hear_all()",
        "print(before, signal.getsignal(signal.SIGINT) is signal.default_int_handler)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"
