"""Files that lie on a host and belong to no successful deploy: what the records say about them."""

from __future__ import annotations

import pytest

from homelab_tasks import record
from homelab_tasks.plan.drift import find_drift
from homelab_tasks.plan.effect import effect_of

from .builders import a_host, a_model, a_record, a_repo, a_service, an_observation, resolved

OTHERS = "files of another commit lie"


@pytest.mark.parametrize(
    ("laid_one_after_the_other", "digest", "said"),
    [
        ((), "one", ""),
        (("one",), "one", ""),
        (("two",), "two", ""),
        (("two",), "one", OTHERS),
        (("two",), "three", OTHERS),
        (("two", "two"), "two", ""),
        (("two", "one"), "one", OTHERS),
        (("two", "three"), "three", OTHERS),
        (("edited",), "one", "files were edited"),
        (("two", "edited"), "two", OTHERS),
    ],
)
def test_files_that_came_and_went_between_two_deploys_are_remembered(
    laid_one_after_the_other: tuple[str, ...], digest: str, said: str
) -> None:
    known = a_record("plex", digest="one")
    for laid in laid_one_after_the_other:
        known = known.with_files_laid(laid)
    service = a_service("plex", digest=digest)
    assert record.read(known.line()) == {"plex": known}
    assert find_drift(a_repo(service), service, an_observation("plex", records={"plex": known})).relaid == said


def test_after_them_each_container_that_sees_files_of_the_repo_is_restarted() -> None:
    config = {"type": "bind", "source": "/opt/homelab/services/plex/config", "target": "/config"}
    files = {"services/plex/config/app.yml": "as recorded"}
    service = a_service("plex", files=files)
    model = a_model("plex", web={"volumes": [config]}, db={})
    answer = resolved(model=model, before=model, files_before=files)
    assert effect_of(a_repo(service), service, a_host(), answer, relaid=True).restart == {"web"}
    assert not effect_of(a_repo(service), service, a_host(), answer)
