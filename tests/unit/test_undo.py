"""What a failed run finds, or leaves, as it was: records of services that nothing was done to, and sick containers."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.observe import Health
from homelab_tasks.plan import Verb
from homelab_tasks.undo.earlier import Touched
from homelab_tasks.undo.files import as_before
from homelab_tasks.undo.sick import only_restarted

from .builders import a_container, a_record, a_repo, a_service, an_observation
from .report_builders import a_step


def test_the_records_of_what_was_never_touched_forget_the_files_that_came_and_went() -> None:
    before = {name: a_record(name) for name in ("plex", "blog", "wiki")} | {"old": a_record("old", laid="older")}
    noted = {name: record.with_files_laid("new") for name, record in before.items()} | {"new": a_record("new")}
    noted |= {"wiki": before["wiki"]}
    assert noted["old"].laid == "several"
    assert list(as_before(before, noted, ["blog", "wiki", "old", "new"])) == [before["blog"], before["old"]]


def restarted(verb: Verb = Verb.RESTART, *, laid: str = "", **seen: Any) -> bool:
    """Whether plex, which was unhealthy and still is, has nothing to be put back."""
    repo, before = a_repo(a_service("plex")), a_record("plex")
    now = a_record("plex", unfinished=True, laid=laid)
    container = a_container("plex", health=Health.UNHEALTHY)
    host = an_observation("plex", **{"records": {"plex": now}, "containers": (container,), **seen})
    return only_restarted(Touched(a_step("plex", verb), before, repo), host)


def test_a_container_that_was_only_restarted_has_nothing_to_be_put_back() -> None:
    assert restarted()


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.START, Verb.RECREATE])
def test_whatever_more_was_done_to_it_is_put_back(verb: Verb) -> None:
    assert not restarted(verb)


@pytest.mark.parametrize(
    "seen",
    [
        {"containers": (a_container("plex", state="exited"),)},
        {"containers": (a_container("plex", id="another"),)},
        {"containers": ()},
        {"laid": "files of the new commit"},
    ],
)
def test_one_that_is_not_as_it_was_is_put_back_all_the_same(seen: dict[str, Any]) -> None:
    assert not restarted(**seen)
