"""A deploy that fails puts everything back: commit, settings, images, what was new and what was gone."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, containers, events, eventually, finish, head, now, put, running, seen
from tests.lab import Lab, LabHost

BROKEN = "command: [sh, -c, 'echo no such database; exit 3']"


@pytest.fixture
def home(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> Homelab:
    """The homelab as users have it: a failed deploy goes back."""
    home.inventory(lab, hosts, defaults={"on_failure": "revert"})
    return home


def a_chain(home: Homelab, *plex: str, image: str = "image: homelab/demo:1") -> str:
    """vpn <- tdarr <- plex, and blog."""
    home.add("vpn", image)
    home.add("tdarr", image, depends_on=["vpn"])
    home.add("plex", image, *plex, depends_on=["tdarr"])
    home.add("blog")
    return home.commit()


def images(host: LabHost) -> dict[str, str]:
    lines = host.docker("ps", "--format", "{{.Names}} {{.Image}}").splitlines()
    return {name.removesuffix("-web-1"): image for name, _, image in (line.partition(" ") for line in lines)}


def test_a_failed_update_is_put_back_last_first_and_the_rest_was_never_touched(home: Homelab, host: LabHost) -> None:
    before = a_chain(home)
    home.deploy()
    blog, since = seen(host, "blog-web-1"), now(host)
    a_chain(home, BROKEN, image="image: homelab/demo:2")
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "plex: container web ended with status 3" in done.said
    assert "put back plex, tdarr, vpn: as before" in done.said
    assert "all is as before" in done.said
    assert images(host) == dict.fromkeys(("blog", "plex", "tdarr", "vpn"), "homelab/demo:1")
    assert seen(host, "blog-web-1") == blog
    assert head(host) == before
    label = '{{index .Actor.Attributes "com.docker.compose.project"}}'
    assert events(host, "start", since, label) == ["vpn", "tdarr", "plex", "plex", "tdarr", "vpn"]


def test_after_going_back_a_mended_commit_is_deployed_as_ever(home: Homelab, host: LabHost) -> None:
    a_chain(home)
    home.deploy()
    a_chain(home, BROKEN, image="image: homelab/demo:2")
    assert home.inv("deploy-all", "--yes").status == 1
    after = a_chain(home, image="image: homelab/demo:2")
    home.deploy()
    assert images(host) == {"blog": "homelab/demo:1"} | dict.fromkeys(("plex", "tdarr", "vpn"), "homelab/demo:2")
    assert head(host) == after
    assert "nothing to do" in home.deploy().out


def test_what_is_new_is_removed_again_with_its_network_and_keeps_its_volume(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    home.deploy()
    home.add("wiki", "volumes: ['pages:/pages']")
    home.replace("services/wiki/compose.yml", "services:", "volumes: {pages: {}}\nservices:")
    home.add("plex", BROKEN, depends_on=["wiki"])
    home.commit()
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "all is as before" in done.said
    assert "inv logs" not in done.said
    assert list(containers(host)) == ["blog-web-1"]
    assert "wiki_default" not in host.docker("network", "ls", "--format", "{{.Name}}")
    assert "wiki_pages" in host.docker("volume", "ls", "--format", "{{.Name}}")
    assert "blog" in home.succeed("status").out


def test_a_first_deploy_that_fails_leaves_no_container(home: Homelab, host: LabHost) -> None:
    a_chain(home, BROKEN)
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert containers(host) == {}, done.out
    a_chain(home)
    home.deploy()
    assert running(host) == ["blog-web-1", "plex-web-1", "tdarr-web-1", "vpn-web-1"]


def test_an_env_file_that_breaks_a_service_is_put_back_and_kept_aside(home: Homelab, host: LabHost) -> None:
    home.add("plex", "command: [sh, -c, 'exit $CODE || true; exec sleep 1000']", "environment: {CODE: '${CODE}'}")
    home.replace("services/plex/compose.yml", "exit $CODE || true;", "[ $$CODE = 0 ] || exit $$CODE;")
    home.write(".gitignore", ".env\n")
    home.commit()
    put(host, "services/plex/.env", "CODE=0\n")
    home.deploy()
    put(host, "services/plex/.env", "CODE=7\n")
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "plex: container web ended with status 7" in done.said
    assert running(host) == ["plex-web-1"]
    assert host.check("cat", f"{CHECKOUT}/services/plex/.env") == "CODE=0"
    aside = host.check("sh", "-c", f"cat {CHECKOUT}/.git/homelab/aside/*/services/plex/.env")
    assert aside == "CODE=7"
    path = host.check("sh", "-c", f"ls {CHECKOUT}/.git/homelab/aside/*/services/plex/.env")
    kept = f"plex has an earlier .env again; the newer one is kept: h1:{path}"
    assert f"note: {kept}" in done.said
    assert kept in " ".join(home.succeed("history").out.split())
    assert "nothing to do" in home.deploy().out


def test_an_env_file_elsewhere_on_the_host_that_breaks_a_service_is_told_and_stays(
    home: Homelab, host: LabHost
) -> None:
    home.add("plex", "command: [sh, -c, 'exit $CODE || true; exec sleep 1000']", "env_file: /etc/all.env")
    home.replace("services/plex/compose.yml", "exit $CODE || true;", "[ $$CODE = 0 ] || exit $$CODE;")
    home.commit()
    host.check("sh", "-c", "echo CODE=0 >/etc/all.env")
    home.deploy()
    host.check("sh", "-c", "echo CODE=7 >/etc/all.env")
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "plex: /etc/all.env on h1 is not as it was then, and stays so" in " ".join(done.said.split())
    assert "NOT ALL is as before" in done.said
    assert host.check("cat", "/etc/all.env") == "CODE=7"
    host.check("sh", "-c", "echo CODE=0 >/etc/all.env")
    home.deploy()
    assert running(host) == ["plex-web-1"]


def test_a_name_means_the_old_image_again(home: Homelab, host: LabHost) -> None:
    host.docker("tag", "homelab/demo:1", "homelab/app:latest")
    home.add("plex", "image: homelab/app:latest", "command: [sh, -c, 'test ! -e /bad || exit 5; exec sleep 1000']")
    home.commit()
    home.deploy()
    good = host.docker("inspect", "--format", "{{.Image}}", "plex-web-1")
    host.docker("run", "--name", "maker", "homelab/demo:1", "touch", "/bad")
    host.docker("commit", "maker", "homelab/app:latest")
    host.docker("rm", "maker")
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "plex: container web ended with status 5" in done.said
    assert host.docker("inspect", "--format", "{{.Image}}", "plex-web-1") == good
    assert host.docker("image", "inspect", "--format", "{{.Id}}", "homelab/app:latest") == good
    assert running(host) == ["plex-web-1"]


def test_what_was_stopped_on_purpose_is_stopped_again(home: Homelab, host: LabHost) -> None:
    a_chain(home)
    home.deploy()
    home.succeed("stop", "plex")
    a_chain(home, BROKEN)
    assert home.inv("deploy", "plex").status == 1
    assert running(host) == ["blog-web-1", "tdarr-web-1", "vpn-web-1"]
    assert "stopped" in home.succeed("status").out


def test_what_was_removed_comes_back(home: Homelab, host: LabHost) -> None:
    a_chain(home)
    home.deploy()
    home.git("rm", "-r", "--quiet", "services/blog")
    home.add("plex", BROKEN, "stop_grace_period: 1s", depends_on=["tdarr"])
    home.commit()
    done = home.inv("deploy-all", "--prune", "--yes")
    assert done.status == 1
    assert "all is as before" in done.said
    assert running(host) == ["blog-web-1", "plex-web-1", "tdarr-web-1", "vpn-web-1"]


def test_a_failure_on_one_host_puts_back_the_others(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    def lay(image: str, *plex: str) -> str:
        home.add("vpn", image, host="h1")
        home.add("plex", image, *plex, host="h2", depends_on=["vpn"])
        return home.commit()

    before = lay("image: homelab/demo:1")
    home.deploy()
    lay("image: homelab/demo:2", BROKEN)
    assert home.inv("deploy-all", "--yes").status == 1
    assert [images(host) for host in hosts[:2]] == [{"vpn": "homelab/demo:1"}, {"plex": "homelab/demo:1"}]
    assert [head(host) for host in hosts[:2]] == [before, before]


def test_a_host_that_is_off_takes_nothing_back(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> None:
    home.inventory(lab, hosts, defaults={"on_failure": "revert", "connect_timeout": 2})
    home.add("vpn", host="h2")
    home.add("plex", host="h1", depends_on=["vpn"])
    home.add("blog", host="h1")
    commit = home.commit()
    hosts[1].cut()
    done = home.inv("deploy-all")
    assert (done.status, "put back" in done.said) == (1, False)
    assert (running(hosts[0]), head(hosts[0])) == (["blog-web-1"], commit)
    assert "inv deploy plex --no-deps (without vpn on h2)" in done.said
    assert "; needs vpn on h2: cannot reach h2 (admin@" in home.inv("history").said
    home.succeed("deploy", "plex", "--no-deps")
    assert running(hosts[0]) == ["blog-web-1", "plex-web-1"]


def test_what_cannot_be_put_back_is_said_loudly_and_ends_the_going_back(home: Homelab, host: LabHost) -> None:
    """plex comes up only as long as /srv/gone is there, and the deploy takes that away."""
    host.exec("mkdir", "-p", "/srv/gone")
    mount = "volumes: [{type: bind, source: /srv/gone, target: /gone, bind: {create_host_path: false}}]"
    home.add("vpn")
    home.add("plex", mount, depends_on=["vpn"])
    home.commit()
    home.deploy()
    home.add("vpn", "image: homelab/demo:2")
    home.add("plex", "image: homelab/demo:2", "command: [sh, -c, 'sleep 4; exit 4']", depends_on=["vpn"], settle=6)
    home.commit()
    with home.start("deploy-all", "--yes") as process:
        eventually(lambda: images(host).get("plex") == "homelab/demo:2", "the new plex")
        host.exec("rmdir", "/srv/gone")
        out, _ = process.communicate()
    said = " ".join(out.split())
    assert process.returncode == 1
    assert "NOT ALL is as before" in said
    assert "plex on h1" in said.partition("NOT BACK")[2]
    assert "vpn" in said.partition("NOT BACK")[2]
    assert images(host)["vpn"] == "homelab/demo:2"


@pytest.mark.parametrize(("policy", "there"), [("keep", ["blog-web-1", "vpn-web-1"]), ("stop", ["vpn-web-1"])])
def test_a_failed_deploy_may_also_go_on_or_stop_there(
    home: Homelab, host: LabHost, policy: str, there: list[str]
) -> None:
    home.add("vpn")
    home.add("plex", BROKEN, depends_on=["vpn"])
    home.add("late", depends_on=["vpn"], settle=4)  # plex has failed by then
    home.add("blog", depends_on=["late"])
    home.commit()
    done = home.inv("deploy-all", "--on-failure", policy)
    assert done.status == 1
    assert set(there) <= set(running(host))
    assert ("blog-web-1" in running(host)) is (policy == "keep")


def test_history_tells_that_a_deploy_went_back_and_how_long_all_of_it_took(home: Homelab) -> None:
    a_chain(home)
    home.deploy()
    a_chain(home, BROKEN)
    done = home.inv("deploy-all", "--yes", "--format=json")
    (run, *_) = home.succeed("history", "--format=json").json["runs"]
    assert (done.status, run["outcome"], run["reverted"]) == (1, "put back", True)
    forward = max(step["seconds"] for step in done.json["steps"])
    assert run["seconds"] == pytest.approx(done.json["seconds"], abs=0.01)
    assert run["seconds"] > forward + done.json["undone"]["seconds"]


def test_a_commit_that_cannot_be_delivered_everywhere_is_taken_back_where_it_was(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    def lay(tag: int) -> str:
        home.add("vpn", f"image: homelab/demo:{tag}", host="h1")
        home.add("plex", f"image: homelab/demo:{tag}", host="h2")
        if tag > 1:
            home.write("services/plex/late.txt", "of the commit\n")
        return home.commit()

    before = lay(1)
    home.deploy()
    lay(2)
    put(hosts[1], "services/plex/late.txt", "of the host\n")
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "nothing was changed" in done.said
    assert [head(host) for host in hosts[:2]] == [before, before]


def test_a_host_whose_turn_had_not_come_is_where_it_was(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    def lay(tag: int, *vpn: str) -> str:
        home.add("vpn", f"image: homelab/demo:{tag}", *vpn, host="h1")
        home.add("plex", f"image: homelab/demo:{tag}", host="h2", depends_on=["vpn"])
        return home.commit()

    before = lay(1)
    home.deploy()
    plex = seen(hosts[1], "plex-web-1")
    lay(2, BROKEN)
    assert home.inv("deploy-all", "--yes").status == 1
    assert [head(host) for host in hosts[:2]] == [before, before]
    assert seen(hosts[1], "plex-web-1") == plex


def test_what_was_killed_meanwhile_runs_again_and_a_job_that_ended_well_does_not(home: Homelab, host: LabHost) -> None:
    home.add("job", "command: [sh, -c, 'until test -e /tmp/done; do sleep 0.1; done']")
    home.add("blog")
    home.add("plex")
    before = home.commit()
    home.deploy()
    never_healthy = "healthcheck: {test: 'test -e /tmp/never', interval: 1s, start_period: 90s}"
    home.add("plex", never_healthy, "command: [sh, -c, 'until test -e /tmp/bad; do sleep 0.1; done; exit 3']")
    home.commit()
    with home.start("deploy-all", "--yes") as process:
        eventually(lambda: "starting" in host.docker("ps", "--format", "{{.Status}}"), "the wait for plex")
        host.docker("exec", "job-web-1", "touch", "/tmp/done")
        eventually(lambda: "job-web-1" not in running(host), "the end of the job")
        host.docker("kill", "blog-web-1")
        host.docker("exec", "plex-web-1", "touch", "/tmp/bad")
        done = finish(process)
    assert "put back plex, blog: as before" in done.said
    assert "job" not in done.said.partition("going back")[2]
    assert (running(host), head(host)) == (["blog-web-1", "plex-web-1"], before)


def test_what_docker_may_have_stopped_with_status_0_is_told_and_not_started(home: Homelab, host: LabHost) -> None:
    home.add("blog", "command: [sh, -c, 'trap \"exit 0\" TERM; while :; do sleep 0.1; done']")
    home.add("plex")
    home.commit()
    home.deploy()
    never_healthy = "healthcheck: {test: 'test -e /tmp/never', interval: 1s, start_period: 90s}"
    home.add("plex", never_healthy, "command: [sh, -c, 'trap \"exit 1\" TERM; while :; do sleep 0.1; done']")
    home.commit()
    with home.start("deploy-all", "--yes") as process:
        eventually(lambda: "starting" in host.docker("ps", "--format", "{{.Status}}"), "the wait for plex")
        host.kill_docker()
        host.start_docker()
        done = finish(process)
    told = "blog on h1 ran before, and has ended with status 0 while Docker was restarted; if it is no job: inv ensure"
    assert told in " ".join(done.said.split())
    assert running(host) == ["plex-web-1"]


def test_services_whose_turn_had_not_come_are_as_the_repo_says_again(home: Homelab, host: LabHost) -> None:
    """blog is in the commit and not in the plan, late waits for plex, and both lay there in between."""
    a_chain(home)
    home.add("late", depends_on=["plex"])
    home.commit()
    home.deploy()
    there = seen(host, "late-web-1")
    home.add("late", "image: homelab/demo:2", depends_on=["plex"])
    home.add("blog", "image: homelab/demo:2")
    home.add("plex", BROKEN, depends_on=["tdarr"])
    home.commit()
    assert "all is as before" in home.inv("deploy", "late").said
    home.git("revert", "--no-edit", "HEAD")
    assert [row["note"] for row in home.succeed("status", "--format=json").json["services"]] == ["up to date"] * 5
    assert "nothing to do: 5 services" in home.deploy().out
    assert seen(host, "late-web-1") == there


def test_a_commit_that_was_taken_back_before_any_container_changed_left_nothing(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("vpn", host="h1")
    home.add("plex", host="h2")
    home.commit()
    home.deploy()
    home.add("vpn", "image: homelab/demo:2", host="h1")
    home.add("plex", "image: homelab/demo:2", host="h2")
    home.write("services/plex/late.txt", "of the commit\n")
    home.commit()
    put(hosts[1], "services/plex/late.txt", "of the host\n")
    assert "nothing was changed" in home.inv("deploy-all", "--yes").said
    home.git("revert", "--no-edit", "HEAD")
    assert [row["note"] for row in home.succeed("status", "--format=json").json["services"]] == ["up to date"] * 2


def test_what_was_sick_before_is_not_waited_for_again_and_the_others_go_back(home: Homelab, host: LabHost) -> None:
    probe = "{test: [CMD, test, '!', -e, /sick], interval: 1s, retries: 1, start_period: 0s}"
    home.add("sonarr", f"healthcheck: {probe}")
    home.add("plex")
    home.commit()
    home.deploy()
    host.docker("exec", "sonarr-web-1", "touch", "/sick")
    eventually(lambda: seen(host, "sonarr-web-1").health == "unhealthy", "sonarr to be unhealthy")
    sick, plex = seen(host, "sonarr-web-1").id, seen(host, "plex-web-1").image
    home.add("plex", "image: homelab/demo:2")
    home.commit()
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "all is as before" in done.said
    assert "as it was sonarr: container web is unhealthy, as before; only a restart was tried" in done.said
    assert "inv logs sonarr" in done.said
    assert (seen(host, "sonarr-web-1").id, seen(host, "plex-web-1").image) == (sick, plex)
    dry = home.succeed("deploy", "sonarr", "--dry-run").said
    assert "restart: container web is unhealthy, requested" in dry
    home.succeed("deploy", "sonarr", "--force")
    assert seen(host, "sonarr-web-1").id != sick
