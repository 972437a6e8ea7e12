"""Why a host cannot write what is temporary, or runs nothing of ours: its words, and the sentence."""

from __future__ import annotations

import pytest

from homelab_tasks.observe import no_scratch, ran_nothing

from .builders import a_host


def mktemp(why: str, folder: str = "/tmp") -> str:
    return f"mktemp: failed to create directory via template ‘{folder}/homelab.XXXXXXXX’: {why}\n"


LOOK = "on nas: see what lies there, and remove what nobody needs: du -xsh /tmp/*"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("", ""),
        ("service web: no such file", ""),
        (mktemp("No space left on device"), f"/tmp on nas is full; {LOOK}"),
        ("tar: services/plex: Cannot mkdir: No space left on device", f"/tmp on nas is full; {LOOK}"),
        (
            mktemp("Read-only file system", "/srv/tmp"),
            (
                "/srv/tmp on nas is read-only; on nas: sudo mount -o remount,rw $(stat -c %m /srv/tmp), "
                "and look at dmesg: a disk with errors becomes so"
            ),
        ),
        (
            mktemp("No such file or directory", "/nonexist"),
            (
                "/nonexist on nas, for what is temporary, is not there; "
                "on nas: sudo install -d -m 1777 /nonexist, or mend TMPDIR in its ~/.bashrc"
            ),
        ),
        (
            mktemp("Permission denied"),
            "/tmp on nas, for what is temporary, may not be written; on nas: sudo chmod 1777 /tmp",
        ),
    ],
)
def test_what_a_host_says_of_its_temporary_folder_is_told_with_the_next_move(said: str, sentence: str) -> None:
    assert "; ".join(no_scratch(a_host(), said) or ()) == sentence


ASLEEP = "look for an exit in ~/.bashrc there, and for ForceCommand or ChrootDirectory in its sshd_config"


@pytest.mark.parametrize(
    ("said", "errors", "sentence"),
    [
        ("", "", f"nas lets us in and then runs no command; {ASLEEP}"),
        (
            "This service allows sftp connections only.\n",
            "",
            f"nas lets us in and then runs no command (This service allows sftp connections only.); {ASLEEP}",
        ),
        (
            "",
            "/bin/bash: No such file or directory\n",
            f"nas lets us in and then runs no command (/bin/bash: No such file or directory); {ASLEEP}",
        ),
        ("", "bash: fork: Resource temporarily unavailable\n", ""),
        ("\036shell\nadmin\n", "", ""),
    ],
)
def test_a_host_that_runs_something_else_is_told_from_one_that_failed(said: str, errors: str, sentence: str) -> None:
    assert "; ".join(ran_nothing(a_host(), said, errors) or ()) == sentence
