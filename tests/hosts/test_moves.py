"""Services that moved to another host, and services that left the repo."""

from __future__ import annotations

from tests.hosts.homelab import Homelab, events, eventually, now, running
from tests.lab import LabHost


def test_a_moved_service_starts_on_its_new_host_and_only_then_goes_from_the_old_one(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("blog", host="h1")
    home.commit()
    home.deploy()
    since = now(hosts[0])
    home.add("blog", host="h2")
    home.commit()
    done = home.deploy()
    assert "+ blog create: was moved from h1, requested" in done.said
    assert "- blog remove: was moved to h2; after blog (on h2)" in done.said
    assert "blog: its data on h1 is not moved; copy it yourself if it is needed" in done.said
    assert (running(hosts[0]), running(hosts[1])) == ([], ["blog-web-1"])
    assert events(hosts[1], "start", since, "{{.TimeNano}}") < events(hosts[0], "die", since, "{{.TimeNano}}")


def test_a_service_whose_new_host_is_off_stays_where_it_is(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("blog", host="h1")
    home.commit()
    home.deploy()
    home.add("blog", host="h2")
    home.commit()
    hosts[1].stop_sshd()
    assert home.inv("deploy", "blog").status == 1
    assert running(hosts[0]) == ["blog-web-1"]


def test_what_a_move_left_on_a_host_that_was_off_is_shown_and_goes_later(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("blog", host="h1")
    home.commit()
    home.deploy()
    home.add("blog", host="h2")
    home.commit()
    hosts[0].stop_sshd()
    home.succeed("deploy", "blog")
    assert (running(hosts[0]), running(hosts[1])) == (["blog-web-1"], ["blog-web-1"])
    hosts[0].start_sshd()
    assert "now belongs on h2" in home.succeed("status").out
    home.deploy()
    assert (running(hosts[0]), running(hosts[1])) == ([], ["blog-web-1"])


def test_what_left_the_repo_is_shown_and_removed_only_when_that_is_said_twice(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.add("wiki", "volumes: ['data:/data']")
    home.replace("services/wiki/compose.yml", "services:", "volumes: {data: {}}\nservices:")
    home.commit()
    home.deploy()
    home.git("rm", "-r", "--quiet", "services/wiki")
    home.commit()
    assert "left behind wiki on h1, no longer in the repo; --prune removes it" in home.deploy().said
    refused = home.inv("deploy-all", "--prune")
    assert (refused.status, refused.err) == (
        1,
        "error: remove wiki: nobody is there to ask; say --yes if it is meant\n",
    )
    assert running(host) == ["blog-web-1", "wiki-web-1"]
    home.deploy("--prune", "--yes")
    assert running(host) == ["blog-web-1"]
    assert host.docker("volume", "ls", "--quiet") == "wiki_data"
    assert home.deploy("--prune").out.startswith("nothing to do:")


def test_a_container_that_left_the_compose_file_goes_with_the_deploy(home: Homelab, host: LabHost) -> None:
    more = "  db: {image: homelab/demo:1, init: true}\n"
    home.add("blog")
    home.write("services/blog/compose.yml", (home.root / "services/blog/compose.yml").read_text() + more)
    home.commit()
    home.deploy()
    assert running(host) == ["blog-db-1", "blog-web-1"]
    home.replace("services/blog/compose.yml", more, "")
    home.commit()
    home.deploy()
    eventually(lambda: running(host) == ["blog-web-1"], "the orphan to go")
