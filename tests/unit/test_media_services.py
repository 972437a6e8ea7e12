"""The media services see one vault: a path means the same in each, and sonarr and radarr can link across it."""

from __future__ import annotations

import pytest

from tests.media import DATA, VAULT, folders, shared, umask


def with_a_share() -> list[str]:
    return [folder for folder in folders() if shared(folder)]


def test_these_share_the_vault() -> None:
    assert with_a_share() == [
        "bazarr", "deluge", "plex", "radarr/anime", "radarr/movies", "sabnzbd", "sonarr/anime", "sonarr/shows", "tdarr",
    ]  # fmt: skip


@pytest.mark.parametrize("folder", with_a_share())
def test_a_path_means_the_same_to_every_service(folder: str) -> None:
    assert [mount.target for mount in shared(folder)] == [
        DATA / mount.source.relative_to(VAULT) for mount in shared(folder)
    ]


@pytest.mark.parametrize("folder", ["sonarr/shows", "sonarr/anime", "radarr/movies", "radarr/anime"])
def test_who_imports_sees_downloads_and_library_in_one_mount(folder: str) -> None:
    assert shared(folder) == [(VAULT, DATA, "rw")]


@pytest.mark.parametrize("folder", ["deluge", "sabnzbd"])
def test_who_downloads_sees_nothing_of_the_library(folder: str) -> None:
    assert shared(folder) == [(VAULT / "temp/downloads", DATA / "temp/downloads", "rw")]


def test_plex_only_reads() -> None:
    assert shared("plex") == [(VAULT / "media", DATA / "media", "ro")]


@pytest.mark.parametrize("folder", [folder for folder in with_a_share() if folder != "plex"])
def test_who_writes_leaves_the_group_the_right_to_write(folder: str) -> None:
    assert umask(folder) == "002"
