"""Dependency questions, with the answers written out."""

from __future__ import annotations

from homelab_tasks import graph
from homelab_tasks.model import Reason, Repo
from tests.unit.builders import a_repo, a_service, an_edge


def media() -> Repo:
    return a_repo(
        a_service("plex", depends_on=["tdarr", "vpn"]),
        a_service("tdarr", depends_on="vpn"),
        a_service("vpn"),
        a_service("blog"),
        a_service("overseerr", depends_on="plex"),
    )


def test_what_a_service_needs_comes_before_it() -> None:
    assert graph.with_dependencies(media(), ["plex"]) == ("vpn", "tdarr", "plex")


def test_dependents_are_all_those_above() -> None:
    assert graph.dependents_of(media(), ["tdarr"]) == ("plex", "overseerr")


def test_a_dependent_that_is_named_itself_is_not_listed() -> None:
    assert graph.dependents_of(media(), ["tdarr", "plex"]) == ("overseerr",)


def test_the_order_is_by_need_and_then_by_name() -> None:
    assert graph.order(media()) == ("blog", "vpn", "tdarr", "plex", "overseerr")


def test_every_service_has_an_entry_for_its_needs() -> None:
    assert {name: [e.dependency for e in edges] for name, edges in graph.needs(media()).items()} == {
        "plex": ["tdarr", "vpn"],
        "tdarr": ["vpn"],
        "vpn": [],
        "blog": [],
        "overseerr": ["plex"],
    }


def test_the_weight_is_the_longest_chain_above() -> None:
    assert graph.weights(media()) == {"vpn": 3, "tdarr": 2, "plex": 1, "overseerr": 0, "blog": 0}


def test_layers_count_the_longest_chain_below() -> None:
    assert graph.layers(media()) == (("blog", "vpn"), ("tdarr",), ("plex",), ("overseerr",))


def test_layers_of_some_ignore_the_others() -> None:
    assert graph.layers(media(), ["plex", "overseerr", "blog"]) == (("blog", "plex"), ("overseerr",))


def test_layers_of_nothing_are_none() -> None:
    assert graph.layers(a_repo()) == ()


def test_a_drawing_leaves_out_what_follows_from_the_rest() -> None:
    assert [(e.dependent, e.dependency) for e in graph.reduced(media())] == [
        ("plex", "tdarr"),
        ("tdarr", "vpn"),
        ("overseerr", "plex"),
    ]


def test_every_cycle_starts_at_its_first_name() -> None:
    edges = [an_edge("b", "a"), an_edge("a", "b"), an_edge("c", "b"), an_edge("b", "c"), an_edge("d", "a")]
    assert graph.cycles(edges) == (("a", "b"), ("b", "c"))


def test_a_dense_knot_shows_a_few_of_its_cycles() -> None:
    names = [f"s{i}" for i in range(30)]
    edges = [an_edge(a, b) for a in names for b in names if a != b]
    assert len(graph.cycles(edges)) == graph.MOST_CYCLES


def test_two_reasons_for_one_pair_count_once() -> None:
    repo = a_repo(a_service("a", depends_on="b"), a_service("b"), edges=[an_edge("a", "b", Reason.NETWORK)])
    assert graph.order(repo) == ("b", "a")
    assert graph.weights(repo) == {"b": 1, "a": 0}
