"""A draft to files on the disk: all of them, or none."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from ..errors import HomelabError
from .draft import Draft


def lay(draft: Draft, root: Path) -> None:
    """Write the draft's files. Raises HomelabError, and leaves everything as it was, where one cannot be written."""
    lay_files({**draft.files, **draft.edits}, root)


def lay_files(files: Mapping[str, str], root: Path) -> None:
    """Write files, by paths from `root`. Raises HomelabError, and leaves all as it was, where one cannot be written."""
    try:
        with ExitStack() as undo, tempfile.TemporaryDirectory(prefix=".homelab-new-", dir=root) as stage:
            for number, (path, text) in enumerate(files.items()):
                written = Path(stage, str(number))
                written.write_text(text, "utf-8", newline="")
                _move(written, root / path, undo.callback)
            undo.pop_all()
    except OSError as error:
        what = f"cannot write {error.filename2 or error.filename or root}: {str(error.strerror).lower()}"
        raise HomelabError(f"{what}; nothing was changed, mend that and say it again") from error


def _move(written: Path, target: Path, on_failure: Callable[..., object]) -> None:
    missing = [folder for folder in target.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        on_failure(folder.rmdir)
    if target.exists():
        on_failure(target.write_bytes, target.read_bytes())
        written.chmod(target.stat().st_mode)
    else:
        on_failure(target.unlink, missing_ok=True)
    written.replace(target)
