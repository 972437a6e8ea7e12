"""Key files without their passphrase, ssh_config with its includes, and lines out of chunks."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from homelab_tasks.runner import key_file, ssh_config
from homelab_tasks.runner.key_file import KeyFile
from homelab_tasks.runner.text import lines_of


def openssh(cipher: bytes, public: bytes) -> str:
    strings = [cipher, b"bcrypt", b"", public]
    framed = [len(text).to_bytes(4, "big") + text for text in strings]
    body = b"openssh-key-v1\0" + b"".join(framed[:3]) + b"\0\0\0\1" + framed[3]
    return pem("OPENSSH PRIVATE KEY", b64encode(body).decode())


def pem(what: str, body: str) -> str:
    return f"-----BEGIN {what}-----\n{body}\n-----END {what}-----\n"


@pytest.mark.parametrize(
    ("text", "encrypted", "public"),
    [
        (openssh(b"none", b"public half"), False, b"public half"),
        (openssh(b"aes256-ctr", b"public half"), True, b"public half"),
        (pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nAAAA"), True, b""),
        (pem("ENCRYPTED PRIVATE KEY", "AAAA"), True, b""),
        (pem("EC PRIVATE KEY", "AAAA"), False, b""),
        (pem("OPENSSH PRIVATE KEY", "garbage"), False, b""),
    ],
)
def test_a_key_file_shows_whether_it_is_locked(text: str, *, encrypted: bool, public: bytes, tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_text(text)
    assert key_file.read(path) == KeyFile(path, encrypted=encrypted, public=public)


def test_the_public_half_of_an_old_key_is_read_from_the_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "id_rsa"
    path.write_text(pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nAAAA"))
    (tmp_path / "id_rsa.pub").write_text("ssh-rsa cHVibGlj me@home\n")
    assert key_file.read(path) == KeyFile(path, encrypted=True, public=b"public")


def test_a_public_file_stands_for_a_key_in_the_agent(tmp_path: Path) -> None:
    path = tmp_path / "id.pub"
    path.write_text("ssh-ed25519 cHVibGlj me@home\n")
    assert key_file.read(path) == KeyFile(path, private=False, public=b"public")


def test_a_file_that_is_not_there_is_no_key(tmp_path: Path) -> None:
    assert key_file.read(tmp_path / "none") is None


def test_ssh_config_is_read_with_what_it_includes(tmp_path: Path) -> None:
    user, system = tmp_path / ".ssh", tmp_path / "etc"
    (user / "conf.d").mkdir(parents=True)
    system.mkdir()
    (user / "conf.d/nas").write_text("Host nas\n  HostName 10.0.0.5\n  UserKnownHostsFile ~/.ssh/nas\n")
    (user / "config").write_text("Include conf.d/*\nUser me\nHost *\n  Port 2222\n")
    (system / "ssh_config").write_text("Port 22\nHostKeyAlias shared\n")

    found = ssh_config.load(tmp_path, system).lookup("nas")

    assert (found["hostname"], found["user"], found["port"]) == ("10.0.0.5", "me", "2222")
    assert found["hostkeyalias"] == "shared"
    assert found["userknownhostsfile"] == str(Path.home() / ".ssh/nas")


def test_an_ssh_config_that_includes_itself_ends(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Include config\nUser me\n")
    assert ssh_config.load(tmp_path, tmp_path).lookup("nas")["user"] == "me"


def test_file_names_may_have_spaces_in_quotes() -> None:
    assert ssh_config.words('~/.ssh/known_hosts "/my keys/known"') == ("~/.ssh/known_hosts", "/my keys/known")


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([], []),
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a", b"b\r\nc", b"d"], ["ab", "cd"]),
        ([b"\n\nx"], ["", "", "x"]),
        ([b"\xc3", b"\xa4\n\xff\n"], ["ä", "\N{REPLACEMENT CHARACTER}"]),
    ],
)
def test_lines_come_whole_whatever_the_chunks(chunks: list[bytes], lines: list[str]) -> None:
    assert list(lines_of(chunks)) == lines
