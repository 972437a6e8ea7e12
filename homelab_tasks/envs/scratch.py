"""A file that a person edits and no disk ever sees: in memory, for its owner only, gone with the editor."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..errors import Refused
from ..interrupt import left_to_others

# What vim keeps of a file beside it or in the home folder: swap, undo, backup, and registers in viminfo.
_VIM_KEEPS_NOTHING = ("-n", "-i", "NONE", "--cmd", "set noundofile nobackup nowritebackup")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})


def edited(text: str, name: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text as the person's editor leaves it. Raises Refused where there is no editor, no memory, or it failed.

    Ctrl-C is the editor's while it runs; whatever ends this process takes the file away first.
    """
    argv = _editor(environ)
    with _folder(environ) as folder:
        file = folder / name
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(text.encode("utf-8", "surrogateescape"))
        with left_to_others():
            status = _run([*argv, str(file)])
        if status:
            raise Refused(f"{argv[0]} ended with status {status}", move="nothing was changed")
        try:
            return file.read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            raise Refused(f"{argv[0]} left no file", move="nothing was changed") from None


def _editor(environ: Mapping[str, str]) -> list[str]:
    wish = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    try:
        argv = shlex.split(wish)
    except ValueError:
        argv = []
    program = shutil.which(argv[0]) if argv else None
    if program is None:
        raise Refused(f"no editor {wish!r}", move="say which: EDITOR=nano")
    is_vim = re.match(r"n?vim", Path(program).resolve().name)
    return [*argv, *(_VIM_KEEPS_NOTHING if is_vim else ())]


def _run(argv: list[str]) -> int:
    try:
        return subprocess.run(argv, check=False).returncode
    except OSError as error:
        raise Refused(
            f"{argv[0]} does not start ({str(error.strerror).lower()})", move="say which: EDITOR=nano"
        ) from None


@contextmanager
def _folder(environ: Mapping[str, str]) -> Iterator[Path]:
    """A folder of one's own in memory."""
    place = next(filter(_in_memory, [environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"]), "")  # noqa: S108 - its type is looked at
    if not place:
        raise Refused("no folder in memory here (XDG_RUNTIME_DIR, /dev/shm)", move="edit the file on its host")
    with _ended_by_signals(), tempfile.TemporaryDirectory(prefix="homelab-", dir=place) as folder:
        yield Path(folder)


def _in_memory(place: str) -> bool:
    """Whether files there are never written to a disk (but for swap), and this user may make some."""
    if not place or not os.access(place, os.W_OK | os.X_OK):
        return False
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return False
    real = os.path.realpath(place)
    holding = [(point, kind) for _, point, kind, *_ in mounts if _lies_in(real, point)]
    return bool(holding) and max(reversed(holding), key=lambda mount: len(mount[0]))[1] in _IN_MEMORY


def _lies_in(path: str, point: str) -> bool:
    return path == point or path.startswith(f"{point.rstrip('/')}/")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end this process as they would, but what stands in `finally` is done."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    former = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
