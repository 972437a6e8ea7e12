"""The small languages inside a compose file: what Compose cannot read of a text, as `what: move`; "" if it can."""

from __future__ import annotations

import re
from ipaddress import ip_address

from ..dotenv import Stops, expand

_DURATION = re.compile(r"[-+]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w))+|[-+]?0")
_SIZE = re.compile(r"-1|\d+(\.\d+)* ?([kKmMgGtTpP])?[iI]?[bB]?")
_BRACED = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")
_BOOLEAN = re.compile(r"y|yes|on|true|1|n|no|off|false|0", re.IGNORECASE)
_INTEGER = re.compile(r"[-+]?\d+")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_PROTOCOLS = ("tcp", "udp", "sctp")


def duration(text: str) -> str:
    """`1m30s`."""
    return "" if _DURATION.fullmatch(text) else f"{text!r} is no duration: write e.g. 30s or 1m30s"


def size(text: str) -> str:
    """`512m`."""
    return "" if _SIZE.fullmatch(text) else f"{text!r} is no size: write e.g. 512m or 2g"


def boolean(text: str) -> str:
    """`true`."""
    return "" if _BOOLEAN.fullmatch(text) else f"{text!r} is neither true nor false: write one of them"


def integer(text: str) -> str:
    """`3`."""
    return "" if _INTEGER.fullmatch(text) else f"{text!r} is no whole number: write digits only"


def number(text: str) -> str:
    """`0.5`."""
    return "" if _NUMBER.fullmatch(text) else f"{text!r} is no number: write e.g. 0.5"


def port(text: str) -> str:
    """`[[IP:]HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]`."""
    ports, _, protocol = text.partition("/")
    if protocol and protocol.lower() not in _PROTOCOLS:
        return f"{protocol!r} is no protocol: write tcp, udp or sctp"
    address, host, container = _split(ports)
    if not container:
        return f"{text!r} names no port of the container: write HOST:CONTAINER"
    return (_bound(address, f"{host}:{container}") if address else "") or _spans(host, container)


def _bound(address: str, rest: str) -> str:
    if not _is_address(address.strip("[]")):
        return f"{address!r} is no IP address: write IP:HOST:CONTAINER"
    if ":" in address and not address.startswith("["):
        return f"{address} has colons too: write [{address}]:{rest}"
    return ""


def _spans(host: str, container: str) -> str:
    spans = [_span(container), _span(host) if host else (0, 0)]
    for written, span in zip((container, host), spans, strict=True):
        if span is None:
            return f"{written!r} is no port or range of ports: write numbers from 0 to 65535"
    inner, outer = (span[1] - span[0] for span in spans if span)
    if host and inner and inner != outer:
        return f"{host} and {container} are not the same number of ports: make both ranges equally long"
    return ""


def volume(text: str) -> str:
    """`[SOURCE:]TARGET[:OPTIONS]`."""
    parts = mount(text)
    if "" in parts:
        return f"{text!r} has nothing on one side of a colon: write SOURCE:TARGET"
    return f"{text!r} has too many colons: write SOURCE:TARGET:OPTIONS" if len(parts) > 3 else ""


def mount(text: str) -> list[str]:
    """The parts of a short mount: a colon in a variable's default, or after a drive of Windows, parts nothing."""
    held: list[str] = [found[0] for found in _BRACED.finditer(text)]
    parts = _BRACED.sub("\0", text).split(":")
    if len(parts) > 1 and len(parts[0]) == 1 and parts[0].isalpha():
        parts = [":".join(parts[:2]), *parts[2:]]
    back = iter(held)
    return [re.sub("\0", lambda _: next(back), part) for part in parts]


def variables(text: str) -> str:
    """Every `${` is a variable that is named and closed."""
    try:
        expand(text, lambda _: "1")
    except Stops:
        return "a ${ here begins no variable: name it and close its brace, or write $$ for a dollar sign"
    return ""


def _split(text: str) -> tuple[str, str, str]:
    head, _, container = text.rpartition(":")
    address, _, host = head.rpartition(":")
    return address, host, container


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _span(text: str) -> tuple[int, int] | None:
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        return None
    low, high = int(first), int(last or first)
    return (low, high) if low <= high <= 65535 else None
