"""What a known_hosts file says of a key, and the shell lines that mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from homelab_tasks.runner.known_hosts import (
    Key,
    Stranger,
    Trust,
    Verdict,
    accept,
    forget,
    judge,
    kinds,
    names_of,
    parse,
    read,
    remember,
)

TEXT = "AAAAC3NzaC1lZDI1NTE5AAAAIK4N1m8ofIMNlg9eyKu0Y//kDOEhCHMT++THwGdHkbEQ"
OURS = Key("ssh-ed25519", TEXT)
OTHER = Key("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIErSueeFtnCIz7P2z5ahI1e/bulhVRbs71aEmZZE111E")
HASHED_NAS_LAN = "|1|qXqE0EN2zVUdal975RdpZX4JLd0=|Xu8hbO94/eNBA2fiygiHQWZuhtE="


def verdict(text: str, key: Key = OURS, names: tuple[str, ...] = ("nas.lan",)) -> Verdict:
    return judge(parse(text, "known_hosts"), names, key)


@pytest.mark.parametrize(
    ("hosts", "names", "trust"),
    [
        ("nas.lan", ("nas.lan",), Trust.KNOWN),
        ("NAS.lan,10.0.0.5", ("nas.lan",), Trust.KNOWN),
        ("10.0.0.5", ("nas.lan",), Trust.UNKNOWN),
        ("*.lan", ("nas.lan",), Trust.KNOWN),
        ("na?.lan", ("nas.lan",), Trust.KNOWN),
        ("*.lan,!nas.lan", ("nas.lan",), Trust.UNKNOWN),
        ("[nas.lan]:2222", ("[nas.lan]:2222", "nas.lan"), Trust.KNOWN),
        ("[nas.lan]:2222", ("nas.lan",), Trust.UNKNOWN),
        ("nas.lan", ("[nas.lan]:2222", "nas.lan"), Trust.KNOWN),
        (HASHED_NAS_LAN, ("nas.lan",), Trust.KNOWN),
        (HASHED_NAS_LAN, ("media.lan",), Trust.UNKNOWN),
        ("|1|not base64|", ("nas.lan",), Trust.UNKNOWN),
    ],
)
def test_a_key_is_known_under_the_names_that_its_line_has(hosts: str, names: tuple[str, ...], trust: Trust) -> None:
    assert verdict(f"{hosts} ssh-ed25519 {TEXT} a comment", names=names).trust is trust


def test_another_key_under_the_same_name_is_a_changed_one_and_its_line_is_told() -> None:
    found = verdict(f"# mine\nnas.lan ssh-ed25519 {TEXT}\n", OTHER)
    assert found.trust is Trust.CHANGED
    assert found.line is not None
    assert (found.line.file, found.line.number) == ("known_hosts", 2)


def test_another_key_on_the_plain_name_says_nothing_of_the_server_on_another_port() -> None:
    assert verdict(f"nas.lan ssh-ed25519 {TEXT}", OTHER, ("[nas.lan]:2222", "nas.lan")).trust is Trust.UNKNOWN


def test_one_of_several_keys_of_a_host_is_enough() -> None:
    assert verdict(f"nas.lan ssh-ed25519 {OTHER.text}\nnas.lan ssh-ed25519 {TEXT}").trust is Trust.KNOWN


def test_a_revoked_key_is_refused_even_if_it_is_known_elsewhere() -> None:
    assert verdict(f"nas.lan ssh-ed25519 {TEXT}\n@revoked * ssh-ed25519 {TEXT}").trust is Trust.REVOKED


def test_a_certificate_authority_is_no_host_key() -> None:
    assert verdict(f"@cert-authority *.lan ssh-ed25519 {TEXT}").trust is Trust.UNKNOWN


def test_what_is_no_key_line_is_left_out() -> None:
    assert parse("\n# comment\nnas.lan\nnas.lan ssh-ed25519 ***\n<<<<<<< HEAD of mine\n", "known_hosts") == ()


def test_the_known_types_are_asked_for_first() -> None:
    lines = parse(f"nas.lan ssh-ed25519 {TEXT}\nnas.lan ssh-rsa {TEXT}\nother ecdsa-sha2-nistp256 {TEXT}\n", "f")
    assert kinds(lines, ["nas.lan"]) == ("ssh-ed25519", "ssh-rsa")


@pytest.mark.parametrize(
    ("address", "port", "alias", "names"),
    [
        ("NAS.lan", 22, "", ("nas.lan",)),
        ("nas.lan", 2222, "", ("[nas.lan]:2222", "nas.lan")),
        ("nas.lan", 2222, "storage", ("storage",)),
        ("fd00::5", 22, "", ("fd00::5",)),
    ],
)
def test_a_server_is_looked_up_by_its_names(address: str, port: int, alias: str, names: tuple[str, ...]) -> None:
    assert names_of(address, port, alias) == names


def test_the_fingerprint_is_the_one_that_ssh_keygen_shows() -> None:
    assert OURS.fingerprint == "SHA256:Vyxnua1n16aga55kp/EY3B+i2vhFk7s9mEBbtPrtr1o"


def test_accepting_adds_this_very_key() -> None:
    line = accept("[nas.lan]:2222", OURS, "/etc/homelab keys")
    assert line == f"echo '[nas.lan]:2222 ssh-ed25519 {TEXT}' >> '/etc/homelab keys'"


@pytest.mark.parametrize(
    ("hosts", "file", "move"),
    [
        ("nas.lan", "~/.ssh/known_hosts", "ssh-keygen -R nas.lan"),
        ("nas.lan", "/etc/ssh/ssh_known_hosts", "ssh-keygen -R nas.lan -f /etc/ssh/ssh_known_hosts"),
        ("*.lan", "/etc/ssh/ssh_known_hosts", "edit /etc/ssh/ssh_known_hosts line 1"),
    ],
)
def test_forgetting_takes_the_old_key_out_of_its_file(hosts: str, file: str, move: str) -> None:
    (line,) = parse(f"{hosts} ssh-ed25519 {TEXT}", file)
    assert forget("nas.lan", line) == move


def test_a_key_that_is_remembered_is_known_and_the_file_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "new/known_hosts"
    remember(Stranger("[nas.lan]:2222", OURS, str(file)))
    assert judge(read([str(file)]), ("[nas.lan]:2222", "nas.lan"), OURS).trust is Trust.KNOWN
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("before", ["", "media.lan ssh-rsa AAAA", "media.lan ssh-rsa AAAA\n"])
def test_what_is_in_the_file_stays_as_it_is(tmp_path: Path, before: str) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(before)
    remember(Stranger("nas.lan", OURS, str(file)))
    assert file.read_text().splitlines() == [*before.splitlines(), f"nas.lan ssh-ed25519 {TEXT}"]
