"""What a plan becomes once images were pulled that were there already."""

from __future__ import annotations

from msgspec.structs import replace

from homelab_tasks.command import Command
from homelab_tasks.commands import docker
from homelab_tasks.plan import Change, Entry, Plan, Renewal, Step, Verb
from homelab_tasks.plan.renewed import renewed_like, told, with_renewed

from .builders import a_host

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
UP = Command(("up", "plex"))


def renewing(verb: Verb = Verb.UPDATE) -> Step:
    """A step of a service whose image is asked for again."""
    renews = (Renewal("app:latest", OLD, ("web", "worker")),)
    entry = Entry("plex", "plex", "services/plex", "digest")
    return Step("plex@nas", verb, "plex", a_host(), causes=("changed",), commands=(UP,), entry=entry, renews=renews)


def pulled(step: Step, ident: str = NEW) -> Step:
    return with_renewed(Plan("deploy", steps=(step,)), {("nas", "app:latest"): ident}).steps[0]


def test_a_step_names_the_image_that_its_containers_get_and_keeps_the_one_that_they_had() -> None:
    step = pulled(renewing())
    assert step.causes == ("changed", "app:latest means another image now")
    text = "app:latest aaaaaaaaaaaa -> bbbbbbbbbbbb"
    assert step.changes == (Change("web", text), Change("worker", text))
    assert step.commands == (docker.keep_images("plex", {OLD}), UP)


def test_what_was_to_be_started_is_updated_then() -> None:
    assert [pulled(renewing(verb)).verb for verb in (Verb.START, Verb.RESTART, Verb.RECREATE)] == [Verb.UPDATE] * 3


def test_a_service_that_is_new_has_no_image_to_keep() -> None:
    step = pulled(renewing(Verb.CREATE))
    assert (step.verb, step.commands) == (Verb.CREATE, (UP,))


def test_an_image_that_is_the_newest_changes_nothing() -> None:
    assert pulled(renewing(), OLD) == renewing()
    assert with_renewed(Plan("deploy", steps=(renewing(),)), {}).steps == (renewing(),)


def test_whoever_agreed_to_the_plan_is_told_what_it_could_not_say() -> None:
    before = Plan("deploy", steps=(renewing(),))
    after = with_renewed(before, {("nas", "app:latest"): NEW})
    said = "app:latest aaaaaaaaaaaa -> bbbbbbbbbbbb, as its pull_policy has it pulled"
    assert [*told(before, after)] == [f"plex on nas: web: {said}", f"plex on nas: worker: {said}"]
    assert [*told(before, before)] == []


def test_a_plan_that_is_made_anew_after_a_switch_keeps_what_was_pulled_for_the_first_one() -> None:
    before = Plan("deploy", steps=(pulled(renewing()),))
    looked_up_again = replace(renewing(), renews=(Renewal("app:latest", NEW, ("web", "worker")),))
    for again in (renewing(), looked_up_again):
        (step,) = renewed_like(Plan("deploy", steps=(again,)), before).steps
        assert step.commands == (docker.keep_images("plex", {OLD}), UP)
        assert [str(change) for change in step.changes] == [
            "web: app:latest aaaaaaaaaaaa -> bbbbbbbbbbbb",
            "worker: app:latest aaaaaaaaaaaa -> bbbbbbbbbbbb",
        ]


def test_a_step_that_asks_for_no_image_any_more_stays_as_it_is() -> None:
    noted = replace(renewing(Verb.NOTE), renews=(), commands=())
    before = Plan("deploy", steps=(pulled(renewing()),))
    assert renewed_like(Plan("deploy", steps=(noted,)), before).steps == (noted,)
