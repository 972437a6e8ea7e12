"""What docs/generate.md says of ports.nix: whom a host's firewall lets in, and whom Docker lets in past it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from tests.hosts.homelab import SOURCES, Homelab
from tests.lab import LabHost

PAGE = SOURCES / "docs/generate.md"
GET = r"printf 'GET / HTTP/1.0\r\n\r\n' | {nc} -w 3 {where} 2>&1 || true"
FIRST = ("-m conntrack --ctstate ESTABLISHED,RELATED", "-i lo", "-p tcp --dport 22")


@contextmanager
def firewalled(host: LabHost, *ports: int) -> Iterator[None]:
    """A firewall as that of NixOS: everything that comes to the host itself is dropped, but for these ports."""
    rules = [f"-A INPUT {rule} -j ACCEPT" for rule in (*FIRST, *(f"-p tcp --dport {port}" for port in ports))]
    four, six = (["iptables", *rules], ["ip6tables", "-A INPUT -p ipv6-icmp -j ACCEPT", *rules])
    lines = [f"{program} {rule}" for program, *each in (four, six) for rule in (*each, "-P INPUT DROP")]
    try:
        host.check("bash", "-e", stdin="\n".join(lines).encode())
        yield
    finally:
        host.check("bash", stdin=b"for t in iptables ip6tables; do $t -P INPUT ACCEPT; $t -F INPUT; done")


def from_a_container(host: LabHost) -> bool:
    """Whether a container in another network of the host gets the page by the host's own address."""
    return got(host.docker("exec", "asker-web-1", "sh", "-c", GET.format(nc="nc", where=f"{host.address} 8080")))


def from_another_host(other: LabHost, host: LabHost) -> bool:
    return got(other.check("sh", "-c", GET.format(nc="busybox nc", where=f"{host.address} 8080")))


def over_ipv6(other: LabHost, host: LabHost) -> bool:
    """By the link-local address: the container's network has no IPv6."""
    found = re.search(r"inet6 (fe80\S+)/", host.check("ip", "-6", "address", "show", "dev", "eth0", "scope", "link"))
    assert found
    return got(other.check("sh", "-c", GET.format(nc="busybox nc", where=f"'[{found[1]}%eth0]:8080'")))


def got(said: str) -> bool:
    return "homelab/demo:1" in said


@pytest.fixture
def home_of_two(home: Homelab) -> Homelab:
    """A page on h1 for the whole network, a container beside it in a network of its own, and h1 on NixOS on paper."""
    home.add("page", "ports: ['8080:80']")
    home.add("asker", "command: [sleep, '1000']")
    home.commit()
    home.deploy()
    inventory = yaml.safe_load((home.root / "hosts.yaml").read_text())
    inventory["hosts"]["h1"] |= {"system": "nixos", "flake": "nixos#h1"}
    home.write("hosts.yaml", yaml.safe_dump(inventory))
    home.write("nixos/hosts/h1/default.nix", "{ imports = [ ./ports.nix ]; }\n")
    return home


def listed(home: Homelab) -> list[int]:
    """The ports of the file that `inv generate` writes."""
    assert home.succeed("generate").out == "made nixos/hosts/h1/ports.nix\n"
    text = (home.root / "nixos/hosts/h1/ports.nix").read_text()
    return [int(port) for port in re.findall(r"^ {4}(\d+) #", text, re.MULTILINE)]


def test_docker_lets_other_machines_in_and_ports_nix_the_rest(home_of_two: Homelab, hosts: tuple[LabHost, ...]) -> None:
    host, other, _ = hosts
    with firewalled(host):
        assert from_another_host(other, host)
        assert not from_a_container(host)
        assert not over_ipv6(other, host)
    ports = listed(home_of_two)
    assert ports == [8080]
    with firewalled(host, *ports):
        assert from_a_container(host)
        assert over_ipv6(other, host)


@pytest.mark.usefixtures("home_of_two")
def test_the_chain_that_docker_leaves_to_people_keeps_a_network_out(hosts: tuple[LabHost, ...]) -> None:
    host, other, _ = hosts
    (shown,) = re.findall(r"extraCommands = ''\n(.*?)''", PAGE.read_text(), re.DOTALL)
    for network, let_in in (("10.99.0.0/16", False), (f"{host.address}/16", True)):
        lines = shown.replace("enp3s0", "eth0").replace("192.168.1.0/24", network)
        try:
            host.check("bash", stdin=lines.encode())
            assert from_another_host(other, host) is let_in
        finally:
            host.check("iptables", "-F", "DOCKER-USER")
