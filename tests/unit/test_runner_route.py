"""The way to a host, as hosts.yaml and ssh_config say."""

from __future__ import annotations

from pathlib import Path

import pytest
from paramiko import SSHConfig

from homelab_tasks.model import Host
from homelab_tasks.runner.ssh_route import Hop, Router, TooManyJumps

NAS = Host("nas", "nas.lan", user="admin")


def way(config: str, host: Host = NAS) -> tuple[Hop, ...]:
    return Router(host, SSHConfig.from_text(config), Path("/home/me")).route()


@pytest.mark.parametrize(
    ("config", "hops"),
    [
        ("", ["admin@nas.lan"]),
        ("Host nas.lan\n  HostName 10.0.0.5\n  User root\n  Port 2222\n", ["admin@10.0.0.5 port 2222"]),
        ("Host nas.lan\n  ProxyJump me@door:2200\n", ["me@door port 2200", "admin@nas.lan"]),
        ("Host nas.lan\n  ProxyJump ssh://me@door\n", ["me@door", "admin@nas.lan"]),
        ("Host nas.lan\n  ProxyJump a@one,b@two\n", ["a@one", "b@two", "admin@nas.lan"]),
        (
            "Host nas.lan\n  ProxyJump b@two\nHost two\n  ProxyJump a@one\n  HostName 10.0.0.2\n",
            ["a@one", "b@10.0.0.2", "admin@nas.lan"],
        ),
        ("Host nas.lan\n  ProxyJump none\n", ["admin@nas.lan"]),
    ],
)
def test_the_way_has_every_server_and_ends_at_the_host(config: str, hops: list[str]) -> None:
    assert [str(hop) for hop in way(config)] == hops


def test_hosts_yaml_wins_over_ssh_config() -> None:
    config = "Host nas.lan\n  User root\n  Port 2222\n"
    (hop,) = way(config, Host("nas", "nas.lan", user="admin", port=22))
    assert str(hop) == "admin@nas.lan"


def test_jump_hosts_in_a_circle_are_an_error() -> None:
    with pytest.raises(TooManyJumps):
        way("Host nas.lan a\n  ProxyJump b\nHost b\n  ProxyJump a\n")


def test_pinned_host_keys_are_the_only_ones_of_the_host_and_not_of_its_jump_host() -> None:
    pinned = Host("nas", "nas.lan", user="admin", known_hosts="keys/known_hosts")
    config = "Host door\n  UserKnownHostsFile /door\n  GlobalKnownHostsFile none\nHost nas.lan\n  ProxyJump door\n"
    door, nas = way(config, pinned)
    assert nas.known_hosts == ("keys/known_hosts",)
    assert door.known_hosts == ("keys/known_hosts", "/door")


@pytest.mark.parametrize("setting", ["ProxyCommand nc %h %p", "ProxyCommand nc nas.lan 22"])
def test_a_proxy_command_is_kept_with_its_words_filled_in(setting: str) -> None:
    (hop,) = way(f"Host nas.lan\n  {setting}\n")
    assert hop.proxy_command == "nc nas.lan 22"
