"""The configuration of alloy in this repo: what it collects, and what becomes of the labels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.unit.alloy_config import alloy, parse, relabel
from tests.unit.figures import SENT

ALLOY = Path(__file__).resolve().parents[2] / "services/alloy"


def test_every_part_of_alloy_hands_on_to_one_that_is_there() -> None:
    parts = alloy()
    named = {".".join(word.split(".")[:-1]) for part in parts.values() for word in part.references()}
    assert {part for part in parts if part.startswith(("discovery", "loki.write", "prometheus.relabel"))} <= named
    assert named - set(parts) == set()


def test_alloy_keeps_of_containers_what_is_asked_for() -> None:
    keep = alloy()["prometheus.relabel.containers"].blocks[0].text("regex")
    kept = re.fullmatch(r"up;\|container_\((.*)\);\.\+", keep)
    assert kept
    assert {f"container_{name}" for name in kept[1].split("|")} == set(SENT["alloy, of containers"])


def test_alloy_collects_of_a_host_what_is_asked_for() -> None:
    """The collector of node_exporter that each figure comes from."""
    assert set(alloy()["prometheus.exporter.unix.host"].texts("set_collectors")) == {
        "cpu", "diskstats", "filesystem", "hwmon", "loadavg", "meminfo", "netdev", "pressure", "stat", "timex",
        "uname", "vmstat", "zfs",
    }  # fmt: skip


def test_a_container_is_known_by_its_service_and_its_name() -> None:
    series = {
        "__name__": "container_last_seen",
        "id": "/system.slice/docker-1f.scope",
        "image": "postgres:17",
        "name": "immich-database-1",
        "container_label_com_docker_compose_project": "immich",
    }
    assert relabel(series, alloy()["prometheus.relabel.containers"].blocks) == {
        "__name__": "container_last_seen",
        "image": "postgres:17",
        "container": "immich-database-1",
        "service": "immich",
    }


@pytest.mark.parametrize(
    ("series", "kept"),
    [
        ({"__name__": "container_last_seen", "name": "byhand"}, True),
        ({"__name__": "container_last_seen", "name": ""}, False),
        ({"__name__": "container_spec_cpu_shares", "name": "plex"}, False),
        ({"__name__": "up"}, True),
    ],
)
def test_of_containers_nothing_else_is_kept(series: dict[str, str], *, kept: bool) -> None:
    assert (relabel(series, alloy()["prometheus.relabel.containers"].blocks) is not None) is kept


def test_a_container_without_a_stack_is_its_own_service() -> None:
    found = relabel(
        {"__name__": "container_last_seen", "name": "byhand"}, alloy()["prometheus.relabel.containers"].blocks
    )
    assert found == {"__name__": "container_last_seen", "container": "byhand", "service": "byhand"}


@pytest.mark.parametrize(("project", "service"), [("immich", "immich"), ("", "immich-database-1")])
def test_logs_have_the_labels_that_figures_have(project: str, service: str) -> None:
    container = {
        "__meta_docker_container_name": "/immich-database-1",
        "__meta_docker_container_label_com_docker_compose_project": project,
        "__meta_docker_container_log_stream": "stderr",
    }
    found = relabel(container, alloy()["discovery.relabel.logs"].blocks) or {}
    shown = {name: value for name, value in found.items() if not name.startswith("__")}
    assert shown == {"container": "immich-database-1", "service": service, "stream": "stderr"}


def test_the_host_of_a_figure_of_alloy_is_where_it_comes_from() -> None:
    series = {"__name__": "loki_write_dropped_entries_total", "host": "homelab-hl15.lan:3100", "reason": "x"}
    found = relabel(series, alloy()["prometheus.relabel.alloy"].blocks)
    assert found == {"__name__": "loki_write_dropped_entries_total", "reason": "x"}
    for store in ("prometheus.remote_write.store", "loki.write.store"):
        assert alloy()[store].attributes == {"external_labels": "{ host = constants.hostname }"}


def test_alloy_asks_for_variables_that_its_stack_gives() -> None:
    text = (ALLOY / "config/config.alloy").read_text()
    given = yaml.safe_load((ALLOY / "compose.yml").read_text())["services"]["alloy"]["environment"]
    assert set(re.findall(r'sys\.env\("(\w+)"\)', text)) == {"LOKI_URL", "PROMETHEUS_URL"} == set(given) - {"TZ"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('loki.write "a" {', "loki.write.a: no closing bracket"),
        ('loki.write "a" }', "loki.write.a: expected {, found '}'"),
        ('loki.write "a" { }\n}', "a bracket too much: }"),
        ("a = 'b'", 'no token of Alloy: "\'"'),
    ],
)
def test_a_broken_config_of_alloy_is_no_config(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}$"):
        parse(text)
