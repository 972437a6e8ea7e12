"""What is found before anything is changed: each says what, where and the next move, and leaves hosts as they are."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import CHECKOUT, Done, Homelab, put, running
from tests.lab import Lab, LabHost

EXTERNAL = ("networks: [proxy]", "networks: {proxy: {external: true}}")


def a_user_of_proxy(home: Homelab, name: str) -> None:
    home.add(name, EXTERNAL[0])
    home.replace(f"services/{name}/compose.yml", "services:", f"{EXTERNAL[1]}\nservices:")


def refused(home: Homelab, host: LabHost) -> Done:
    """Deploy all, with a sound service beside the bad one; nothing may have been changed."""
    home.add("sound")
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "Traceback" not in done.said
    assert running(host) == []
    assert host.check("bash", "-c", f"find {CHECKOUT} -name compose.yml") == ""
    return done


def test_external_networks_of_hosts_yaml_are_made_first(home: Homelab, lab: Lab, host: LabHost) -> None:
    home.inventory(lab, [host], networks={"proxy": {"subnet": "172.30.7.0/24", "internal": True}})
    a_user_of_proxy(home, "blog")
    a_user_of_proxy(home, "wiki")
    home.commit()
    home.deploy()
    facts = "{{.Internal}} {{(index .IPAM.Config 0).Subnet}} {{len .Containers}}"
    assert host.docker("network", "inspect", "--format", facts, "proxy") == "true 172.30.7.0/24 2"
    assert home.deploy().out.startswith("nothing to do:")


def test_an_external_network_that_nobody_makes_is_a_fault(home: Homelab, host: LabHost) -> None:
    a_user_of_proxy(home, "blog")
    done = refused(home, host)
    assert (
        "blog: network proxy does not exist on h1 and no service makes it; list it under networks: in hosts.yaml"
        in done.said
    )


def test_an_external_volume_that_nobody_makes_is_a_fault(home: Homelab, host: LabHost) -> None:
    home.add("blog", "volumes: ['media:/media']")
    home.replace("services/blog/compose.yml", "services:", "volumes: {media: {external: true}}\nservices:")
    done = refused(home, host)
    assert "blog: volume media does not exist on h1; on h1: docker volume create media" in done.said


def test_an_env_file_that_is_missing_on_the_host_is_a_fault_and_putting_it_there_mends_it(
    home: Homelab, host: LabHost
) -> None:
    home.add("blog", "env_file: [.env]")
    home.write(".gitignore", ".env\n")
    done = refused(home, host)
    assert f"blog: {CHECKOUT}/services/blog/.env is missing on h1; inv env.push blog" in done.said
    home.write("services/blog/.env", "TOKEN=hush\n")
    home.succeed("env.push", "blog")
    home.deploy()
    assert running(host) == ["blog-web-1", "sound-web-1"]


def test_a_variable_without_a_value_is_a_fault(home: Homelab, host: LabHost) -> None:
    home.add("blog", "environment: {TOKEN: '${TOKEN:?}'}")
    assert "blog: TOKEN has no value on h1; inv env.push blog" in refused(home, host).said
    put(host, "services/blog/.env", "OTHER=1\n")
    home.write(".gitignore", ".env\n")
    assert "blog: TOKEN has no value on h1; set it: inv env.edit blog --host h1" in refused(home, host).said
    put(host, "services/blog/.env", "TOKEN=hush\n")
    home.deploy()


def test_a_variable_that_stays_blank_is_told(home: Homelab, host: LabHost) -> None:
    home.add("blog", "environment: {TOKEN: '${TOKEN}'}")
    home.commit()
    assert "blog: TOKEN is not set on h1; Compose uses a blank" in home.deploy().said
    assert running(host) == ["blog-web-1"]


@pytest.mark.parametrize("line", ["TOKEN='hush' 'hush", 'TOKEN="hush', "hush!x=1", "TOKEN=${hush"])
def test_an_env_file_that_compose_cannot_read_is_a_fault_that_quotes_nothing_of_it(
    home: Homelab, host: LabHost, line: str
) -> None:
    home.add("blog", "env_file: [.env]")
    put(host, "services/blog/.env", f"# tokens\n{line}\n")
    done = refused(home, host)
    assert f"blog: Compose cannot read {CHECKOUT}/services/blog/.env on h1" in done.said
    assert "hush" not in done.said


def test_a_compose_file_that_compose_rejects_is_a_fault(home: Homelab, host: LabHost) -> None:
    home.add("blog", "prots: ['80']")
    done = refused(home, host)
    assert "services/blog/compose.yml: Compose on h1 rejects it: " in done.said
    assert "prots is not allowed; mend the file and commit" in done.said


def test_an_image_that_cannot_be_pulled_ends_the_run_before_any_change(home: Homelab, host: LabHost) -> None:
    home.add("blog", "image: localhost:1/no/such:1")
    done = refused(home, host)
    assert "deploy-all: nothing was changed" in done.said
    assert "pulling localhost:1/no/such:1 for blog on h1 failed" in done.said
    assert "; check its name, and try it there: docker pull localhost:1/no/such:1" in done.said


def test_a_full_disk_is_named_and_the_same_command_converges_once_there_is_space(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    home.deploy()
    home.write("services/blog/large", "x" * 3_000_000)
    home.add("wiki")
    home.commit()
    host.fill_disk()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "the disk of h1 is full (delivering the commit)" in done.said
    assert running(host) == ["blog-web-1"]
    host.free_disk()
    home.deploy()
    assert running(host) == ["blog-web-1", "wiki-web-1"]
    assert home.deploy().out.startswith("nothing to do:")
