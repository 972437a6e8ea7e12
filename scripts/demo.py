"""`./run demo`: deploy the homelab of examples/demo with real Docker, here or over SSH, and say what was seen."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[0] = str(TOP)  # started as a file, with its folder as the first place to import from

from scripts.demo_docker import Docker  # noqa: E402
from scripts.demo_ground import LAB, Ground, Here, LabHosts  # noqa: E402
from scripts.demo_homelab import Homelab  # noqa: E402
from scripts.demo_show import DemoFailed, Show, run  # noqa: E402
from tests.lab import Lab, LabError  # noqa: E402

EXAMPLE = TOP / "examples/demo"
FOLDER = TOP / ".demo"
INSTALLER = TOP / "scripts/install_docker.sh"
DOCKER = Docker(EXAMPLE, FOLDER / "homelab")
CHANGED = "demo-library"


def main() -> int:
    """Run or remove the demo. Gives the exit status."""
    arguments = _parser().parse_args()
    try:
        if arguments.down:
            _remove()
        else:
            _play(LabHosts(arguments.hosts) if arguments.hosts else Here(INSTALLER, DOCKER))
    except (DemoFailed, LabError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; ./run demo starts anew, ./run demo --down removes it", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run demo", description="deploy the example homelab with real Docker")
    parser.add_argument("--hosts", type=int, choices=range(1, 6), metavar="N", help="over SSH to N lab hosts, 1 to 5")
    parser.add_argument("--down", action="store_true", help="remove everything that the demo made")
    return parser


def _play(ground: Ground) -> None:
    _clear(images=False)
    ground.prepare()
    homelab = Homelab.make(EXAMPLE, FOLDER / "homelab", ground)
    show = Show(homelab.root, Path(sys.executable).with_name("inv"))

    show.title("What comes after what, and why")
    show.inv("graph")
    show.title("What a deploy would do")
    show.inv("deploy-all", "--dry-run")
    show.title("The first deploy: each service starts when what it needs is healthy")
    first = show.inv("deploy-all")
    started = ground.containers()
    show.inv("status")
    show.title("The same again")
    again = show.inv("deploy-all")
    still = ground.containers()
    show.title("One service gets a newer image")
    show.command("sed", "-i", "s/demo:1/demo:2/", "services/library/compose.yml")
    show.command("git", "commit", "--quiet", "--all", "-m", "library: newer image")
    changed = show.inv("deploy-all")
    touched = [name for name, start in ground.containers().items() if still.get(name) != start]

    show.title("What was seen")
    _claim(len(started) == homelab.size, f"{len(started)} containers run, and there are {homelab.size} services")
    _claim(started == still, "the second deploy touched containers although nothing had changed")
    _claim(touched == [CHANGED], f"the third deploy made {', '.join(touched) or 'nothing'} anew, not {CHANGED} alone")
    print(f"{first:6.1f} s  first deploy: {len(started)} services {ground.where}, in order, all healthy")
    print(f"{again:6.1f} s  the same again: nothing to do, not one container was touched")
    print(f"{changed:6.1f} s  a newer image: {CHANGED} is new, the other {homelab.size - 1} were not touched")
    _say_next(show, ground)


def _claim(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise DemoFailed(otherwise)


def _say_next(show: Show, ground: Ground) -> None:
    show.title("What to type next")
    print(f"  cd {os.path.relpath(show.folder)}")
    for task in (
        "list",
        "show library",
        "graph --output graph.svg",
        "logs library",
        "stop requests",
        "ensure requests",
    ):
        print(f"  {show.inv_name} {task}")
    for door in ground.doors():
        print(f"  {door}")
    print("and here, to remove all of it: ./run demo --down")


def _remove() -> None:
    for line in _clear(images=True) or ["nothing: there was no demo"]:
        print(f"removed {line}")
    run(str(INSTALLER), "--stop")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "homelab-tasks"
    stays = [
        ("Docker", Path(shutil.which("docker") or "")),
        (".venv", TOP / ".venv"),
        (f"{cache}, for lab hosts", cache),
    ]
    print(f"installed and kept: {', '.join(name for name, path in stays if path.name and path.exists())}")


def _clear(*, images: bool) -> list[str]:
    """Remove what an earlier demo left, wherever it ran and however it ended. Gives what that was."""
    removed = []
    if lab := Lab.find(LAB):
        lab.stop()
        removed.append(f"lab hosts {', '.join(host.name for host in lab.hosts)}")
    if DOCKER.answers():
        removed += DOCKER.remove(images=images)
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
        removed.append(f"{FOLDER.name}/")
    return removed


if __name__ == "__main__":
    sys.exit(main())
