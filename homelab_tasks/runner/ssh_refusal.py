"""Why a connection did not come about, in a sentence with its next move."""

from __future__ import annotations

import socket
from typing import assert_never

from paramiko import AuthenticationException, ChannelException, SSHException
from paramiko.auth_strategy import AuthFailure
from paramiko.ssh_exception import BadAuthenticationType, IncompatiblePeer

from ..model import Host
from . import Unreachable, known_hosts
from .known_hosts import DEFAULT_FILE, Key, Stranger, Trust, Verdict
from .ssh_route import Hop


class HostKeyRefused(SSHException):
    """The server has shown a key that is not known to be its own."""

    def __init__(self, key: Key, verdict: Verdict) -> None:
        self.key, self.verdict = key, verdict
        super().__init__(f"host key {key.fingerprint} {verdict.trust.value}")


def explain(host: Host, hop: Hop, error: Exception, *, late: bool) -> Unreachable:
    """The failure of one hop, as what the user sees. `late`: its time was over."""
    why, move = _reason(host, hop, error, late=late)
    through = "" if hop.connection.gateway is False else " through its jump host"
    return Unreachable(host, f"{hop}{through}: {why}", move, _stranger(hop, error))


def _stranger(hop: Hop, error: Exception) -> Stranger | None:
    if isinstance(error, HostKeyRefused) and error.verdict.trust is Trust.UNKNOWN:
        return Stranger(hop.names[0], error.key, _first_file(hop))
    return None


def _first_file(hop: Hop) -> str:
    return hop.known_hosts[0] if hop.known_hosts else DEFAULT_FILE


def _reason(host: Host, hop: Hop, error: Exception, *, late: bool) -> tuple[str, str]:
    match error:
        case HostKeyRefused():
            return _host_key(hop, error.key, error.verdict)
        case AuthenticationException() if not late:
            return _keys(hop, error)
        case IncompatiblePeer():
            return f"no algorithm in common: {error}", "update sshd there, or allow a current algorithm"
        case _:
            return _on_the_way(host, hop, error, late=late)


def _on_the_way(host: Host, hop: Hop, error: Exception, *, late: bool) -> tuple[str, str]:
    match error:
        case socket.gaierror():
            return f"no address for {hop.connection.host}", f"check the address of {host.name} in hosts.yaml, and DNS"
        case ConnectionRefusedError():
            return "connection refused", f"is sshd running there? its port is `port` of {host.name} in hosts.yaml"
        case ChannelException():
            return f"its jump host cannot reach it: {error.text.lower()}", "is it on? may the jump host forward TCP?"
        case _ if late:
            return _late(host, hop)
        case OSError() if error.strerror:
            return error.strerror.lower(), "is it on, and on this network?"
        case _:
            return "the connection was closed before the login", _closed_move(hop)


def _late(host: Host, hop: Hop) -> tuple[str, str]:
    within = f"within {host.connect_timeout:g} s"
    if hop.proxy_command:
        return f"no login through its ProxyCommand {within}", _closed_move(hop)
    transport = hop.connection.client.get_transport()
    if transport is None:
        seconds = host.answer_timeout if hop.connection.gateway is False else host.connect_timeout
        return f"no answer within {seconds:g} s", "is it on? connect_timeout in hosts.yaml gives it more time"
    if not transport.remote_version:
        return f"it takes connections but says nothing {within}", "sshd or the host hangs there; look at its console"
    return f"the login did not end {within}", "the host hangs or is very busy; connect_timeout gives it more time"


def _closed_move(hop: Hop) -> str:
    if hop.proxy_command:
        return f"try its ProxyCommand by hand: {hop.proxy_command}"
    return "is that an SSH server? does sshd there limit connections (MaxStartups) or block this address?"


def _host_key(hop: Hop, key: Key, verdict: Verdict) -> tuple[str, str]:
    name, shown = hop.names[0], f"{key.kind} {key.fingerprint}"
    match verdict.trust, verdict.line:
        case Trust.UNKNOWN, _:
            return f"unknown host key {shown}", f"if that is its key: {known_hosts.accept(name, key, _first_file(hop))}"
        case Trust.CHANGED, known_hosts.Line() as line:
            return f"host key changed to {shown}", f"if that is right: {known_hosts.forget(name, line)}"
        case Trust.REVOKED, known_hosts.Line() as line:
            return f"host key {shown} is revoked in {line.file}:{line.number}", "give the host a new key"
        case ((Trust.KNOWN | Trust.CHANGED | Trust.REVOKED), _):
            raise AssertionError(f"a key of {name} was refused without a reason")
    assert_never(verdict.trust)


def _keys(hop: Hop, error: AuthenticationException) -> tuple[str, str]:
    if (allowed := _allowed(error)) is not None and "publickey" not in allowed:
        only = f", only {', '.join(allowed)}" if allowed else ""
        return f"login refused: it takes no key{only}", "allow publickey for this user in its sshd_config"
    locked = [file.path for file in hop.identity.locked]
    copy = f"ssh-copy-id {_address(hop)}"
    tried = len(error.result) - 1 if isinstance(error, AuthFailure) else 1  # the last one is "no key at all"
    if isinstance(error, AuthFailure) and locked:
        return "login refused, and its key is locked by a passphrase", f"ssh-add {locked[0]}"
    if not isinstance(error, AuthFailure):
        return f"login refused: {error}", "allow publickey alone for this user in its sshd_config"
    if not tried:
        return "login refused: there is no key in ~/.ssh or in an agent", f"ssh-keygen -t ed25519 && {copy}"
    keys = "the key is" if tried == 1 else f"the {tried} keys are"
    return f"login refused: {keys} not accepted", copy


def _allowed(error: AuthenticationException) -> list[str] | None:
    """What the server answered that it would take; None where it said nothing of it."""
    outcome = error.result[-1].result if isinstance(error, AuthFailure) else None
    return [kind for kind in outcome.allowed_types if kind] if isinstance(outcome, BadAuthenticationType) else None


def _address(hop: Hop) -> str:
    connection = hop.connection
    port = "" if connection.port == 22 else f"-p {connection.port} "
    return f"{port}{connection.user}@{connection.host}"
