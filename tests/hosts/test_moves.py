"""Services that moved to another host, and services that left the repo."""

from __future__ import annotations

from tests.hosts.homelab import CHECKOUT, Homelab, events, eventually, now, running
from tests.lab import Lab, LabHost


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


def test_a_host_less_is_a_removal_that_somebody_has_to_mean(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("blog")
    home.write("services/blog/service.yaml", "hosts: [h1, h2]\n")
    home.commit()
    home.deploy()
    home.write("services/blog/service.yaml", "host: h1\n")
    home.commit()
    refused = home.inv("deploy-all")
    assert refused.err == "error: remove blog: nobody is there to ask; say --yes if it is meant\n"
    assert "CI=true, and this would remove blog" in home.inv("deploy-all", "--yes", CI="true").said
    home.write("services/blog/service.yaml", "host: h1\nprotect: true\n")
    home.commit()
    assert "blog would be removed from h2, and is protected" in home.inv("deploy-all", "--yes").said
    assert (running(hosts[0]), running(hosts[1])) == (["blog-web-1"], ["blog-web-1"])
    home.write("services/blog/service.yaml", "host: h1\n")
    home.commit()
    assert "- blog remove: now belongs on h1 only" in home.deploy().said
    assert (running(hosts[0]), running(hosts[1])) == (["blog-web-1"], [])


def test_what_was_stopped_on_purpose_does_not_start_on_another_host(
    home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]
) -> None:
    home.inventory(lab, hosts, groups={"media": {}})
    home.add("blog", groups=["media"])
    home.commit()
    home.deploy()
    home.succeed("stop", "blog")
    home.add("blog", host="h2", groups=["media"])
    home.commit()
    for words in (["deploy-all", "--yes"], ["deploy-group", "media"]):
        assert "stopped on h1 by" in home.succeed(*words).said
        assert (running(hosts[0]), running(hosts[1])) == ([], [])
    home.succeed("deploy", "blog")
    assert running(hosts[1]) == ["blog-web-1"]


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


KEEPING = """\
services:
  web:
    image: homelab/demo:1
    init: true
    configs: [app]
    volumes: ["lists:/lists", "./data:/data"]
volumes: {lists: {}}
configs: {app: {file: ./app.conf}}
"""


def renamed(home: Homelab, host: LabHost, compose: str) -> None:
    """pihole, which keeps something in a volume and in a folder of its own, is called dns from now on."""
    home.write(".gitignore", "data/\n")
    home.write("services/pihole/compose.yml", compose)
    home.write("services/pihole/app.conf", "one\n")
    home.write("services/pihole/service.yaml", "host: h1\n")
    home.commit()
    home.deploy()
    host.docker("exec", "pihole-web-1", "sh", "-c", "echo mine | tee /lists/kept /data/kept")
    home.git("mv", "services/pihole", "services/dns")
    home.commit()


def test_a_service_with_another_name_does_not_begin_with_empty_volumes_and_folders(
    home: Homelab, host: LabHost
) -> None:
    renamed(home, host, KEEPING)
    host.docker("rm", "--force", "pihole-web-1")
    for words in (("deploy", "dns"), ("deploy-all", "--prune", "--yes")):
        done = home.inv(*words)
        assert done.status == 1, done.said
        assert "dns: volume dns_lists would be new and empty on h1, and pihole, which left the repo, has" in done.said
        assert f"dns: ./data would be left behind on h1 in {CHECKOUT}/services/pihole" in done.said
    assert "dns_lists" not in host.docker("volume", "ls", "--quiet")
    home.write("services/dns/compose.yml", f"name: pihole\n{KEEPING}")
    home.commit()
    done = home.inv("deploy", "dns")
    assert done.said.count("would be") == 1, done.said
    move = f"mkdir -p {CHECKOUT}/services/dns && mv {CHECKOUT}/services/pihole/data {CHECKOUT}/services/dns/"
    host.check("sh", "-c", f"{move} && chown admin: {CHECKOUT}/services/dns")
    home.succeed("deploy-all", "--prune", "--yes")
    assert host.docker("exec", "pihole-web-1", "cat", "/lists/kept", "/data/kept", "/app") == "mine\nmine\none"


def test_a_service_with_another_name_and_the_same_project_has_its_new_configs(home: Homelab, host: LabHost) -> None:
    without = KEEPING.replace(', "./data:/data"', "")
    renamed(home, host, f"name: pihole\n{without}".replace('"lists:/lists"', '"lists:/lists", "/srv/data:/data"'))
    home.write("services/dns/app.conf", "two\n")
    home.commit()
    home.deploy("--prune")
    assert host.docker("exec", "pihole-web-1", "cat", "/lists/kept", "/app") == "mine\ntwo"
    home.succeed("restart", "dns")
    assert home.deploy().out.startswith("nothing to do:")


def test_a_service_with_another_name_and_nothing_of_its_own_just_goes_on(home: Homelab, host: LabHost) -> None:
    home.add("pihole")
    home.commit()
    home.deploy()
    home.git("mv", "services/pihole", "services/dns")
    home.commit()
    home.deploy("--prune")
    assert running(host) == ["dns-web-1"]


def test_a_move_does_not_leave_the_env_file_behind(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    for host in hosts:
        host.check("mkdir", "-p", CHECKOUT)
        host.check("chown", "admin:", CHECKOUT)
    home.write(".gitignore", ".env\n")
    home.add("tools", "profiles: [backup]", host="h1")
    home.write("services/tools/.env.example", "COMPOSE_PROFILES=backup\n")
    home.write("services/tools/.env", "COMPOSE_PROFILES=backup\n")
    home.commit()
    home.succeed("env.push", "tools")
    home.deploy()
    home.replace("services/tools/service.yaml", "h1", "h2")
    home.commit()
    done = home.inv("deploy", "tools")
    assert done.status == 1
    assert "tools: services/tools/.env lies on h1 and not on h2; inv env.push tools, or to begin" in done.said
    assert running(hosts[0]) == ["tools-web-1"]
    home.succeed("env.push", "tools")
    home.succeed("deploy", "tools")
    assert (running(hosts[0]), running(hosts[1])) == ([], ["tools-web-1"])
