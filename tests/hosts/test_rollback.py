"""Back to how things were: files, settings and images of then, on the hosts where they were."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.commands.docker import keep_images
from tests.hosts.homelab import CHECKOUT, Homelab, head, put, running, seen
from tests.lab import Lab, LabHost

KEPT_ASIDE = f"{CHECKOUT}/.git/homelab/aside"


def deployed(home: Homelab, *container: str, name: str = "plex", **settings: Any) -> str:
    """The commit at which the service has these lines, and everything is deployed."""
    home.add(name, *container, **settings)
    commit = home.commit()
    home.deploy()
    return commit


def is_clean(host: LabHost) -> bool:
    """On the branch, with nothing that differs from its commit."""
    git = ("git", "-c", "safe.directory=*", "-C", CHECKOUT)
    branch = host.check(*git, "symbolic-ref", "--short", "HEAD")
    return (branch, host.check(*git, "status", "--porcelain", "--untracked-files=no")) == ("main", "")


def test_the_last_deploy_is_taken_back_and_the_next_goes_forward_again(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    first = deployed(home)
    second = deployed(home, "image: homelab/demo:2")
    blog = seen(host, "blog-web-1")
    said = home.succeed("rollback", "--dry-run").said
    assert f"h1: {second[:7]} -> {first[:7]}" in said
    assert "web: image 2 -> 1" in said
    assert f"to do it: inv rollback --to {first[:10]}" in said
    assert seen(host, "plex-web-1").image == "homelab/demo:2"
    home.succeed("rollback")
    assert (seen(host, "plex-web-1").image, head(host), is_clean(host)) == ("homelab/demo:1", first, True)
    assert seen(host, "blog-web-1") == blog
    (run, *_) = home.succeed("history", "--format=json").json["runs"]
    assert (run["title"], run["hosts"]) == (
        f"rollback --to {first[:10]}",
        [{"host": "h1", "from": second, "to": first}],
    )
    assert home.inv("deploy-all").status == 0
    assert (seen(host, "plex-web-1").image, head(host), is_clean(host)) == ("homelab/demo:2", second, True)


def test_two_rollbacks_in_a_row_go_two_deploys_back(home: Homelab, host: LabHost) -> None:
    commits = [deployed(home, f"environment: {{N: '{n}'}}") for n in range(3)]
    home.succeed("rollback")
    home.succeed("rollback")
    assert head(host) == commits[0]
    done = home.inv("rollback")
    told = f"error: no deploy before that of {commits[0][:7]} is remembered, so there is nothing to go back to"
    assert (done.status, done.err) == (1, f"{told}; say where to, if you know: --to HASH\n")


def test_what_was_rolled_back_from_is_not_gone_back_to(home: Homelab, host: LabHost) -> None:
    good = deployed(home)
    deployed(home, "image: homelab/demo:2")
    home.succeed("rollback")
    deployed(home, "image: homelab/demo:2", "environment: {TZ: UTC}")
    home.succeed("rollback")
    assert (head(host), seen(host, "plex-web-1").image) == (good, "homelab/demo:1")


def test_head_counts_from_what_is_deployed_and_not_from_here(home: Homelab, host: LabHost) -> None:
    commits = [deployed(home, f"environment: {{N: '{n}'}}") for n in range(3)]
    home.write("README.md", "not deployed\n")
    home.commit()
    home.succeed("rollback", "--to", "HEAD~1")
    assert head(host) == commits[1]
    home.succeed("rollback", "--to", "@^")
    assert head(host) == commits[0]


def test_the_env_file_of_then_comes_back_and_the_one_of_now_is_kept_aside(home: Homelab, host: LabHost) -> None:
    settings = ("env_file: .env",)
    put(host, "services/plex/.env", "TOKEN=old\n")
    deployed(home, *settings)
    put(host, "services/plex/.env", "TOKEN=new\n")
    deployed(home, *settings, "image: homelab/demo:2")
    assert ".env of then" in home.succeed("rollback", "--dry-run").said
    home.succeed("rollback")
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $TOKEN") == "old"
    assert host.check("cat", f"{CHECKOUT}/services/plex/.env") == "TOKEN=old"
    assert host.check("bash", "-c", f"cat {KEPT_ASIDE}/*/services/plex/.env") == "TOKEN=new"
    home.deploy()
    assert "nothing to do" in home.deploy().out


def test_a_changed_env_file_elsewhere_on_the_host_is_deployed_and_no_rollback_touches_it(
    home: Homelab, host: LabHost
) -> None:
    settings = ("env_file: [/etc/all.env, ~/me.env]",)
    host.check("sh", "-c", "echo ALL=1 >/etc/all.env; echo ME=1 >~admin/me.env")
    deployed(home, *settings)
    assert "nothing to do" in home.deploy().out
    host.check("sh", "-c", "echo ALL=2 >/etc/all.env; echo ME=2 >~admin/me.env")
    home.deploy()
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $ALL $ME") == "2 2"
    assert "nothing to do" in home.deploy().out
    deployed(home, *settings, "image: homelab/demo:2")
    host.check("sh", "-c", "echo ALL=3 >/etc/all.env")
    told = "plex: /etc/all.env on h1 is not as it was then, and stays so, as it is not the homelab's"
    assert told in " ".join(home.succeed("rollback").said.split())
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $ALL $ME") == "3 2"
    assert host.check("cat", "/etc/all.env") == "ALL=3"
    assert "kept" not in host.check("ls", f"{CHECKOUT}/.git/homelab").split()
    home.deploy()
    assert "nothing to do" in home.deploy().out


def test_a_latest_image_is_the_one_that_it_was(home: Homelab, host: LabHost) -> None:
    host.docker("tag", "homelab/demo:1", "app:latest")
    deployed(home, "image: app:latest")
    old = host.docker("inspect", "--format", "{{.Image}}", "plex-web-1")
    host.docker("tag", "homelab/demo:2", "app:latest")
    deployed(home, "image: app:latest", "environment: {TZ: UTC}")
    assert host.docker("inspect", "--format", "{{.Image}}", "plex-web-1") != old
    assert "image of then for web" in home.succeed("rollback", "--dry-run").said
    home.succeed("rollback")
    assert host.docker("inspect", "--format", "{{.Image}}", "plex-web-1") == old


def test_a_service_that_was_never_as_it_says_there_takes_no_image_of_another_time(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    deployed(home)
    home.add("blog", "environment: {TZ: UTC}")
    home.add("plex", "image: homelab/demo:2")
    second = home.commit()
    home.succeed("deploy", "blog")
    deployed(home, "image: homelab/demo:2", "environment: {TZ: UTC}")
    new = host.docker("inspect", "--format", "{{.Image}}", "plex-web-1")
    home.succeed("rollback", "--to", second)
    assert (seen(host, "plex-web-1").image, head(host)) == ("homelab/demo:2", second)
    assert host.docker("inspect", "--format", "{{.Image}}", "plex-web-1") == new


def test_a_service_comes_back_to_the_host_that_it_was_on(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    settings = ("env_file: .env",)
    for host in hosts[:2]:
        put(host, "services/plex/.env", f"TOKEN={host.name}\n")
    deployed(home, *settings)
    put(hosts[0], "services/plex/.env", "TOKEN=later\n")
    deployed(home, *settings, host="h2")
    assert [running(host) for host in hosts[:2]] == [[], ["plex-web-1"]]
    home.succeed("rollback", "--yes")
    assert [running(host) for host in hosts[:2]] == [["plex-web-1"], []]
    assert hosts[0].docker("exec", "plex-web-1", "sh", "-c", "echo $TOKEN") == "h1"


def test_what_came_since_is_removed_and_what_went_since_comes_back(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    first = deployed(home)
    home.git("rm", "-r", "--quiet", "services/blog")
    home.add("wiki")
    home.commit()
    home.deploy("--prune", "--yes")
    assert running(host) == ["plex-web-1", "wiki-web-1"]
    refused = home.inv("rollback")
    assert (refused.status, "remove wiki: nobody is there to ask; say --yes if it is meant" in refused.err) == (1, True)
    assert running(host) == ["plex-web-1", "wiki-web-1"]
    home.succeed("rollback", "--yes")
    assert (running(host), head(host)) == (["blog-web-1", "plex-web-1"], first)


def test_a_protected_service_is_not_removed_by_going_back(home: Homelab, host: LabHost) -> None:
    first = deployed(home)
    deployed(home, name="wiki", protect=True)
    done = home.inv("rollback", "--yes")
    assert done.status == 1
    assert "wiki did not exist then, and is protected (protect: true); if it is really to go: --allow-removals" in (
        done.said
    )
    assert "wiki remove: did not exist then" in home.succeed("rollback", "--yes", "--allow-removals").said
    assert (running(host), head(host), is_clean(host)) == (["plex-web-1"], first, True)


def test_what_was_stopped_on_purpose_stays_stopped(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    deployed(home)
    home.add("blog", "image: homelab/demo:2")
    deployed(home, "image: homelab/demo:2")
    home.succeed("stop", "blog")
    assert "left stopped blog on h1" in home.succeed("rollback").said
    assert running(host) == ["plex-web-1"]


def test_what_was_amended_since_is_gone_back_to(home: Homelab, host: LabHost) -> None:
    old = deployed(home, "environment: {N: '1'}")
    home.add("plex", "environment: {N: '2'}")
    home.git("commit", "--quiet", "--all", "--amend", "--message", "better")
    new = home.git("rev-parse", "HEAD")
    home.deploy()
    assert head(host) == new
    assert f"h1: {new[:7]} -> {old[:7]}" in home.succeed("rollback", "--dry-run").said
    home.succeed("rollback", "--to", old[:7])
    assert (head(host), is_clean(host)) == (old, True)


def test_a_commit_that_only_the_host_still_has_is_gone_back_to(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    old = deployed(home, "environment: {N: '1'}")
    home.add("plex", "environment: {N: '2'}")
    home.git("commit", "--quiet", "--all", "--amend", "--message", "better")
    home.deploy()
    new = head(host)
    home.git("commit", "--quiet", "--allow-empty", "--amend", "--message", "better still")
    home.git("update-ref", "-d", "refs/homelab/outgoing")
    home.git("reflog", "expire", "--expire=all", "--all")
    home.git("gc", "--quiet", "--prune=now")
    known = home.git("cat-file", "--batch-all-objects", "--batch-check")
    assert (old in known, new in known) == (False, False)
    assert "environment ~ N" in home.succeed("rollback", "--dry-run").said
    home.succeed("rollback", "--service", "plex")
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $N") == "1"
    home.succeed("deploy", "plex", "--force")
    home.succeed("rollback", "--to", old[:7])
    assert (head(host), is_clean(host)) == (old, True)


def test_two_hosts_go_back_together(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("blog", host="h2")
    first = deployed(home)
    home.add("blog", "image: homelab/demo:2", host="h2")
    deployed(home, "image: homelab/demo:2")
    home.succeed("rollback")
    assert [head(host) for host in hosts[:2]] == [first, first]
    assert (seen(hosts[0], "plex-web-1").image, seen(hosts[1], "blog-web-1").image) == (("homelab/demo:1",) * 2)


def test_a_host_that_the_last_deploys_had_nothing_to_do_on_is_no_hindrance(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("blog", "env_file: .env", host="h2")
    put(hosts[1], "services/blog/.env", "TOKEN=old\n")
    first = deployed(home)
    second = deployed(home, "environment: {N: '2'}")
    home.add("blog", "env_file: .env", "environment: {N: '3'}", host="h2")
    put(hosts[1], "services/blog/.env", "TOKEN=new\n")
    third = deployed(home, "environment: {N: '3'}")
    assert [head(host) for host in hosts[:2]] == [third, third]
    home.succeed("rollback")
    assert [head(host) for host in hosts[:2]] == [second, second]
    assert hosts[1].docker("exec", "blog-web-1", "sh", "-c", "echo $TOKEN$N") == "old"
    assert hosts[0].docker("exec", "plex-web-1", "sh", "-c", "echo $N") == "2"
    home.succeed("rollback", "--to", "HEAD~1")
    assert (head(hosts[0]), seen(hosts[0], "plex-web-1").status) == (first, "running")


def test_a_host_whose_services_are_older_still_stays(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("blog", host="h2")
    first = deployed(home)
    home.add("blog", "image: homelab/demo:2", host="h2")
    home.add("plex", "image: homelab/demo:2")
    second = home.commit()
    home.succeed("deploy", "plex")
    home.add("plex", "environment: {N: '3'}")
    home.commit()
    home.succeed("deploy", "plex")
    said = home.succeed("rollback").said
    assert f"note: h2 is at {first[:7]}, which is older, and stays so" in said
    assert [head(host) for host in hosts[:2]] == [second, first]
    assert seen(hosts[1], "blog-web-1").image == "homelab/demo:1"


def test_hosts_of_different_branches_are_named(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("blog", host="h2")
    first = deployed(home)
    home.git("checkout", "--quiet", "-b", "aside")
    home.add("blog", "image: homelab/demo:2", host="h2")
    aside = deployed(home)
    home.git("checkout", "--quiet", "main")
    home.add("plex", "image: homelab/demo:2")
    there = home.commit()
    home.succeed("deploy", "plex")
    told = f"h1 is at {there[:7]}, h2 is at {aside[:7]}: none of them comes after the others"
    for words in ([], ["--to", "HEAD~1"]):
        done = home.inv("rollback", *words)
        assert (done.status, done.err) == (1, f"error: {told}; say which: --to HASH, or one --host\n")
    home.succeed("rollback", "--to", first)
    assert [head(host) for host in hosts[:2]] == [first, first]


def test_a_failed_rollback_puts_back_what_it_changed(home: Homelab, lab: Lab, host: LabHost) -> None:
    home.inventory(lab, [host], defaults={"on_failure": "revert"})
    home.add("plex", "command: 'false'", timeout=1)
    bad = home.commit()
    good = deployed(home, "image: homelab/demo:2")
    done = home.inv("rollback", "--to", bad)
    assert (done.status, "all is as before" in done.said) == (1, True), done.said
    assert (seen(host, "plex-web-1").image, seen(host, "plex-web-1").status) == ("homelab/demo:2", "running")
    assert (head(host), is_clean(host)) == (good, True)
    (run, *_) = home.succeed("history", "--format=json").json["runs"]
    assert (run["outcome"], run["reverted"]) == ("put back", True)


def test_after_a_deploy_that_failed_and_was_kept_the_last_good_one_comes_back(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    first = deployed(home)
    home.add("plex", "command: 'false'", timeout=1)
    home.commit()
    for words in ([], ["--service", "plex"]):
        assert home.inv("deploy", "plex", "--on-failure", "keep").status == 1
        home.succeed("rollback", *words)
        assert seen(host, "plex-web-1").status == "running"
    assert f"pinned at {first[:7]}" in home.succeed("status").said


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("nope", "--to: no commit 'nope'; git fetch, or see git log --oneline"),
        ("HEAD@{1}", "--to HEAD@{1}: the reflog of this machine does not tell what was deployed; give HEAD~1, a tag, "),
        ("@{yesterday}", "--to @{yesterday}: the reflog of this machine does not tell what was deployed; give HEAD~1"),
        ("HEAD~9", "--to HEAD~9: there is no such commit before {second}, which is deployed; see git log --oneline"),
        ("main", "{third} is not before what is deployed on h1 ({second}); inv deploy goes forward"),
        ("aside", "{aside} is not before what is deployed on h1 ({second}); inv deploy goes forward"),
        ("HEAD..main", "--to: no commit 'HEAD..main'; git fetch, or see git log --oneline"),
        ("broken", "the repo at {broken} does not load; choose another with --to:\n  hosts.yaml:"),
    ],
)
def test_a_word_that_leads_nowhere_is_refused_and_changes_nothing(
    home: Homelab, host: LabHost, word: str, told: str
) -> None:
    home.add("plex")
    good = (home.root / "hosts.yaml").read_text()
    home.write("hosts.yaml", good.replace("hosts:", "hoosts:"))
    broken = home.commit()
    home.git("tag", "broken")
    home.write("hosts.yaml", good)
    second = deployed(home)
    home.git("checkout", "--quiet", "-b", "aside", "HEAD~1")
    home.write("README.md", "another way\n")
    aside = home.commit()
    home.git("checkout", "--quiet", "main")
    home.write("README.md", "a later one\n")
    third = home.commit()
    done = home.inv("rollback", "--to", word)
    names = {"second": second[:7], "third": third[:7], "aside": aside[:7], "broken": broken[:7]}
    expected = told
    for name, short in names.items():
        expected = expected.replace(f"{{{name}}}", short)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"error: {expected}")
    assert head(host) == second


def test_a_service_that_came_later_and_one_that_never_was(home: Homelab) -> None:
    first = deployed(home)
    came = deployed(home, name="wiki")
    assert home.inv("rollback", "--service", "wiki", "--to", first).err == (
        f"error: wiki does not exist at {first[:7]}; it came with {came[:7]}\n"
    )
    for words in (["--to", first], []):
        assert "no service 'wikki'; " in home.inv("rollback", "--service", "wikki", *words).err


def test_nothing_is_deployed_yet(home: Homelab) -> None:
    home.add("plex")
    home.commit()
    assert home.inv("rollback").err == (
        "error: nothing is deployed there, so there is nothing to go back to; inv deploy-all\n"
    )


def test_the_images_that_were_kept_last_stay_also_where_the_clock_was_ahead(host: LabHost) -> None:
    for second in range(3):
        host.docker("tag", "homelab/demo:1", f"homelab-kept/plex:20990101T00000{second}Z-0123456789ab")
    ident = host.docker("image", "ls", "--no-trunc", "--quiet", "homelab/demo:2")
    for _ in range(2):
        host.check("sh", "-c", str(keep_images("plex", [ident])))
    tags = host.docker("image", "ls", "--format", "{{.Tag}}", "homelab-kept/plex").split()
    new = ident[7:19]
    assert sorted(tags) == [
        "20990101T000002Z-0123456789ab",
        f"20990101T000003Z-{new}",
        f"20990101T000004Z-{new}",
    ]


def test_an_image_that_is_gone_is_told_before_anything_is_touched(home: Homelab, host: LabHost) -> None:
    host.docker("tag", "homelab/demo:1", "app:latest")
    deployed(home, "image: app:latest")
    host.docker("tag", "homelab/demo:2", "app:latest")
    second = deployed(home, "image: app:latest", "environment: {TZ: UTC}")
    names = host.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    host.docker("image", "rm", "--force", "homelab/demo:1", *[n for n in names if n.startswith("homelab-kept/")])
    plex = seen(host, "plex-web-1")
    done = home.inv("rollback")
    told = "plex: the image that app:latest was then is gone from h1, and the name means another one now"
    assert (done.status, told in done.said) == (1, True)
    assert (seen(host, "plex-web-1"), head(host)) == (plex, second)
    home.succeed("rollback", "--force")


def test_an_env_file_that_is_no_longer_kept_is_told_and_left_with_force(home: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "TOKEN=old\n")
    first = deployed(home, "env_file: .env")
    put(host, "services/plex/.env", "TOKEN=new\n")
    deployed(home, "env_file: .env", "image: homelab/demo:2")
    host.check("bash", "-c", f"rm {CHECKOUT}/.git/homelab/kept/*")
    done = home.inv("rollback")
    told = "plex: services/plex/.env as it was then is not kept on h1; nothing can bring it back"
    assert (done.status, f"{told}; leave it as it is now with --force" in done.said) == (1, True)
    home.succeed("rollback", "--force")
    assert (host.docker("exec", "plex-web-1", "sh", "-c", "echo $TOKEN"), head(host)) == ("new", first)


def test_a_commit_that_the_host_threw_away_is_delivered_again(home: Homelab, host: LabHost) -> None:
    first = deployed(home)
    deployed(home, "image: homelab/demo:2")
    host.check("rm", "-f", f"{CHECKOUT}/.git/objects/{first[:2]}/{first[2:]}")
    home.succeed("rollback")
    assert (head(host), seen(host, "plex-web-1").image) == (first, "homelab/demo:1")


def test_a_journal_that_was_cut_short_tells_what_it_knows(home: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "TOKEN=old\n")
    first = deployed(home, "env_file: .env")
    second = deployed(home, "env_file: .env", "image: homelab/demo:2")
    journal = f"{CHECKOUT}/.git/homelab/journal.jsonl"
    host.check("bash", "-c", f"(echo edited; tail -n 2 {journal}) >j && mv j {journal}")
    left_out = "h1: journal.jsonl line 1 of .git/homelab: no entry, left out"
    told = f"error: no deploy before that of {second[:7]} is remembered ({left_out}), so there is nothing to go back to"
    assert home.inv("rollback").err.startswith(told)
    said = home.succeed("rollback", "--to", first[:12]).said
    assert f"note: {left_out}" in said
    assert f"note: h1 does not remember to have been at {first[:7]}" not in said  # it knows that it came from there
    assert (head(host), seen(host, "plex-web-1").image) == (first, "homelab/demo:1")


def test_two_homelabs_of_one_host_go_back_each_for_itself(home: Homelab, lab: Lab, host: LabHost) -> None:
    first = deployed(home)
    deployed(home, "image: homelab/demo:2")
    other = Homelab.make(home.top.with_name("other"), lab, [host])
    other.inventory(lab, [host], defaults={"path": "/var/lib/services/other"})
    deployed(other, name="wiki")
    home.succeed("rollback")
    assert head(host) == first
    assert running(host) == ["plex-web-1", "wiki-web-1"]
    assert "nothing to go back to" in other.inv("rollback").err


def test_a_file_that_was_edited_on_the_host_is_not_passed_over(home: Homelab, host: LabHost) -> None:
    deployed(home)
    second = deployed(home, "image: homelab/demo:2")
    put(host, "services/plex/compose.yml", "edited\n")
    done = home.inv("rollback")
    assert (done.status, "files were edited in /opt/homelab on h1: services/plex/compose.yml" in done.said) == (1, True)
    assert (head(host), seen(host, "plex-web-1").image) == (second, "homelab/demo:2")
