"""Running a process of this machine to its end, with its time and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from scripts.bench.model import BenchFailed, Sample

LIMIT = 900  # seconds; what hangs is to end the benchmark, not to hold it up for ever


def clock(*argv: str, folder: Path | None = None, status: int = 0) -> tuple[Sample, str]:
    """Run a process to its end: its time and peak memory, and what it printed.

    Raises BenchFailed where it ends with another exit status than `status`.
    """
    sample, ended, said = clock_any(*argv, folder=folder)
    if ended != status:
        raise BenchFailed(f"{' '.join(argv)}: exit {ended}: {said.strip()[-1500:]}")
    return sample, said


def clock_any(
    *argv: str, folder: Path | None = None, env: Mapping[str, str] | None = None, limit: float = LIMIT
) -> tuple[Sample, int, str]:
    """The same with whatever exit status, which comes second; a negative one where it had to be killed at `limit`.

    What comes third is what it printed, or where it failed and complained, the complaint.
    """
    own = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | dict(env or {})
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        process = subprocess.Popen(
            argv, cwd=folder, env=own, stdin=subprocess.DEVNULL, stdout=out, stderr=err, process_group=0
        )
        timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            _, ended, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(ended)
        said, complaint = _text(out), _text(err)
    sample = Sample(seconds, usage.ru_maxrss / 1024)
    return sample, process.returncode, (complaint or said) if process.returncode else said


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
