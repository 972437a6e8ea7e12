"""A registry inside a lab host, at 127.0.0.1:5000: every name and tag is whichever image of the lab is the newest."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab import LabHost
from tests.lab.images import archive

APP = "127.0.0.1:5000/app:latest"
SOURCES = Path(__file__).parents[2]
_SCHEMA = "application/vnd.docker.distribution.manifest.v2+json"


@contextmanager
def registry(host: LabHost, newest: Path) -> Iterator[subprocess.Popen[bytes]]:
    """It serves the image whose tag stands in the file `newest`, for as long as the block lasts or it is killed."""
    words = ["nsenter", "-t", str(host.pid), "-n", sys.executable, "-m", "tests.hosts.registry", str(newest)]
    with subprocess.Popen(words, cwd=SOURCES, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


class _Stock:
    """The lab's images as a registry has them: blobs by digest, and a manifest for each tag."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(archive())) as tar:
            files = {member.name: file.read() for member in tar if (file := tar.extractfile(member))}
        listed = json.loads(files["manifest.json"])
        self.manifests = {image["RepoTags"][0].partition(":")[2]: self._manifest(image, files) for image in listed}
        self.blobs |= {_digest(manifest): manifest for manifest in self.manifests.values()}

    def _manifest(self, image: dict[str, Any], files: dict[str, bytes]) -> bytes:
        config = self._part("application/vnd.docker.container.image.v1+json", files[image["Config"]])
        layers = [self._part("application/vnd.docker.image.rootfs.diff.tar", files[name]) for name in image["Layers"]]
        return json.dumps({"schemaVersion": 2, "mediaType": _SCHEMA, "config": config, "layers": layers}).encode()

    def _part(self, kind: str, content: bytes) -> dict[str, Any]:
        self.blobs[_digest(content)] = content
        return {"mediaType": kind, "size": len(content), "digest": _digest(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _serve(newest: Path) -> None:
    stock = _Stock()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self.wfile.write(self._answer())

        def _answer(self) -> bytes:
            *_, kind, name = self.path.split("/")
            content = stock.blobs.get(name, b"{}")
            if kind == "manifests" and name not in stock.blobs:
                content = stock.manifests[newest.read_text().strip()]
            self.send_response(200)
            self.send_header("Content-Type", _SCHEMA if kind == "manifests" else "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", _digest(content))
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
            self.end_headers()
            return content

    while True:
        try:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 5000), Answers)
        except OSError:  # the port of one that has just ended
            time.sleep(0.05)
            continue
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
