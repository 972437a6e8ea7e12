"""`inv deploy --help`: Invoke takes the next word for the one that a task still lacks, whatever it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

from invoke.exceptions import Exit
from invoke.tasks import Task

from . import outlet

ASKING = ("--help", "-h")


def show(task: Task[Any]) -> NoReturn:
    """Print what `inv --help TASK` prints. Raises Exit, as Invoke does after that."""
    from invoke.program import Program

    from . import ns

    outlet.open_all()
    binary = "homelab" if Path(sys.argv[0]).name == "homelab" else "inv[oke]"
    try:
        Program(namespace=ns, binary=binary).run([binary, "--help", name_of(task)], exit=False)
        sys.stdout.flush()
    except BrokenPipeError:
        outlet.drop(sys.stdout)
        raise Exit(code=1) from None
    raise Exit


def name_of(task: Task[Any]) -> str:
    """How it is called where our tasks are at the root: `env.push`."""
    from . import ns

    return next((name for name in ns.task_names if ns[name] is task), str(task.name))
