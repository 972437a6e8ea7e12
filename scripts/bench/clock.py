"""Running a process of this machine to its end, with its time and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
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


def busy(run: Callable[[], Sample]) -> Sample:
    """The same run, and how many percent of all processors of this machine, hosts included, were busy meanwhile."""
    begin, before = time.perf_counter(), _idle()
    sample = run()
    there = (time.perf_counter() - begin) * (os.cpu_count() or 1)
    return replace(sample, counts={"busy": round(100 * (1 - (_idle() - before) / there))})


def _idle() -> float:
    """Seconds that the processors were idle since boot, added up."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (ticks[3] + ticks[4]) / os.sysconf("SC_CLK_TCK")  # idle, and idle for a disk


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
        peak = _Peak(process.pid)
        peak.start()
        try:
            _, ended = os.waitpid(process.pid, 0)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(ended)
        said, complaint = _text(out), _text(err)
    peak.join()
    sample = Sample(seconds, peak.megabytes)
    return sample, process.returncode, (complaint or said) if process.returncode else said


class _Peak(threading.Thread):
    """The most memory that a process had by its last 10 ms. What wait4 tells is never less than what this process has,
    as the kernel carries the peak of before `exec` over.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{pid}/status")
        self.megabytes = 0.0

    def run(self) -> None:
        while (kilobytes := self._kilobytes()) is not None:
            self.megabytes = kilobytes / 1024
            time.sleep(0.01)

    def _kilobytes(self) -> int | None:
        """None once it has ended."""
        try:
            lines = self.status.read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
