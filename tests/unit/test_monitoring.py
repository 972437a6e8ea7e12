"""The monitoring services of this repo: that what they ask each other for is what they send each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.alloy_config import alloy
from tests.unit.figures import LABELS
from tests.unit.promql import AGGREGATION, selectors

TOP = Path(__file__).resolve().parents[2]
SERVICES = TOP / "services"
DASHBOARDS = sorted((SERVICES / "grafana/config/dashboards").glob("*.json"))
RULES = sorted((SERVICES / "prometheus/config/rules").glob("*.yml"))

LOG_LABELS = {"host", "service", "container", "stream", "job"}


def read(path: str) -> Any:
    return yaml.safe_load((SERVICES / path).read_text())


def boards() -> Iterator[Any]:
    return (json.loads(path.read_text()) for path in DASHBOARDS)


def targets() -> Iterator[tuple[str, Any]]:
    """Each question of a dashboard, with the title of its panel."""
    for board in boards():
        for panel in board["panels"]:
            yield from ((f"{board['title']}: {panel['title']}", target) for target in panel["targets"])


def alerts() -> Iterator[Any]:
    return (rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"])


def questions() -> Iterator[str]:
    """All that prometheus is asked, by dashboards, rules and the rule of grafana."""
    yield from (target["expr"] for _, target in targets() if target["datasource"]["uid"] == "prometheus")
    yield from (variable["query"]["query"] for board in boards() for variable in board["templating"]["list"]
                if variable.get("datasource", {}).get("uid") == "prometheus")  # fmt: skip
    yield from (alert["expr"] for alert in alerts())
    yield firing()["model"]["expr"]


def firing() -> Any:
    return read("grafana/config/provisioning/alerting/homelab.yml")["groups"][0]["rules"][0]["data"][0]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("up == 0", [("up", set())]),
        ('sum by (host) (rate(a_total{host=~"$host", x!=""}[5m]))', [("a_total", {"host", "x"})]),
        ("a / on (host) b > 2e9", [("a", set()), ("b", set())]),
        ("group by (host) (a offset 1h) unless b", [("a", set()), ("b", set())]),
        ('label_values(a{host=~"$host"}, service)', [("a", {"host"})]),
        ('label_join(ALERTS{alertstate="firing"}, "alert", "", "alertname")', [("ALERTS", {"alertstate"})]),
    ],
)
def test_the_metrics_of_a_question_are_found(question: str, found: list[tuple[str, set[str]]]) -> None:
    assert list(selectors(question)) == found


def test_dashboards_and_alerts_ask_for_figures_that_somebody_sends_and_for_all_in_this_list() -> None:
    assert {name for question in questions() for name, _ in selectors(question)} == set(LABELS)


def test_figures_are_chosen_by_labels_that_they_have() -> None:
    chosen = [(name, labels) for question in questions() for name, labels in selectors(question)]
    assert [(name, labels - LABELS[name]) for name, labels in chosen if labels - LABELS[name]] == []


def test_figures_are_summed_by_labels_that_they_have() -> None:
    wrong = [
        (question, label)
        for question in questions()
        for _, inside in AGGREGATION.findall(question)
        for label in inside.split(", ")
        if not any(label in LABELS[name] for name, _ in selectors(question))
    ]
    assert wrong == []


# Who reaches whom


def test_ports_and_addresses_agree() -> None:
    env = dict(re.findall(r"(?m)^(\w+_URL)=(.*)$", (SERVICES / "alloy/.env.example").read_text()))
    assert env == {"LOKI_URL": "http://homelab-hl15.lan:3100", "PROMETHEUS_URL": "http://homelab-hl15.lan:9090"}
    assert sources() == {"prometheus": "http://prometheus:9090", "loki": "http://loki:3100"}
    assert read("loki/config/loki.yml")["server"]["http_listen_port"] == 3100
    assert published() == {"loki": ["3100:3100"], "prometheus": ["9090:9090"], "grafana": ["3000:3000"]}
    assert scraped() == {
        "prometheus": ["127.0.0.1:9090"],
        "loki": ["loki:3100"],
        "grafana": ["grafana:3000"],
        "system": ["host.docker.internal:9100"],
    }
    assert "port = 9100;" in (TOP / "nixos/modules/node-exporter.nix").read_text()


def sources() -> dict[str, str]:
    return {s["uid"]: s["url"] for s in read("grafana/config/provisioning/datasources/stores.yml")["datasources"]}


def published() -> dict[str, list[str]]:
    names = ("loki", "prometheus", "grafana")
    return {name: read(f"{name}/compose.yml")["services"][name]["ports"] for name in names}


def scraped() -> dict[str, list[str]]:
    jobs = read("prometheus/config/prometheus.yml")["scrape_configs"]
    return {job["job_name"]: [t for c in job["static_configs"] for t in c["targets"]] for job in jobs}


def test_what_prometheus_asks_has_the_host_that_nixos_gives_it() -> None:
    jobs = read("prometheus/config/prometheus.yml")["scrape_configs"]
    hosts = {config["labels"]["host"] for job in jobs for config in job["static_configs"]}
    assert hosts == {"homelab-hl15"}
    assert 'hostName = "homelab-hl15"' in (TOP / "nixos/hosts/homelab-hl15/default.nix").read_text()


def test_alloy_sends_to_paths_that_are_open() -> None:
    urls = [alloy()[f"{kind}.store"].blocks[0].attributes["url"] for kind in ("loki.write", "prometheus.remote_write")]
    assert [re.findall(r'\+ "(.*)"$', url) for url in urls] == [["/loki/api/v1/push"], ["/api/v1/write"]]
    assert "--web.enable-remote-write-receiver" in read("prometheus/compose.yml")["services"]["prometheus"]["command"]


def test_loki_deletes_what_is_older_than_a_month() -> None:
    config = read("loki/config/loki.yml")
    assert config["limits_config"]["retention_period"] == "720h"
    assert config["compactor"]["retention_enabled"] is True


# What grafana shows


def test_every_panel_asks_a_source_that_there_is() -> None:
    used = {target["datasource"]["uid"] for _, target in targets()} | {firing()["datasourceUid"]}
    used |= {panel["datasource"]["uid"] for board in boards() for panel in board["panels"]}
    used |= {v["datasource"]["uid"] for board in boards() for v in board["templating"]["list"] if "datasource" in v}
    assert used == set(sources())


def test_a_dashboard_asks_for_variables_that_it_has() -> None:
    for board in boards():
        known = {f"${variable['name']}" for variable in board["templating"]["list"]}
        used = set(re.findall(r"\$(?!__)\w+", json.dumps([panel["targets"] for panel in board["panels"]])))
        assert used == known, board["title"]


def test_logs_are_chosen_by_labels_that_they_have() -> None:
    asked = [target["expr"] for _, target in targets() if target["datasource"]["uid"] == "loki"]
    used = {
        label
        for expr in asked
        for inside in re.findall(r"\{([^{}]*)\}", expr)
        for label in re.findall(r"(\w+)=", inside)
    }
    assert used == {"host", "service"} <= LOG_LABELS
    assert {label for expr in asked for label in re.findall(r"by \((\w+)\)", expr)} <= LOG_LABELS


def test_panels_have_numbers_of_their_own_and_places_of_their_own() -> None:
    for board in boards():
        panels = board["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        places = [cell for panel in panels for cell in cells(panel["gridPos"])]
        assert len(places) == len(set(places)), board["title"]


def cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    assert place["x"] + place["w"] <= 24
    return (
        (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
    )


def test_dashboards_have_lasting_addresses() -> None:
    assert {path.stem: board["uid"] for path, board in zip(DASHBOARDS, boards(), strict=True)} == {
        "containers": "homelab-containers",
        "hosts": "homelab-hosts",
        "logs": "homelab-logs",
    }


def test_grafana_finds_what_its_stack_mounts() -> None:
    stack = read("grafana/compose.yml")["services"]["grafana"]
    (provider,) = read("grafana/config/provisioning/dashboards/homelab.yml")["providers"]
    mounts = dict(volume.split(":")[:2] for volume in stack["volumes"])
    assert mounts["./config/dashboards"] == provider["options"]["path"]
    assert (
        stack["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{provider['options']['path']}/hosts.json"
    )


def test_alerts_are_sent_to_an_address_that_the_stack_hands_on() -> None:
    alerting = read("grafana/config/provisioning/alerting/homelab.yml")
    (point,) = alerting["contactPoints"]
    assert [receiver["settings"]["url"] for receiver in point["receivers"]] == ["$ALERT_WEBHOOK"]
    assert "ALERT_WEBHOOK" in read("grafana/compose.yml")["services"]["grafana"]["environment"]
    assert [policy["receiver"] for policy in alerting["policies"]] == [point["name"]]


# Alerts


def test_every_alert_says_how_bad_it_is_and_what_it_is() -> None:
    assert {alert["labels"]["severity"] for alert in alerts()} == {"critical", "warning", "info"}
    assert [alert["alert"] for alert in alerts() if not alert["annotations"]["summary"]] == []


def test_every_alert_is_tried_and_explained_and_no_other() -> None:
    names = [alert["alert"] for alert in alerts()]
    tried = {case["alertname"] for test in read("prometheus/config/tests/alerts.yml")["tests"]
             for case in test["alert_rule_test"] if case.get("exp_alerts")}  # fmt: skip
    table = (TOP / "docs/monitoring.md").read_text().split("## Alerts\n")[1].split("\n## ")[0]
    assert sorted(tried) == sorted(names)
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [*of("hosts"), *of("containers"), *of("monitoring")]


def of(file: str) -> list[str]:
    (group,) = read(f"prometheus/config/rules/{file}.yml")["groups"]
    return [rule["alert"] for rule in group["rules"]]


def test_the_trials_read_every_file_of_rules() -> None:
    assert read("prometheus/config/tests/alerts.yml")["rule_files"] == [
        "../rules/hosts.yml",
        "../rules/containers.yml",
        "../rules/monitoring.yml",
    ]
    assert {path.stem for path in RULES} == {"hosts", "containers", "monitoring"}


def test_what_an_alert_tells_is_in_its_labels() -> None:
    """A label that an alert's sum has left out would be an empty place in its sentence."""
    for alert in alerts():
        told = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
        sums = [set(inside.split(", ")) for word, inside in AGGREGATION.findall(alert["expr"]) if word == "by"]
        have = sums or [LABELS[name] for name, _ in selectors(alert["expr"])]
        assert told <= set.intersection(*have), alert["alert"]
