"""The first connection to a host: a key that nobody knows yet is shown, compared, and only then trusted."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Refused
from ..model import Host
from ..runner import Runner, Unreachable, connect
from ..runner.known_hosts import Stranger, remember

Compare = Callable[[Stranger], bool]
_KEY_FILES = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}


def reach(host: Host, compare: Compare) -> Runner:
    """A connection. `compare` says whether a key is the host's own; it is kept only then. Raises Refused."""
    asked: set[Stranger] = set()
    while True:
        answer = connect(host)
        if not isinstance(answer, Unreachable):
            return answer
        stranger = answer.stranger
        if stranger is None:
            raise Refused(f"cannot reach {host.name} ({answer.why})", move=answer.move)
        if stranger in asked:
            what = f"the key of {stranger.name} was written to {stranger.file}, and is not read there"
            raise Refused(what, move=f"name a file with known_hosts of {host.name} in hosts.yaml")
        if not compare(stranger):
            raise Refused(f"the key of {stranger.name} is not trusted", move="nothing was changed")
        _keep(host, stranger)
        asked.add(stranger)


def how_to_compare(stranger: Stranger) -> str:
    """The command that shows the same fingerprint on the host itself."""
    kind = _KEY_FILES.get(stranger.key.kind, "ecdsa")
    return f"ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub"


def compare_with(fingerprint: str, stranger: Stranger) -> bool:
    """Whether the key is the one that was given. Raises Refused where it is another."""
    if stranger.key.fingerprint == fingerprint:
        return True
    what = f"{stranger.name} shows the key {stranger.key.kind} {stranger.key.fingerprint}, and not {fingerprint}"
    raise Refused(what, move=f"somebody may be in between; on the host: {how_to_compare(stranger)}")


def _keep(host: Host, stranger: Stranger) -> None:
    try:
        remember(stranger)
    except OSError as error:
        what = f"cannot write {stranger.file}: {str(error.strerror).lower()}"
        raise Refused(what, move=f"name a file with known_hosts of {host.name} in hosts.yaml") from error
