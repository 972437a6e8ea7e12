"""The handbook's pages, followed by a reader on real hosts: each command in order, each output as the page has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.handbook import DOCS, Reader, lines, sections
from tests.hosts.handbook_homelab import settled
from tests.hosts.handbook_troubles import LIBRARY, LOSSES, MAY_SUDO, TROUBLES, fingerprint_of, nothing
from tests.hosts.homelab import Homelab
from tests.lab import Lab, LabHost
from tests.unit.test_docs import blocks


@pytest.fixture(scope="module")
def lab(lab: Lab) -> Iterator[Lab]:  # noqa: ARG001 - where there can be no lab, the tests end there
    """A lab of two hosts, which these tests change in ways that no reset takes back."""
    own = Lab.start(2)
    yield own
    own.stop()


def test_the_first_ten_minutes(tmp_path: Path, lab: Lab, host: LabHost) -> None:
    host.docker("tag", "homelab/demo:1", "traefik/whoami:v1.10")
    home = Homelab(tmp_path / "homelab", tmp_path / "homelab")
    (home.root / "services/whoami").mkdir(parents=True)
    says = {
        "mkdir -p homelab/services/whoami && cd homelab": "true",
        "inv setup nas": f"inv setup nas --yes --fingerprint {fingerprint_of(host)}",
    }
    reader = Reader.sits_down(home, lab, {"10.0.0.5": host}, says=says)
    for block in blocks(DOCS / "start.md"):
        if re.fullmatch(r"[\w./-]+\.(ya?ml|py|example)", block.title):
            home.write(block.title, block.text)
    for line in lines("start.md"):
        reader.follow(line)


@pytest.fixture
def reader(tmp_path: Path, lab: Lab, hosts: tuple[LabHost, ...]) -> Reader:
    """A reader whose homelab is deployed to hl15 and pi."""
    return settled(tmp_path / "homelab", lab, hosts)


def test_everyday_tasks(reader: Reader) -> None:
    for line in lines("everyday.md"):
        reader.follow(line)


def test_what_is_made_wrong_is_in_the_pages() -> None:
    assert set(TROUBLES) == set(sections("emergency.md"))
    assert set(LOSSES) <= set(sections("recovery.md"))


@pytest.mark.parametrize("section", sections("emergency.md"))
def test_at_night(reader: Reader, hosts: tuple[LabHost, ...], section: str) -> None:
    TROUBLES[section](reader, hosts)
    for line in sections("emergency.md")[section]:
        reader.follow(line)


def test_recovery(reader: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].check("bash", "-c", f"{MAY_SUDO}; mkdir -p /var/lib/services/plex; echo films >{LIBRARY}")
    (reader.home.root / "services/plex/.env").unlink()
    for section, commands in sections("recovery.md").items():
        LOSSES.get(section, nothing)(reader, hosts)
        for line in commands:
            reader.follow(line)
        assert hosts[0].check("cat", LIBRARY) == "films"
    assert (reader.home.root / "services/plex/.env").read_text() == "PLEX_CLAIM=claim-of-then\n"
