"""`./run docs`: docs/ as a site in site/, in which every link leads somewhere; `--serve` shows it in a browser."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

TOP = Path(__file__).resolve().parents[1]
ADDRESS, PORT = "127.0.0.1", 8000
BESIDE = "files"  # where the site keeps what a page links to outside of docs/
OUTSIDE = re.compile(r'(?<=href=")\.\./([^"#]+)')
TARGETS = re.compile(r'(?:href|src)="(?![a-z]+:|//|data:)([^"#]+)')
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class NotBuilt(Exception):
    """The site could not be built: what, and where."""


def main() -> int:
    """Build, and serve if asked. Gives the exit status."""
    arguments = _parser().parse_args()
    try:
        site = build(TOP)
        if not arguments.quiet:
            print(f"the handbook: {os.path.relpath(site / 'index.html')}")
        if arguments.serve:
            _serve(site)
    except NotBuilt as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run docs", description="build the handbook of docs/ into site/")
    parser.add_argument("--serve", action="store_true", help=f"show it on http://{ADDRESS}:{PORT}/ until Ctrl-C")
    parser.add_argument("--quiet", action="store_true", help="say nothing if all is well")
    return parser


def build(top: Path) -> Path:
    """The site of the handbook in `top`, whole and without a dead link. Raises NotBuilt."""
    site = top / "site"
    shutil.rmtree(site, ignore_errors=True)  # pages of an earlier build would be looked at as well
    argv = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    done = subprocess.run(argv, cwd=top, capture_output=True, text=True, check=False)
    if done.returncode:
        said = COLOURS.sub("", done.stdout + done.stderr).partition("Traceback")[0]
        raise NotBuilt(f"warnings, to be mended:\n{said.strip()}")
    for page in sorted(site.glob("**/*.html")):
        page.write_text(OUTSIDE.sub(lambda found: _beside(top, found[1]), page.read_text()))
    if dead := dict(_dead(site)):
        raise NotBuilt("".join(f"\n  {target}, in {page}.md: leads nowhere" for target, page in dead.items()))
    return site


def _beside(top: Path, path: str) -> str:
    """Copy a file of the repo into the site; gives where it is then."""
    source, copy = top / path, top / "site" / BESIDE / path
    if source.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    return f"{BESIDE}/{path}"


def _dead(site: Path) -> Iterator[tuple[str, str]]:
    """What is linked to and not there, with a page that does so."""
    for page in site.glob("*.html"):
        for target in TARGETS.findall(page.read_text()):
            if page.name != "404.html" and not (site / unquote(target)).exists():
                yield target, page.stem


def _serve(site: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer((ADDRESS, PORT), handler) as server:
        print(f"http://{ADDRESS}:{PORT}/ until Ctrl-C", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
