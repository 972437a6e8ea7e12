"""The lock of a host and the pen for its records: one script that holds the first and writes the second."""

from __future__ import annotations

from collections.abc import Iterable

from ..command import Command, host_script, host_text, script
from ..model import Host
from ..observe import FIELDS


def hold(host: Host, who: str, branch: str, env_files: Iterable[str], *, turn: str = "") -> Command:
    """Take the host's lock, and observe it again under the lock unless its turn still is `turn`. Prints `locked` and
    what `observe.look` prints (nothing, where it is not observed), or `held WHO`, `busy WHO` (a dead run's command
    still works) or `unwritable`, with a file where it is one of the Git folder, why, and the file system's mount point.
    """
    arguments = (host.path, who, branch or "main", turn, host_text("look"), "\t".join(FIELDS), *env_files)
    return host_script("hold", *arguments, timeout=0)


def wait(host: Host, seconds: float) -> Command:
    """Wait until nobody has the host locked and no command of a dead run works there; exit status 1 if that takes too
    long.
    """
    return script(_WAIT, host.path, f"{seconds:.1f}", timeout=2 * seconds + 10)


_WAIT = """
cd "$1" && cd "$(git rev-parse --absolute-git-dir)/homelab" || exit
flock --wait "$2" lock true && flock --wait "$2" working true
""".strip()
