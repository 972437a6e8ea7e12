"""Commits that are made of others, in real Git repos, and who stays at what."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from homelab_tasks.errors import HomelabError, Refused
from homelab_tasks.model import Pinned, Repo
from homelab_tasks.observe import Observation, parse
from homelab_tasks.plan.drift import find_drift
from homelab_tasks.plan.pinned import of_then, recorded, refuse_half, staying, told
from homelab_tasks.plan.survey import survey
from homelab_tasks.repo import at_commit, at_pinned

from .builders import a_host, a_record, a_repo, a_request, a_service, an_observation
from .scratch import git

A, B = "a" * 40, "b" * 40
PIN = Pinned(A, "ann@desk", "2026-01-31T21:14:05Z")


def commit(home: Path, **files: str | None) -> str:
    """A commit with these files; `__` in a name is a slash, `_dot_` a dot."""
    for name, content in files.items():
        path = home / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
    git(home, "add", "--all", ".")
    git(home, "commit", "--quiet", "--message=change")
    return git(home, "rev-parse", "HEAD")


def compose(image: str) -> str:
    return f"services: {{web: {{image: {image}}}}}\n"


def image(repo: Repo, service: str) -> str:
    return repo.services[service].stack.containers[0].image


def listed(home: Path, made: str) -> list[str]:
    return git(home, "ls-tree", "-r", "--name-only", made).splitlines()


def a_pin(commit: str) -> Pinned:
    return replace(PIN, commit=commit)


def test_a_pinned_service_is_of_its_commit_and_the_rest_of_the_base(checkout: Path) -> None:
    first = commit(checkout, services__plex__old_dot_conf="1", services__blog__compose_dot_yml=compose("blog:1"))
    base = commit(
        checkout,
        services__plex__compose_dot_yml=compose("web:2"),
        services__plex__old_dot_conf=None,
        services__plex__new_dot_conf="2",
        services__blog__compose_dot_yml=compose("blog:2"),
    )
    made = at_pinned(checkout, base, {"plex": a_pin(first)})
    assert (image(made, "plex"), image(made, "blog")) == ("web", "blog:2")
    assert (made.base, made.pins, made.branch) == (base, {"plex": a_pin(first)}, "main")
    assert made.services["plex"].digest == at_commit(checkout, first).services["plex"].digest
    assert listed(checkout, made.commit) == [
        "hosts.yaml",
        "services/blog/compose.yml",
        "services/plex/compose.yml",
        "services/plex/old.conf",
    ]
    said = git(checkout, "show", "--no-patch", "--format=%an %ae%n%P%n%B", made.commit)
    assert said == (f"homelab homelab@localhost\n{base}\nPin plex\n\nHomelab-Base: {base}\nHomelab-Pin: plex {first}")
    assert git(checkout, "status", "--porcelain") == ""


def test_it_is_the_same_commit_on_every_machine_whoever_asks(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    base = commit(checkout, services__plex__compose_dot_yml=compose("web:2"))
    made = at_pinned(checkout, base, {"plex": a_pin(first)}).commit
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["git", "clone", "--quiet", checkout, other], check=True)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody else")
    assert at_pinned(other, base, {"plex": replace(a_pin(first), by="ben@couch", at="later")}).commit == made


def test_nothing_pinned_is_the_commit_itself(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    assert at_pinned(checkout, head, {}) == at_commit(checkout)


def test_an_instance_inside_of_a_pinned_service_stays_of_the_base(checkout: Path) -> None:
    inner = "services__plex__kids__"
    first = commit(checkout, **{f"{inner}compose_dot_yml": compose("kids:1"), f"{inner}service_dot_yaml": "{}\n"})
    base = commit(
        checkout,
        **{f"{inner}compose_dot_yml": compose("kids:2"), "services__plex__compose_dot_yml": compose("web:2")},
    )
    made = at_pinned(checkout, base, {"plex": a_pin(first)})
    assert (image(made, "plex"), image(made, "plex-kids")) == ("web", "kids:2")
    made = at_pinned(checkout, base, {"plex-kids": a_pin(first)})
    assert (image(made, "plex"), image(made, "plex-kids")) == ("web:2", "kids:1")


def test_a_service_that_the_base_no_longer_has_is_there_again(checkout: Path) -> None:
    first = commit(checkout, services__blog__compose_dot_yml=compose("blog:1"))
    base = commit(checkout, services__plex__compose_dot_yml=None)
    assert sorted(at_pinned(checkout, base, {"plex": a_pin(first)}).services) == ["blog", "plex"]


def test_a_homelab_in_a_folder_of_its_repo_can_be_pinned_too(checkout: Path) -> None:
    (checkout / "lab").mkdir()
    for name in ("services", "hosts.yaml"):
        (checkout / name).rename(checkout / "lab" / name)
    first = commit(checkout)
    base = commit(checkout, lab__services__plex__compose_dot_yml=compose("web:2"))
    made = at_pinned(checkout / "lab", base, {"plex": a_pin(first)})
    assert (image(made, "plex"), listed(checkout, made.commit)) == (
        "web",
        ["lab/hosts.yaml", "lab/services/plex/compose.yml"],
    )


def test_what_does_not_fit_is_refused_with_the_way_out(checkout: Path) -> None:
    bare = commit(checkout, services__blog__compose_dot_yml=compose("blog"))
    grouped = commit(
        checkout,
        hosts_dot_yaml="hosts: {nas: }\ngroups: {media: {}}\n",
        services__plex__service_dot_yaml="groups: [media]\n",
    )
    base = commit(checkout, hosts_dot_yaml="hosts: {nas: }\n", services__plex__service_dot_yaml=None)
    for pins, sentence in [
        ({"plex": a_pin(B)}, f"plex is pinned at {B[:7]}, which this checkout does not know; git fetch, or free it"),
        ({"vpn": a_pin(bare)}, f"vpn is pinned at {bare[:7]}, where it does not exist; free it with --unpin"),
        ({"plex": a_pin(grouped)}, f"plex as pinned does not fit the rest at {base[:7]} (services/plex/service.yaml:1"),
    ]:
        with pytest.raises(HomelabError) as caught:
            at_pinned(checkout, base, pins)
        assert str(caught.value).startswith(sentence)
        assert str(caught.value).endswith("free it with --unpin")


def looks(**pins: Pinned | None) -> dict[str, Observation]:
    records = {name: a_record(name, pinned=pin) for name, pin in pins.items()}
    return {"nas": an_observation(host="nas", records=records)}


def test_of_several_pins_the_newest_counts() -> None:
    newer = Pinned(B, "ben@couch", "2026-02-01T00:00:00Z")
    seen = {**looks(plex=newer), "pi": an_observation(host="pi", records={"plex": a_record("plex", pinned=PIN)})}
    assert recorded(seen) == {"plex": newer}
    assert recorded(dict(reversed(seen.items()))) == {"plex": newer}


def test_a_deploy_frees_what_it_names_and_unpin_all_that_it_means() -> None:
    repo = a_repo(a_service("plex"), a_service("vpn"), a_service("blog", depends_on="plex"))
    seen = looks(plex=PIN, vpn=PIN, gone=PIN, blog=None)
    for request, left in [
        (a_request("blog"), ["gone", "plex", "vpn"]),
        (a_request("plex"), ["gone", "vpn"]),
        (a_request("blog", unpin=True), ["gone", "vpn"]),
        (a_request("blog", "vpn", "plex", named=frozenset(), everything=True), ["gone", "plex", "vpn"]),
        (a_request("blog", "vpn", "plex", named=frozenset(), everything=True, unpin=True), []),
    ]:
        assert sorted(staying(repo, request, seen)) == left
    kept = replace(repo, pins={"plex": PIN, "vpn": PIN})
    assert list(told(kept, a_request("blog"))) == [
        "plex stays pinned at aaaaaaa (by ann@desk); inv deploy plex frees it"
    ]


def test_a_service_of_several_hosts_is_not_freed_on_one_of_them() -> None:
    repo = a_repo(a_service("plex", hosts=(a_host("nas"), a_host("pi"))))
    refuse_half(repo, a_request("plex"), looks(plex=PIN))
    refuse_half(repo, a_request("plex", hosts=frozenset({"nas"})), looks(plex=None))
    with pytest.raises(Refused) as caught:
        refuse_half(repo, a_request("plex", hosts=frozenset({"nas"})), looks(plex=PIN))
    assert str(caught.value) == ("plex is pinned, and runs on pi too; free it on all of its hosts: inv deploy plex")


@pytest.mark.parametrize(
    ("wanted", "there", "said"),
    [
        (None, None, ""),
        (PIN, PIN, ""),
        (replace(PIN, by="ben@couch"), PIN, ""),
        (PIN, None, "to be pinned at aaaaaaa"),
        (replace(PIN, commit=B), PIN, "to be pinned at bbbbbbb"),
        (None, PIN, "is pinned at aaaaaaa no more"),
    ],
)
def test_a_pin_that_comes_or_goes_is_something_to_do(wanted: Pinned | None, there: Pinned | None, said: str) -> None:
    repo = replace(a_repo(a_service("plex")), pins={"plex": wanted} if wanted else {})
    seen = an_observation("plex", records={"plex": a_record("plex", pinned=there)})
    drift = find_drift(repo, repo.services["plex"], seen)
    assert (drift.pin, bool(drift), drift.settled) == (said, bool(said), True)


MADE = "c0ffee" + "0" * 34
GIT = f"\036git\n# branch.oid {MADE}\0# branch.head main\0\n"


@pytest.mark.parametrize(
    ("text", "base", "pins"),
    [
        (f"{MADE} {B} plex={A} vpn={A}\n", B, {"plex": A, "vpn": A}),
        (f"{A} {A} blog={A}\n{MADE} {B} plex={A}\n", B, {"plex": A}),
        (f"{A} {B} plex={A}\n", MADE, {}),
        (f"{MADE}\n", MADE, {}),
        (f"{MADE} {B} what= =ever\n", B, {}),
        ("", MADE, {}),
    ],
)
def test_a_host_tells_what_its_commit_is_made_of(text: str, base: str, pins: dict[str, str]) -> None:
    seen = parse(a_host(), f"{GIT}\036pins\n{text}\036clock\n1\n")
    assert (seen.base, seen.pins) == (base, pins)


def test_the_pins_of_then_carry_who_and_when_as_far_as_the_host_knows() -> None:
    seen = an_observation(records={"plex": a_record("plex", pinned=PIN)}, pins={"plex": A, "vpn": B})
    assert of_then(seen) == {"plex": PIN, "vpn": Pinned(B, "", "")}


def test_one_that_stays_pinned_is_not_as_the_repo_says() -> None:
    repo = replace(a_repo(a_service("plex"), a_service("blog")), pins={"plex": PIN})
    host = an_observation("blog", "plex", records={"plex": a_record("plex", pinned=PIN), "blog": a_record("blog")})
    kept = survey(repo, a_request("plex", "blog"), {"nas": host}, {}).unchanged
    assert {unit.subject: unit.why for unit in kept} == {"plex": f"pinned at {PIN.commit[:7]}", "blog": "unchanged"}


def test_after_a_rollback_all_is_as_it_was_then_whatever_the_repo_says() -> None:
    repo = a_repo(a_service("plex"))
    (unit,) = survey(repo, a_request("plex", back=True), {"nas": an_observation("plex")}, {}).unchanged
    assert unit.why == "as it was then"
