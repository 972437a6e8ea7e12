"""Hooks on real hosts: a dump before an update, its name in the records, and its return with the version it is of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, eventually, running, seen
from tests.hosts.slow import SLOW, composing
from tests.lab import Lab, LabHost

DUMP = """
case " $HOMELAB_RUNNING " in *" web "*) ;; *) exit 0 ;; esac
dump=$HOME/dumps/$HOMELAB_SERVICE-${HOMELAB_FROM:0:7}
mkdir -p "${dump%/*}"
docker compose exec -T web cat /data/rows >"$dump"
echo "homelab: keep $dump"
"""
RESTORE = """
[ -n "$HOMELAB_KEPT" ] || exit 0
docker compose run --rm -T --entrypoint sh web -c 'cat >/data/rows' <"$HOMELAB_KEPT"
"""
HOOKS = {"before_deploy": "bash dump.sh", "before_rollback": "bash restore.sh"}


@pytest.fixture
def wiki(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> Homelab:
    """A wiki of version one, deployed, with `old` in its database, that dumps it before each deploy."""
    home.inventory(lab, hosts[:1], defaults={"on_failure": "revert"})
    home.write("services/wiki/dump.sh", DUMP)
    home.write("services/wiki/restore.sh", RESTORE)
    a_wiki(home, "one")
    home.deploy()
    store(hosts[0], "old")
    return home


def a_wiki(home: Homelab, version: str, *lines: str, **settings: Any) -> str:
    """Commit a version of the wiki; gives the commit."""
    home.add(
        "wiki", f"environment: {{V: {version}}}", "volumes: ['data:/data']", *lines, **{"hooks": HOOKS, **settings}
    )
    path = "services/wiki/compose.yml"
    home.write(path, (home.root / path).read_text() + "volumes: {data: {}}\n")
    return home.commit(f"version {version}")


def store(host: LabHost, rows: str) -> None:
    host.docker("exec", "wiki-web-1", "sh", "-c", f"echo {rows} >/data/rows")


def stored(host: LabHost) -> str:
    return host.docker("exec", "wiki-web-1", "cat", "/data/rows")


def version(host: LabHost) -> str:
    return host.docker("exec", "wiki-web-1", "sh", "-c", "echo $V")


def record(host: LabHost, service: str = "wiki") -> dict[str, Any]:
    lines = host.check("cat", f"{CHECKOUT}/.git/homelab/state.jsonl").splitlines()
    found: dict[str, Any] = [line for line in map(json.loads, lines) if line["service"] == service][-1]
    return found


def test_an_update_is_preceded_by_a_dump_whose_name_is_written_down(wiki: Homelab, host: LabHost) -> None:
    first = wiki.git("rev-parse", "HEAD")
    a_wiki(wiki, "two")
    done = wiki.deploy()
    dump = f"/home/admin/dumps/wiki-{first[:7]}"
    assert "before: bash dump.sh" in done.said
    assert f"kept of wiki on h1: {dump}" in done.said
    assert (version(host), host.check("cat", dump)) == ("two", "old")
    kept = record(host)["kept"]
    assert (kept["name"], kept["commit"]) == (dump, first)
    (run,) = wiki.succeed("history", "--limit", "1", "--format", "json").json["runs"]
    assert run["changes"][0]["kept"] == dump
    assert wiki.deploy().out.startswith("nothing to do:")


def test_a_rollback_offers_the_dump_of_the_version_that_comes_back_and_hands_it_over(
    wiki: Homelab, host: LabHost
) -> None:
    dump = f"/home/admin/dumps/wiki-{wiki.git('rev-parse', 'HEAD')[:7]}"
    a_wiki(wiki, "two")
    wiki.deploy()
    store(host, "migrated")
    told = f"wiki: when this version was left, {dump} was kept on h1; before_rollback is told of it"
    planned = wiki.succeed("rollback", "--dry-run")
    assert told in planned.said
    assert "before: bash restore.sh" in planned.said
    assert stored(host) == "migrated"
    assert told in wiki.succeed("rollback", "--yes").said
    assert (version(host), stored(host)) == ("one", "old")


def test_a_deploy_that_fails_puts_the_database_back_too(wiki: Homelab, host: LabHost) -> None:
    migrates = "command: [sh, -c, 'echo migrated >/data/rows; exit 1']"
    a_wiki(wiki, "two", migrates, timeout=2)
    done = wiki.inv("deploy-all")
    assert (done.status, "all is as before" in done.said) == (1, True)
    eventually(lambda: running(host) == ["wiki-web-1"], "the wiki")
    assert (version(host), stored(host)) == ("one", "old")


def test_a_hook_that_fails_is_the_failure_of_its_service_and_containers_are_not_touched(
    wiki: Homelab, host: LabHost
) -> None:
    before = seen(host, "wiki-web-1")
    wiki.add("page", depends_on=["wiki"])
    a_wiki(wiki, "two", hooks={"before_deploy": "echo no space for a dump >&2; exit 3"})
    done = wiki.inv("deploy-all")
    assert done.status == 1
    why = "wiki: its hook before_deploy failed: no space for a dump; its containers were not touched"
    assert why in done.said
    assert (seen(host, "wiki-web-1"), running(host)) == (before, ["wiki-web-1"])


def test_a_hook_that_takes_too_long_is_ended_with_all_that_it_started(wiki: Homelab, host: LabHost) -> None:
    a_wiki(wiki, "two", hooks={"before_deploy": {"run": "sleep 1234 & wait", "timeout": 1}})
    done = wiki.inv("deploy-all")
    assert "its hook before_deploy took longer than 1 s and was ended" in done.said
    assert (done.status, version(host)) == (1, "one")
    assert host.exec("pgrep", "--full", "sleep 1234").returncode == 1


def test_after_deploy_sees_a_healthy_service_and_may_still_refuse_it(wiki: Homelab, host: LabHost) -> None:
    says = "docker compose exec -T web sh -c 'echo $V' >>$HOME/said"
    a_wiki(wiki, "two", hooks={"after_deploy": says})
    wiki.deploy()
    assert host.check("cat", "/home/admin/said") == "two"
    a_wiki(wiki, "three", hooks={"after_deploy": f"{says}; exit 1"})
    done = wiki.inv("deploy-all")
    assert (done.status, "its hook after_deploy failed: exit status 1" in done.said) == (1, True)
    assert (host.check("cat", "/home/admin/said"), version(host)) == ("two\nthree", "two")


def test_hooks_run_neither_in_a_dry_run_nor_where_no_container_changes(wiki: Homelab, host: LabHost) -> None:
    wiki.write("services/wiki/notes.txt", "a file that no container sees\n")
    a_wiki(wiki, "one", hooks={"before_deploy": "touch $HOME/ran", "after_deploy": "touch $HOME/ran"})
    wiki.deploy()
    wiki.succeed("restart", "wiki")
    a_wiki(wiki, "two", hooks={"before_deploy": "touch $HOME/ran"})
    wiki.succeed("deploy-all", "--dry-run")
    assert host.exec("test", "-e", "/home/admin/ran").returncode == 1


def test_the_name_of_a_dump_outlives_a_client_that_is_killed_in_the_update(home: Homelab, host: LabHost) -> None:
    def a_slow(version: str) -> None:
        home.add(
            "slow",
            *SLOW,
            f"environment: {{V: {version}}}",
            hooks={"before_deploy": "echo homelab: keep $HOMELAB_FROM.sql"},
        )
        home.replace("services/slow/compose.yml", "    init: true\n", "")
        home.commit()

    a_slow("one")
    home.deploy()
    first = home.git("rev-parse", "HEAD")
    a_slow("two")
    with home.start("deploy-all") as process:
        eventually(lambda: composing(host), "compose to work")
        process.kill()
    assert record(host, "slow")["kept"]["name"] == f"{first}.sql"
    home.deploy()
    assert host.docker("exec", "slow-web-1", "sh", "-c", "echo $V") == "two"
