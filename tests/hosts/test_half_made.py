"""Updates that are cut off: the new container may have a passing name, and what a dead client began is done."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, containers, eventually, running
from tests.hosts.slow import a_slow_service, composing
from tests.lab import LabHost

MAKE = f"cd {CHECKOUT}/services/db && docker compose --project-name db create --quiet-pull"


@pytest.mark.parametrize("version", ["one", "two"])
def test_a_new_container_that_never_got_its_name_gets_it(home: Homelab, host: LabHost, version: str) -> None:
    home.add("db", "environment: {V: one}", "volumes: [/data]")
    home.commit()
    home.deploy()
    host.docker("rm", "--force", "db-web-1")
    host.check("bash", "-c", MAKE)
    host.docker("rename", "db-web-1", "0123456789ab_db-web-1")
    home.replace("services/db/compose.yml", "one", version)
    home.write("README.md", "so that there is a commit\n")
    home.commit()
    home.deploy()
    assert {name: found.status for name, found in containers(host).items()} == {"db-web-1": "running"}
    assert host.docker("exec", "db-web-1", "sh", "-c", "echo $V") == version
    assert home.deploy().out.startswith("nothing to do:")


def test_a_service_comes_up_although_the_client_was_killed_in_the_middle_of_its_update(
    home: Homelab, host: LabHost
) -> None:
    a_slow_service(home, "one")
    home.deploy()
    a_slow_service(home, "two")
    with home.start("deploy-all") as process:
        eventually(lambda: composing(host), "compose to work")
        process.kill()
    eventually(lambda: not composing(host), "compose to end")
    assert running(host) == ["slow-web-1"]
    assert host.docker("exec", "slow-web-1", "sh", "-c", "echo $A") == "two"
    home.deploy()
    assert home.deploy().out.startswith("nothing to do:")
