"""What hosts remember of runs, and what stands before a run that would remove or disturb much."""

from __future__ import annotations

import signal

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, eventually, finish, running
from tests.hosts.terminal import typed
from tests.lab import Lab, LabHost

JOURNAL = f"{CHECKOUT}/.git/homelab/journal.jsonl"


def test_every_run_is_remembered_once_with_all_its_hosts_the_newest_first(home: Homelab) -> None:
    home.add("blog", host="h1")
    home.add("wiki", host="h2")
    first = home.commit()
    assert home.succeed("history").out == "no run is recorded\n"
    home.deploy()
    home.add("wiki", "image: homelab/demo:2", host="h2")
    second = home.commit()
    home.deploy()
    home.succeed("stop", "blog")
    stopped, updated, created = home.succeed("history", "--format", "json").json["runs"]
    assert [run["title"] for run in (stopped, updated, created)] == ["stop blog", "deploy-all", "deploy-all"]
    assert created["hosts"] == [{"host": host, "from": "", "to": first} for host in ("h1", "h2")]
    assert updated["hosts"] == [{"host": "h2", "from": first, "to": second}]
    assert [(c["service"], c["verb"], c["status"]) for c in updated["changes"]] == [("wiki", "update", "done")]
    assert {run["outcome"] for run in (stopped, updated, created)} == {"done"}
    text = home.succeed("history", "--service", "wiki", "--limit", "1").said
    assert f"{first[:7]} -> {second[:7]} by " in text
    assert text.endswith("deploy-all on h2: updated wiki")
    assert [run["title"] for run in home.succeed("history", "--host", "h1", "--format=json").json["runs"]] == [
        "stop blog",
        "deploy-all",
    ]
    assert home.inv("history", "--service", "wikki").err == "error: no service 'wikki'; did you mean 'wiki'?\n"


def test_a_run_that_works_is_running_and_one_that_was_killed_ended_without_a_word(home: Homelab, host: LabHost) -> None:
    home.add("slow", "healthcheck: {test: [CMD, 'false'], interval: 1s, retries: 1000}")
    home.commit()
    with home.start("deploy-all") as process:
        eventually(lambda: running(host) == ["slow-web-1"], "the container")
        (now,) = home.succeed("history", "--format=json").json["runs"]
        process.send_signal(signal.SIGKILL)
        finish(process)
    assert (now["outcome"], now["changes"][0]["service"]) == ("running", "slow")

    def outcome() -> str:
        (run,) = home.succeed("history", "--format=json").json["runs"]
        return str(run["outcome"])

    eventually(lambda: outcome() == "ended without a word", "the lock to be free")
    assert home.succeed("history").said.endswith("deploy-all on h1: to create slow")


def test_a_failed_run_says_why(home: Homelab) -> None:
    home.add("blog", "command: ['false']")
    home.commit()
    assert home.inv("deploy-all").status == 1
    (run,) = home.succeed("history", "--format=json").json["runs"]
    assert (run["outcome"], run["changes"][0]["status"]) in [("failed", "failed"), ("put back", "failed")]
    assert run["changes"][0]["why"] != ""


def test_a_journal_that_was_edited_or_torn_is_read_as_far_as_it_goes(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    home.deploy()
    host.check("bash", "-c", f"sed -i '1i who knows' {JOURNAL}; printf '{{\"event\":\"beg' >>{JOURNAL}")
    done = home.succeed("history")
    assert "deploy-all on h1: created blog" in done.said
    assert done.said.endswith("note: h1: journal.jsonl line 1 of .git/homelab: no entry, left out")
    home.succeed("stop", "blog")
    assert len(home.succeed("history", "--format=json").json["runs"]) == 2


@pytest.mark.parametrize(("spoil", "why"), [("chmod 000 F", "Permission denied"), ("rm F; mkdir F", "Is a directory")])
def test_a_journal_that_cannot_be_used_is_told_by_who_writes_and_by_who_reads(
    home: Homelab, host: LabHost, spoil: str, why: str
) -> None:
    home.add("blog")
    home.commit()
    home.deploy()
    host.check("bash", "-c", spoil.replace("F", JOURNAL))
    home.add("blog", "image: homelab/demo:2")
    home.commit()
    untold = f"note: h1 cannot write its journal ({why}), and inv history does not show all of this run; mend"
    assert untold in home.deploy().said
    done = home.inv("history")
    said = f"error: the journal of h1 cannot be read (no file that admin may read: {JOURNAL}); mend that there first"
    assert (done.status, done.err) == (1, f"{said}\n")
    back = home.inv("rollback", "--dry-run")
    assert (back.status, back.err) == (1, f"{said}\n")


def test_a_record_with_the_byte_that_heads_a_section_is_left_out_and_told(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    home.deploy()
    host.check("bash", "-c", f"printf 'x\\036y\\n' >{CHECKOUT}/.git/homelab/state.jsonl")
    note = "note: h1: line 1 of .git/homelab/state.jsonl: no record, left out; remove that there"
    assert note in home.deploy().said
    assert home.deploy().out.startswith("nothing to do:")


def test_a_host_that_does_not_answer_is_named_and_the_others_are_shown(
    home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]
) -> None:
    home.inventory(lab, hosts[:2], defaults={"connect_timeout": "2s"})
    home.add("blog", host="h1")
    home.commit()
    home.deploy()
    hosts[1].stop_sshd()
    done = home.inv("history")
    assert done.status == 1
    assert "deploy-all on h1: created blog" in done.out
    assert "error: cannot reach h2" in done.err


def test_status_and_show_say_since_when(home: Homelab) -> None:
    home.add("blog")
    commit = home.commit()
    home.deploy()
    (row,) = home.succeed("status", "--format=json").json["services"]
    assert (row["commit"], row["at"][:3]) == (commit, "202")
    shown = home.succeed("show", "blog", "--deployed").said
    assert f"deployed {commit[:7]} on h1 by " in shown
    assert f"since {row['at'][:10]} {row['at'][11:16]} UTC" in shown
    (told,) = home.succeed("show", "blog", "--deployed", "--format=json").json["services"]
    assert told["deployed"][0]["at"] == row["at"]


# Guards


def test_ci_removes_nothing_unless_it_is_told_to(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.add("wiki")
    home.commit()
    home.deploy()
    refused = home.inv("destroy", "blog", "--yes", CI="true")
    assert refused.status == 1
    assert "CI=true, and this would remove blog; if that is meant: --allow-removals" in refused.said
    home.git("rm", "-r", "--quiet", "services/wiki")
    home.commit()
    assert home.inv("deploy-all", "--prune", "--yes", CI="true").status == 1
    assert running(host) == ["blog-web-1", "wiki-web-1"]
    assert home.inv("deploy-all", "--prune", "--yes", "--allow-removals", CI="true").status == 0
    assert home.inv("destroy", "blog", "--yes", "--allow-removals", CI="true").status == 0
    assert running(host) == []


@pytest.mark.parametrize(("volume", "kept"), [("db:/db", "the volume blog_db"), ("./data:/db", "services/blog/data")])
def test_in_production_a_service_that_keeps_data_is_not_destroyed_by_a_yes_alone(
    home: Homelab, lab: Lab, host: LabHost, volume: str, kept: str
) -> None:
    home.inventory(lab, [host], defaults={"environment": "production"})
    home.add("blog", f"volumes: ['{volume}']")
    home.replace("services/blog/compose.yml", "services:", "volumes: {db: }\nservices:")
    home.commit()
    home.deploy()
    refused = home.inv("destroy", "blog", "--yes")
    assert refused.status == 1
    assert f"blog keeps data in {kept}, and h1 is production; protect: true" in refused.said
    assert running(host) == ["blog-web-1"]
    home.succeed("destroy", "blog", "--yes", "--allow-removals")
    assert running(host) == []


def test_a_deploy_of_everything_asks_before_most_of_it_restarts(home: Homelab, host: LabHost) -> None:
    for name in ("blog", "plex", "wiki"):
        home.add(name)
    home.commit()
    home.deploy()
    for name in ("blog", "plex"):
        home.add(name, "image: homelab/demo:2")
    home.commit()
    before = running(host), host.docker("ps", "--quiet")
    refused = home.inv("deploy-all")
    assert refused.status == 1
    assert refused.err == ("error: restart 2 of 3 running services: nobody is there to ask; say --yes if it is meant\n")
    declined = typed(home, "deploy-all", answers=[("restart 2 of 3 running services? [y/N]", "n")])
    assert (declined.status, declined.said.endswith("nothing was changed")) == (1, True)
    assert (running(host), host.docker("ps", "--quiet")) == before
    home.deploy("--yes")
    assert home.deploy().out.startswith("nothing to do:")
