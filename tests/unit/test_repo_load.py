"""A homelab's files become hosts, services, stacks and edges."""
# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from homelab_tasks.errors import Refused, UnknownName
from homelab_tasks.model import (
    Check,
    CheckKind,
    Container,
    Group,
    Health,
    Host,
    Network,
    Reaction,
    Reason,
    Repo,
    Source,
    Stack,
    System,
    Transport,
)
from homelab_tasks.problem import Place
from homelab_tasks.repo import load, select, select_groups
from homelab_tasks.repo.discover import discover
from homelab_tasks.repo.fields import seconds
from homelab_tasks.repo.interpolate import interpolate, template_values
from homelab_tasks.repo.loader import examine
from homelab_tasks.repo.policy import renewed_after
from homelab_tasks.tasks.console import host_names
from tests.unit.builders import Files

NAS = "hosts: {nas: {address: 10.0.0.5}}\n"
WEB = "services: {web: {image: web}}\n"


def loaded(hosts: str = NAS, /, **composed: str) -> Repo:
    """A repo of services that are one compose file each; `_` in a name stands for `-`."""
    files = {f"services/{name.replace('_', '-')}/compose.yml": text for name, text in composed.items()}
    return load(Files({"hosts.yaml": hosts, **files}))


def edges(repo: Repo) -> list[str]:
    return [f"{e.dependent} -> {e.dependency}: {e.detail} ({e.place})" for e in repo.edges]


def notices(repo: Repo) -> list[str]:
    return [str(notice) for notice in repo.notices]


def stack_of(compose: str, **more: str) -> Stack:
    files = {f"services/plex/{name.replace('_', '.')}": text for name, text in more.items()}
    return load(Files({"hosts.yaml": NAS, "services/plex/compose.yml": compose, **files})).services["plex"].stack


def test_a_host_has_the_defaults_applied() -> None:
    repo = loaded(
        "defaults: {user: admin, port: 2222, parallel: 2, identity_file: keys/id, connect_timeout: 3s}\n"
        "hosts:\n"
        "  hl15: {address: hl15.lan, user: me, system: nixos, tags: [tier:1], source: origin, known_hosts: /k}\n"
        "  nas:\n"
    )
    assert repo.hosts == {
        "hl15": Host(
            "hl15",
            "hl15.lan",
            user="me",
            port=2222,
            parallel=2,
            system=System.NIXOS,
            flake="nixos#hl15",
            tags=frozenset({"tier:1"}),
            source=Source.ORIGIN,
            identity_file="/home/me/homelab/keys/id",
            known_hosts="/k",
            connect_timeout=3,
        ),
        "nas": Host(
            "nas",
            "nas",
            user="admin",
            port=2222,
            parallel=2,
            identity_file="/home/me/homelab/keys/id",
            connect_timeout=3,
        ),
    }


def test_a_local_host_has_its_path_in_this_checkout() -> None:
    source = Files(
        {"hosts.yaml": "hosts: {here: {connection: local, data: ../data}}"}, Path("/home/me/git/lab"), "lab/"
    )
    here = Host("here", "localhost", transport=Transport.LOCAL, path="/home/me/git", data="/home/me/git/data")
    assert load(source).hosts == {"here": here}


def test_groups_and_networks_are_read() -> None:
    repo = loaded(
        NAS
        + "groups: {infra: , media: {after: infra}}\nnetworks: {proxy: {internal: yes, options: {mtu: 1400}}, lan: }"
    )
    assert repo.groups == {
        "infra": Group("infra", (), Place("hosts.yaml", 2, 10)),
        "media": Group("media", ("infra",), Place("hosts.yaml", 2, 19)),
    }
    assert repo.networks == {"proxy": Network("proxy", internal=True, options={"mtu": "1400"}), "lan": Network("lan")}


@pytest.mark.parametrize(
    ("said", "page"),
    [
        ("", None),
        ("page:", None),
        ("page: false", ""),
        ("page: 8112", "http://{host}:8112"),
        ("page: https://{host}/web", "https://{host}/web"),
    ],
)
def test_a_page_is_a_port_a_url_or_none(said: str, page: str | None) -> None:
    files = {"hosts.yaml": "hosts: {a: }", "services/plex/compose.yml": WEB, "services/plex/service.yaml": said}
    assert load(Files(files)).services["plex"].page == page


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            "page: true",
            "expected a port, a URL or false, found true; write e.g. page: 8112, or page: http://{host}:8112/web",
        ),
        (
            "page: 70000",
            "expected a port, a URL or false, found the number 70000; write e.g. page: 8112, or page: http://{host}:8112/web",
        ),
        (
            "page: http://{host}:0/",
            "'http://{host}:0/' has no address with a port that can be; a port is a number from 1 to 65535",
        ),
    ],
)
def test_another_page_is_told_with_the_next_move(said: str, problem: str) -> None:
    files = {"hosts.yaml": "hosts: {a: }", "services/plex/compose.yml": WEB, "services/plex/service.yaml": said}
    (found,) = examine(Files(files)).problems
    assert str(found) == f"services/plex/service.yaml:1:7: page: {problem}"


def test_service_yaml_says_everything_about_a_service() -> None:
    text = (
        "description: Media server\nhosts: {tags: [tier:1]}\ngroup: media\ngroups: [tv]\nprotect: true\ntimeout: 1m30s\n"
        "health: [{http: 'http://{host}:32400/identity'}, {tcp: '{host}:1'}, {command: test -e /x}]\non_config_change: signal:HUP"
    )
    hosts = "defaults: {settle: 2}\nhosts: {a: {tags: [tier:1]}, b: {tags: [tier:1, x]}, c: }\ngroups: {media: , tv: }"
    files = {"hosts.yaml": hosts, "services/plex/compose.yml": WEB, "services/plex/service.yaml": text}
    plex = load(Files(files)).services["plex"]
    assert (plex.description, [h.name for h in plex.hosts]) == ("Media server", ["a", "b"])
    assert (plex.groups, plex.protect, plex.on_config_change, plex.signal) == (
        ("media", "tv"),
        True,
        Reaction.SIGNAL,
        "HUP",
    )
    checks = (
        Check(CheckKind.HTTP, "http://{host}:32400/identity"),
        Check(CheckKind.TCP, "{host}:1"),
        Check(CheckKind.COMMAND, "test -e /x"),
    )
    assert plex.health == Health(checks, timeout=90, settle=2)


def test_a_service_without_service_yaml_goes_to_the_only_host() -> None:
    assert [host.name for host in loaded(plex=WEB).services["plex"].hosts] == ["nas"]


DURATIONS = [
    ("90", 90),
    ("90s", 90),
    ("1m30s", 90),
    ("1h", 3600),
    ("500ms", 0.5),
    ("1.5s", 1.5),
    ("x", None),
    ("1s2", None),
]


@pytest.mark.parametrize(("text", "expected"), DURATIONS)
def test_durations_are_written_as_in_compose(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


def found(*files: str) -> dict[str, tuple[str, ...]]:
    return {folder.name: folder.compose for folder in discover([f"services/{file}" for file in files], [], [])}


def test_compose_files_are_found_in_the_order_of_compose_with_their_override() -> None:
    assert found("a/docker-compose.yml", "a/compose.yml", "a/docker-compose.override.yml", "b/docker-compose.yaml") == {
        "a": ("services/a/compose.yml", "services/a/docker-compose.override.yml"),
        "b": ("services/b/docker-compose.yaml",),
    }


def test_folders_inside_are_instances_unless_the_outer_one_is_the_service() -> None:
    assert list(found("sonarr/anime/compose.yml", "sonarr/tv/compose.yml", "radarr/anime/compose.yml")) == [
        "radarr-anime",
        "sonarr-anime",
        "sonarr-tv",
    ]
    assert list(
        found("web/compose.yml", "web/examples/compose.yml", "web/beta/compose.yml", "web/beta/service.yaml")
    ) == [
        "web",
        "web-beta",
    ]


def test_folders_of_nobody_are_left_alone() -> None:
    assert (
        found("README.md", "plex/README.md", ".cache/compose.yml", "plex/config/service.yaml/x/y", "a/b/c/compose.yml")
        == {}
    )


def test_two_base_files_in_a_folder_are_a_notice() -> None:
    files = {"hosts.yaml": NAS, "services/a/compose.yml": WEB, "services/a/docker-compose.yml": WEB}
    assert notices(load(Files(files))) == [
        (
            "services/a/compose.yml: compose.yml is used, as Compose does; docker-compose.yml beside it is not read; "
            "remove what is not meant"
        )
    ]


VALUES = {"A": "x", "EMPTY": ""}
TEXTS = [
    ("plain", "plain"), ("$A", "x"), ("${A}-${A}", "x-x"), ("$$A", "$A"), ("${B}", None), ("$B", None),
    ("${B:-d}", "d"), ("${B-d}", "d"), ("${EMPTY:-d}", "d"), ("${EMPTY-d}", ""), ("${B:-${C:-e}f}", "ef"),
    ("${A:+r}", "r"), ("${B:+r}", None), ("${A:?no}", "x"), ("${B:?no}", None), ("${A", None), ("${}", None), ("$", "$"),
    ("${B:-$${x}}", "${x}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_variables_are_replaced_as_compose_does(text: str, expected: str | None) -> None:
    assert interpolate(text, VALUES) == expected


def test_an_env_template_proposes_values() -> None:
    text = "# x\nexport A=1\nB='a b' # c\nC=\"$A\"\nD=2 # two\nE=\nF: 3\n{json}\nG=a#b\nH=$UNKNOWN\n"
    assert template_values("A=1\n" * 300_000) == {}
    assert template_values(text) == {"A": "1", "B": "a b", "C": "1", "D": "2", "F": "3", "G": "a#b"}


def unplaced(stack: Stack) -> Stack:
    """The same, wherever in its file each container is written."""
    return replace(stack, containers=tuple(replace(c, place=Place("")) for c in stack.containers))


def test_a_stack_says_what_its_containers_are() -> None:
    compose = """
services:
  app:
    image: plex:${TAG:-1}
    container_name: plex
    build: .
    healthcheck: {test: curl localhost}
    volumes: ['./config:/config:ro', '/srv:/srv', 'cache:/cache', {type: bind, source: ../shared/x, target: /x}]
    configs: [site]
    env_file: [a.env, {path: ../common.env, required: false}, /etc/all.env, '~/me.env']
  sidecar: {image: b, network_mode: 'service:app', healthcheck: {disable: true}, profiles: [debug]}
volumes: {cache: }
configs: {site: {file: ./site.conf}}
"""
    assert unplaced(stack_of(compose)) == Stack(
        files=("services/plex/compose.yml",),
        project="plex",
        containers=(
            Container(
                "app",
                image="plex:1",
                name="plex",
                builds=True,
                has_healthcheck=True,
                mounts=("services/plex/config", "services/shared/x", "services/plex/site.conf"),
                data=("/srv",),
            ),
            Container("sidecar", image="b", network_mode="service:app", profiles=("debug",), active=False),
        ),
        makes_networks=frozenset({"plex_default"}),
        makes_volumes=frozenset({"plex_cache"}),
        env_files=("services/plex/.env", "services/plex/a.env", "services/common.env"),
        host_env_files=("/etc/all.env", "~/me.env"),
        reads=("services/common.env", "services/shared/x"),
    )


NETWORKS = [
    ("services: {a: {image: x}}", {"plex_default"}, set()),
    ("services: {a: {network_mode: host}}", set(), set()),
    ("services: {a: {networks: [own]}}\nnetworks: {own: , unused: {external: true}}", {"plex_own"}, set()),
    ("services: {a: {networks: {own: }}}\nnetworks: {own: {name: media}}", {"media"}, set()),
    ("services: {a: {networks: [p]}}\nnetworks: {p: {external: true}}", set(), {"p"}),
    ("services: {a: {networks: [p]}}\nnetworks: {p: {external: true, name: proxy}}", set(), {"proxy"}),
    ("services: {a: {networks: [p]}}\nnetworks: {p: {external: {name: proxy}}}", set(), {"proxy"}),
    ("services: {a: {networks: [p]}}\nnetworks: {p: {external: true, name: '${NET:-proxy}'}}", set(), {"proxy"}),
    ("services: {a: {networks: [p]}}\nnetworks: {p: {external: false, name: proxy}}", {"proxy"}, set()),
    ("services: {a: {image: x}}\nnetworks: {default: {name: proxy, external: true}}", set(), {"proxy"}),
    ("services: {a: {networks: [p], profiles: [x]}, b: {network_mode: none}}\nnetworks: {p: }", set(), set()),
    ("name: media\nservices: {a: {networks: [p]}}\nnetworks: {p: }", {"media_p"}, set()),
    ("services: {a: {networks: [p]}}\nnetworks: {p: {external: true, name: bridge}}", set(), set()),
]


@pytest.mark.parametrize(("compose", "makes", "needs"), NETWORKS)
def test_networks_have_the_names_that_docker_gives_them(compose: str, makes: set[str], needs: set[str]) -> None:
    stack = stack_of(compose)
    assert (set(stack.makes_networks), set(stack.needs_networks)) == (makes, needs)


def test_an_override_is_merged_as_compose_merges() -> None:
    base = "services: {a: {image: x:1, networks: [own], volumes: ['./a:/a', './b:/b']}}\nnetworks: {own: {name: n}}"
    over = "services: {a: {image: x:2, networks: [more], volumes: !override ['./c:/c']}, b: {image: y}}\nnetworks: {own: {external: true}, more: }"
    stack = stack_of(base, compose_override_yml=over)
    assert [(c.image, c.mounts) for c in stack.containers] == [("x:2", ("services/plex/c",)), ("y", ())]
    assert stack.makes_networks == {"plex_more", "plex_default"}
    assert stack.needs_networks == {"n"}
    assert stack.files == ("services/plex/compose.yml", "services/plex/compose.override.yml")


def test_a_disabled_health_check_stays_so_under_an_override() -> None:
    base = "services: {a: {image: x, healthcheck: {disable: true}}, b: {image: x, healthcheck: {test: 'true'}}}"
    stack = stack_of(
        base, compose_override_yml="services: {a: {healthcheck: {test: 'true'}}, b: {healthcheck: {interval: 1s}}}"
    )
    assert [container.has_healthcheck for container in stack.containers] == [False, True]


def test_what_others_wait_for_until_it_has_ended_may_end() -> None:
    base = """
services:
  a: {image: x, depends_on: {b: {condition: service_completed_successfully}, c: {condition: service_healthy}}}
  b: {image: x}
  c: {image: x, depends_on: [d]}
  d: {image: x}
  e: {image: x, depends_on: {f: {condition: service_completed_successfully}}}
  f: {image: x}
"""
    stack = stack_of(base, compose_override_yml="services: {e: {depends_on: !reset {}}}")
    assert [container.key for container in stack.containers if container.may_end] == ["b"]


def test_what_asks_for_newer_images_or_for_time_to_end_is_known() -> None:
    stack = stack_of("""
services:
  a: {image: x, pull_policy: always, stop_grace_period: 1m30s}
  b: {image: x, pull_policy: '${PULL:-missing}', stop_grace_period: 2d}
  c: {image: x, pull_policy: every_12h, stop_grace_period: soon}
  d: {image: x, pull_policy: missing}
  e: {build: ., pull_policy: always}
  f: {image: x}
""")
    assert {c.key: (c.renews, c.grace) for c in stack.containers} == {
        "a": (True, 90),
        "b": (True, 172800),
        "c": (True, 0),
        "d": (False, 0),
        "e": (False, 0),
        "f": (False, 0),
    }


@pytest.mark.parametrize(
    ("policy", "age"),
    [("always", 0), ("daily", 86400), ("weekly", 604800), ("every_1d12h", 129600), ("every_500ms", 0.5)]
    + [(policy, None) for policy in ("", "never", "build", "missing", "if_not_present")],
)
def test_a_pull_policy_says_how_old_an_image_may_be(policy: str, age: float | None) -> None:
    assert renewed_after(policy) == age


def test_where_a_health_check_asks_more_often_at_the_start_is_known() -> None:
    base = """
services:
  a: {image: x, healthcheck: &check {test: 'true', start_interval: 1s}}
  b: {image: x, healthcheck: *check}
  c: {image: x, healthcheck: {<<: *check, start_interval: }}
  d: {image: x, healthcheck: *check}
  e: {image: x, healthcheck: {test: 'true'}}
"""
    over = "services: {d: {healthcheck: !override {test: 'true'}}, e: {healthcheck: {start_interval: 1s}}}"
    stack = stack_of(base, compose_override_yml=over)
    assert [str(container.start_interval) for container in stack.containers] == [
        "services/plex/compose.yml:3:68",
        "services/plex/compose.yml:3:68",
        "None",
        "None",
        "services/plex/compose.override.yml:1:90",
    ]


def test_include_and_extends_are_followed_through_the_repo() -> None:
    files = {
        "hosts.yaml": NAS,
        "services/plex/compose.yml": "include: [../../shared/db.yml]\nservices: {a: {extends: {file: ../base/base.yml, service: z}, image: x}}",
        "shared/db.yml": "services: {db: {image: pg, volumes: ['./init:/i']}}",
        "services/base/base.yml": "services: {z: {image: base, container_name: zed, env_file: z.env}}",
    }
    stack = load(Files(files)).services["plex"].stack
    assert unplaced(stack).containers == (
        Container("db", image="pg", mounts=("shared/init",)),
        Container("a", image="x", name="zed"),
    )
    assert stack.env_files == ("services/plex/.env", "shared/.env", "services/base/z.env")
    assert stack.reads == (
        "services/base/base.yml",
        "services/base/z.env",
        "shared/.env",
        "shared/db.yml",
        "shared/init",
    )


def test_the_files_of_a_service_are_those_that_may_reach_a_container() -> None:
    files = {
        "hosts.yaml": NAS,
        "services/plex/compose.yml": "services: {a: {image: x, volumes: ['./docs:/d', '../../shared/x:/x']}}",
        "services/plex/service.yaml": "",
        "services/plex/.env.example": "",
        "services/plex/README.md": "",
        "services/plex/notes.md": "",
        "services/plex/docs/page.md": "page",
        "services/plex/config/app.yml": "app",
        "services/plex0/README.md": "",
        "shared/x/y": "y",
        "shared/xx": "",
    }
    plex = load(Files(files)).services["plex"]
    assert list(plex.files) == [
        "services/plex/compose.yml",
        "services/plex/config/app.yml",
        "services/plex/docs/page.md",
        "shared/x/y",
    ]
    lines = "".join(f"{path}\0{files[path]}\0" for path in plex.files)  # plain files have no mode there
    assert plex.digest == hashlib.sha256(lines.encode()).hexdigest()


def test_a_worktree_has_no_digest() -> None:
    files = Files({"hosts.yaml": NAS, "services/plex/compose.yml": WEB}, commit="")
    assert (load(files).services["plex"].files, load(files).services["plex"].digest) == ({}, "")


def test_an_edge_is_inferred_from_a_network_that_one_other_stack_makes() -> None:
    repo = loaded(
        traefik="services: {t: {image: t, networks: [web]}}\nnetworks: {web: {name: proxy}}",
        blog="services: {b: {image: b, networks: [proxy]}}\nnetworks:\n  proxy: {external: true}",
    )
    assert edges(repo) == ["blog -> traefik: uses network proxy, which traefik makes (services/blog/compose.yml:3:3)"]
    assert notices(repo) == []


NAMESPACES = [
    ("container:gluetun", "services: {g: {image: g, container_name: gluetun}}"),
    ("container:vpn-gluetun-1", "services: {gluetun: {image: g}}"),
    ("container:vpn_gluetun_1", "services: {gluetun: {image: g}}"),
    ("container:${VPN:-gluetun}", "services: {g: {image: g, container_name: gluetun}}"),
    ("service:gluetun", "services: {gluetun: {image: g, container_name: other}}"),
]


@pytest.mark.parametrize(("mode", "vpn"), NAMESPACES)
def test_an_edge_is_inferred_from_a_shared_network_namespace(mode: str, vpn: str) -> None:
    repo = loaded(deluge=f"services: {{d: {{image: d, network_mode: '{mode}'}}}}", vpn=vpn)
    assert [(e.dependent, e.dependency, e.reason) for e in repo.edges] == [("deluge", "vpn", Reason.NAMESPACE)]


def test_edges_are_inferred_from_volumes_and_links() -> None:
    repo = loaded(
        db="services: {pg: {image: p, container_name: pg, volumes: ['data:/d']}}\nvolumes: {data: {name: pgdata}}",
        app="services: {a: {image: a, external_links: ['pg:db'], volumes: ['d:/d']}}\nvolumes: {d: {external: true, name: pgdata}}",
    )
    assert edges(repo) == [
        "app -> db: uses volume pgdata, which db makes (services/app/compose.yml:2:11)",
        "app -> db: links to container pg (services/app/compose.yml:1:43)",
    ]


USER = "services: {a: {image: a, networks: [n]}}\nnetworks: {n: {external: true}}"
MAKER = "services: {a: {image: a, networks: [n]}}\nnetworks: {n: {name: n}}"


def test_a_network_of_nobody_is_a_notice_unless_hosts_yaml_lists_it() -> None:
    assert notices(loaded(a=USER)) == [
        (
            "services/a/compose.yml:2:12: external network n is made by no service; "
            "list it under networks: in hosts.yaml, or have one service make it"
        )
    ]
    assert notices(loaded(NAS + "networks: [n]", a=USER)) == []


def test_a_network_of_two_makers_orders_nothing() -> None:
    repo = loaded(a=USER, b=MAKER, c=MAKER)
    assert edges(repo) == []
    assert notices(repo) == [
        (
            "services/a/compose.yml:2:12: external network n belongs to b and c, so it orders nothing; "
            "write depends_on in services/a/service.yaml"
        )
    ]


def test_an_owner_must_share_a_host() -> None:
    files = {"hosts.yaml": "hosts: {h1: , h2: }"}
    files |= {"services/a/compose.yml": USER, "services/a/service.yaml": "host: h1"}
    files |= {"services/b/compose.yml": MAKER, "services/b/service.yaml": "host: h2"}
    repo = load(Files(files))
    assert edges(repo) == []
    assert notices(repo) == ["services/a/compose.yml:2:12: external network n is made only by b on h2; a runs on h1"]


def test_a_name_that_is_not_known_here_is_a_notice() -> None:
    repo = loaded(a="services: {a: {image: a, networks: [n]}}\nnetworks: {n: {external: true, name: $NET}}")
    assert notices(repo) == [
        (
            "services/a/compose.yml:2:38: name of the external network 'n': $NET is not known here, so it orders nothing; "
            "give the variable a value in .env.example, or write depends_on in service.yaml"
        )
    ]


def test_a_name_is_known_from_the_env_template() -> None:
    files = {"hosts.yaml": NAS, "services/b/compose.yml": MAKER, "services/a/.env.example": "NET=n"}
    files["services/a/compose.yml"] = (
        "services: {a: {image: a, networks: [x]}}\nnetworks: {x: {external: true, name: $NET}}"
    )
    assert edges(load(Files(files))) == ["a -> b: uses network n, which b makes (services/a/compose.yml:2:12)"]


def with_settings(**texts: str) -> Repo:
    files = {f"services/{name.replace('_', '/')}/service.yaml": text for name, text in texts.items()}
    composes = {f"services/{name.replace('_', '/')}/compose.yml": WEB for name in texts}
    groups = "groups: {late: {after: [early]}, early: }"
    return load(Files({"hosts.yaml": NAS + groups, **files, **composes}))


def test_a_declared_app_means_all_its_instances() -> None:
    repo = with_settings(overseerr="depends_on: [sonarr]", sonarr_tv="", sonarr_anime="depends_on: [sonarr]")
    assert edges(repo) == [
        "overseerr -> sonarr-anime: depends_on in service.yaml (services/overseerr/service.yaml:1:14)",
        "overseerr -> sonarr-tv: depends_on in service.yaml (services/overseerr/service.yaml:1:14)",
        "sonarr-anime -> sonarr-tv: depends_on in service.yaml (services/sonarr/anime/service.yaml:1:14)",
    ]


def test_a_group_comes_after_a_group_and_who_is_in_both_belongs_to_the_earlier() -> None:
    repo = with_settings(a="group: late", b="group: early", both="groups: [late, early]")
    assert edges(repo) == [
        "a -> b: group late comes after group early (hosts.yaml:2:10)",
        "a -> both: group late comes after group early (hosts.yaml:2:10)",
    ]


def test_an_inferred_edge_that_closes_a_cycle_is_dropped_with_a_warning() -> None:
    files = {"hosts.yaml": NAS, "services/a/compose.yml": USER, "services/b/compose.yml": MAKER}
    repo = load(Files({**files, "services/b/service.yaml": "depends_on: a"}))
    assert edges(repo) == ["b -> a: depends_on in service.yaml (services/b/service.yaml:1:13)"]
    assert notices(repo) == [
        (
            "services/a/compose.yml:2:12: a uses network n, which b makes, but b comes after a; "
            "left out of the order; write depends_on in one of them, or take the cycle apart"
        )
    ]


def names(repo: Repo, words: str | None, group: str | None = None) -> list[str]:
    return [service.name for service in select(repo, words, group)]


def test_words_select_services_apps_and_globs() -> None:
    repo = with_settings(plex="", sonarr_tv="group: late", sonarr_anime="", radarr="")
    assert names(repo, "plex, sonarr") == ["plex", "sonarr-anime", "sonarr-tv"]
    assert names(repo, "*arr*") == ["radarr", "sonarr-anime", "sonarr-tv"]
    assert names(repo, "sonarr", group="late") == ["sonarr-tv"]
    assert names(repo, None) == ["plex", "radarr", "sonarr-anime", "sonarr-tv"]
    assert [service.name for service in select_groups(repo, "l*,early")] == ["sonarr-tv"]


@pytest.mark.parametrize(
    ("words", "group", "sentence"),
    [
        ("plx", None, "no service 'plx'; did you mean 'plex'?"),
        ("sonar", None, "no service 'sonar'; did you mean 'sonarr'?"),
        ("zzz*", None, "no service 'zzz*'; there is plex, sonarr, sonarr-tv"),
        (None, "lat", "no group 'lat'; did you mean 'late'?"),
    ],
)
def test_a_word_that_means_nothing_is_an_error(words: str | None, group: str | None, sentence: str) -> None:
    with pytest.raises(UnknownName) as caught:
        select(with_settings(plex="", sonarr_tv=""), words, group)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("words", ["", " ", ",", " , "])
def test_an_empty_word_never_means_everything(words: str) -> None:
    repo = with_settings(plex="")
    for ask, sentence in (
        (lambda: select(repo, words), "no service is named; inv list"),
        (lambda: select_groups(repo, words), "no group is named; inv list"),
        (lambda: host_names(repo, words), "no host is named; inv hosts"),
    ):
        with pytest.raises(Refused) as caught:
            ask()
        assert str(caught.value) == sentence


def test_what_a_host_is_for_is_one_of_a_few_words() -> None:
    repo = loaded("defaults: {environment: production}\nhosts: {nas: {}, lab: {environment: staging}}\n")
    assert [repo.hosts[name].environment.value for name in ("nas", "lab")] == ["production", "staging"]


@pytest.mark.parametrize(
    ("volume", "data"),
    [
        ("/mnt/vault:/media", ("/mnt/vault",)),
        ("~/photos:/photos", ("~/photos",)),
        ("${MEDIA}/shows:/tv", ("${MEDIA}/shows",)),
        ("../../../outside:/x", ("../../../outside",)),
        ("{type: bind, source: /mnt/vault, target: /media}", ("/mnt/vault",)),
        ("{type: bind, source: /mnt/vault, target: /media, read_only: true}", ()),
        ("/mnt/vault:/media:ro,z", ()),
        ("/var/run/docker.sock:/var/run/docker.sock", ()),
        ("/etc/localtime:/etc/localtime", ()),
        ("./config:/config", ()),
        ("db:/db", ()),
        ("/anonymous", ()),
        ("{type: volume, source: db, target: /db}", ()),
    ],
)
def test_what_a_container_may_write_outside_of_the_repo_is_data(volume: str, data: tuple[str, ...]) -> None:
    stack = stack_of(
        f"services: {{web: {{image: web, volumes: [{volume if volume[0] == '{' else repr(volume)}]}}}}\nvolumes: {{db: }}\n"
    )
    assert stack.containers[0].data == data
