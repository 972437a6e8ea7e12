"""What the benchmark writes: the files that it gives to the peers, and its charts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from random import Random

from scripts.bench import page
from scripts.bench.charts import Bar, chart
from scripts.bench.ground import Ground
from scripts.bench.homelab import Homelab
from scripts.bench.model import Experiment, Figure, Method, Sample, Spread, measure
from scripts.bench.peers import ansible, compose_farm, just, pyinfra
from scripts.bench.peers.stacks import Stacks
from scripts.bench.shell import knowing, longest, urgent
from tests.lab import Lab, LabHost
from tests.lab.network import Network

NETWORK = Network(7)
HOSTS = tuple(LabHost(n, Path(f"/lab/h{n}"), Path("/lab/base"), NETWORK) for n in (1, 2))
LAB = Lab(Path("/lab"), NETWORK, HOSTS)
NEEDS = {"vpn": (), "sonarr-tv": ("vpn",), "blog": ()}


def a_contest(**where: str) -> Stacks:
    homelab = Homelab(Path("/homelab"), NEEDS, where=where)
    used = {homelab.host_of(name) for name in NEEDS}
    return Stacks(Path("/peers"), homelab, {host.name: Ground(LAB, host) for host in HOSTS if host.name in used})


def test_the_justfile_has_a_recipe_for_each_service_with_what_it_needs() -> None:
    assert just.files(a_contest())["Justfile"] == (
        "update-system:\n"
        "    git pull --quiet --ff-only\n"
        "\n"
        "deploy-all: update-system ensure-vpn ensure-sonarr-tv ensure-blog\n"
        "\n"
        "ensure-vpn:\n"
        '    @echo "Ensuring vpn is running..."\n'
        "    cd stacks/vpn && docker compose up -d\n"
        "\n"
        "ensure-sonarr-tv: ensure-vpn\n"
        '    @echo "Ensuring sonarr-tv is running..."\n'
        "    cd stacks/sonarr-tv && docker compose up -d\n"
        "\n"
        "ensure-blog:\n"
        '    @echo "Ensuring blog is running..."\n'
        "    cd stacks/blog && docker compose up -d\n"
    )


def test_over_ssh_each_recipe_goes_to_the_host_of_its_service() -> None:
    lines = just.files(a_contest(blog="h2"))["remote.just"].splitlines()
    assert "    ssh -F /lab/ssh/config h1 'cd /home/admin/homelab/stacks/vpn && docker compose up -d'" in lines
    assert "    ssh -F /lab/ssh/config h2 'cd /home/admin/homelab/stacks/blog && docker compose up -d'" in lines


def test_a_justfile_knows_nothing_of_several_hosts() -> None:
    assert [(way.name, way.one_host) for way in just.ways(a_contest())] == [
        ("just, on the host", True),
        ("just, one ssh a recipe", True),
    ]


def test_compose_farm_is_told_where_each_stack_runs() -> None:
    assert '"vpn": "h1"' in compose_farm.files(a_contest(blog="h2"))["compose-farm.yaml"]
    assert '"blog": "h2"' in compose_farm.files(a_contest(blog="h2"))["compose-farm.yaml"]


def test_pyinfra_checks_host_keys_and_has_the_stacks_of_each_host_in_order() -> None:
    inventory: dict[str, list[tuple[str, dict[str, object]]]] = {}
    exec(pyinfra.files(a_contest(blog="h2"))["inventory.py"], inventory)  # noqa: S102 - what pyinfra does with it
    (first, one), (second, two) = inventory["hosts"]
    assert (first, one["stacks"], one["ssh_strict_host_key_checking"]) == ("h1", ["vpn", "sonarr-tv"], "yes")
    assert (second, two["stacks"]) == ("h2", ["blog"])


def test_what_pyinfra_runs_is_python() -> None:
    compile(pyinfra.files(a_contest())["deploy.py"], "deploy.py", "exec")


def test_ansible_pipelines_over_a_connection_that_persists() -> None:
    config = ansible.files(a_contest())["ansible.cfg"]
    assert "pipelining = True" in config
    assert "ssh_args = -F /lab/ssh/config -o ControlMaster=auto -o ControlPersist=60s" in config


def test_what_is_rare_is_run_in_one_round_of_three_and_only_those_count() -> None:
    quick, slow = Method("quick", lambda: Sample(1)), Method("slow", lambda: Sample(4), rare=True)
    ratio = Figure("quick / slow", "x", lambda one: one["quick"].seconds / one["slow"].seconds, of=("slow",))
    found = measure(Experiment("race", "", (quick, slow), (ratio,)), 4, Random(1), lambda _: None)  # noqa: S311
    assert [sorted(one) for one in found.rounds] == [["quick", "slow"], ["quick"], ["quick"], ["quick", "slow"]]
    assert (found.values(ratio), found.seconds(slow)) == ([0.25, 0.25], [4, 4])


def test_the_longest_chain_is_that_of_most_seconds_not_of_most_services() -> None:
    needs = {"vpn": (), "blog": (), "arr": ("vpn",), "plex": ("arr",)}
    assert longest(needs, {"vpn": 1, "arr": 1, "plex": 1, "blog": 2}) == ["vpn", "arr", "plex"]
    assert longest(needs, {"vpn": 1, "arr": 1, "plex": 1, "blog": 4}) == ["blog"]


def test_urgent_is_what_is_on_a_chain_of_most_services() -> None:
    needs = {"vpn": (), "blog": (), "arr": ("vpn",), "deluge": ("vpn",), "tube": ("vpn",), "plex": ("arr", "deluge")}
    assert urgent(needs) == {"vpn", "arr", "deluge", "plex"}


def test_a_script_that_knows_starts_what_is_not_urgent_one_at_a_time() -> None:
    homelab = Homelab(Path("/homelab"), NEEDS)
    assert knowing(homelab, 1.5).splitlines()[-5:] == [
        "}",
        "late vpn /opt/homelab/services/vpn vpn",
        "late sonarr-tv /opt/homelab/services/sonarr/tv sonarr-tv vpn",
        "late rest /opt/homelab/services/blog blog",
        "wait",
    ]
    assert "up --detach && sleep 1.5" in knowing(homelab, 1.5)


def test_the_first_deploy_of_a_cold_experiment_has_one_service_of_each_host() -> None:
    assert Homelab(Path("/homelab"), NEEDS, where={"blog": "h2"}).firsts == ("blog", "vpn")


def test_the_page_begins_with_what_has_a_target_and_has_a_part_for_each_experiment() -> None:
    quick = Method("quick", lambda: Sample(1, counts={"tasks": 7}))
    slow = Method("slow", lambda: Sample(4), rare=True)
    ratio = Figure("quick / slow", "x", lambda one: one["quick"].seconds / one["slow"].seconds, 0.2, of=("slow",))
    told = Figure("tasks", "", lambda one: one["quick"].counts["tasks"])
    found = [measure(Experiment("race", "Two run.", (quick, slow), (ratio, told)), 2, Random(1), lambda _: None)]  # noqa: S311
    assert page.markdown(found, {"kernel": "6"}, f"{page.BEGIN}old{page.END}").splitlines() == [
        page.BEGIN,
        "",
        "### All that have a target: 0 of 1 met",
        "",
        "| figure | median | quarters | rounds | at most | met |",
        "|---|---|---|---|---|---|",
        "| quick / slow | **0.25x** | 0.25 to 0.25 | 1 | 0.20x | missed |",
        "",
        "### race",
        "",
        "Two run.",
        "",
        "| figure | median | quarters | rounds |",
        "|---|---|---|---|",
        "| quick / slow | **0.25x** | 0.25 to 0.25 | 1 |",
        "| tasks | **7** | 7 to 7 | 2 |",
        "",
        "| method | median | quarters | rounds | tasks |",
        "|---|---|---|---|---|",
        "| quick | 1.000 s | 1.000 to 1.000 | 2 | 7 |",
        "| slow | 4.000 s | 4.000 to 4.000 | 1 |  |",
        "",
        "### Measured on",
        "",
        "- kernel: 6",
        "",
        page.END,
    ]


def test_a_chart_is_to_scale_and_marks_what_is_ours() -> None:
    bars = [Bar("inv <deploy-all>", Spread(1, 1, 1), ours=True), Bar("other", Spread(2, 4, 4.2), ours=False)]
    drawn = ET.fromstring(chart("cold", bars))  # noqa: S314 - our own text
    boxes = drawn.findall("{http://www.w3.org/2000/svg}rect")[1:]
    assert [(box.get("class"), box.get("width")) for box in boxes] == [("ours", "100.0"), ("other", "400.0")]
    texts = [text.text for text in drawn.findall("{http://www.w3.org/2000/svg}text")]
    assert texts == ["cold", "inv <deploy-all>", "1.00 s", "other", "4.00 s"]
