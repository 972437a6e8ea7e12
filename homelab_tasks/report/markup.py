"""The graph for other programs: Mermaid, DOT and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..model import Edge, Reason
from .diagram import NO_GROUP, Arrow, Diagram

_DOT_STYLE = {
    Reason.DECLARED: "solid",
    Reason.GROUP: "bold",
    Reason.NAMESPACE: "dashed",
    Reason.NETWORK: "dotted",
    Reason.VOLUME: "dotted",
    Reason.LINK: "dotted",
}


def mermaid(diagram: Diagram) -> str:
    """A Mermaid flowchart: a subgraph a group, dotted what was inferred, thick from group to group."""
    lines = ["flowchart LR"]
    for lane, names in diagram.lanes.items():
        nodes = [f"{_id('s', name)}[{_mermaid_text(_label(diagram, name, '<br/>'))}]" for name in names]
        lines += [f"    {node}" for node in nodes] if lane == NO_GROUP else [*_subgraph(lane, nodes)]
    lines += [f"    {_mermaid_arrow(arrow)}" for arrow in diagram.arrows]
    lines += [f"    {_id('g', before)} ==> {_id('g', after)}" for before, after in diagram.order]
    if diagram.focus:
        lines += ["    classDef focus stroke-width:4px"]
        lines += [f"    class {','.join(_id('s', name) for name in sorted(diagram.focus))} focus"]
    return "\n".join(lines) + "\n"


def dot(diagram: Diagram) -> str:
    """A graph for Graphviz: a cluster a group; try `dot -Tsvg`."""
    lines = ["digraph homelab {", "    rankdir=LR;", "    compound=true;", '    node [shape=box, style="rounded"];']
    for lane, names in diagram.lanes.items():
        nodes = [f"{_quoted(name)} [{_dot_node(diagram, name)}];" for name in names]
        lines += [f"    {node}" for node in nodes] if lane == NO_GROUP else [*_cluster(lane, nodes)]
    lines += [f"    {_dot_arrow(arrow)}" for arrow in diagram.arrows]
    lines += [f"    {_dot_order(diagram, before, after)}" for before, after in diagram.order]
    return "\n".join([*lines, "}"]) + "\n"


def as_json(diagram: Diagram) -> str:
    """Every service with its hosts, its groups and all of its edges, none of them reduced away."""
    repo = diagram.repo
    services = [
        {
            "name": service.name,
            "hosts": [host.name for host in service.hosts],
            "groups": list(service.groups),
            "needs": [_need(edge) for edge in repo.edges if edge.dependent == service.name],
        }
        for service in repo.services.values()
    ]
    groups = [{"name": group.name, "after": list(group.after)} for group in repo.groups.values()]
    focus = sorted(diagram.focus)
    return json.dumps({"services": services, "groups": groups, "focus": focus}, indent=2, ensure_ascii=False) + "\n"


def _need(edge: Edge) -> dict[str, str]:
    return {
        "service": edge.dependency,
        "reason": edge.reason.value,
        "detail": edge.detail,
        "place": str(edge.place),
    }


def _label(diagram: Diagram, name: str, line_break: str) -> str:
    hosts = ", ".join(host.name for host in diagram.repo.services[name].hosts)
    return f"{name}{line_break}{hosts}" if hosts else name


def _id(kind: str, name: str) -> str:
    """A word that Mermaid takes as an id, different for different names; never a keyword such as `end`."""
    odd = re.compile(r"[^A-Za-z0-9-]|-(?![A-Za-z0-9])")
    return f"{kind}_" + odd.sub(lambda match: f"_{ord(match.group()):x}_", name)


def _mermaid_text(text: str) -> str:
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'


def _subgraph(lane: str, nodes: list[str]) -> Iterator[str]:
    yield f"    subgraph {_id('g', lane)}[{_mermaid_text(lane)}]"
    yield from (f"        {node}" for node in nodes)
    yield "    end"


def _mermaid_arrow(arrow: Arrow) -> str:
    ends = _id("s", arrow.dependency), _id("s", arrow.dependent)
    if arrow.reason.inferred:
        return f"{ends[0]} -. {arrow.reason.value} .-> {ends[1]}"
    return (" ==> " if arrow.reason is Reason.GROUP else " --> ").join(ends)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _cluster(lane: str, nodes: list[str]) -> Iterator[str]:
    yield f"    subgraph {_quoted('cluster_' + lane)} {{"
    yield f"        label={_quoted(lane)};"
    yield from (f"        {node}" for node in nodes)
    yield "    }"


def _dot_node(diagram: Diagram, name: str) -> str:
    label = f"label={_quoted(_label(diagram, name, chr(10)))}"
    return f"{label}, penwidth=3" if name in diagram.focus else label


def _dot_arrow(arrow: Arrow) -> str:
    style = f"style={_DOT_STYLE[arrow.reason]}, tooltip={_quoted(str(arrow))}"
    return f"{_quoted(arrow.dependency)} -> {_quoted(arrow.dependent)} [{style}];"


def _dot_order(diagram: Diagram, before: str, after: str) -> str:
    """Graphviz joins nodes only, so any one of each group, cut at the border of its cluster."""
    ends = diagram.lanes[before][0], diagram.lanes[after][0]
    clusters = f"ltail={_quoted('cluster_' + before)}, lhead={_quoted('cluster_' + after)}"
    return f"{_quoted(ends[0])} -> {_quoted(ends[1])} [{clusters}, color=gray, penwidth=4];"
