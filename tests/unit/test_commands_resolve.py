"""Asking Compose about files that are not on the host yet: the script run for real with a scripted Compose."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homelab_tasks.commands.resolve import Resolution, parse, resolve
from homelab_tasks.model import Host, Service

from .builders import a_host, a_repo, a_service
from .engine_answers import SAID
from .scratch import fake_docker, git

# Tells what Compose would see: where it runs, its .env and its env_file. The Engine ends the line, not who asks.
COMPOSE = r"""
case "$*" in
  *"--file - config"*) cat >/dev/null
    printf '{\n  "x-of": {\n    "NONE": "",\n    "TOKEN": "=%s"\n  }\n}' "$(<.env)" ;;
  *dial-stdio) while IFS= read -r line && [[ $line != Connection* ]]; do :; done; printf %s "$SAID" ;;
  *config*) case "$PWD" in */broken) echo 'services.x.image must be a string' >&2; exit 15 ;;
      */vault) printf '{\n  "secrets": {\n    "a": {\n      "environment": "TOKEN"\n    },\n'
        printf '    "b": {\n      "environment": "NONE"\n    }\n  }\n}'; exit ;; esac
    printf 'time="x" level=warning msg="The \\"TZ\\" variable is not set. Defaulting to a blank string."\n' >&2
    printf '{"project":"%s","place":"%s/config",' "$3" "$PWD"
    printf '"env":"%s","file":"%s"}' "$(cat .env 2>/dev/null)" "$(cat secrets/db.env 2>/dev/null)" ;;
esac
"""

Ask = Callable[..., Resolution]


def a_tar(**files: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content.encode()))
    return packed.getvalue()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    path = tmp_path / 'it\'s "the" host'
    path.mkdir()
    return a_host(path=str(path))


@pytest.fixture
def output(host: Host, tmp_path: Path) -> Callable[..., str]:
    (tmp_path / "tmp").mkdir()
    path = fake_docker(tmp_path, COMPOSE)

    def run(*services: Service, prefix: str = "", places: tuple[str, ...] = ()) -> str:
        names = [f"{prefix}{s.directory}/compose.yml" for s in services]
        tree = a_tar(**dict.fromkeys(names, "services: {}\n"))
        order = resolve(host, a_repo(prefix=prefix), services, "", tree, places=places)
        environment = {"PATH": path, "TMPDIR": str(tmp_path / "tmp"), "HOME": "/nonexistent", "SAID": SAID}
        return subprocess.run(order.argv, input=order.stdin, env=environment, stdout=-1, check=True).stdout.decode()

    return run


@pytest.fixture
def ask(host: Host, output: Callable[..., str]) -> Ask:
    return lambda *services, **options: parse(host, output(*services, **options))


def write(host: Host, path: str, content: str) -> None:
    file = Path(host.path, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def test_models_are_those_that_compose_will_see_after_the_delivery(ask: Ask, host: Host) -> None:
    found = ask(a_service("plex"), a_service("broken")).services
    place = f"{host.path}/services/plex/config"
    assert found["plex"].model == {"project": "plex", "place": place, "env": "", "file": ""}
    assert (found["plex"].blank, found["plex"].error, found["plex"].before) == (("TZ",), "", None)
    assert (found["broken"].model, found["broken"].error) == (None, "services.x.image must be a string")


def test_of_a_variable_that_a_secret_is_made_of_only_a_keyed_hash_leaves_the_host(
    ask: Ask, host: Host, output: Callable[..., str]
) -> None:
    git(Path(host.path), "init", "--quiet")
    write(host, ".git/homelab/key", "the key\n")
    hashes = []
    for value in ("hush", "hush", "hush too"):
        write(host, "services/vault/.env", value)
        found = ask(a_service("vault")).services["vault"]
        assert found.model
        hashes.append(found.model["secrets"]["a"].pop("value_hash"))
        assert found.model == {"secrets": {"a": {"environment": "TOKEN"}, "b": {"environment": "NONE"}}}
        assert found.unset == {"NONE"}
    assert [len(hashed) for hashed in hashes] == [64, 64, 64]
    assert (hashes[0] == hashes[1], hashes[1] == hashes[2]) == (True, False)
    assert "hush" not in output(a_service("vault"))


def test_what_docker_has_there_comes_along(ask: Ask) -> None:
    found = ask(a_service())
    assert ({*found.stock.networks}, found.stock.version, found.problem) == (
        {"bridge", "lan"},
        "26.1.5+dfsg1",
        "",
    )


def test_an_engine_that_does_not_answer_is_a_problem(host: Host, output: Callable[..., str]) -> None:
    silent = output(a_service()).replace("HTTP/1.1 200 OK", "")
    assert parse(host, silent).problem == "the Docker Engine of nas does not answer; look there: docker info"


@pytest.mark.parametrize("prefix", ["", "home lab/"])
@pytest.mark.parametrize("checkout", ["none", "half made by whoever takes the lock", "made"])
def test_env_files_that_only_the_host_has_are_lent(ask: Ask, host: Host, checkout: str, prefix: str) -> None:
    if checkout != "none":
        git(Path(host.path), "init", "--quiet")
    if checkout.startswith("half"):
        Path(host.path, ".git/HEAD").unlink()
    write(host, f"{prefix}services/plex/.env", "A=1")
    write(host, f"{prefix}services/plex/secrets/db.env", "B=2")
    model = ask(a_service(), prefix=prefix).services["plex"].model
    assert model
    assert (model["env"], model["file"]) == ("A=1", "B=2")


def test_env_files_beside_a_tracked_compose_file_are_lent_too(ask: Ask, host: Host) -> None:
    git(Path(host.path), "init", "--quiet")
    write(host, "services/plex/compose.yml", "old")
    git(Path(host.path), "add", ".")
    git(Path(host.path), "commit", "--quiet", "--message=old")
    write(host, "services/plex/.env", "A=1")
    model = ask(a_service()).services["plex"].model
    assert model
    assert model["env"] == "A=1"


def test_an_env_file_that_leaves_git_is_lent_as_it_stays(ask: Ask, host: Host) -> None:
    git(Path(host.path), "init", "--quiet")
    write(host, "services/plex/.env", "A=1")
    git(Path(host.path), "add", ".")
    git(Path(host.path), "commit", "--quiet", "--message=old")
    model, of_the_commit = (
        ask(a_service(files=files)).services["plex"].model for files in ({}, {"services/plex/.env": "blob"})
    )
    assert model and of_the_commit
    assert (model["env"], of_the_commit["env"]) == ("A=1", "")


def test_of_the_places_those_are_told_that_the_host_will_have(ask: Ask, host: Host) -> None:
    """What comes with the commit, and what Git does not know; not what the commit takes away."""
    git(Path(host.path), "init", "--quiet")
    write(host, "services/plex/secrets/taken away", "was committed")
    git(Path(host.path), "add", ".")
    git(Path(host.path), "commit", "--quiet", "--message=old")
    write(host, "services/plex/keys/own", "")
    write(host, "services/pihole/data/gravity.db", "")
    write(host, "shared/key [1]", "")
    asked = ("services/plex/secrets/taken away", "services/plex/none", "services/plex/keys/own", "shared/key [1]")
    found = ask(a_service(), places=(*asked, "services/plex/compose.yml", "services/pihole/data"))
    assert found.there == {
        "services/plex/compose.yml",
        "services/plex/keys/own",
        "services/pihole/data",
        "shared/key [1]",
    }


def test_before_the_first_delivery_no_place_is_there(ask: Ask, host: Host) -> None:
    Path(host.path).rmdir()
    assert ask(a_service(), places=("services/plex/data",)).there == frozenset()


def test_what_the_last_deploy_recorded_comes_along(ask: Ask, host: Host) -> None:
    git(Path(host.path), "init", "--quiet")
    write(host, ".git/homelab/detail/plex.json", json.dumps({"model": {"services": {}}, "files": {"a": "1"}}) + "\n")
    found = ask(a_service()).services["plex"]
    assert (found.before, found.files_before) == ({"services": {}}, {"a": "1"})


def test_a_host_without_the_folder_answers_as_well(ask: Ask, host: Host) -> None:
    Path(host.path).rmdir()
    assert ask(a_service()).services["plex"].error == ""


def test_nothing_is_left_behind_and_nothing_of_the_host_is_touched(ask: Ask, host: Host, tmp_path: Path) -> None:
    write(host, "services/plex/.env", "A=1")
    ask(*[a_service(f"s{n}") for n in range(9)])
    assert list((tmp_path / "tmp").iterdir()) == []
    assert Path(host.path, "services/plex/.env").read_text() == "A=1"


def test_an_answer_that_was_cut_short_anywhere_says_so(host: Host, output: Callable[..., str]) -> None:
    whole = output(a_service("plex"), a_service("broken"))
    cut = {parse(host, whole[:length]).problem for length in range(len(whole))}
    assert cut == {"the answer of nas about compose was cut short; run the same again"}


@settings(max_examples=200, deadline=None)
@given(st.text(), st.lists(st.sampled_from(["\036", "\037", "end\n", "0", "{", "{}", "[1]", "null", "x"]), max_size=30))
def test_the_parser_never_raises(noise: str, parts: list[str]) -> None:
    parse(a_host(), f"/scratch\036{SAID}\036{noise}\036plex\0370\037{noise}\037{noise}\037{noise}\037{noise}\036end\n")
    parse(a_host(), noise)
    parse(a_host(), "".join(parts) + "\036end\n")
    parse(a_host(), f"/scratch\036{noise}\036\036plex\0370\037{noise}\037{noise}\037{noise}\037{noise}\036end\n")


def test_dollars_that_compose_doubles_are_single_again() -> None:
    entry = "plex\0370\037" + json.dumps({"source": "/opt/my $$lab/config"}) + "\037\037\037"
    found = parse(a_host(), "\036".join(["/tmp/x/tree", SAID, "", entry, "end\n"]))
    assert found.services["plex"].model == {"source": "/opt/my $lab/config"}


def test_of_several_errors_of_compose_none_shows_a_value() -> None:
    cpus, memory = "error decoding 'a.cpus': strconv.Atoi", "error decoding 'a.mem_limit': invalid size"
    entry = f"plex\03715\037\037decoding failed:\n\n{cpus}: parsing \"hush\"\n{memory}: 'hush'\037\037"
    found = parse(a_host(), "\036".join(["/tmp/x/tree", SAID, "", entry, "end\n"]))
    assert found.services["plex"].error == f"decoding failed: {cpus} {memory}"


def test_of_what_is_settled_the_recorded_answer_is_taken_and_compose_is_not_asked(host: Host, tmp_path: Path) -> None:
    path = fake_docker(tmp_path, '[[ $* = *dial-stdio ]] && printf %s "$SAID" || exit 1')
    (tmp_path / "tmp").mkdir()
    git(Path(host.path), "init", "--quiet")
    write(host, ".git/homelab/detail/plex.json", '{"model": {"services": {}}, "files": {"a": "b"}}')
    order = resolve(host, a_repo(), [a_service()], "", bytes(1024), kept={"plex"})
    environment = {"PATH": path, "TMPDIR": str(tmp_path / "tmp"), "HOME": "/nonexistent", "SAID": SAID}
    done = subprocess.run(order.argv, input=order.stdin, env=environment, stdout=-1, check=True)
    found = parse(host, done.stdout.decode()).services["plex"]
    assert (found.model, found.before, found.files_before, found.error) == (
        {"services": {}},
        {"services": {}},
        {"a": "b"},
        "",
    )
