"""What Git knows of a file besides its content: its mode, what a symlink leads to, whether it has the file at all."""

from __future__ import annotations

from tests.hosts.homelab import Homelab, containers, head, put
from tests.lab import LabHost

AT = "/opt/homelab/services/wiki"


def reads(host: LabHost, name: str, path: str) -> str:
    return host.docker("exec", f"{name}-web-1", "cat", path)


def value(host: LabHost, name: str) -> str:
    """A variable of wiki's container."""
    return host.docker("exec", "wiki-web-1", "sh", "-c", f"echo ${name}")


def test_a_change_of_mode_is_deployed(home: Homelab, host: LabHost) -> None:
    home.add("job", "volumes: ['./run.sh:/run.sh:ro']")
    home.write("services/job/run.sh", "#!/bin/sh\necho hi\n")
    home.commit()
    home.deploy()
    (home.root / "services/job/run.sh").chmod(0o755)
    home.commit()
    assert "run.sh changed" in home.deploy().out
    assert host.docker("exec", "job-web-1", "/run.sh") == "hi"
    assert "nothing to do" in home.deploy().out


def test_a_change_behind_a_symlink_is_deployed(home: Homelab, host: LabHost) -> None:
    home.write("shared/a.txt", "one\n")
    home.write("shared/conf/x", "one\n")
    home.write("services/wiki/README.md", "a folder\n")
    (home.root / "services/wiki/a.txt").symlink_to("../../shared/a.txt")
    (home.root / "services/wiki/config").symlink_to("../../shared/conf")
    home.add("wiki", "volumes: ['./a.txt:/a.txt:ro', './config:/config:ro']")
    home.commit()
    home.deploy()
    for path, seen in (("a.txt", "/a.txt"), ("conf/x", "/config/x")):
        home.write(f"shared/{path}", "two\n")
        home.commit()
        assert f"shared/{path} changed" in home.deploy().out
        assert reads(host, "wiki", seen) == "two"
    assert "nothing to do" in home.deploy().out


def test_a_compose_file_may_be_a_symlink(home: Homelab, host: LabHost) -> None:
    home.add("wiki", "environment: {A: one}")
    home.commit()
    (home.root / "shared").mkdir()
    (home.root / "services/wiki/compose.yml").rename(home.root / "shared/c.yml")
    (home.root / "services/wiki/compose.yml").symlink_to("../../shared/c.yml")
    home.commit()
    home.deploy()
    assert value(host, "A") == "one"


def test_what_attributes_leave_out_of_archives_is_deployed(home: Homelab, host: LabHost) -> None:
    home.write(".gitattributes", "*.override.yml export-ignore\n")
    home.add("wiki")
    home.write("services/wiki/compose.override.yml", "services: {web: {environment: {O: over}}}\n")
    home.commit()
    home.deploy()
    assert value(host, "O") == "over"


def test_a_committed_env_file_is_no_change_after_it_was_deployed(home: Homelab, host: LabHost) -> None:
    home.add("wiki", "env_file: vars.env")
    for content in ("one", "two"):
        home.write("services/wiki/vars.env", f"V={content}\n")
        home.commit()
        home.deploy()
        assert value(host, "V") == content
        assert "nothing to do" in home.deploy().out
    assert "of then" not in home.succeed("rollback", "--dry-run").out
    home.succeed("rollback", "--yes")
    assert value(host, "V") == "one"


def test_an_env_file_that_leaves_git_stays_on_the_host_and_is_used(home: Homelab, host: LabHost) -> None:
    home.add("wiki", "environment: ['X=${SECRET}']")
    home.write("services/wiki/.env", "SECRET=hush\n")
    home.commit()
    home.deploy()
    before = containers(host)
    home.git("rm", "--quiet", "--cached", "services/wiki/.env")
    home.write(".gitignore", ".env\n")
    home.commit()
    done = home.deploy()
    assert "note" in done.out
    assert ".env is in Git no more, and stays on h1" in done.out
    assert containers(host) == before
    assert "nothing to do" in home.deploy().out
    home.add("wiki", "environment: ['X=${SECRET}', 'Y=1']")
    home.commit()
    home.deploy()
    assert value(host, "X") == "hush"
    put(host, "services/wiki/.env", "SECRET=later\n")
    home.deploy()
    assert value(host, "X") == "later"
    done = home.succeed("rollback", "--to", "HEAD~2", "--yes")
    assert "a file in the way of the commit was kept as /opt/homelab/.git/homelab/aside/" in done.said
    assert value(host, "X") == "hush"
    home.deploy()
    assert value(host, "X") == "hush"


def test_a_failed_deploy_brings_an_env_file_back_into_git(home: Homelab, host: LabHost) -> None:
    home.add("wiki", "environment: ['X=${SECRET}']")
    home.write("services/wiki/.env", "SECRET=hush\n")
    old = home.commit()
    home.deploy()
    home.git("rm", "--quiet", "--cached", "services/wiki/.env")
    home.write(".gitignore", ".env\n")
    home.add("wiki", "environment: ['X=${SECRET}']", "command: ['false']", "restart: 'no'")
    home.commit()
    assert home.inv("deploy-all", "--yes", "--on-failure", "revert").status == 1
    status = host.exec("git", "-C", "/opt/homelab", "status", "--porcelain", user="admin").stdout
    assert (status, head(host)) == (b"", old)
    assert value(host, "X") == "hush"


def test_a_mounted_file_that_git_ignores_is_missed_before_docker_makes_a_folder(home: Homelab, host: LabHost) -> None:
    home.write(".gitignore", "*.secret\n")
    home.add("wiki", "volumes: ['./tok.secret:/tok:ro']")
    home.write("services/wiki/tok.secret", "hush")
    home.commit()
    refused = home.inv("deploy", "wiki")
    assert refused.status == 1
    assert f"wiki: {AT}/tok.secret, which container web mounts, is missing on h1, and a file here; ssh " in refused.said
    put(host, "services/wiki/tok.secret", "hush")
    home.deploy()
    assert reads(host, "wiki", "/tok") == "hush"
