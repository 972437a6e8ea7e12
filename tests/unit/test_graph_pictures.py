"""The graph drawn: text, Mermaid, DOT and JSON as literals; pictures by what must hold for every one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from homelab_tasks.errors import UnknownName
from homelab_tasks.model import Group, Reason, Repo
from homelab_tasks.report.diagram import diagram
from homelab_tasks.report.graph import draw, format_of
from homelab_tasks.report.picture.drawing import drawn
from homelab_tasks.report.picture.geometry import Layout, Point, Rect
from homelab_tasks.report.picture.layering import Layered, Node, Wire, crossings, layered
from homelab_tasks.report.picture.layout import laid_out
from homelab_tasks.report.picture.placement import Wish, settled
from homelab_tasks.report.picture.png import png
from homelab_tasks.report.picture.shapes import Words
from homelab_tasks.report.picture.words import fitted, shortened, width_of

from .builders import a_host, a_repo, a_service, an_edge


def a_small_repo() -> Repo:
    return a_repo(
        a_service("gluetun", groups=("infra",)),
        a_service("pihole", groups=("infra",)),
        a_service("deluge", groups=("media",)),
        a_service("tdarr", depends_on="deluge", groups=("media",)),
        a_service("plex", depends_on=("tdarr", "deluge"), groups=("media",)),
        edges=[
            an_edge("deluge", "gluetun", Reason.NAMESPACE, detail="shares the network namespace of gluetun"),
            *(an_edge(late, "pihole", Reason.GROUP) for late in ("deluge", "tdarr", "plex")),
        ],
        groups={"infra": Group("infra"), "media": Group("media", after=("infra",))},
    )


def a_chain(*names: str) -> Repo:
    return a_repo(a_service(names[0]), *(a_service(name, depends_on=before) for before, name in pairwise(names)))


def test_the_text_tree_has_branches_of_ascii_where_nothing_else_can_be_shown() -> None:
    assert draw(a_chain("a", "b", "c"), unicode=False) == (
        "3 services, 1 host; what starts first is on top\n\n`- a\n   `- b     needs a\n      `- c  needs b\n"
    )
    assert draw(a_small_repo(), unicode=False).isascii()


def test_the_text_tree_shows_each_service_once_below_what_it_waits_for() -> None:
    assert draw(a_small_repo()) == (
        "5 services, 2 groups, 1 host; what starts first is on top\n"
        "\n"
        "infra\n"
        "├─ gluetun\n"
        "└─ pihole\n"
        "\n"
        "media (after infra)\n"
        "└─ deluge      needs gluetun (namespace)\n"
        "   └─ tdarr    needs deluge\n"
        "      └─ plex  needs tdarr\n"
    )


def test_the_text_tree_names_all_needs_of_a_shared_service_within_80_columns() -> None:
    parts = [f"part-number-{n}" for n in range(6)]
    text = draw(a_repo(*map(a_service, parts), a_service("whole", depends_on=parts)))
    assert text == (
        "7 services, 1 host; what starts first is on top\n"
        "\n"
        "├─ part-number-0\n"
        "├─ part-number-1\n"
        "├─ part-number-2\n"
        "├─ part-number-3\n"
        "├─ part-number-4\n"
        "└─ part-number-5\n"
        "   └─ whole       needs part-number-0, part-number-1, part-number-2,\n"
        "                        part-number-3, part-number-4, part-number-5\n"
    )


def test_the_text_tree_of_a_focus_leaves_the_rest_out_and_marks_it() -> None:
    repo = a_repo(a_service("vpn"), a_service("deluge", depends_on="vpn"), a_service("blog"))
    assert draw(repo, focus=["deluge"]) == (
        "2 services, 1 host; what starts first is on top\n\n└─ vpn\n   └─ [deluge]  needs vpn\n"
    )


def test_the_text_tree_names_hosts_when_there_are_several() -> None:
    repo = a_repo(a_service("vpn", hosts=(a_host("nas"), a_host("pi"))))
    assert draw(repo) == "1 service, 2 hosts; what starts first is on top\n\n└─ vpn @nas,pi\n"


def test_the_text_tree_names_a_host_once_where_most_of_a_group_runs_on_it() -> None:
    repo = a_repo(
        a_service("vpn", groups=("infra",)),
        a_service("proxy", groups=("infra",)),
        a_service("dns", groups=("infra",), host="pi"),
        a_service("lamps", groups=("house",), host="pi"),
        a_service("cameras", groups=("house",)),
        groups={"infra": Group("infra"), "house": Group("house", after=("infra",))},
    )
    assert draw(repo) == (
        "5 services, 2 groups, 2 hosts; what starts first is on top\n"
        "\n"
        "infra @nas\n"
        "├─ dns @pi\n"
        "├─ proxy\n"
        "└─ vpn\n"
        "\n"
        "house (after infra)\n"
        "├─ cameras @nas\n"
        "└─ lamps @pi\n"
    )


def test_an_empty_repo_has_a_picture_in_every_format() -> None:
    assert draw(a_repo()) == "0 services; what starts first is on top\n"
    assert draw(a_repo(), format="svg") != ""
    assert draw(a_repo(), format="png") != b""


def test_mermaid_draws_groups_as_subgraphs_and_inferred_edges_dotted() -> None:
    assert draw(a_small_repo(), focus=["plex"], format="mermaid") == (
        "flowchart LR\n"
        '    subgraph g_infra["infra"]\n'
        '        s_gluetun["gluetun<br/>nas"]\n'
        '        s_pihole["pihole<br/>nas"]\n'
        "    end\n"
        '    subgraph g_media["media"]\n'
        '        s_deluge["deluge<br/>nas"]\n'
        '        s_plex["plex<br/>nas"]\n'
        '        s_tdarr["tdarr<br/>nas"]\n'
        "    end\n"
        "    s_deluge --> s_tdarr\n"
        "    s_gluetun -. namespace .-> s_deluge\n"
        "    s_tdarr --> s_plex\n"
        "    g_infra ==> g_media\n"
        "    classDef focus stroke-width:4px\n"
        "    class s_plex focus\n"
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("end", '    s_end["end<br/>nas"]'),
        ("sonarr-anime", '    s_sonarr-anime["sonarr-anime<br/>nas"]'),
        ("a_b.c", '    s_a_5f_b_2e_c["a_b.c<br/>nas"]'),
        ("a--b-", '    s_a_2d_-b_2d_["a--b-<br/>nas"]'),
    ],
)
def test_mermaid_ids_are_words_that_mermaid_takes(name: str, line: str) -> None:
    assert draw(a_repo(a_service(name)), format="mermaid") == f"flowchart LR\n{line}\n"


def test_dot_draws_groups_as_clusters() -> None:
    assert draw(a_small_repo(), format="dot") == (
        "digraph homelab {\n"
        "    rankdir=LR;\n"
        "    compound=true;\n"
        '    node [shape=box, style="rounded"];\n'
        '    subgraph "cluster_infra" {\n'
        '        label="infra";\n'
        '        "gluetun" [label="gluetun\\nnas"];\n'
        '        "pihole" [label="pihole\\nnas"];\n'
        "    }\n"
        '    subgraph "cluster_media" {\n'
        '        label="media";\n'
        '        "deluge" [label="deluge\\nnas"];\n'
        '        "plex" [label="plex\\nnas"];\n'
        '        "tdarr" [label="tdarr\\nnas"];\n'
        "    }\n"
        '    "deluge" -> "tdarr" [style=solid, '
        'tooltip="tdarr needs deluge: depends on deluge (services/tdarr/service.yaml:1)"];\n'
        '    "gluetun" -> "deluge" [style=dashed, '
        'tooltip="deluge needs gluetun: shares the network namespace of gluetun (services/deluge/service.yaml:1)"];\n'
        '    "tdarr" -> "plex" [style=solid, '
        'tooltip="plex needs tdarr: depends on tdarr (services/plex/service.yaml:1)"];\n'
        '    "gluetun" -> "deluge" [ltail="cluster_infra", lhead="cluster_media", color=gray, penwidth=4];\n'
        "}\n"
    )


def test_json_holds_every_edge_with_its_reason_and_place() -> None:
    repo = a_repo(a_service("vpn", groups=("infra",)), a_service("deluge", depends_on="vpn"))
    assert json.loads(draw(repo, format="json")) == {
        "services": [
            {
                "name": "deluge",
                "hosts": ["nas"],
                "groups": [],
                "needs": [
                    {
                        "service": "vpn",
                        "reason": "declared",
                        "detail": "depends on vpn",
                        "place": "services/deluge/service.yaml:1",
                    }
                ],
            },
            {"name": "vpn", "hosts": ["nas"], "groups": ["infra"], "needs": []},
        ],
        "groups": [{"name": "infra", "after": []}],
        "focus": [],
    }


def test_an_unknown_focus_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"^no service 'tdar'; did you mean 'tdarr'\?$"):
        draw(a_small_repo(), focus=["tdar"])


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("graph.svg", "svg"),
        ("a/b.PNG", "png"),
        ("dot", "dot"),
        ("x.gv", "dot"),
        ("x.mmd", "mermaid"),
        ("x.txt", "text"),
    ],
)
def test_a_file_name_asks_for_its_format(name: str, format_: str) -> None:
    assert format_of(name) == format_


def test_an_unknown_format_is_an_error_that_names_the_formats() -> None:
    with pytest.raises(UnknownName, match=r"^no format 'pdf'; there is dot, json, mermaid, png, svg, text$"):
        format_of("graph.pdf")


def test_a_group_order_is_one_line_and_not_an_arrow_a_pair() -> None:
    shown = diagram(a_small_repo())
    assert shown.order == (("infra", "media"),)
    assert [(a.dependency, a.dependent) for a in shown.arrows] == [
        ("deluge", "tdarr"),
        ("gluetun", "deluge"),
        ("tdarr", "plex"),
    ]


def test_a_group_order_through_a_group_that_is_not_shown_still_counts() -> None:
    groups = {"a": Group("a"), "b": Group("b", after=("a",)), "c": Group("c", after=("b",))}
    repo = a_repo(a_service("first", groups=("a",)), a_service("last", groups=("c",)), groups=groups)
    assert diagram(repo).order == (("a", "c"),)


def test_a_group_edge_of_a_second_group_is_drawn_as_an_arrow() -> None:
    groups = {"a": Group("a"), "b": Group("b", after=("a",))}
    services = (a_service("base", groups=("a",)), a_service("both", groups=("c", "b")))
    repo = a_repo(*services, edges=[an_edge("both", "base", Reason.GROUP)], groups=groups)
    assert [str(arrow) for arrow in diagram(repo).arrows] == [
        "both needs base: depends on base (services/both/service.yaml:1)"
    ]


def test_services_with_the_same_arrows_share_a_frame() -> None:
    apps = [f"app{n}" for n in range(5)]
    plan = layered(diagram(a_repo(a_service("proxy"), *(a_service(app, depends_on="proxy") for app in apps))))
    assert [node.names for node in plan.nodes] == [("app0", "app1", "app2", "app3", "app4"), ("proxy",)]
    assert len(plan.wires) == 1


def test_what_needs_nothing_stands_next_to_the_first_that_waits_for_it() -> None:
    repo = a_repo(
        *a_chain("a", "b", "c").services.values(), a_service("key"), a_service("end", depends_on=("c", "key"))
    )
    columns = {node.names: node.column for node in layered(diagram(repo)).nodes if node.names}
    assert columns == {("a",): 0, ("b",): 1, ("c",): 2, ("key",): 2, ("end",): 3}


def test_long_lines_of_one_source_run_together() -> None:
    repo = a_repo(
        a_service("db"),
        a_service("b", depends_on="a"),
        a_service("a", depends_on="zero"),
        a_service("zero"),
        a_service("x", depends_on=("b", "db")),
        a_service("y", depends_on=("b", "db")),
        a_service("api", depends_on="db"),
    )
    bends = [node for node in layered(diagram(repo)).nodes if not node.names]
    assert [bend.column for bend in bends] == [1, 2]


def test_crossings_are_counted() -> None:
    assert crossings(((0, 1), (2, 3)), {0: [3], 1: [2]}) == 1
    assert crossings(((0, 1), (2, 3)), {0: [2], 1: [3]}) == 0
    assert crossings(((0, 1, 2), (3, 4, 5)), {0: [5], 1: [4], 2: [3]}) == 3


def test_sweeps_untangle_what_need_not_cross() -> None:
    names = [(f"a{n}", f"b{9 - n}") for n in range(10)]
    repo = a_repo(*(s for a, b in names for s in (a_service(a), a_service(b, depends_on=a))))
    plan = layered(diagram(repo))
    place = {n: i for column in plan.columns for i, n in enumerate(column)}
    assert all(place[a] == place[b] for a, b in plan.links())


def test_links_are_the_pieces_of_wires() -> None:
    plan = Layered((Node(0, 0, ("a",)), Node(0, 1), Node(0, 2, ("b",))), (Wire((0, 1, 2), ()),), ((0,), (1,), (2,)))
    assert plan.links() == ((0, 1), (1, 2))


@pytest.mark.parametrize(
    ("wishes", "result"),
    [
        ([(1, 1), (2, 1), (3, 1)], [1, 2, 3]),
        ([(3, 1), (1, 1)], [2, 2]),
        ([(3, 3), (1, 1)], [2.5, 2.5]),
        ([(5, 1), (4, 1), (0, 1), (9, 1)], [3, 3, 3, 9]),
        ([], []),
    ],
)
def test_wishes_settle_without_decreasing(wishes: list[tuple[float, float]], result: list[float]) -> None:
    assert settled([Wish(at, weight) for at, weight in wishes]) == result


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("plex", ("plex",)),
        ("production-media-library-management", ("production-media-", "library-management")),
        ("a" * 63, ("a" * 32, "a" * 31)),
        ("w" * 63, ("w" * 32, "w" * 31)),
        ("x-" + "a" * 61, ("x-" + "a" * 30, "a" * 31)),
    ],
)
def test_a_long_name_is_fitted_whole(name: str, lines: tuple[str, ...]) -> None:
    shown = fitted(name, 196)
    assert shown.lines == lines
    assert all(width_of(line, shown.size, bold=True) <= 196.001 for line in shown.lines)


def test_a_title_that_is_too_long_is_cut() -> None:
    assert shortened("infrastructure", 10, 60) == "infrastr…"
    assert shortened("media", 10, 60) == "media"


def test_svg_is_xml_without_scripts_or_anything_from_elsewhere() -> None:
    text = draw(a_small_repo(), focus=["plex"], format="svg")
    assert isinstance(text, str)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {node.tag.rpartition("}")[2] for node in root.iter()} == {"svg", "title", "rect", "path", "text"}
    assert "href" not in text


def test_svg_tells_why_where_the_mouse_rests() -> None:
    text = draw(a_small_repo(), format="svg")
    assert isinstance(text, str)
    titles = [node.text for node in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}title")]  # noqa: S314
    assert "deluge needs gluetun: shares the network namespace of gluetun (services/deluge/service.yaml:1)" in titles
    assert "all of media comes after all of infra" in titles
    assert "plex\non nas\nin media" in titles


def test_svg_escapes_what_a_person_wrote() -> None:
    text = draw(a_repo(a_service("plex", description='films & "more" <all>')), format="svg")
    assert 'films &amp; "more" &lt;all&gt;' in str(text)


def test_png_has_two_pixels_a_css_pixel() -> None:
    picture = drawn(diagram(a_small_repo()))
    with Image.open(BytesIO(png(picture))) as image:
        assert image.size == (-int(-picture.width // 1) * 2, -int(-picture.height // 1) * 2)


def test_every_drawing_is_the_same_each_time() -> None:
    for format_ in ("text", "mermaid", "dot", "json", "svg", "png"):
        assert draw(a_small_repo(), format=format_) == draw(a_small_repo(), format=format_)


def test_the_focus_stands_out() -> None:
    plain, focused = (draw(a_chain("a", "b"), focus=focus, format="svg") for focus in ([], ["a"]))
    assert 'stroke-width="3"' not in str(plain)
    assert str(focused).count('stroke-width="3"') == 1


GROUPS = ("", "infra", "media", "apps")
REASONS = (Reason.DECLARED, Reason.NETWORK, Reason.NAMESPACE)


@st.composite
def homelabs(draw_: st.DrawFn) -> Repo:
    """Services that need some of those before them, in groups some of which come after others."""
    names = [f"{'s' * draw_(st.sampled_from((1, 5, 40)))}{n}" for n in range(draw_(st.integers(1, 24)))]
    group = {name: draw_(st.sampled_from(GROUPS)) for name in names}
    pairs = [(a, b) for a, b in combinations(names, 2) if draw_(st.integers(0, len(names))) < 2]
    edges = [an_edge(late, early, draw_(st.sampled_from(REASONS))) for early, late in pairs]
    services = [a_service(name, groups=(group[name],) if group[name] else ()) for name in names]
    groups = {"infra": Group("infra"), "media": Group("media", after=("infra",)), "apps": Group("apps")}
    return a_repo(*services, edges=edges, groups=groups)


def a_hub() -> Repo:
    return a_repo(a_service("traefik"), *(a_service(f"app{n:02}", depends_on="traefik") for n in range(40)))


def many_alone() -> Repo:
    return a_repo(*(a_service(f"s{n}", groups=(f"g{n % 7}",)) for n in range(60)))


@pytest.mark.parametrize(
    "repo",
    [a_small_repo(), a_hub(), many_alone(), a_chain("only"), a_chain(*"abcdefgh")],
    ids=["small", "hub", "alone", "one", "chain"],
)
def test_a_page_is_tidy(repo: Repo) -> None:
    assert_tidy(repo)


@settings(max_examples=40, deadline=None)
@given(homelabs())
def test_every_page_is_tidy(repo: Repo) -> None:
    assert_tidy(repo)


def assert_tidy(repo: Repo) -> None:
    layout = laid_out(diagram(repo), 80)
    assert layout.boxes.keys() == repo.services.keys()
    page = Rect(0, 0, layout.width, layout.height)
    assert all(inside(rect, page) for rect in (*layout.boxes.values(), *layout.frames))
    assert not [pair for pair in combinations(sorted(layout.boxes), 2) if overlap(*(layout.boxes[n] for n in pair))]
    for lane in layout.lanes:
        members = [name for name, service in repo.services.items() if (service.groups or ("",))[0] == lane.name]
        assert all(inside(layout.boxes[name], lane.rect) for name in members)
    assert not [hit for route in layout.routes for point in sampled(route.points) for hit in hits(layout, point)]
    assert_inside_the_picture(repo)


def assert_inside_the_picture(repo: Repo) -> None:
    picture = drawn(diagram(repo))
    words = [shape for shape in picture.shapes if isinstance(shape, Words)]
    assert all(w.at[0] + width_of(w.text, w.size, bold=w.bold) <= picture.width for w in words)
    assert all(w.at[1] < picture.height for w in words)


def inside(inner: Rect, outer: Rect) -> bool:
    return inner.x >= outer.x and inner.y >= outer.y and inner.right <= outer.right and inner.bottom <= outer.bottom


def overlap(a: Rect, b: Rect) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def hits(layout: Layout, point: Point) -> list[str]:
    """The boxes in which a point lies; on their sides lines begin and end."""
    x, y = point
    return [n for n, box in layout.boxes.items() if box.x < x < box.right and box.y < y < box.bottom]


def sampled(points: tuple[Point, ...]) -> Iterator[Point]:
    for n in range(1, len(points) - 2, 3):
        a, b, c, d = points[n - 1 : n + 3]
        for step in range(21):
            t = step / 20
            shares = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
            ends = zip(shares, (a, b, c, d), strict=True)
            weighted = [(share * x, share * y) for share, (x, y) in ends]
            yield round(sum(x for x, _ in weighted), 6), round(sum(y for _, y in weighted), 6)
