"""What `inv new` makes is right by `inv validate --strict`, and deploys."""

from __future__ import annotations

from pathlib import Path

import pytest

from homelab_tasks.repo import worktree
from homelab_tasks.repo.loader import examine
from homelab_tasks.scaffold import Wish, draft, lay
from homelab_tasks.scaffold.known import KNOWN
from tests.hosts.homelab import CHECKOUT, Homelab
from tests.lab import LabHost


@pytest.fixture
def homelab(home: Homelab) -> Homelab:
    """With the usual .gitignore."""
    home.write(".gitignore", ".env\n")
    return home


def test_a_new_service_of_an_unknown_image_is_valid_and_deploys_healthy(homelab: Homelab, host: LabHost) -> None:
    made = homelab.succeed("new", "blog", "--from-image", "homelab/demo:1", "--host", "h1", "--port", "80")
    assert made.out.splitlines()[-4:] == [
        "its port 80 is port 8080 of h1",
        "next  look through services/blog/compose.yml",
        "      git add services/blog && git commit --message 'Add blog'",
        "      inv deploy blog",
    ]
    homelab.succeed("validate", "--strict")
    homelab.commit()
    assert "blog h1 created, healthy" in homelab.succeed("deploy", "blog").said
    page = r"exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET / HTTP/1.0\r\n\r\n' >&3; cat <&3"
    assert host.check("bash", "-c", page).endswith("homelab/demo:1")


def test_an_image_of_which_nothing_is_known_is_healthy_as_soon_as_it_listens(homelab: Homelab) -> None:
    homelab.succeed("new", "blog", "--from-image", "homelab/demo:1", "--host", "h1")
    homelab.succeed("new", "deaf", "--from-image", "homelab/demo:1", "--host", "h1")
    homelab.replace("services/deaf/compose.yml", "homelab/demo:1", "homelab/demo:1\n    command: sleep 1000")
    homelab.commit()
    done = homelab.inv("deploy", "blog,deaf", "--timeout", "5")
    assert "blog h1 created, healthy" in done.said
    assert "deaf h1 created, healthy" not in done.said
    assert done.status == 1


def test_two_instances_of_an_app_have_names_of_their_own_on_a_network_that_they_share(
    homelab: Homelab, host: LabHost
) -> None:
    homelab.write("services/blog/README.md", "# blog\n")
    for name in ("blog/en", "blog/fr"):
        made = homelab.succeed("new", name, "--from-image", "homelab/demo:1", "--host", "h1", "--port", "80")
        homelab.replace(f"services/{name}/compose.yml", "homelab/demo:1", "homelab/demo:1\n    networks: [blogs]")
        with (homelab.root / f"services/{name}/compose.yml").open("a") as file:
            file.write("networks: {blogs: {name: blogs, external: true}}\n")
    assert made.out.splitlines()[-4:] == [
        "next  look through services/blog/fr/compose.yml",
        "      say in services/blog/README.md what fr is for",
        "      git add services/blog/fr services/blog/README.md && git commit --message 'Add blog-fr'",
        "      inv deploy blog-fr",
    ]
    homelab.write("hosts.yaml", (homelab.root / "hosts.yaml").read_text() + "networks: {blogs: {}}\n")
    homelab.commit()
    homelab.succeed("deploy", "blog")
    page = "wget -q -O - http://blog-{}:80"
    answers = [host.docker("exec", "blog-en-blog-en-1", "sh", "-c", page.format(name)) for name in ("en", "fr")]
    assert answers == ["homelab/demo:1"] * 2


def test_a_secret_is_made_up_and_sent_before_the_first_deploy(homelab: Homelab, host: LabHost) -> None:
    made = homelab.succeed("new", "postgres", "--host", "h1")
    assert "inv env.init --names postgres --generate && inv env.push postgres" in made.out
    homelab.replace("services/postgres/compose.yml", "postgres:18.6", "homelab/demo:1")
    homelab.replace(
        "services/postgres/compose.yml", '"pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"', '"true"'
    )
    homelab.commit()
    homelab.succeed("env.init", "--names", "postgres", "--generate")
    homelab.succeed("env.push", "postgres")
    homelab.succeed("deploy", "postgres")
    secret = host.docker("exec", "postgres-postgres-1", "sh", "-c", "echo $POSTGRES_PASSWORD")
    assert len(secret) >= 20
    assert secret in host.check("cat", f"{CHECKOUT}/services/postgres/.env")


def test_everything_that_is_known_is_valid_on_a_nixos_host(homelab: Homelab) -> None:
    homelab.write("hosts.yaml", "hosts: {nas: {system: nixos}}\ngroups: {media: }\n")
    homelab.write("nixos/modules/default.nix", "{\n  imports = [\n    ./services/web/user.nix\n  ];\n}\n")
    homelab.write("nixos/modules/services/web/user.nix", "{ users.groups.media.gid = 3000; }\n")
    homelab.write("nixos/flake.nix", "{ outputs = { ... }: { nixosConfigurations.nas = { }; }; }\n")
    for name in KNOWN:
        lay(draft(examine(worktree(homelab.root)), Wish(name, groups="media")), homelab.root)
    homelab.git("add", "--all")
    done = homelab.succeed("validate", "--strict")
    assert f"nothing wrong with {len(KNOWN)} services" in done.said


def test_a_dry_run_shows_the_files_and_writes_none(homelab: Homelab) -> None:
    before = _names(homelab.root)
    done = homelab.succeed("new", "blog/en", "--from-image", "homelab/demo:1", "--host", "h2", "--dry-run")
    assert "services/blog/en/compose.yml\n  services:\n    blog-en:\n      image: homelab/demo:1\n" in done.out
    assert done.out.endswith("nothing was written; the same without --dry-run does it\n")
    assert _names(homelab.root) == before


def _names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if ".git/" not in f"{path}/")
