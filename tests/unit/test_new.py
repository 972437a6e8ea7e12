"""What `inv new` makes, refuses, and leaves alone."""
# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from homelab_tasks.errors import HomelabError, RepoInvalid
from homelab_tasks.repo import load, worktree
from homelab_tasks.repo.loader import examine
from homelab_tasks.scaffold import Draft, Wish, draft, lay
from homelab_tasks.scaffold.image import parse_image
from homelab_tasks.scaffold.known import KNOWN, listening
from homelab_tasks.scaffold.nixos import taken_in
from homelab_tasks.scaffold.words import scalar

from .builders import Files
from .test_docs import TOP, rows

NAS = "hosts: {nas: {}}\ngroups: {infra: {}, media: {after: [infra]}}\n"
TWO = "hosts: {nas: {}, hl15: {data: /srv/data/}}\n"
WEB = "services: {web: {image: web:1, ports: ['8989:80', '127.0.0.1:8990-8991:1-2']}}\n"


def a_draft(name: str, image: str | None = None, files: Mapping[str, str] | None = None, **words: str) -> Draft:
    """Of a repo with the host nas and these files."""
    return draft(examine(Files({"hosts.yaml": NAS, **(files or {})})), Wish(name, image, **words))


def refusal(wish: Wish, files: Mapping[str, str]) -> str:
    with pytest.raises(HomelabError) as caught:
        draft(examine(Files({"hosts.yaml": NAS, **files})), wish)
    return str(caught.value)


SONARR = """\
services:
  sonarr:
    image: lscr.io/linuxserver/sonarr:4.0.17
    restart: unless-stopped
    environment:
      TZ: ${TZ:-Etc/UTC}
      PUID: ${PUID:-1000}
      PGID: ${PGID:-1000}
    volumes:
      - /var/lib/services/sonarr:/config
    ports:
      - "8989:8989"
    healthcheck:
      test: ["CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8989/ping"]
      interval: 30s
      timeout: 5s
      retries: 3
      start_period: 60s
    logging: # without a limit they grow until the disk is full
      driver: json-file
      options: {max-size: 10m, max-file: "3"}
"""


def test_a_known_app_needs_its_name_only() -> None:
    made = a_draft("sonarr")
    assert list(made.files) == [
        f"services/sonarr/{n}" for n in ("compose.yml", "service.yaml", ".env.example", "README.md")
    ]
    assert made.files["services/sonarr/compose.yml"] == SONARR
    assert made.files["services/sonarr/service.yaml"] == "description: Series, searched for, fetched and sorted\n"
    assert made.files["services/sonarr/.env.example"] == (
        "# The time zone of what it shows and logs, as in /usr/share/zoneinfo\nTZ=Etc/UTC\n\n"
        "# The user and group that /var/lib/services/sonarr belongs to: id -u, id -g\nPUID=1000\nPGID=1000\n"
    )


def test_an_unknown_image_is_healthy_while_it_listens() -> None:
    lines = a_draft("blog", "acme/blog:2").files["services/blog/compose.yml"].splitlines()
    assert '    # ports: ["8080:8080"] # HOST:CONTAINER, once it is known where it listens' in lines
    (test,) = [line for line in lines if "test:" in line]
    assert test == (
        """      test: ["CMD-SHELL", "cat /proc/net/tcp /proc/net/tcp6 | grep -v 0B00007F: | grep -q ':0000 0A'"]"""
    )


def test_a_port_that_is_given_is_published_and_asked() -> None:
    made = a_draft("blog", "acme/blog:2", port="8080")
    assert made.ports == (8080,)
    assert "grep -q ':1F90 [0-9A-F]*:0000 0A'" in made.files["services/blog/compose.yml"]


def test_a_port_that_another_service_publishes_there_is_passed_over() -> None:
    assert a_draft("sonarr", files={"services/web/compose.yml": WEB}).ports == (8992,)
    elsewhere = {"hosts.yaml": TWO, "services/web/compose.yml": WEB, "services/web/service.yaml": "host: hl15"}
    assert a_draft("sonarr", files=elsewhere, host="nas").ports == (8989,)


def test_after_the_last_port_comes_the_first_that_is_free() -> None:
    last = {"services/web/compose.yml": "services: {web: {image: web:1, ports: ['65535:80']}}\n"}
    assert a_draft("blog", "acme/blog:2", last, port="65535").ports == (1024,)


def test_ports_below_1024_are_left_to_a_proxy() -> None:
    assert a_draft("vaultwarden").ports == (8080,)
    assert a_draft("caddy").ports == (80, 443)


def test_a_database_is_published_on_its_host_only_and_its_password_is_made_up() -> None:
    files = a_draft("db", "postgres:18").files
    assert '      - "127.0.0.1:5432:5432"' in files["services/db/compose.yml"].splitlines()
    assert files["services/db/.env.example"].startswith(
        "# Of the user postgres; it counts when the database is made\n# generate\nPOSTGRES_PASSWORD=\n\n# The time zone"
    )


def test_what_only_a_person_knows_is_asked_for_and_not_made_up() -> None:
    files = a_draft("homepage").files
    assert "      HOMEPAGE_ALLOWED_HOSTS: ${HOMEPAGE_ALLOWED_HOSTS:?}\n" in files["services/homepage/compose.yml"]
    assert files["services/homepage/.env.example"].startswith(
        "# The names by which browsers ask for it, each with its port: 10.0.0.5:3000,home.example.org\n"
        "HOMEPAGE_ALLOWED_HOSTS=\n\n"
    )


@pytest.mark.parametrize(
    ("image", "data"),
    [
        ("postgres:17.6", "/var/lib/postgresql/data"),
        ("postgres:9-alpine", "/var/lib/postgresql/data"),
        ("postgres:18", "/var/lib/postgresql"),
        ("postgres:trixie", "/var/lib/postgresql"),
        ("mariadb:10", "/var/lib/mysql"),
    ],
)
def test_data_is_mounted_where_that_version_keeps_it(image: str, data: str) -> None:
    assert f"      - /var/lib/services/db:{data}\n" in a_draft("db", image).files["services/db/compose.yml"]


@pytest.mark.parametrize(("host", "lines"), [("nas", ["      start_interval: 1s"]), ("hl15", [])])
def test_it_is_asked_each_second_at_the_start_where_the_engine_takes_that(host: str, lines: list[str]) -> None:
    check = "{test: 'true', start_period: 9s, start_interval: 1s}"
    there = {
        "hosts.yaml": TWO,
        "services/web/compose.yml": f"services: {{web: {{image: web:1, healthcheck: {check}}}}}\n",
        "services/web/service.yaml": "host: nas",
    }
    made = a_draft("sonarr", files=there, host=host).files["services/sonarr/compose.yml"]
    assert [line for line in made.splitlines() if "start_interval" in line] == lines


def test_host_groups_and_dependencies_go_into_service_yaml() -> None:
    made = a_draft(
        "blog/en",
        "acme/blog:2",
        {
            "hosts.yaml": TWO + "groups: {media: , '7': }",
            "services/web/compose.yml": WEB,
            "services/web/service.yaml": "host: nas",
        },
        host="hl15",
        groups="media, 7",
        depends_on="web",
    )
    assert made.files["services/blog/en/service.yaml"] == (
        'description: Runs acme/blog\nhost: hl15\ngroups: [media, "7"]\ndepends_on: [web]\n'
    )
    assert made.order.data == "/srv/data/blog/en"
    assert "web before it" in made.files["services/blog/en/README.md"]


README = """\
# sonarr

Series, searched for, fetched and sorted.

- **Needs**: nothing but Docker.
- **Reached at**: port 8989 of the host.
- **Data**: `/var/lib/services/sonarr`.
- **Image**: `lscr.io/linuxserver/sonarr`; its versions: https://hub.docker.com/r/linuxserver/sonarr/tags

## First start

    sudo install -d -o 1000 -g 1000 /var/lib/services/sonarr   # on nas, once
    inv env.init --names sonarr --generate
    inv env.push sonarr
    inv deploy sonarr

What is then set up by hand once: write it down here.

## Upgrade

Read the release notes, change the tag in `compose.yml`, commit, look at `inv deploy sonarr --dry-run`, deploy.
The way back is `inv rollback --service sonarr`; make a backup first, as data may not go back.

## Backup

`/var/lib/services/sonarr` and the `.env`.

    inv stop sonarr
    sudo tar -C /var/lib/services -czf sonarr.tar.gz sonarr      # on nas
    inv start sonarr

Restore: `inv stop sonarr`; on nas `sudo rm -r /var/lib/services/sonarr`, then
`sudo tar -C /var/lib/services -xzpf sonarr.tar.gz`; `inv start sonarr`.

## Remove

`inv destroy sonarr`, delete this folder, commit. Its data stays in `/var/lib/services/sonarr`.

## Troubleshooting

- `inv logs sonarr` shows what it says, `inv status --names sonarr` what differs from the repo.
- Unhealthy: run the test of the healthcheck by hand, `docker compose exec`, in `services/sonarr` on the host.
- Permission denied: the files in its data folder belong to another user than it runs as; see `.env`.
"""


def test_the_readme_can_be_followed_at_once() -> None:
    assert a_draft("sonarr").files["services/sonarr/README.md"] == README


def test_what_keeps_no_data_has_none_to_back_up_or_to_leave() -> None:
    text = a_draft("blog", "acme/blog:2").files["services/blog/README.md"]
    assert "## Backup\n\nThe `.env`; no other data is kept yet.\n\n## Remove" in text
    assert "`inv destroy blog`, delete this folder, commit.\n\n" in text


def test_the_readme_has_the_sections_of_the_template_in_their_order() -> None:
    template = (Path(__file__).parents[2] / "services/README.template.md").read_text()
    text = a_draft("sonarr").files["services/sonarr/README.md"]
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == [line for line in template.splitlines() if line.startswith("## ")]


LEGAL = "a-z, 0-9, _ and -; a letter or digit first; APP/INSTANCE for one of several"
REFUSED = [
    (Wish("Sonarr!"), f"'Sonarr!' is no service name ({LEGAL}); inv new sonarr"),
    (Wish("../x", "a:1"), f"'../x' is no service name ({LEGAL}); inv new service/x"),
    (Wish("a/b/c", "a:1"), f"'a/b/c' is no service name ({LEGAL}); inv new a/b"),
    (Wish("sonarr/"), f"'sonarr/' is no service name ({LEGAL}); inv new sonarr"),
    (Wish("", "a:1"), f"'' is no service name ({LEGAL}); inv new service"),
    (Wish("web"), "service 'web' is there already, in services/web; inv show web"),
    (Wish("tv", "a:1"), "tv has instances (kids), and is none itself; name one more: inv new tv/NAME"),
    (Wish("tv-kids", "a:1"), "service 'tv-kids' is there already, in services/tv/kids; inv show tv-kids"),
    (Wish("blog"), "no image is known for 'blog'; inv new blog --from-image REPOSITORY:TAG"),
    (Wish("blog", "Acme Blog"), "'Acme Blog' is no image; write REPOSITORY:TAG, such as jellyfin/jellyfin:10.11.11"),
    (Wish("blog", "acme/blog"), "acme/blog names no version: tomorrow it is another image, and there is no way back; give one, acme/blog:TAG; to find them: https://hub.docker.com/r/acme/blog/tags"),
    (Wish("plex", "lscr.io/linuxserver/plex:latest"), "lscr.io/linuxserver/plex:latest names no version: tomorrow it is another image, and there is no way back; give one, lscr.io/linuxserver/plex:1.43.2; to find them: https://hub.docker.com/r/linuxserver/plex/tags"),
    (Wish("plex", host="nsa"), "no host 'nsa'; did you mean 'nas'?"),
    (Wish("plex", groups="meda"), "no group 'meda'; did you mean 'media'? (groups are listed in hosts.yaml)"),
    (Wish("plex", groups=","), "no group is named; inv list"),
    (Wish("plex", depends_on="web,wbe"), "no service 'wbe'; did you mean 'web'?"),
    (Wish("plex", port="0"), "--port: '0' is no port; give the number on which it listens in its container"),
]  # fmt: skip


@pytest.mark.parametrize(("wish", "sentence"), REFUSED)
def test_what_cannot_be_is_refused_with_the_next_move(wish: Wish, sentence: str) -> None:
    there = {"services/web/compose.yml": WEB, "services/tv/kids/compose.yml": "services: {tv: {image: tv:1}}"}
    assert refusal(wish, there) == sentence


def test_of_several_hosts_one_has_to_be_named() -> None:
    assert refusal(Wish("plex"), {"hosts.yaml": TWO}) == (
        "no host is named, and there are nas, hl15; say e.g. --host nas"
    )


def test_a_cycle_that_it_would_close_is_told_before_anything_is_written() -> None:
    files = {"services/web/compose.yml": WEB, "services/web/service.yaml": "groups: [media]\ndepends_on: [db]"}
    files |= {"services/db/compose.yml": WEB, "services/db/service.yaml": "groups: [media]"}
    with pytest.raises(RepoInvalid) as caught:
        a_draft("vpn", "acme/vpn:1", files, groups="infra", depends_on="web")
    (problem,) = caught.value.problems  # and not db -> vpn -> web -> db
    assert problem.what == "dependency cycle: vpn -> web -> vpn"


def test_a_broken_service_elsewhere_is_no_obstacle() -> None:
    assert a_draft("plex", files={"services/web/compose.yml": "services: [\n"}).order.name == "plex"


@pytest.mark.parametrize(
    ("text", "repository", "path", "tag", "pinned"),
    [
        ("postgres:17", "postgres", "postgres", "17", True),
        ("docker.io/library/postgres:17", "docker.io/library/postgres", "postgres", "17", True),
        ("localhost:5000/a/b:v1_2.3", "localhost:5000/a/b", "a/b", "v1_2.3", True),
        ("ghcr.io/a/b", "ghcr.io/a/b", "a/b", "", False),
        ("a/b:latest", "a/b", "a/b", "latest", False),
        (f"a/b:latest@sha256:{'0' * 64}", "a/b", "a/b", "latest", True),
    ],
)
def test_an_image_is_taken_apart(text: str, repository: str, path: str, tag: str, *, pinned: bool) -> None:
    image = parse_image(text)
    assert (str(image), image.repository, image.path, image.tag, image.pinned) == (text, repository, path, tag, pinned)


@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("redis", "https://hub.docker.com/_/redis/tags"),
        ("a/b", "https://hub.docker.com/r/a/b/tags"),
        ("ghcr.io/a/b", "https://github.com/a/b/pkgs/container/b"),
        ("quay.io/a/b", "skopeo list-tags docker://quay.io/a/b"),
    ],
)
def test_it_is_told_where_versions_are_found(image: str, place: str) -> None:
    assert parse_image(image).versions_at == place


@pytest.mark.parametrize(
    ("name", "text"),
    [("media", "media"), ("a.b-c_d", "a.b-c_d"), ("7", '"7"'), ("no", '"no"'), ("True", '"True"'), ("1e3", '"1e3"')],
)
def test_a_name_stays_text_in_yaml(name: str, text: str) -> None:
    assert scalar(name) == text


def test_a_test_for_a_port_looks_for_it_as_the_kernel_writes_it() -> None:
    assert listening(80)[1].endswith("grep -q ':0050 [0-9A-F]*:0000 0A'")


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_of_an_image_is_found_by_its_name_and_by_the_image(name: str) -> None:
    made = a_draft("x", f"{KNOWN[name].repository}:{KNOWN[name].tag}")
    assert made.order.about == a_draft(name).order.about == KNOWN[name]


def test_what_is_known_of_an_image_is_what_the_services_of_this_repo_say() -> None:
    """A service that publishes no port itself says nothing of it; UDP is left to who wants it."""
    repo, here, elsewhere = load(worktree(TOP)), {}, {}
    for service in repo.services.values():
        for container in service.stack.containers:
            app = KNOWN.get(service.app)
            if not app or parse_image(container.image).repository != app.repository:
                continue
            ports = tuple(port.target for port in container.ports if port.protocol == "tcp")
            check = yaml.safe_load((TOP / service.stack.files[0]).read_text())["services"][container.key]["healthcheck"]
            here[service.name] = (container.image, check["test"], check["start_period"], ports)
            elsewhere[service.name] = (
                f"{app.repository}:{app.tag}", list(app.test), app.start_period, app.ports if ports else (),
            )  # fmt: skip
    assert {"caddy", "homepage", "plex", "postgres", "radarr-anime", "vaultwarden"} < here.keys()
    assert elsewhere == here


def test_the_docs_list_what_is_known() -> None:
    listed = [row for row in rows("docs/new.md") if row[0].strip("`") in KNOWN]
    assert listed == [
        [f"`{name}`", f"`{app.repository}:{app.tag}`", ", ".join(map(str, app.ports)), f"`{app.data}`"]
        for name, app in sorted(KNOWN.items())
    ]


# NixOS

MODULES = """\
{
  imports = [
    ./base.nix
    ./services/plex/user.nix
    ./services/web/user.nix
  ];
}
"""
USER = """\
# Who sonarr is on the host; PUID in services/sonarr/.env is this uid.
{
  users.users.sonarr = {
    isSystemUser = true;
    uid = 3008;
    group = "media";
  };

  systemd.tmpfiles.rules = [ "d /var/lib/services/sonarr 0750 sonarr media -" ];
}
"""


@pytest.fixture
def nixos(tmp_path: Path) -> Path:
    """A repo with a NixOS host, the group media of gid 3000 and a user of uid 3007."""
    for path, text in {
        "hosts.yaml": "hosts: {nas: {system: nixos}}\ngroups: {media: }\n",
        "nixos/modules/default.nix": MODULES,
        "nixos/modules/groups/media.nix": '{ users.groups.media = { name = "media"; gid = 3000; }; }\n',
        "nixos/modules/services/plex/user.nix": "{ users.users.plex.uid = 3007; } # not uid = 4000\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_on_nixos_a_service_gets_a_user_of_its_own_that_the_modules_take_in(nixos: Path) -> None:
    made = draft(examine(worktree(nixos)), Wish("sonarr", groups="media"))
    assert made.files["nixos/modules/services/sonarr/user.nix"] == USER
    line = "    ./services/sonarr/user.nix\n"
    assert made.edits == {
        "nixos/modules/default.nix": MODULES.replace("    ./services/web", f"{line}    ./services/web")
    }
    left = "delete this folder and `nixos/modules/services/sonarr`,\nwhich has a line in `nixos/modules/default.nix`, commit."
    assert left in made.files["services/sonarr/README.md"]
    assert "PUID: ${PUID:-3008}\n      PGID: ${PGID:-3000}" in made.files["services/sonarr/compose.yml"]


def test_without_a_group_of_nixos_it_gets_one_of_its_own(nixos: Path) -> None:
    made = draft(examine(worktree(nixos)), Wish("7zip", "acme/7zip:1"))
    text = made.files["nixos/modules/services/7zip/user.nix"]
    assert '  users.groups."7zip".gid = 3008;' in text.splitlines()


def test_an_image_that_sees_to_its_files_itself_keeps_them(nixos: Path) -> None:
    text = draft(examine(worktree(nixos)), Wish("postgres")).files["nixos/modules/services/postgres/user.nix"]
    assert '"d /var/lib/services/postgres :0750 :postgres :postgres -"' in text


OF_INSTANCES = """\
# Who sonarr is on the host, all of its instances; PUID in services/sonarr/*/.env is this uid.
{
  users.users.sonarr = {
    isSystemUser = true;
    uid = 3008;
    group = "media";
  };

  systemd.tmpfiles.rules = [
    "d /var/lib/services/sonarr 0750 sonarr media -"
    "d /var/lib/services/sonarr/anime 0750 sonarr media -"
  ];
}
"""


def test_an_instance_has_a_name_a_folder_and_data_of_its_own_and_the_user_of_its_app(nixos: Path) -> None:
    made = draft(examine(worktree(nixos)), Wish("sonarr/anime", groups="media"))
    compose = made.files["services/sonarr/anime/compose.yml"]
    assert compose.startswith("services:\n  sonarr-anime:\n    image: lscr.io/linuxserver/sonarr:")
    assert "    volumes:\n      - /var/lib/services/sonarr/anime:/config\n" in compose
    assert made.files["nixos/modules/services/sonarr/user.nix"] == OF_INSTANCES
    assert "# As in nixos/modules/services/sonarr/user.nix\n" in made.files["services/sonarr/anime/.env.example"]
    readme = made.files["services/sonarr/anime/README.md"]
    assert "sudo tar -C /var/lib/services/sonarr -czf sonarr-anime.tar.gz anime      # on nas" in readme
    assert "this folder and the line of `/var/lib/services/sonarr/anime` in `nixos/modules/services/sonarr/" in readme


def test_one_more_instance_is_the_user_that_the_others_are_and_gets_a_folder_in_order(nixos: Path) -> None:
    lay(draft(examine(worktree(nixos)), Wish("sonarr/shows", groups="media")), nixos)
    made = draft(examine(worktree(nixos)), Wish("sonarr/anime", groups="media"))
    user = "nixos/modules/services/sonarr/user.nix"
    shows = '    "d /var/lib/services/sonarr/shows 0750 sonarr media -"\n  ];\n'
    assert made.edits == {user: OF_INSTANCES.replace("  ];\n", shows)}
    assert user not in made.files
    assert (made.ports, made.by_hand) == ((8990,), ())
    assert "PUID: ${PUID:-3008}\n      PGID: ${PGID:-3000}" in made.files["services/sonarr/anime/compose.yml"]


def test_an_instance_of_what_was_one_by_itself_is_the_same_user(nixos: Path) -> None:
    lay(draft(examine(worktree(nixos)), Wish("sonarr", groups="media")), nixos)
    made = draft(examine(worktree(nixos)), Wish("sonarr/anime", groups="media"))
    assert made.edits == {
        "nixos/modules/services/sonarr/user.nix": OF_INSTANCES.replace(", all of its instances", "").replace("/*/", "/")
    }


def test_folders_that_are_made_in_another_way_are_left_to_a_person(nixos: Path) -> None:
    module = nixos / "nixos/modules/services/sonarr/user.nix"
    lay(draft(examine(worktree(nixos)), Wish("sonarr/shows", groups="media")), nixos)
    module.write_text(module.read_text().replace("rules = [", "rules = map folder ["))
    made = draft(examine(worktree(nixos)), Wish("sonarr/anime"))
    rule = '"d /var/lib/services/sonarr/anime 0750 sonarr media -"'
    assert (made.edits, made.by_hand) == (
        {},
        (f"add {rule} to systemd.tmpfiles.rules in nixos/modules/services/sonarr/user.nix",),
    )


@pytest.mark.parametrize(("old", "new"), [("uid = 3008", "uid = number"), ('"media"', '"films"'), ("group =", "g =")])
def test_an_instance_is_nobody_while_its_user_cannot_be_read(old: str, new: str, nixos: Path) -> None:
    module = nixos / "nixos/modules/services/sonarr/user.nix"
    lay(draft(examine(worktree(nixos)), Wish("sonarr/shows", groups="media")), nixos)
    module.write_text(module.read_text().replace(old, new))
    with pytest.raises(HomelabError) as caught:
        draft(examine(worktree(nixos)), Wish("sonarr/anime"))
    assert str(caught.value) == (
        "nixos/modules/services/sonarr/user.nix does not say one uid and one group whose gid nixos/ declares; "
        "write both as numbers: all instances of an app are that user"
    )


def test_instances_with_one_readme_get_no_other(nixos: Path) -> None:
    lay(draft(examine(worktree(nixos)), Wish("sonarr/shows", groups="media")), nixos)
    (nixos / "services/sonarr/README.md").write_text("# sonarr\n")
    made = draft(examine(worktree(nixos)), Wish("sonarr/anime"))
    assert "services/sonarr/anime/README.md" not in made.files
    assert made.of_app == "services/sonarr/README.md"


@pytest.mark.parametrize(("name", "before"), [("app", "plex"), ("sonarr", "web")])
def test_a_module_is_taken_in_in_order(name: str, before: str, nixos: Path) -> None:
    order = draft(examine(worktree(nixos)), Wish(name, "a/b:1")).order
    line = f"    ./services/{before}/user.nix\n"
    assert taken_in(MODULES, order) == MODULES.replace(line, f"    ./services/{name}/user.nix\n{line}")


def test_modules_that_are_imported_in_another_way_are_left_to_a_person(nixos: Path) -> None:
    (nixos / "nixos/modules/default.nix").write_text("{ imports = map f (attrNames (readDir ./services)); }\n")
    made = draft(examine(worktree(nixos)), Wish("sonarr"))
    assert (made.edits, made.by_hand) == (
        {},
        ("import nixos/modules/services/sonarr/user.nix where the host's modules are imported",),
    )


# On the disk


def snapshot(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


def test_all_files_are_written(nixos: Path) -> None:
    before = snapshot(nixos)
    made = draft(examine(worktree(nixos)), Wish("sonarr/anime"))
    lay(made, nixos)
    assert snapshot(nixos) == {**before, **made.files, **made.edits}
    assert examine(worktree(nixos)).problems == ()


def test_where_one_cannot_be_written_nothing_is_changed(nixos: Path) -> None:
    made = draft(examine(worktree(nixos)), Wish("sonarr"))
    (nixos / "nixos/modules/services/sonarr").write_text("in the way\n")
    before = snapshot(nixos)
    with pytest.raises(HomelabError) as caught:
        lay(made, nixos)
    assert "nothing was changed" in str(caught.value)
    assert snapshot(nixos) == before
    assert not (nixos / "services").exists()


def test_a_folder_that_is_there_already_is_never_written_into(nixos: Path) -> None:
    (nixos / "services/sonarr").mkdir(parents=True)
    with pytest.raises(HomelabError) as caught:
        draft(examine(worktree(nixos)), Wish("sonarr"))
    assert str(caught.value) == "services/sonarr is there already; move it away, or choose another name"


def test_a_user_that_is_there_already_keeps_its_uid(nixos: Path) -> None:
    with pytest.raises(HomelabError) as caught:
        draft(examine(worktree(nixos)), Wish("plex"))
    assert str(caught.value) == (
        "nixos/modules/services/plex/user.nix is there already; move it away, or choose another name"
    )
