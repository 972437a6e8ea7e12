"""What somebody did in a host's checkout by hand: told by whatever looks, and mended by the next deploy."""

from __future__ import annotations

import re

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, head, running
from tests.lab import Lab, LabHost


def on(host: LabHost, *words: str) -> str:
    """Run Git in the checkout, as the user whose it is."""
    return host.check("runuser", "-u", "admin", "--", "git", "-C", CHECKOUT, *words)


def row(home: Homelab, service: str) -> str:
    return next(line for line in home.inv("status").out.splitlines() if line.startswith(f"{service} "))


@pytest.fixture
def twice(home: Homelab) -> Homelab:
    """Two services; the configuration of one was changed and deployed once more."""
    home.add("blog", "volumes: ['./config:/config:ro']")
    home.write("services/blog/config/app.yml", "one\n")
    home.add("wiki")
    home.commit()
    home.deploy()
    home.write("services/blog/config/app.yml", "two\n")
    home.commit()
    home.deploy()
    return home


def test_an_older_commit_that_was_checked_out_there_is_found_and_mended(twice: Homelab, host: LabHost) -> None:
    deployed = head(host)
    on(host, "reset", "--quiet", "--hard", "HEAD~1")
    assert "files of another commit lie there" in row(twice, "blog")
    assert "up to date" in row(twice, "wiki")
    dry = twice.inv("deploy-all", "--dry-run", "--exit-code")
    assert (dry.status, "files of another commit lie on h1" in dry.said) == (2, True)
    twice.deploy()
    assert head(host) == deployed
    assert host.docker("exec", "blog-web-1", "cat", "/config/app.yml") == "two"
    assert twice.deploy().out.startswith("nothing to do:")


def test_what_was_started_with_an_edited_file_is_made_anew_once_that_is_undone(twice: Homelab, host: LabHost) -> None:
    file = f"{CHECKOUT}/services/blog/compose.yml"
    host.check("sed", "-i", "s/init: true/init: true\\n    environment: {A: hack}/", file)
    assert "files were edited there" in row(twice, "blog")
    host.docker("rm", "--force", "blog-web-1")
    ensured = twice.succeed("ensure", "blog")
    assert "files were edited on h1" in ensured.said
    refused = twice.inv("deploy-all", "--yes")
    told = f"files were edited in {CHECKOUT} on h1: services/blog/compose.yml; commit or undo that"
    assert (refused.status, told in refused.said) == (1, True)
    on(host, "checkout", "--quiet", ".")
    twice.deploy()
    assert "A=hack" not in host.docker("inspect", "--format", "{{.Config.Env}}", "blog-web-1")
    assert twice.deploy().out.startswith("nothing to do:")


def test_a_readme_that_was_edited_there_is_no_news_of_a_service(twice: Homelab, host: LabHost) -> None:
    twice.write("services/blog/README.md", "the blog\n")
    twice.write("services/wiki/config/new.yml", "new\n")
    twice.commit()
    twice.deploy()
    host.check("bash", "-c", f"echo of ours >>{CHECKOUT}/services/blog/README.md")
    assert "up to date" in row(twice, "blog")
    assert twice.deploy().out.startswith("nothing to do:")


def test_two_names_of_one_machine_are_told_and_nothing_is_removed(twice: Homelab, host: LabHost, lab: Lab) -> None:
    before = running(host)
    twice.inventory(lab, [host])
    twice.write("hosts.yaml", (twice.root / "hosts.yaml").read_text() + f"  nas:\n    address: {host.address}\n")
    twice.add("extra", host="nas")
    twice.commit()
    told = re.escape(f"h1 and nas are one machine: both lead to the same {CHECKOUT}; keep one of them in hosts.yaml")
    deploys = (["deploy-all", "--yes"], ["deploy-all", "--host", "nas", "--yes"], ["deploy", "extra", "--yes"])
    for words in (*deploys, ["status"]):
        done = twice.inv(*words)
        assert (done.status, bool(re.search(told, done.said))) == (1, True), done
    twice.git("rm", "--quiet", "-r", "services/extra")
    twice.commit()
    done = twice.inv("deploy-all", "--host", "nas", "--yes")
    assert (done.status, bool(re.search(told, done.said))) == (1, True), done
    assert running(host) == before
