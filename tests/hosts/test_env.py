"""`.env` files on real hosts: judged, compared, sent and edited there; a deploy takes up what was sent."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, eventually, put, seen
from tests.lab import Lab, LabHost

READS_ENV = ("environment: ['TOKEN=${TOKEN:?}', 'COLOUR=${COLOUR:-red}']",)
TEMPLATE = "# from the vendor\nTOKEN=changeme\nCOLOUR=\n"


@pytest.fixture
def plex(home: Homelab) -> Homelab:
    """The service plex on h1, which needs TOKEN, with a template; committed, not deployed."""
    home.add("plex", *READS_ENV)
    home.write("services/plex/.env.example", TEMPLATE)
    home.write(".gitignore", ".env\n")
    home.commit()
    return home


def secret(home: Homelab, text: str, *, mode: int = 0o600) -> None:
    """The `.env` of plex on this machine."""
    home.write("services/plex/.env", text)
    (home.root / "services/plex/.env").chmod(mode)


def there(host: LabHost) -> tuple[str, str]:
    """The `.env` of plex on a host: its mode and content."""
    file = f"{CHECKOUT}/services/plex/.env"
    return host.check("stat", "-c", "%a %U", file).strip(), host.check("cat", file)


def environment(host: LabHost) -> list[str]:
    """What the container of plex was given."""
    return host.docker("inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", "plex-web-1").splitlines()


def old_ones(host: LabHost) -> list[str]:
    """What is kept of files that were replaced: their contents, the oldest first."""
    folder = f"{CHECKOUT}/.git/homelab/env-old/services/plex"
    names = host.check("bash", "-c", f"ls {folder} 2>/dev/null || true").split()
    return [host.check("cat", f"{folder}/{name}") for name in names]


def test_a_file_is_sent_before_the_first_deploy_which_then_works(plex: Homelab, host: LabHost) -> None:
    secret(plex, "TOKEN=one\n")
    assert "plex on h1: written" in plex.succeed("env.push", "plex").said
    assert there(host) == ("600 admin", "TOKEN=one")
    plex.deploy()
    assert "TOKEN=one" in environment(host)


def test_a_file_that_was_sent_restarts_its_service_at_the_next_deploy(plex: Homelab, host: LabHost) -> None:
    secret(plex, "TOKEN=one\n")
    plex.succeed("env.push", "plex")
    plex.deploy()
    first = seen(host, "plex-web-1").id
    secret(plex, "TOKEN=two\n")
    plex.succeed("env.push", "plex", "--yes")
    assert ".env changed" in plex.succeed("deploy", "plex", "--dry-run").said
    plex.deploy()
    assert "TOKEN=two" in environment(host)
    assert seen(host, "plex-web-1").id != first
    assert old_ones(host) == ["TOKEN=one"]
    assert plex.succeed("env.push", "plex").out == "plex on h1: is there already\n"
    assert plex.deploy().out.startswith("nothing to do")


def test_replacing_is_asked_for_and_a_dry_run_changes_nothing(plex: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "TOKEN=theirs\nEXTRA=1\n")
    secret(plex, "TOKEN=ours\nCOLOUR=blue\n")
    shown = plex.succeed("env.push", "plex", "--dry-run")
    assert "changed: TOKEN; added: COLOUR; removed: EXTRA" in shown.said
    refused = plex.inv("env.push", "plex")
    assert refused.status == 1
    assert "replace the .env of plex on h1: nobody is there to ask; say --yes if it is meant" in refused.said
    assert there(host)[1] == "TOKEN=theirs\nEXTRA=1"
    plex.succeed("env.push", "plex", "--yes")
    assert there(host) == ("600 admin", "TOKEN=ours\nCOLOUR=blue")
    assert "ours" not in shown.said + refused.said
    assert "theirs" not in shown.said + refused.said


def test_only_the_last_five_files_are_kept(plex: Homelab, host: LabHost) -> None:
    for n in range(8):
        secret(plex, f"TOKEN={n}\n")
        plex.succeed("env.push", "plex", "--yes")
    assert old_ones(host) == [f"TOKEN={n}" for n in range(2, 7)]
    modes = host.check("bash", "-c", f"stat -c %a {CHECKOUT}/.git/homelab/env-old/services/plex/*").split()
    assert set(modes) == {"600"}


def test_a_file_at_which_compose_would_stop_is_not_sent(plex: Homelab, host: LabHost) -> None:
    secret(plex, "TOKEN=one\nNOTE='not closed\n")
    done = plex.inv("env.push", "plex")
    assert done.status == 1
    assert done.err.startswith("error: services/plex/.env:2:")
    assert "not closed" not in done.said
    assert host.exec("test", "-e", f"{CHECKOUT}/services").returncode


def test_a_locked_host_is_left_alone(plex: Homelab, host: LabHost) -> None:
    secret(plex, "TOKEN=one\n")
    plex.succeed("env.push", "plex")
    secret(plex, "TOKEN=two\n")
    lock = host.enter("flock", f"{CHECKOUT}/.git/homelab/lock", "bash", "-c", "echo held; read _")
    with subprocess.Popen(lock, stdin=-1, stdout=-1) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        holder.stdout.readline()
        done = plex.inv("env.push", "plex", "--yes")
        holder.stdin.close()
    assert (done.status, "h1 is locked by" in done.said) == (1, True)
    assert there(host)[1] == "TOKEN=one"


def test_what_somebody_else_provides_is_not_replaced(plex: Homelab, host: LabHost) -> None:
    put(host, "secrets/plex", "TOKEN=theirs\n")
    host.exec("mkdir", "-p", f"{CHECKOUT}/services/plex", user="admin")
    host.exec("ln", "-s", "../../secrets/plex", f"{CHECKOUT}/services/plex/.env", user="admin")
    secret(plex, "TOKEN=ours\n")
    done = plex.inv("env.push", "plex", "--yes")
    assert done.status == 1
    assert "services/plex/.env on h1 is a link or a folder" in done.said
    assert host.check("cat", f"{CHECKOUT}/secrets/plex") == "TOKEN=theirs"


def test_a_full_disk_leaves_the_old_file(plex: Homelab, host: LabHost) -> None:
    secret(plex, "TOKEN=one\n")
    plex.succeed("env.push", "plex")
    host.fill_disk(free=100)
    secret(plex, "".join(f"KEY_{n}='{'x' * 1000}'\n" for n in range(200)))
    done = plex.inv("env.push", "plex", "--yes")
    assert (done.status, "the disk of h1 is full (writing services/plex/.env)" in done.err) == (1, True), done.said
    assert there(host) == ("600 admin", "TOKEN=one")
    assert host.check("ls", "-A", f"{CHECKOUT}/services/plex") == ".env"


def test_a_host_that_does_not_answer_does_not_hold_up_the_others(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("plex", *READS_ENV)
    home.write("services/plex/service.yaml", "hosts: [h1, h2]\n")
    home.write(".gitignore", ".env\n")
    home.commit()
    secret(home, "TOKEN=one\n")
    hosts[1].stop_sshd()
    done = home.inv("env.push", "plex")
    assert (done.status, "plex on h1: written" in done.out) == (1, True)
    assert done.err.startswith("error: cannot reach h2 (")
    assert there(hosts[0])[1] == "TOKEN=one"
    checked = home.inv("env.check", "--format", "json")
    assert (checked.status, list(checked.json["unreachable"])) == (1, ["h2"])


def test_a_check_names_what_is_wrong_on_the_host(plex: Homelab, host: LabHost) -> None:
    secret(plex, "TOKEN=real\n")
    done = plex.inv("env.check")
    assert done.status == 1
    assert "no file, and needed: TOKEN; inv env.push plex --host h1" in done.said
    put(host, "services/plex/.env", "TOKEN=changeme\nOLD=1\n")
    host.check("chmod", "644", f"{CHECKOUT}/services/plex/.env")
    said = plex.inv("env.check", "--names", "plex", "--host", "h1").said
    assert "mode 644, so others may read it" in said
    assert "still a placeholder: TOKEN" in said
    assert "in no template: OLD" in said
    plex.succeed("env.push", "plex", "--yes")
    assert [entry["ok"] for entry in plex.succeed("env.check", "--format", "json").json["files"]] == [True, True]


def test_a_comparison_tells_keys_apart_on_the_host(plex: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "TOKEN='same one'\nCOLOUR=theirs\nTHERE=1\n")
    secret(plex, 'TOKEN="same one"\nCOLOUR=ours\nHERE=1\n')
    done = plex.succeed("env.diff", "plex")
    assert "different: COLOUR; missing there: HERE; missing here: THERE; equal: TOKEN" in done.said
    keys = plex.succeed("env.diff", "plex", "--format", "json").json["files"][0]["keys"]
    assert keys == [
        {"key": "TOKEN", "is": "equal"},
        {"key": "COLOUR", "is": "different"},
        {"key": "THERE", "is": "missing here"},
        {"key": "HERE", "is": "missing there"},
    ]


def an_editor(home: Homelab, body: str) -> str:
    """An editor that does `body` with the file `$1`."""
    script = home.top.with_name("editor")
    script.write_text(f"#!/bin/bash\n{body}\n")
    script.chmod(0o755)
    return str(script)


def left_in_memory() -> list[str]:
    return [path.name for path in Path("/dev/shm").glob("homelab-*")]


def test_a_file_is_edited_on_its_host(plex: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "# mine\nTOKEN=old\n")
    done = plex.inv("env.edit", "plex", EDITOR=an_editor(plex, 'stat -c "%a %n" "$1"; sed -i s/old/new/ "$1"'))
    assert done.status == 0, done.said
    assert done.out.startswith("600 /dev/shm/homelab-")
    assert there(host) == ("600 admin", "# mine\nTOKEN=new")
    assert left_in_memory() == []
    assert "nothing was changed" in plex.inv("env.edit", "plex", EDITOR="true").out


def test_a_file_that_is_not_there_yet_is_begun_from_the_template(plex: Homelab, host: LabHost) -> None:
    done = plex.inv("env.edit", "plex", EDITOR=an_editor(plex, 'sed -i s/changeme/new/ "$1"'))
    assert done.status == 0, done.said
    assert there(host) == ("600 admin", "# from the vendor\nTOKEN=new\nCOLOUR=")


def test_what_somebody_else_changed_meanwhile_is_kept(plex: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "TOKEN=old\n")
    started, ready = plex.top.with_name("started"), plex.top.with_name("ready")
    wait = f'touch {started}; until [ -e {ready} ]; do sleep 0.02; done; echo TOKEN=mine >"$1"'
    with plex.start("env.edit", "plex", EDITOR=an_editor(plex, wait)) as process:
        eventually(started.exists, "the editor")
        put(host, "services/plex/.env", "TOKEN=theirs\n")
        ready.touch()
        out, err = process.communicate(timeout=30)
    assert (process.returncode, there(host)[1]) == (1, "TOKEN=theirs")
    assert err == "error: services/plex/.env was changed on h1 meanwhile; nothing was written: run the same again\n"
    assert out == ""


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('echo "A=\'open" >"$1"', "where Compose stops; nothing was changed; edit it again"),
        ("exit 3", "ended with status 3; nothing was changed"),
    ],
)
def test_an_edit_that_fails_changes_nothing(plex: Homelab, host: LabHost, body: str, sentence: str) -> None:
    put(host, "services/plex/.env", "TOKEN=old\n")
    done = plex.inv("env.edit", "plex", EDITOR=an_editor(plex, body))
    assert (done.status, sentence in done.err) == (1, True), done.err
    assert there(host)[1] == "TOKEN=old"
    assert left_in_memory() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_ends_an_edit_leaves_nothing_behind(plex: Homelab, host: LabHost, number: signal.Signals) -> None:
    put(host, "services/plex/.env", "TOKEN=old\n")
    started = plex.top.with_name("started")
    with plex.start("env.edit", "plex", EDITOR=an_editor(plex, f"touch {started}; exec sleep 30")) as process:
        eventually(started.exists, "the editor")
        assert len(left_in_memory()) == 1
        process.send_signal(number)
        process.communicate(timeout=20)
    assert (process.returncode, left_in_memory()) == (128 + number, [])
    assert there(host)[1] == "TOKEN=old"


def test_ctrl_c_is_the_editors_while_it_runs(plex: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "TOKEN=old\n")
    started, ready = plex.top.with_name("started"), plex.top.with_name("ready")
    body = f'touch {started}; until [ -e {ready} ]; do sleep 0.02; done; echo TOKEN=new >"$1"'
    with plex.start("env.edit", "plex", EDITOR=an_editor(plex, body)) as process:
        eventually(started.exists, "the editor")
        process.send_signal(signal.SIGINT)
        ready.touch()
        process.communicate(timeout=20)
    assert (process.returncode, there(host)[1]) == (0, "TOKEN=new")


def test_a_file_sent_from_a_folder_of_a_larger_repo_lies_where_compose_looks(
    tmp_path: Path, lab: Lab, host: LabHost
) -> None:
    home = Homelab.make(tmp_path / "big", lab, [host], folder="home lab")
    home.add("plex", *READS_ENV)
    home.write(".gitignore", ".env\n")
    home.commit()
    home.write("services/plex/.env", "TOKEN=one\n")
    home.succeed("env.push", "plex")
    home.deploy()
    assert "TOKEN=one" in environment(host)
