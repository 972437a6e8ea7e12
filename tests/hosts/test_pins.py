"""A service that was rolled back alone stays so, whatever else moves on, until somebody frees it."""

from __future__ import annotations

from pathlib import Path

from tests.hosts.homelab import CHECKOUT, Homelab, head, put, running, seen
from tests.hosts.test_checkout import on, push
from tests.hosts.test_rollback import deployed, is_clean
from tests.lab import Lab, LabHost

REFS = ("for-each-ref", "--format=%(objectname)", "refs/homelab/pinned")


def image(host: LabHost, service: str = "plex") -> str:
    return seen(host, f"{service}-web-1").image


def pinned(home: Homelab) -> str:
    """plex was updated together with blog, and alone taken back; gives the commit of then."""
    home.add("blog")
    first = deployed(home, "env_file: [{path: .env, required: false}]")
    home.add("blog", "image: homelab/demo:2")
    deployed(home, "env_file: [{path: .env, required: false}]", "image: homelab/demo:2")
    home.succeed("rollback", "--service", "plex")
    return first


def test_a_service_alone_goes_back_and_the_rest_stays(home: Homelab, host: LabHost) -> None:
    first = pinned(home)
    assert (image(host), image(host, "blog"), is_clean(host)) == ("homelab/demo:1", "homelab/demo:2", True)
    (_, row) = home.succeed("status", "--format=json").json["services"]
    assert (row["pinned"], row["commit"], row["current"]) == (True, first, True)
    assert f"pinned at {first[:7]} by " in home.succeed("status").said
    assert f"pinned at {first[:7]} on h1 by " in home.succeed("show", "plex", "--deployed").said
    assert home.git("rev-parse", "HEAD") in home.succeed("hosts", "--format=json").out
    (run, *_) = home.succeed("history", "--format=json").json["runs"]
    base = home.git("rev-parse", "HEAD")
    assert run["title"] == f"rollback --to {first[:10]} --service plex"
    assert run["hosts"] == [{"host": "h1", "from": base, "to": base}]
    assert home.git(*REFS) == head(host)


def test_a_deploy_of_everything_keeps_it_and_says_so(home: Homelab, host: LabHost) -> None:
    first = pinned(home)
    told = f"note: plex stays pinned at {first[:7]} (by "
    assert told in home.deploy().said
    home.add("wiki")
    home.add("plex", "image: homelab/demo:2", "environment: {TZ: UTC}")
    home.commit()
    plex = seen(host, "plex-web-1")
    said = home.deploy().said
    assert (told in said, "inv deploy plex frees it" in said) == (True, True)
    assert (seen(host, "plex-web-1"), image(host, "wiki"), is_clean(host)) == (plex, "homelab/demo:1", True)
    assert "nothing to do" in home.deploy().said
    home.add("wiki", "image: homelab/demo:2", depends_on=["plex"])
    home.commit()
    home.succeed("deploy", "wiki")
    assert (seen(host, "plex-web-1"), image(host, "wiki")) == (plex, "homelab/demo:2")


def test_a_pin_needs_no_origin_that_has_its_commit(tmp_path: Path, lab: Lab, host: LabHost) -> None:
    home = Homelab.make(tmp_path / "repo", lab, [host], folder="lab")
    home.inventory(lab, [host], defaults={"source": "origin"})
    on(host, f"git init --quiet --bare ~/origin.git && git init --quiet {CHECKOUT}")
    on(host, f"git -C {CHECKOUT} remote add origin ~/origin.git")
    for number in "12":
        home.add("blog", f"image: homelab/demo:{number}")
        home.add("plex", f"image: homelab/demo:{number}")
        home.commit()
        push(home, lab)
        home.deploy()
    home.succeed("rollback", "--service", "plex")
    home.add("blog", "image: homelab/demo:2", "environment: {TZ: UTC}")
    home.commit()
    push(home, lab)
    home.deploy()
    assert (image(host), image(host, "blog"), is_clean(host)) == ("homelab/demo:1", "homelab/demo:2", True)


def test_a_deploy_by_name_frees_it(home: Homelab, host: LabHost) -> None:
    pinned(home)
    assert "is pinned at" in home.succeed("deploy", "plex", "--dry-run").said
    home.succeed("deploy", "plex")
    assert (image(host), head(host)) == ("homelab/demo:2", home.git("rev-parse", "HEAD"))
    assert "nothing to do" in home.deploy().said
    assert "pinned" not in home.succeed("status").said
    host.check("test", "!", "-e", f"{CHECKOUT}/.git/homelab/pins")


def test_unpin_frees_it_with_the_rest(home: Homelab, host: LabHost) -> None:
    pinned(home)
    home.deploy("--unpin")
    assert (image(host), head(host), is_clean(host)) == ("homelab/demo:2", home.git("rev-parse", "HEAD"), True)


def test_a_pin_outlives_stops_restarts_and_a_container_that_died(home: Homelab, host: LabHost) -> None:
    first = pinned(home)
    home.succeed("restart", "plex")
    home.succeed("stop", "plex")
    home.succeed("start", "plex")
    host.docker("rm", "--force", "plex-web-1")
    home.deploy()
    put(host, "services/plex/.env", "TOKEN=new\n")
    home.deploy()
    assert image(host) == "homelab/demo:1"
    assert f"pinned at {first[:7]}" in home.succeed("status").said


def test_a_service_alone_goes_back_twice(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    commits = [deployed(home, f"environment: {{N: '{n}'}}") for n in range(3)]
    home.succeed("rollback", "--service", "plex")
    home.succeed("rollback", "--service", "plex")
    assert f"pinned at {commits[0][:7]}" in home.succeed("status").said
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $N") == "0"
    done = home.inv("rollback", "--service", "plex")
    assert (done.status, "nothing to go back to" in done.err) == (1, True)


def test_a_rollback_of_everything_leaves_what_was_taken_back_further(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    commits = [deployed(home, f"environment: {{N: '{n}'}}") for n in range(3)]
    home.succeed("rollback", "--service", "plex", "--to", commits[0])
    home.succeed("rollback", "--to", commits[1])
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $N") == "0"
    assert f"pinned at {commits[0][:7]}" in home.succeed("status").said
    home.deploy("--unpin")
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $N") == "2"


def test_somebody_else_deploys_without_the_commit_that_was_made(home: Homelab, host: LabHost) -> None:
    first = pinned(home)
    for ref in home.git("for-each-ref", "--format=%(refname)", "refs/homelab").split():
        home.git("update-ref", "-d", ref)
    home.git("gc", "--quiet", "--prune=now")
    home.add("wiki")
    home.commit()
    assert f"plex stays pinned at {first[:7]}" in home.deploy().said
    assert (image(host), image(host, "wiki")) == ("homelab/demo:1", "homelab/demo:1")


def test_a_failed_deploy_puts_the_pinned_commit_back(home: Homelab, lab: Lab, host: LabHost) -> None:
    home.inventory(lab, [host], defaults={"on_failure": "revert"})
    first = pinned(home)
    there = head(host)
    home.add("blog", "command: 'false'", timeout=1)
    home.commit()
    done = home.inv("deploy-all")
    assert (done.status, "all is as before" in done.said) == (1, True), done.said
    assert (head(host), image(host), image(host, "blog"), is_clean(host)) == (
        there,
        "homelab/demo:1",
        "homelab/demo:2",
        True,
    )
    assert f"pinned at {first[:7]}" in home.succeed("status").said


def test_a_failed_rollback_of_a_service_pins_nothing(home: Homelab, lab: Lab, host: LabHost) -> None:
    home.inventory(lab, [host], defaults={"on_failure": "revert"})
    home.add("blog")
    home.add("plex", "command: 'false'", timeout=1)
    bad = home.commit()
    good = deployed(home)
    done = home.inv("rollback", "--service", "plex", "--to", bad)
    assert (done.status, "all is as before" in done.said) == (1, True), done.said
    assert (head(host), is_clean(host), seen(host, "plex-web-1").status) == (good, True, "running")
    assert "pinned" not in home.succeed("status").said


def test_a_service_of_two_hosts_is_pinned_on_both(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> None:
    home.inventory(lab, hosts[:2])
    for number in "12":
        home.add("plex", f"image: homelab/demo:{number}")
        home.write("services/plex/service.yaml", "hosts: [h1, h2]\n")
        home.commit()
        home.deploy()
    done = home.inv("rollback", "--service", "plex", "--host", "h1")
    assert done.err == ("error: plex runs on h2 too, and is pinned on all of its hosts or on none; leave --host out\n")
    home.succeed("rollback", "--service", "plex")
    assert [image(host) for host in hosts[:2]] == ["homelab/demo:1"] * 2
    assert "plex is pinned, and runs on h2 too" in home.inv("deploy", "plex", "--host", "h1").err


def test_a_service_that_moved_goes_back_to_where_it_was(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("blog", host="h2")
    first = deployed(home, "env_file: [{path: .env, required: false}]")
    put(hosts[0], "services/plex/.env", "TOKEN=later\n")
    deployed(home, host="h2")
    home.succeed("rollback", "--service", "plex", "--to", first, "--yes")
    assert [running(host) for host in hosts[:2]] == [["plex-web-1"], ["blog-web-1"]]
    home.deploy()
    assert [running(host) for host in hosts[:2]] == [["plex-web-1"], ["blog-web-1"]]
    home.succeed("deploy", "plex", "--yes")
    assert [running(host) for host in hosts[:2]] == [[], ["blog-web-1", "plex-web-1"]]


def test_a_folder_that_no_longer_fits_is_told_with_the_way_out(home: Homelab, lab: Lab, host: LabHost) -> None:
    home.inventory(lab, [host], groups={"media": {}})
    home.add("blog")
    first = deployed(home, groups=["media"])
    deployed(home, "image: homelab/demo:2")
    home.succeed("rollback", "--service", "plex")
    home.inventory(lab, [host])
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "error: plex as pinned does not fit the rest at " in done.err
    assert "no group 'media'" in done.err
    assert done.err.endswith("; mend that, or free it with --unpin\n")
    assert first in home.succeed("status", "--format=json").out
    home.deploy("--unpin")
    assert image(host) == "homelab/demo:2"


def test_a_service_that_is_not_pinned_and_does_not_fit_has_another_way_out(home: Homelab) -> None:
    home.add("proxy")
    home.add("blog")
    deployed(home, depends_on=["proxy"])
    home.git("rm", "-r", "--quiet", "services/proxy")
    home.add("caddy")
    deployed(home, "image: homelab/demo:2", depends_on=["caddy"])
    done = home.inv("rollback", "--service", "plex")
    assert (done.status, "plex as pinned does not fit the rest at " in done.err) == (1, True)
    assert done.err.endswith(
        "; choose a later commit, at which it does: --to HASH; or go back with everything: inv rollback\n"
    )


def test_a_service_that_went_since_comes_back_alone(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    first = deployed(home)
    home.git("rm", "-r", "--quiet", "services/plex")
    home.commit()
    home.deploy("--prune", "--yes")
    home.succeed("rollback", "--service", "plex", "--to", first)
    assert image(host) == "homelab/demo:1"
    home.add("blog", "image: homelab/demo:2")
    home.commit()
    home.deploy("--prune")
    assert image(host) == "homelab/demo:1"
    home.deploy("--prune", "--unpin", "--yes")
    assert host.docker("ps", "--format", "{{.Names}}") == "blog-web-1"
