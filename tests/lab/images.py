"""Two tiny images from a static busybox, `homelab/demo:1` and `:2`, as one archive for `docker load`; no registry."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .errors import LabUnavailable, run

REPOSITORY = "homelab/demo"
TAGS = ("1", "2")
BUSYBOX = Path("/bin/busybox")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le", "s390x": "s390x"}

# Pid 1 of every container: passes signals on and ends at once; without it each `docker stop` lasts ten seconds.
INIT = r"""#!/bin/sh
"$@" &
child=$!
for signal in HUP USR1 USR2; do trap "kill -$signal $child" $signal; done
trap 'kill $child; exit 0' TERM INT
while wait $child; status=$?; kill -0 $child 2>/dev/null; do :; done
exit $status
"""
CONFIG = {
    "Env": ["PATH=/bin"],
    "Entrypoint": ["/init"],
    "Cmd": ["httpd", "-f", "-p", "80", "-h", "/www"],
}


@cache
def archive() -> bytes:
    """Both images as `docker save` would write them. Raises LabUnavailable where there is no static busybox."""
    common = _layer(_busybox_files())
    parts: dict[str, bytes] = {"busybox.tar": common}
    manifest = []
    for tag in TAGS:
        own = _layer([_file("www/index.html", f"{REPOSITORY}:{tag}\n".encode(), 0o644)])
        config = _config(tag, (common, own))
        parts |= {f"{tag}.tar": own, f"{tag}.json": config}
        layers = ["busybox.tar", f"{tag}.tar"]
        manifest.append({"Config": f"{tag}.json", "RepoTags": [f"{REPOSITORY}:{tag}"], "Layers": layers})
    parts["manifest.json"] = json.dumps(manifest).encode()
    return _layer([_file(name, content, 0o644) for name, content in parts.items()])


@cache
def identities() -> tuple[tuple[str, str], ...]:
    """Tag and id of each image, as `docker images --no-trunc` shows them."""
    with tarfile.open(fileobj=io.BytesIO(archive())) as tar:
        configs = [(tag, tar.extractfile(f"{tag}.json")) for tag in TAGS]
        read = [(tag, file.read()) for tag, file in configs if file]
    return tuple((f"{REPOSITORY}:{tag}", "sha256:" + hashlib.sha256(text).hexdigest()) for tag, text in read)


def load_into_local_docker() -> None:
    """Give the Docker of this machine both images."""
    run("docker", "load", "--quiet", stdin=archive())


def is_static(program: Path) -> bool:
    """The program is there and names no dynamic loader, so it runs in an empty container."""
    if not program.exists():
        return False
    head = program.read_bytes()[:4096]
    return head.startswith(b"\x7fELF") and b"/ld-" not in head


def _config(tag: str, layers: Sequence[bytes]) -> bytes:
    """The image's configuration: its hash is the image's id, so it holds nothing that changes from run to run."""
    return json.dumps(
        {
            "architecture": ARCHITECTURES[platform.machine()],
            "os": "linux",
            "created": "2000-01-01T00:00:00Z",
            "config": {**CONFIG, "Labels": {"org.opencontainers.image.version": tag}},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(one).hexdigest() for one in layers]},
        },
        sort_keys=True,
    ).encode()


def _busybox_files() -> list[tuple[tarfile.TarInfo, bytes]]:
    if not is_static(BUSYBOX):
        raise LabUnavailable(
            "the images need a static /bin/busybox; on Debian and Ubuntu: apt-get install busybox-static"
        )
    applets = [name for name in run(str(BUSYBOX), "--list").split() if name != "busybox"]
    return [
        *(_folder(name, mode) for name, mode in (("bin", 0o755), ("etc", 0o755), ("www", 0o755), ("tmp", 0o1777))),
        _file("bin/busybox", BUSYBOX.read_bytes(), 0o755),
        *(_link(f"bin/{name}", "busybox") for name in applets),
        _file("init", INIT.encode(), 0o755),
        _file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n", 0o644),
        _file("etc/group", b"root:x:0:\napp:x:1000:\n", 0o644),
    ]


def _layer(members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _file(name: str, content: bytes, mode: int) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    return member, content


def _folder(name: str, mode: int) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, mode
    return member, b""


def _link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member, b""
