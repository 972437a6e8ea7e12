"""A long line: a process that carries each frame between two taps, some time after it came. Its own program."""

from __future__ import annotations

import fcntl
import os
import select
import stat
import struct
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

TUN = Path("/dev/net/tun")
_TUNSETIFF, _TAP_WITHOUT_HEADER = 0x400454CA, 0x1002  # IFF_TAP | IFF_NO_PI
_LONGEST = 65536


def tap(name: str) -> int:
    """A network device that is this file, for as long as it is open."""
    if not TUN.exists():
        TUN.parent.mkdir(exist_ok=True)
        os.mknod(TUN, 0o600 | stat.S_IFCHR, os.makedev(10, 200))
    file = os.open(TUN, os.O_RDWR)
    fcntl.ioctl(file, _TUNSETIFF, struct.pack("16sH", name.encode(), _TAP_WITHOUT_HEADER))
    return file


def carry(across: Mapping[int, int], seconds: float) -> None:
    """Each frame of a file goes to the one across, so long after it came; for ever."""
    under_way: deque[tuple[float, int, bytes]] = deque()  # all take as long, so the first that came is the first due
    while True:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for file in select.select(list(across), [], [], wait)[0]:
            under_way.append((time.monotonic() + seconds, across[file], os.read(file, _LONGEST)))
        while under_way and under_way[0][0] <= time.monotonic():
            _, file, frame = under_way.popleft()
            os.write(file, frame)


if __name__ == "__main__":
    one, other = map(tap, sys.argv[1:3])
    os.write(1, b"ready\n")
    carry({one: other, other: one}, float(sys.argv[3]))
