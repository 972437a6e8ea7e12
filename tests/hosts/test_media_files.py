"""How the media services share files: their users, groups and mounts as shipped, on a real Docker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import LabError, LabHost
from tests.media import mounts, umask, values

PAGE = Path(__file__).resolve().parents[2] / "docs/media.md"
DOWNLOAD = "/data/temp/downloads/torrents/film.mkv"
FILM = "/data/media/movies/Film/film.mkv"


@pytest.fixture
def vault(host: LabHost) -> Iterator[LabHost]:
    """A host with the folders that docs/media.md makes, and with what deluge has downloaded."""
    host.check("mkdir", "-p", "/mnt/vault")
    host.check("bash", "-euc", commands("install -d"))
    run(host, "deluge", f"echo first > {DOWNLOAD}")
    yield host
    host.check("rm", "-r", "/mnt/vault")


def commands(sign: str) -> str:
    """The block of the page that holds this, for root."""
    [block] = [part for part in PAGE.read_text().split("```")[1::2] if sign in part]
    return block.removeprefix("sh\n").replace("sudo ", "")


def run(host: LabHost, folder: str, script: str) -> str:
    """What a script says that runs in a container as this service does."""
    return host.docker("run", "--rm", *as_shipped(folder), "sh", "-euc", f"umask {umask(folder)}; {script}")


def as_shipped(folder: str) -> list[str]:
    user = f"--user={values(folder)['PUID']}:{values(folder)['PGID']}"
    return [user, *(f"--volume={mount}" for mount in mounts(folder)), "homelab/demo:1"]


def on_host(path: str) -> str:
    return path.replace("/data", "/mnt/vault", 1)


def state(host: LabHost, path: str) -> str:
    """Number of names, user, group and mode."""
    return host.check("stat", "-c", "%h %u:%g %a", on_host(path)).strip()


def import_it(host: LabHost) -> None:
    run(host, "radarr/movies", f"mkdir {Path(FILM).parent} && ln {DOWNLOAD} {FILM}")


def test_radarr_links_what_deluge_downloaded_into_the_library(vault: LabHost) -> None:
    import_it(vault)
    assert state(vault, FILM) == "2 3003:3000 664"
    assert state(vault, str(Path(FILM).parent)) == "2 3008:3000 2775"


def test_two_mounts_of_one_filesystem_bear_no_hard_link(vault: LabHost) -> None:
    """Why sonarr and radarr mount the vault once."""
    parts = ["--volume=/mnt/vault/media:/data/media", "--volume=/mnt/vault/temp/downloads:/data/temp/downloads"]
    with pytest.raises(LabError, match="ross-device link"):
        vault.docker("run", "--rm", *parts, "homelab/demo:1", "ln", DOWNLOAD, "/data/media/film.mkv")


def test_tdarr_replaces_the_film_and_deluge_seeds_on_what_it_downloaded(vault: LabHost) -> None:
    import_it(vault)
    run(vault, "tdarr", f"echo smaller > /temp/film.mkv && mv /temp/film.mkv {FILM}")
    assert run(vault, "plex", f"cat {FILM}") == "smaller"
    assert run(vault, "deluge", f"cat {DOWNLOAD}") == "first"
    assert state(vault, FILM) == "1 3004:3000 664"


def test_bazarr_lays_subtitles_beside_a_film_that_radarr_brought(vault: LabHost) -> None:
    import_it(vault)
    subtitles = FILM.replace(".mkv", ".en.srt")
    run(vault, "bazarr", f"echo Hello > {subtitles}")
    assert run(vault, "plex", f"cat {subtitles}") == "Hello"


def test_plex_can_change_nothing(vault: LabHost) -> None:
    import_it(vault)
    with pytest.raises(LabError, match="Read-only file system"):
        run(vault, "plex", f"rm {FILM}")
    assert state(vault, FILM) == "2 3003:3000 664"


def test_files_that_were_brought_by_hand_are_put_right_as_the_page_says(vault: LabHost) -> None:
    vault.check("bash", "-euc", f"umask 077; mkdir {on_host(str(Path(FILM).parent))}; echo mine > {on_host(FILM)}")
    vault.check("bash", "-euc", commands("chgrp -R"))
    run(vault, "radarr/movies", f"mv {FILM} {FILM.replace('film', 'better')}")
    assert state(vault, FILM.replace("film", "better")) == "1 0:3000 660"
