"""What `inv generate` makes of a repo: Homepage's list of services, and the ports of NixOS hosts."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from invoke.program import Program

from homelab_tasks import ns
from homelab_tasks.generate import State, firewall, generated, homepage
from homelab_tasks.generate.files import MARK
from homelab_tasks.generate.page import front, monitored, page, published
from homelab_tasks.generate.text import scalar
from homelab_tasks.model import Container, Port, Service, System
from homelab_tasks.problem import Place
from homelab_tasks.repo import load, worktree
from homelab_tasks.repo.loader import examine
from homelab_tasks.validate.facts import Facts
from homelab_tasks.validate.generated import check
from homelab_tasks.validate.nixos.parse import parse
from homelab_tasks.validate.nixos.tree import flat

from .builders import Files, a_host, a_repo, a_service, a_stack
from .test_docs import blocks

TOP = Path(__file__).resolve().parents[2]
NAS = a_host(system=System.NIXOS, flake="nixos#nas")

HOSTS = """\
hosts:
  hl15: {address: hl15.lan, system: nixos, flake: nixos#homelab-hl15}
  pi: {address: 'fd00::5'}
groups: {infra: {}, media: {after: [infra]}}
"""
HOMEPAGE = {
    "services/homepage/compose.yml": "services: {homepage: {image: 'ghcr.io/gethomepage/homepage:v1.4.6', "
    "ports: ['3000:3000'], volumes: ['./config:/app/config']}}",
    "services/homepage/service.yaml": "host: hl15",
    "services/homepage/config/docker.yaml": "hl15: {socket: /var/run/docker.sock}",
}
OTHERS = {
    "hosts.yaml": HOSTS,
    "services/plex/compose.yml": "services: {plex: {image: 'plex:1', container_name: plex, ports: ['32400:32400']}}",
    "services/plex/service.yaml": "{description: Media server, host: hl15, groups: [media], "
    "page: 'http://{host}:32400/web'}",
    "services/db/compose.yml": "services: {db: {image: 'postgres:17', ports: ['127.0.0.1:5432:5432']}}",
    "services/db/service.yaml": "{host: hl15, groups: [infra, media]}",
    "services/agent/compose.yml": "services: {agent: {image: 'agent:1', ports: ['12345:12345']}}",
    "services/agent/service.yaml": "{hosts: all, description: 'sees: all'}",
    "services/pihole/compose.yml": "services: {pihole: {image: 'pihole:1', ports: ['53:53/udp']}}",
    "services/pihole/service.yaml": "{host: pi}",
}


def the_page(files: dict[str, str]) -> str:
    source = Files(files)
    (text,) = homepage.pages(load(source), source).values()
    return text


def test_homepage_has_a_tile_for_each_service_in_the_groups_of_the_repo() -> None:
    assert (
        the_page({**OTHERS, **HOMEPAGE})
        == """\
from the services; to change it, change their service.yaml and say that again.
- infra:
    - db:
        icon: db.png
        server: hl15
        container: db-db-1
- media:
    - plex:
        href: http://hl15.lan:32400/web
        description: Media server
        icon: plex.png
        siteMonitor: http://hl15.lan:32400/web
        server: hl15
        container: plex
- services:
    - agent (hl15):
        href: http://hl15.lan:12345
        description: "sees: all"
        icon: agent.png
        siteMonitor: http://hl15.lan:12345
        server: hl15
        container: agent-agent-1
    - agent (pi):
        href: "http://[fd00::5]:12345"
        description: "sees: all"
        icon: agent.png
        siteMonitor: "http://[fd00::5]:12345"
"""
    )


def test_without_docker_yaml_only_pages_have_a_tile() -> None:
    files = {**OTHERS, **HOMEPAGE}
    del files["services/homepage/config/docker.yaml"]
    tiles = [line.strip(" -:") for line in the_page(files).splitlines() if line.startswith("    - ")]
    assert tiles == ["plex", "agent (hl15)", "agent (pi)"]


def test_an_icon_has_the_name_that_dashboard_icons_gives_it() -> None:
    files = {**OTHERS, **HOMEPAGE, "services/homepage/config/docker.yaml": "pi: {host: 10.0.0.6, port: 2375}"}
    assert "        icon: pi-hole.png" in the_page(files).splitlines()


def test_a_homepage_alone_lists_nothing() -> None:
    assert the_page({"hosts.yaml": HOSTS, **HOMEPAGE}).splitlines()[1:] == ["[]"]


@pytest.mark.parametrize(
    "compose",
    [
        "{homepage: {image: 'nginx:1', volumes: ['./config:/app/config']}}",
        "{homepage: {image: 'me/not-gethomepage/homepage:1', volumes: ['/srv:/app/config']}}",
        "{homepage: {image: 'ghcr.io/gethomepage/homepage:v1', volumes: ['/srv/homepage:/app/config']}}",
    ],
)
def test_other_images_and_other_folders_get_no_list(compose: str) -> None:
    source = Files({**OTHERS, **HOMEPAGE, "services/homepage/compose.yml": f"services: {compose}"})
    assert homepage.pages(load(source), source) == {}


# Pages


def a_port(first: int, target: int = 0, address: str = "", protocol: str = "tcp", more: int = 0) -> Port:
    return Port(address, first, first + more, target or first, protocol, Place("compose.yml"))


def with_ports(*ports: Port, said: str | None = None, network_mode: str = "", active: bool = True) -> Service:
    container = Container("web", ports=ports, network_mode=network_mode, active=active)
    return a_service("web", stack=a_stack("web", containers=(container,)), page=said, hosts=(NAS,))


PAGES = [
    (with_ports(), ""),
    (with_ports(a_port(8080)), "http://nas.lan:8080"),
    (with_ports(a_port(8080), a_port(9090)), "http://nas.lan:8080"),
    (with_ports(a_port(53, protocol="udp"), a_port(8080)), "http://nas.lan:8080"),
    (with_ports(a_port(5432, address="127.0.0.1")), ""),
    (with_ports(a_port(5432, address="127.0.0.53"), a_port(80, address="::1")), ""),
    (with_ports(a_port(8080, address="10.0.0.5")), "http://nas.lan:8080"),
    (with_ports(Port("", 0, 0, 80, "tcp", Place("compose.yml"))), ""),
    (with_ports(a_port(8080), active=False), ""),
    (with_ports(a_port(8080), said=""), ""),
    (with_ports(a_port(8080), said="http://{host}:8112"), "http://nas.lan:8112"),
    (with_ports(said="https://plex.{{HOMEPAGE_VAR_DOMAIN}}"), "https://plex.{{HOMEPAGE_VAR_DOMAIN}}"),
    (with_ports(a_port(8080, 80), network_mode="host"), "http://nas.lan:80"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "url"), PAGES)
def test_the_page_is_what_is_said_or_else_the_first_port_for_others(service: Service, url: str) -> None:
    assert page(service, a_host()) == url


MONITORED = [
    (with_ports(a_port(8080)), "http://nas.lan:8080"),
    (with_ports(a_port(8080), said=""), ""),
    (with_ports(a_port(8080), said="https://{host}:8443/web"), "https://nas.lan:8443/web"),
    (with_ports(a_port(8080), said="https://plex.example.org"), "http://nas.lan:8080"),
    (with_ports(said="https://plex.example.org"), ""),
]


@pytest.mark.parametrize(("service", "url"), MONITORED)
def test_whether_it_is_there_is_asked_at_the_host_itself(service: Service, url: str) -> None:
    assert monitored(service, a_host()) == url


@pytest.mark.parametrize("said", ["http://{host}:80/x", "http://[{host}]:80/x"])
def test_an_address_with_colons_gets_brackets_once(said: str) -> None:
    assert page(with_ports(said=said), a_host(address="fd00::5")) == "http://[fd00::5]:80/x"


@pytest.mark.parametrize(
    ("said", "name"), [(None, "api"), ("", "api"), ("http://{host}:81/", "web"), ("http://{host}:9/", "db")]
)
def test_the_container_that_is_shown_is_that_of_the_page(said: str | None, name: str) -> None:
    containers = (Container("db"), Container("api", ports=(a_port(80),)), Container("web", ports=(a_port(81),)))
    shown = front(a_service(stack=a_stack(containers=containers), page=said))
    assert shown and shown.key == name


# Ports


def module(*services: Service) -> str:
    (text,) = firewall.modules(a_repo(*services, hosts={"nas": NAS})).values()
    return text.partition("{\n")[2]


def test_a_nixos_host_lets_in_what_its_services_publish_for_others() -> None:
    source = Files({
        **OTHERS,
        "services/caddy/compose.yml": "services: {caddy: {image: 'caddy:2', "
        "ports: ['80:80', '443:443', '443:443/udp', '5000-5009:5000-5009', '132:132/sctp', '127.0.0.1:2019:2019']}}",
        "services/caddy/service.yaml": "host: hl15",
    })  # fmt: skip
    assert firewall.modules(load(source)) == {
        "nixos/hosts/homelab-hl15/ports.nix": """\
from what services publish; to change it, change their ports and say that again.
#
# Docker opens what it publishes past this firewall: it rewrites the address before the firewall looks. These lists
# are for who comes to the host's own address all the same: containers that ask for a port of the host, IPv6 clients
# of a network without IPv6, and services on the host's own network. To close a port for others, publish it on
# 127.0.0.1 in the compose file.
{
  networking.firewall.allowedTCPPorts = [
    80 # caddy
    443 # caddy
    12345 # agent
    32400 # plex
  ];
  networking.firewall.allowedTCPPortRanges = [
    { from = 5000; to = 5009; } # caddy
  ];
  networking.firewall.allowedUDPPorts = [
    443 # caddy
  ];
}
"""
    }


def test_a_host_without_ports_says_so() -> None:
    assert module(with_ports()) == (
        "  networking.firewall.allowedTCPPorts = [ ];\n  networking.firewall.allowedUDPPorts = [ ];\n}\n"
    )


def test_a_port_that_two_services_publish_at_two_addresses_is_one_line() -> None:
    one, other = (with_ports(a_port(53, address=a)) for a in ("10.0.0.5", "10.0.0.6"))
    services = (a_service("b", stack=one.stack, hosts=(NAS,)), a_service("a", stack=other.stack, hosts=(NAS,)))
    assert "    53 # a, b\n" in module(*services)


def test_on_the_network_of_the_host_the_page_is_a_port_too() -> None:
    assert "    8123 # web\n" in module(with_ports(said="http://{host}:8123", network_mode="host"))
    assert "    443 # web\n" in module(with_ports(said="https://{host}/", network_mode="host"))
    assert "8123" not in module(with_ports(said="http://{host}:8123"))


@pytest.mark.parametrize("mode", ["container:vpn", "service:vpn", "none"])
def test_who_lives_in_the_network_of_another_publishes_nothing(mode: str) -> None:
    assert list(published(with_ports(a_port(8112), network_mode=mode))) == []


@pytest.mark.parametrize(
    ("flake", "path"),
    [
        ("nixos#nas", "nixos/hosts/nas/ports.nix"),
        ("./nixos/#other", "nixos/hosts/other/ports.nix"),
        ("#nas", "hosts/nas/ports.nix"),
        (".", "hosts/nas/ports.nix"),
        ("nixos#..", None),
        ("nixos#.", None),
        ("../nixos#nas", None),
        ("/etc/nixos#nas", None),
        ("github:me/nixos#nas", None),
    ],
)
def test_the_file_lies_in_the_folder_of_the_host_in_a_flake_of_the_repo(flake: str, path: str | None) -> None:
    repo = a_repo(hosts={"nas": a_host(system=System.NIXOS, flake=flake)})
    assert list(firewall.modules(repo)) == ([path] if path else [])


def test_a_host_of_another_system_has_no_such_file() -> None:
    assert firewall.modules(a_repo(hosts={"nas": a_host(flake="nixos#nas")})) == {}


def test_nix_reads_what_is_made() -> None:
    text = "{\n" + module(with_ports(a_port(80), a_port(53, protocol="udp"), a_port(5000, more=9)))
    assert {".".join(binding.path) for binding in flat(parse(text))} == {
        f"networking.firewall.allowed{name}" for name in ("TCPPorts", "UDPPorts", "TCPPortRanges")
    }
    nix = shutil.which("nix-instantiate")
    if nix:
        words = [nix, "--eval", "--strict", "--json", "--expr", text]
        said = subprocess.run(words, capture_output=True, check=True, text=True)
        assert yaml.safe_load(said.stdout)["networking"]["firewall"] == {
            "allowedTCPPorts": [80],
            "allowedUDPPorts": [53],
            "allowedTCPPortRanges": [{"from": 5000, "to": 5009}],
        }


# Texts of people


SCALARS = [
    ("Media server", "Media server"),
    ("http://hl15.lan:32400/web", "http://hl15.lan:32400/web"),
    ("what it plays, and for whom", "what it plays, and for whom"),
    ("", '""'),
    ("no", '"no"'),
    ("12", '"12"'),
    ("a: b", '"a: b"'),
    ("a #b", '"a #b"'),
    ("a:", '"a:"'),
    ("- a", '"- a"'),
    ("{{HOMEPAGE_VAR_X}}", '"{{HOMEPAGE_VAR_X}}"'),
    ('say "hi" \\', '"say \\"hi\\" \\\\"'),
    ("a\nhref: http://evil/", '"a\\x0ahref: http://evil/"'),
    ("Küche 😀", '"Küche 😀"'),
    ("a\x85b\u2028c\ufeffd\U000e0001", '"a\\x85b\\u2028c\\ufeffd\\U000e0001"'),
]


@pytest.mark.parametrize(("text", "written"), SCALARS)
def test_a_text_is_quoted_where_yaml_could_read_something_else(text: str, written: str) -> None:
    assert scalar(text) == written


@example("x\n        href: http://evil/")
@example("' \" : # & * ! | > % @ ` {{x}} [a] {b}")
@given(st.text() | st.from_regex(r"[a-zA-Z0-9 :#'\"{}\[\],&*!|>%@`.~-]+", fullmatch=True))
def test_a_description_stays_one_text_whatever_it_is(description: str) -> None:
    source = Files(HOMEPAGE)
    services = (
        a_service("homepage", stack=load(Files({"hosts.yaml": HOSTS, **HOMEPAGE})).services["homepage"].stack),
        a_service("web", stack=with_ports(a_port(80)).stack, description=description),
    )
    (text,) = homepage.pages(a_repo(*services), source).values()
    ((group,),) = (one.values() for one in yaml.safe_load(text.partition("\n")[2]))
    expected = {"href": "http://nas.lan:80", "icon": "web.png", "siteMonitor": "http://nas.lan:80"}
    assert group == [{"web": expected | ({"description": description} if description else {})}]


# On the disk


@pytest.fixture
def homelab(tmp_path: Path) -> Path:
    for path, text in {**OTHERS, **HOMEPAGE, "nixos/hosts/homelab-hl15/default.nix": "{ }\n"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


LIST, PORTS = "services/homepage/config/services.yaml", "nixos/hosts/homelab-hl15/ports.nix"


def states(root: Path) -> dict[str, State]:
    source = worktree(root)
    return {file.path: file.state for file in generated(load(source), source)}


def run(root: Path, *words: str, task: str = "generate") -> int:
    try:
        with chdir(root):
            Program(namespace=ns).run(["inv", task, *words], exit=False)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_what_is_made_is_current_until_a_service_changes(homelab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(homelab) == 0
    assert capsys.readouterr().out == f"made {PORTS}\nmade {LIST}\n"
    assert states(homelab) == {PORTS: State.CURRENT, LIST: State.CURRENT}
    (homelab / "services/plex/compose.yml").write_text(OTHERS["services/plex/compose.yml"].replace("32400:", "32401:"))
    assert states(homelab) == {PORTS: State.STALE, LIST: State.CURRENT}  # its page is written down
    assert run(homelab) == 0
    assert capsys.readouterr().out == f"changed {PORTS}\ncurrent {LIST}\n"


def test_check_shows_the_difference_and_writes_nothing(homelab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(homelab) == 0
    (homelab / "services/plex/compose.yml").write_text(OTHERS["services/plex/compose.yml"].replace("32400:", "32401:"))
    before = (homelab / PORTS).read_text()
    capsys.readouterr()
    assert run(homelab, "--check") == 1
    said = capsys.readouterr()
    changed = [line for line in said.out.splitlines() if line[0] in "+-"]
    assert changed == [f"--- {PORTS}", f"+++ {PORTS}", "-    32400 # plex", "+    32401 # plex"]
    assert said.err == f"error: not current: {PORTS}; inv generate\n"
    assert (homelab / PORTS).read_text() == before


def test_check_is_content_with_what_is_current(homelab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(homelab) == 0
    capsys.readouterr()
    assert run(homelab, "--check") == 0
    assert capsys.readouterr().out == "all generated files are current\n"


def test_a_file_of_a_person_is_left_alone_and_the_others_are_made(
    homelab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (homelab / LIST).write_text("- mine: []\n")
    assert run(homelab) == 1
    said = capsys.readouterr()
    assert said.out == f"made {PORTS}\n"
    assert said.err == f"error: {LIST} was written by hand, and is left as it is; move it away first\n"
    assert (homelab / LIST).read_text() == "- mine: []\n"
    assert run(homelab, "--check") == 0
    assert capsys.readouterr().out == f"all generated files are current, but for {LIST}, written by hand\n"


def test_a_new_service_says_that_generated_files_are_behind(homelab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(homelab) == 0
    capsys.readouterr()
    assert run(homelab, "sonarr", "--host", "hl15", task="new") == 0
    assert capsys.readouterr().out.splitlines()[4:] == [
        "next  look through services/sonarr/compose.yml",
        "      inv generate",
        f"      git add services/sonarr {PORTS} {LIST} && git commit --message 'Add sonarr'",
        "      inv deploy sonarr",
    ]


def test_a_host_without_a_folder_gets_no_file(homelab: Path) -> None:
    shutil.rmtree(homelab / "nixos")
    assert list(states(homelab)) == [LIST]


def test_where_nothing_is_to_be_made_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hosts.yaml").write_text("hosts: {nas: {}}\n")
    assert run(tmp_path) == 0
    assert capsys.readouterr().out.startswith("nothing to generate: ")


def test_where_one_cannot_be_written_none_is(homelab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (homelab / PORTS).write_text(f"{MARK}long ago\n")
    (homelab / LIST).mkdir()
    assert run(homelab) == 1
    sentence = f"cannot write {homelab / LIST}: is a directory; nothing was changed, mend that and say it again"
    assert capsys.readouterr() == ("", f"error: {sentence}\n")
    assert (homelab / PORTS).read_text() == f"{MARK}long ago\n"


# The rule


def problems(root: Path) -> list[str]:
    return [f"{p.rule} {p}" for p in check(Facts(examine(worktree(root))))]


def test_a_stale_file_is_found_with_its_line_and_nothing_else_is(homelab: Path) -> None:
    assert problems(homelab) == []  # never made
    (homelab / PORTS).write_text(f"{MARK}long ago\n")
    (homelab / LIST).write_text("- mine: []\n")
    assert problems(homelab) == [f"R053 {PORTS}:1: is not what the services say now; inv generate"]


def test_of_a_repo_that_is_wrong_nothing_is_said(homelab: Path) -> None:
    (homelab / PORTS).write_text(f"{MARK}long ago\n")
    (homelab / "services/plex/service.yaml").write_text("host: nobody\n")
    assert problems(homelab) == []


def test_a_docker_yaml_that_is_no_yaml_is_told(homelab: Path) -> None:
    (homelab / "services/homepage/config/docker.yaml").write_text("a: [\n")
    (said,) = problems(homelab)
    assert said.startswith("R001 services/homepage/config/docker.yaml:2:1: ")


# This repo


def test_the_tile_that_the_docs_show_is_the_one_that_is_made() -> None:
    (shown,) = (block.text for block in blocks(TOP / "docs/generate.md") if block.lines[0] == "- media:")
    assert shown.removeprefix("- media:\n") in (TOP / LIST).read_text()


def test_the_generated_files_of_this_repo_are_current() -> None:
    behind = [path for path, state in states(TOP).items() if state is not State.CURRENT]
    assert behind == [], "inv generate"
