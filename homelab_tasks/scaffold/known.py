"""What is known of common images, from their own documentation: ports, health test, data, and who they run as."""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from .image import Image


class Identity(Enum):
    """How an image is told which user to be."""

    ENVIRONMENT = "PUID and PGID in its environment"
    USER = "user: in its compose file"
    OWN = "it sees to that itself"


class Variable(Struct, frozen=True):
    """One that has to be given."""

    key: str
    meaning: str
    made_up: bool = True  # where nobody has one; else only a person knows it


class App(Struct, frozen=True):
    """An image and what its compose file needs. The health test asks the first port, if it asks one."""

    repository: str
    tag: str = ""  # one that exists, and that services/ has: the newest version is for a person to choose
    ports: tuple[int, ...] = ()
    test: tuple[str, ...] = ()
    data: str = ""
    identity: Identity = Identity.ENVIRONMENT
    about: str = ""
    variables: tuple[Variable, ...] = ()
    front: bool = False  # a proxy, which is meant to have the ports below 1024
    private: bool = False  # nothing for the whole network: it is published on 127.0.0.1
    start_period: str = "60s"
    data_before: tuple[int, str] = (0, "")  # where major versions before that one keep their data


def curl(port: int, path: str = "/") -> tuple[str, ...]:
    """A health test for images that hold curl."""
    return ("CMD", "curl", "-fsS", "-o", "/dev/null", f"http://127.0.0.1:{port}{path}")


def wget(port: int, path: str = "/") -> tuple[str, ...]:
    """A health test for images that hold busybox or wget."""
    return ("CMD", "wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{port}{path}")


def _linuxserver(  # noqa: PLR0917 - a table's row
    name: str, tag: str, port: int, about: str, path: str = "/", start_period: str = "60s"
) -> App:
    test = curl(port, path)
    return App(f"lscr.io/linuxserver/{name}", tag, (port,), test, "/config", about=about, start_period=start_period)


_OWN, _USER = Identity.OWN, Identity.USER
KNOWN = {
    "sonarr": _linuxserver("sonarr", "4.0.17", 8989, "Series, searched for, fetched and sorted", "/ping"),
    "radarr": _linuxserver("radarr", "6.1.1", 7878, "Films, searched for, fetched and sorted", "/ping"),
    "lidarr": _linuxserver("lidarr", "2.13.3", 8686, "Music, searched for, fetched and sorted", "/ping"),
    "prowlarr": _linuxserver("prowlarr", "2.3.5", 9696, "Manages the indexers", "/ping"),
    "bazarr": _linuxserver("bazarr", "1.5.6", 6767, "Subtitles for Sonarr and Radarr", "/api/system/ping"),
    "sabnzbd": _linuxserver("sabnzbd", "5.0.4", 8080, "Usenet client", "/api?mode=version"),
    "qbittorrent": _linuxserver("qbittorrent", "5.1.4", 8080, "Torrent client"),
    "deluge": _linuxserver("deluge", "2.2.0", 8112, "Torrent client"),
    "plex": _linuxserver("plex", "1.43.2", 32400, "Media server", "/identity", "120s"),
    "tautulli": _linuxserver("tautulli", "2.17.0", 8181, "What Plex plays, and for whom", "/status"),
    "overseerr": _linuxserver("overseerr", "1.35.0", 5055, "Wishes for films and series", "/api/v1/status"),
    "jellyfin": App(
        "jellyfin/jellyfin", "10.11.11", (8096,), curl(8096, "/health"), "/config", _USER, "Media server"
    ),
    "audiobookshelf": App(
        "ghcr.io/advplyr/audiobookshelf", "2.35.1", (80,), wget(80, "/healthcheck"), "/config", _OWN, "Audiobooks"
    ),
    "vaultwarden": App("vaultwarden/server", "1.37.3", (80,), ("CMD", "/healthcheck.sh"), "/data", _OWN, "Passwords"),
    "uptime-kuma": App(
        "louislam/uptime-kuma", "1.23.17", (3001,), ("CMD", "extra/healthcheck"), "/app/data", _OWN, "Watches services"
    ),
    "homepage": App(
        "ghcr.io/gethomepage/homepage", "v1.13.2", (3000,), wget(3000, "/api/healthcheck"), "/app/config",
        about="Start page",
        variables=(
            Variable(
                "HOMEPAGE_ALLOWED_HOSTS",
                "The names by which browsers ask for it, each with its port: 10.0.0.5:3000,home.example.org",
                made_up=False,
            ),
        ),
    ),
    "home-assistant": App(
        "ghcr.io/home-assistant/home-assistant", "2026.9.4", (8123,), curl(8123, "/manifest.json"), "/config", _OWN,
        "Home automation", start_period="180s",
    ),
    "syncthing": App(
        "syncthing/syncthing", "1.30.0", (8384,), wget(8384, "/rest/noauth/health"), "/var/syncthing",
        about="Keeps folders of several machines the same",
    ),
    "freshrss": App(
        "freshrss/freshrss", "1.29.1", (80,), ("CMD", "cli/health.php"), "/var/www/FreshRSS/data", _OWN, "Feeds"
    ),
    "gitea": App("gitea/gitea", "1.25.5", (3000,), curl(3000, "/api/healthz"), "/data", _OWN, "Git server"),
    "n8n": App("n8nio/n8n", "1.123.26", (5678,), wget(5678, "/healthz"), "/home/node/.n8n", _OWN, "Workflows"),
    "grafana": App(
        "grafana/grafana", "13.2.1", (3000,), wget(3000, "/api/health"), "/var/lib/grafana", _USER, "Dashboards",
        start_period="120s",
    ),
    "prometheus": App(
        "prom/prometheus", "v3.13.3", (9090,), ("CMD", "promtool", "check", "ready", "--url=http://127.0.0.1:9090"),
        "/prometheus", _USER, "Metrics", start_period="120s",
    ),
    "nginx-proxy-manager": App(
        "jc21/nginx-proxy-manager", "2.15.1", (81, 80, 443), ("CMD", "/usr/bin/check-health"), "/data", _OWN,
        "Reverse proxy", front=True,
    ),
    "caddy": App(
        "caddy", "2.11.4", (80, 443), wget(2019, "/config/"), "/data", _OWN, "Reverse proxy", front=True,
        start_period="30s",
    ),
    "postgres": App(
        # over TCP: while the database is made it listens on its socket alone
        "postgres", "18.6", (5432,), ("CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"),
        "/var/lib/postgresql", _OWN, "Database",
        (Variable("POSTGRES_PASSWORD", "Of the user postgres; it counts when the database is made"),),
        private=True, data_before=(18, "/var/lib/postgresql/data"),
    ),
    "mariadb": App(
        "mariadb", "11.4", (3306,), ("CMD", "healthcheck.sh", "--connect", "--innodb_initialized"), "/var/lib/mysql",
        _OWN, "Database", (Variable("MARIADB_ROOT_PASSWORD", "Of root; it counts when the database is made"),),
        private=True,
    ),
    "redis": App("redis", "7.4", (6379,), ("CMD", "redis-cli", "ping"), "/data", _USER, "Cache", private=True),
}  # fmt: skip


def known(image: Image) -> App | None:
    """The app of an image, from whatever registry it comes; the rest of LinuxServer's images are all alike."""
    for app in KNOWN.values():
        if Image(app.repository).path == image.path:
            return _of_version(app, image.tag)
    return App(image.repository, data="/config") if image.path.startswith("linuxserver/") else None


def _of_version(app: App, tag: str) -> App:
    major, (first, data) = re.match(r"\d+", tag, re.ASCII), app.data_before
    return replace(app, data=data) if major and int(major[0]) < first else app


def listening(port: int = 0) -> tuple[str, ...]:
    """A health test for images of which nothing is known but that they hold a shell, cat and grep.

    The kernel's own table (proc(5), /proc/net/tcp) has a line for each port that is listened on, in state 0A. Docker's
    resolver, 127.0.0.11 (0B00007F), listens in every container.
    """
    wanted = f":{port:04X} [0-9A-F]*:0000 0A" if port else ":0000 0A"
    return ("CMD-SHELL", f"cat /proc/net/tcp /proc/net/tcp6 | grep -v 0B00007F: | grep -q '{wanted}'")
