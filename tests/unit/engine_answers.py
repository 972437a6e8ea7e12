"""What a Docker Engine answers to our questions, byte for byte as it comes over one connection."""

from __future__ import annotations

_HEAD = (
    "HTTP/1.1 {status}\r\nApi-Version: 1.45\r\nContent-Type: application/json\r\n"
    "Docker-Experimental: false\r\nOstype: linux\r\nServer: Docker/26.1.5+dfsg1 (linux)\r\n"
)
_IMAGES = (
    '[{"Id":"sha256:aa","RepoDigests":["nginx@sha256:dd"],"RepoTags":["nginx:latest"]},'
    '{"Id":"sha256:bb","RepoDigests":["<none>@<none>"],"RepoTags":["<none>:<none>"]},'
    '{"Id":"sha256:cc","RepoDigests":null,"RepoTags":["docker.io/library/caddy:2"]}]\n'
)


def answer(body: str, *, status: str = "200 OK") -> str:
    """One that fits into one piece."""
    return f"{_HEAD.format(status=status)}Content-Length: {len(body.encode())}\r\n\r\n{body}"


def in_chunks(body: str) -> str:
    """One that the Engine does not know the length of when it begins."""
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
    chunks = "".join(f"{len(piece.encode()):x}\r\n{piece}\r\n" for piece in [*pieces, ""])
    return f"{_HEAD.format(status='200 OK')}Transfer-Encoding: chunked\r\n\r\n{chunks}"


IMAGES = in_chunks(_IMAGES)
NETWORKS = answer(
    '[{"Name":"bridge","Labels":null},{"Name":"lan","Labels":{"com.docker.compose.project":"pihole"},'
    '"Driver":"macvlan","Internal":true,"Attachable":false,"EnableIPv6":false,"Options":{"parent":"eth0"},'
    '"IPAM":{"Config":[{"Subnet":"10.0.0.0/24","IPRange":"","Gateway":"10.0.0.1"}]}}]\n'
)
CONTAINERS = answer(
    '[{"Names":["/pihole"],"Labels":{"com.docker.compose.project":"pihole","com.docker.compose.service":"dns"},'
    '"Ports":[{"IP":"0.0.0.0","PrivatePort":53,"PublicPort":53,"Type":"udp"},'
    '{"IP":"::","PrivatePort":53,"PublicPort":53,"Type":"udp"},'
    '{"IP":"127.0.0.1","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":443,"Type":"tcp"}],'
    '"NetworkSettings":{"Networks":{"lan":{"IPAddress":"10.0.0.5","GlobalIPv6Address":""}}}}]\n'
)
VOLUMES = answer('{"Volumes":[{"Name":"media","Driver":"local","Options":{"type":"nfs"}}],"Warnings":null}\n')
SAID = IMAGES + NETWORKS + CONTAINERS + VOLUMES
