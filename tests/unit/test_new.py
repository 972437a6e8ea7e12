"""What `inv new` makes, refuses, and leaves alone."""
# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from homelab_tasks.errors import HomelabError, RepoInvalid
from homelab_tasks.repo import worktree
from homelab_tasks.repo.loader import examine
from homelab_tasks.scaffold import Draft, Wish, draft, lay
from homelab_tasks.scaffold.image import parse_image
from homelab_tasks.scaffold.known import KNOWN, listening
from homelab_tasks.scaffold.nixos import taken_in
from homelab_tasks.scaffold.words import scalar

from .builders import Files
from .test_docs import rows

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
    image: lscr.io/linuxserver/sonarr:4.0.16
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
        "TZ=Etc/UTC\n\n# The user and group that /var/lib/services/sonarr belongs to: id -u, id -g\nPUID=1000\nPGID=1000\n"
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
    files = a_draft("db", "postgres:17").files
    assert '      - "127.0.0.1:5432:5432"' in files["services/db/compose.yml"].splitlines()
    assert files["services/db/.env.example"] == (
        "# Of the user postgres; it counts when the database is made\n# generate\nPOSTGRES_PASSWORD=\n\nTZ=Etc/UTC\n"
    )


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
    assert made.order.data == "/srv/data/blog-en"
    assert "web before it" in made.files["services/blog/en/README.md"]


LEGAL = "a-z, 0-9, _ and -; a letter or digit first; APP/INSTANCE for one of several"
REFUSED = [
    (Wish("Sonarr!"), f"'Sonarr!' is no service name ({LEGAL}); inv new sonarr"),
    (Wish("../x", "a:1"), f"'../x' is no service name ({LEGAL}); inv new service/x"),
    (Wish("a/b/c", "a:1"), f"'a/b/c' is no service name ({LEGAL}); inv new a/b"),
    (Wish("", "a:1"), f"'' is no service name ({LEGAL}); inv new service"),
    (Wish("web"), "service 'web' is there already, in services/web; inv show web"),
    (Wish("tv", "a:1"), "tv has instances (kids), and is none itself; name one more: inv new tv/NAME"),
    (Wish("tv-kids", "a:1"), "service 'tv-kids' is there already, in services/tv/kids; inv show tv-kids"),
    (Wish("blog"), "no image is known for 'blog'; inv new blog --from-image REPOSITORY:TAG"),
    (Wish("blog", "Acme Blog"), "'Acme Blog' is no image; write REPOSITORY:TAG, such as jellyfin/jellyfin:10.11.11"),
    (Wish("blog", "acme/blog"), "acme/blog names no version: tomorrow it is another image, and there is no way back; give one, acme/blog:TAG; to find them: https://hub.docker.com/r/acme/blog/tags"),
    (Wish("plex", "lscr.io/linuxserver/plex:latest"), "lscr.io/linuxserver/plex:latest names no version: tomorrow it is another image, and there is no way back; give one, lscr.io/linuxserver/plex:1.41.7; to find them: https://hub.docker.com/r/linuxserver/plex/tags"),
    (Wish("plex", host="nsa"), "no host 'nsa'; did you mean 'nas'?"),
    (Wish("plex", groups="meda"), "no group 'meda'; did you mean 'media'?"),
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
    files = {"services/web/compose.yml": WEB, "services/web/service.yaml": "groups: [media]"}
    with pytest.raises(RepoInvalid) as caught:
        a_draft("vpn", "acme/vpn:1", files, groups="infra", depends_on="web")
    assert "dependency cycle: " in str(caught.value)


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
    assert "PUID: ${PUID:-3008}\n      PGID: ${PGID:-3000}" in made.files["services/sonarr/compose.yml"]


def test_without_a_group_of_nixos_it_gets_one_of_its_own(nixos: Path) -> None:
    made = draft(examine(worktree(nixos)), Wish("7zip", "acme/7zip:1"))
    text = made.files["nixos/modules/services/7zip/user.nix"]
    assert '  users.groups."7zip".gid = 3008;' in text.splitlines()


def test_an_image_that_sees_to_its_files_itself_keeps_them(nixos: Path) -> None:
    text = draft(examine(worktree(nixos)), Wish("postgres")).files["nixos/modules/services/postgres/user.nix"]
    assert '"d /var/lib/services/postgres :0750 :postgres :postgres -"' in text


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
