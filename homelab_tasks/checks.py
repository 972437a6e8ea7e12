"""The extra health checks of `service.yaml`: HTTP, TCP and command, asked from the host itself."""

from __future__ import annotations

import re
import ssl
from urllib.parse import urlsplit

from .command import Command
from .model import Check, CheckKind
from .runner import ByteStream, Runner

PATIENCE = 10.0  # seconds for one question


def ask(runner: Runner, check: Check, directory: str) -> str:
    """Ask once; "" when the answer is good, else what it was. `directory` is where a command runs."""
    match check.kind:
        case CheckKind.HTTP:
            return _http(runner, check.target)
        case CheckKind.TCP:
            return _tcp(runner, check.target)
        case CheckKind.COMMAND:
            return _command(runner, check.target, directory)


def _command(runner: Runner, line: str, directory: str) -> str:
    result = runner.run(Command(("sh", "-c", line), directory=directory, timeout=PATIENCE))
    if result.ok:
        return ""
    said = (result.stderr or result.text).strip().splitlines()
    return f"exit status {result.exit}" + (f" ({said[-1]})" if said else "")


def _tcp(runner: Runner, target: str) -> str:
    address, _, port = target.rpartition(":")
    try:
        runner.dial(address.strip("[]") or "127.0.0.1", int(port)).close()
    except ConnectionError as error:
        return str(error)
    return ""


def _http(runner: Runner, url: str) -> str:
    """A GET by hand: nothing is installed on the host for it. No certificate is verified: it asks "up?", not "who?"."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {path} HTTP/1.0", f"Host: {parts.netloc.rpartition('@')[2]}", "User-Agent: homelab-tasks"]
    question = "\r\n".join([*lines, "Connection: close", "", ""])
    try:
        stream = runner.dial(parts.hostname or "127.0.0.1", port)
    except ConnectionError as error:
        return str(error)
    stream.settimeout(PATIENCE)
    try:
        answer = _exchange(stream, question.encode(), parts.hostname or "", tls=parts.scheme == "https")
    except (OSError, ssl.SSLError) as error:
        return f"no answer ({error})"
    finally:
        stream.close()
    status = re.match(rb"HTTP/\d(?:\.\d)? (\d{3})", answer)
    if not status:
        return "no HTTP answer"
    return "" if 200 <= int(status[1]) < 400 else f"status {status[1].decode()}"


def _exchange(stream: ByteStream, question: bytes, name: str, *, tls: bool) -> bytes:
    if not tls:
        stream.sendall(question)
        return stream.recv(4096)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=name)
    asked = False
    while True:
        try:
            if not asked:
                session.do_handshake()
                session.write(question)
                asked = True
            answer = session.read(4096)
        except ssl.SSLWantReadError:
            stream.sendall(outgoing.read())
            part = stream.recv(65536)
            if not part:
                return b""
            incoming.write(part)
        else:
            return answer
