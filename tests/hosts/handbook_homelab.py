"""The homelab that the pages speak of, of four services on two hosts, and the reader who has deployed it."""

from __future__ import annotations

from pathlib import Path

from tests.hosts.handbook import NAMES, Reader
from tests.hosts.homelab import CHECKOUT, Homelab, put
from tests.lab import Lab, LabHost

HOSTS_YAML = """
defaults: {user: admin, connect_timeout: 2}
hosts:
  hl15: {address: 10.0.0.5}
  pi: {address: 10.0.0.6}
groups:
  infrastructure: {}
  media: {after: [infrastructure]}
"""
IMAGES = {
    "gluetun": "qmcgaw/gluetun:v3.40.0",
    "pihole": "pihole/pihole:2025.04.0",
    "deluge": "lscr.io/linuxserver/deluge:2.2.0",
    "plex": "lscr.io/linuxserver/plex:1.41.7",
    "newer plex": "lscr.io/linuxserver/plex:1.42.1",
}
INSIDE = 'network_mode: "container:gluetun"'
CLAIM = 'environment: {CLAIM: "${PLEX_CLAIM:?}"}'
# Where a person would be asked, or the lab has no registry to ask
ASKED = {
    "inv setup hl15": "inv setup hl15 --yes",
    "inv cleanup": "inv cleanup --yes",
    "inv env.push plex": "inv env.push plex --yes",
    "$EDITOR services/plex/.env": "sed -i s/then/now/ services/plex/.env",
    "inv cleanup --host hl15": "inv cleanup --host hl15 --yes",
    "inv pull-images": "true",
}


def settled(folder: Path, lab: Lab, hosts: tuple[LabHost, ...]) -> Reader:
    """A reader whose homelab is deployed to hl15 and pi."""
    for host in hosts:
        for name, image in IMAGES.items():
            host.docker("tag", f"homelab/demo:{2 if 'newer' in name else 1}", image)
    home = Homelab.make(folder, lab, hosts)
    home.write("hosts.yaml", HOSTS_YAML)
    home.write(".gitignore", ".env\n")
    write_service(home, "gluetun", "infrastructure", "container_name: gluetun", *serving("the tunnel is up", 80))
    write_service(home, "pihole", "infrastructure", *serving("listening on port 53", 80), host="pi")
    write_service(home, "deluge", "media", INSIDE, *serving("listening", 8112))
    write_service(home, "plex", "media", CLAIM, *serving("Starting Plex Media Server", 80))
    home.write("services/plex/.env.example", "# of plex.tv/claim\nPLEX_CLAIM=\n")
    home.write("services/plex/.env", "PLEX_CLAIM=claim-of-then\n")
    (home.root / "services/plex/.env").chmod(0o600)
    home.commit("the homelab")
    at = dict(zip(NAMES, hosts, strict=True))
    reader = Reader.sits_down(home, lab, at, says=dict(ASKED))
    reader.knows(at)
    put(hosts[0], "services/plex/.env", "PLEX_CLAIM=claim-of-then\n")
    hosts[0].check("chmod", "600", f"{CHECKOUT}/services/plex/.env")
    home.deploy()
    return reader


def write_service(home: Homelab, name: str, group: str, *container: str, host: str = "hl15") -> None:
    rows = "".join(f"    {row}\n" for row in (f"image: {IMAGES[name]}", "restart: unless-stopped", *container))
    home.write(f"services/{name}/compose.yml", f"services:\n  {name}:\n{rows}")
    home.write(f"services/{name}/service.yaml", f"host: {host}\ngroup: {group}\n")
    home.write(f"services/{name}/README.md", f"# {name}\n\nServes a test.\n")


def serving(said: str, port: int) -> tuple[str, str]:
    """What stands for the program, whose images nobody pulls here."""
    command = f"command: [sh, -c, 'echo {said}; exec httpd -f -p {port} -h /www']"
    return command, f"healthcheck: {{test: [CMD, wget, -qO-, 'http://127.0.0.1:{port}/'], interval: 1s, retries: 2}}"
