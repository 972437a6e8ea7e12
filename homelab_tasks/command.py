"""A command as data: what to run, where, with which input; nothing here runs it, and nothing else quotes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct


class Command(Struct, frozen=True):
    """One command line for a host.

    `str(command)` is the whole shell line: the only place where words are quoted. `timeout` is in seconds and is
    kept on the host itself (coreutils `timeout`), so that nothing works on after the client has given up; 0 is none.
    """

    argv: tuple[str, ...]
    directory: str = ""
    stdin: bytes = b""  # may be secret
    timeout: float = 60

    def __repr__(self) -> str:
        return f"Command({str(self)!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("line", str(self))]

    def __str__(self) -> str:
        words = _on_one_line(self.argv)
        if self.timeout:
            words = ["timeout", "--kill-after=10", f"{self.timeout:g}", *words]
        line = " ".join(["exec", *map(_quote, words)])
        return f"cd {_quote(self.directory)} && {line}" if self.directory else line


def _on_one_line(argv: tuple[str, ...]) -> list[str]:
    """A script and its arguments without what csh, as a login shell, reads in quotes: `!`, backslashes, newlines. It
    would run the second line of a script by itself. The script's own shell undoes that, in no other process.
    """
    at = next((n + 2 for n in range(len(argv) - 2) if argv[n : n + 2] in _READERS), 0)
    if not at or not any(letter in word for word in argv[at:] for letter in "\n\\!"):
        return list(argv)
    name, *arguments = argv[at + 1 :] or [argv[at - 2]]
    escaped = (word.translate(_ESCAPED) for word in (argv[at], *arguments))
    return [*argv[:at], _READERS[argv[at - 2 : at]], name, *escaped]


_ESCAPED = str.maketrans({"\n": r"\n", "\\": r"\0134", "!": r"\0041", "'": r"\0047"})
_READERS: Mapping[tuple[str, ...], str] = {
    ("bash", "-c"): 'for w; do printf -v w %b "$w"; a+=("$w"); done; w=$a; set -- "${a[@]:1}"; unset a; eval "$w"',
    ("sh", "-c"): (
        'n=$#; while [ $n -gt 0 ]; do w=$(printf %bx "$1"); shift; set -- "$@" "${w%x}"; n=$((n - 1)); done; '
        'w=$1; shift; eval "$w"'
    ),
}


def _quote(word: str) -> str:
    """One word for any login shell: fish, other than sh, reads a backslash between single quotes, if it stands before
    another one or a quote.
    """
    if "'" not in word and "\\\\" not in word and not word.endswith("\\"):
        return shlex.quote(word)
    return shlex.quote(word).replace("\\", """'"\\\\"'""")


def command(*argv: str, directory: str = "", timeout: float = 60) -> Command:
    """`command("docker", "ps")`: a Command of these words."""
    return Command(argv, directory=directory, timeout=timeout)


def script(text: str, *args: str, stdin: bytes = b"", timeout: float = 60) -> Command:
    """A bash script with `args` as `$1`...; one process on the host however long it is."""
    return Command(("bash", "-c", text, "homelab", *args), stdin=stdin, timeout=timeout)


def lasting(*argv: str) -> tuple[str, ...]:
    """The words of a command that goes on to its end when whoever reads its output is gone: else SIGPIPE ends it in
    the midst, such as Compose when it has stopped the old container and not started the new one. Both outputs come
    as one, at the end, on standard output.
    """
    return ("sh", "-c", _LASTING, "lasting", *argv)


_LASTING = 'said=$("$@" 2>&1); status=$?; printf %s "$said"; exit $status'


def host_script(name: str, *args: str, stdin: bytes = b"", timeout: float = 60) -> Command:
    """The bash script `host/NAME.sh` with `args` as `$1`...; it travels in the command, so nothing is installed."""
    return script(host_text(name), *args, stdin=stdin, timeout=timeout)


def host_text(name: str) -> str:
    """The text of `host/NAME.sh`."""
    return (Path(__file__).parent / "host" / f"{name}.sh").read_text()
