"""Why something on a host cannot be written, as one sentence wherever it shows: what, and the next move."""

from __future__ import annotations

import posixpath
import re
import shlex

from ..model import Host

READ_ONLY = "Read-only file system"  # what the system says
_NO_SPACE = "No space left"


def barred(host: Host, why: str, *, file: str = "", mount: str = "", user: str = "") -> tuple[str, str]:
    """The checkout, or `file` of its Git folder. `why` is what the host said of a write, `mount` the file system."""
    owner = user or host.user or "$USER"
    what = f"cannot write {posixpath.join(host.path, file).rstrip('/')} on {host.name} ({_lower(why)})"
    if why == READ_ONLY:
        return what, writable_again(host, mount or f"$(stat -c %m {shlex.quote(host.path)})")
    if _NO_SPACE in why:
        return what, "free some space there: inv cleanup"
    if file:
        return what, f"on {host.name}: sudo chown -R {owner}: {shlex.quote(posixpath.join(host.path, '.git'))}"
    return what, f"on {host.name}: sudo install -d -o {owner} {shlex.quote(host.path)}"


def writable_again(host: Host, mount: str) -> str:
    """The next move where a file system is read-only."""
    return f"on {host.name}: sudo mount -o remount,rw {mount}, and look at dmesg: a disk with errors becomes so"


def no_scratch(host: Host, said: str) -> tuple[str, str] | None:
    """Of the folder for what is temporary, by what `mktemp` or whoever writes there has said; None where it is fine."""
    named = re.search(r"(/[^'‘’\n]*)/homelab\.[\w.]{8}", said)
    folder = named[1] if named else "/tmp"  # noqa: S108 - the host's
    on = f"on {host.name}"
    if _NO_SPACE in said:
        return f"{folder} {on} is full", f"{on}: see what lies there, and remove what nobody needs: du -xsh {folder}/*"
    if READ_ONLY in said:
        return f"{folder} {on} is read-only", writable_again(host, f"$(stat -c %m {folder})")
    if not named:
        return None
    if "No such file" in said:
        move = f"{on}: sudo install -d -m 1777 {folder}, or mend TMPDIR in its ~/.bashrc"
        return f"{folder} {on}, for what is temporary, is not there", move
    if "Permission denied" in said:
        return f"{folder} {on}, for what is temporary, may not be written", f"{on}: sudo chmod 1777 {folder}"
    return None


def _lower(why: str) -> str:
    return "permission denied" if why == "Permission denied" else why
