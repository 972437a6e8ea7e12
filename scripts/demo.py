"""`./run demo`: deploy the homelab of examples/demo with real Docker, here or over SSH to lab hosts, and say what was seen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[0] = str(TOP)  # started as a file, with its folder as the first place to import from

from scripts.demo_ground import Ground, Here, LabHosts, clear  # noqa: E402
from scripts.demo_homelab import Homelab  # noqa: E402
from scripts.demo_show import DemoFailed, Show  # noqa: E402
from tests.lab import LabError  # noqa: E402

FOLDER = TOP / ".demo"


def main() -> int:
    """Run or remove the demo. Gives the exit status."""
    arguments = _parser().parse_args()
    try:
        if arguments.down:
            _remove()
        else:
            _play(LabHosts(arguments.hosts) if arguments.hosts else Here(TOP))
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
    clear(TOP, FOLDER)
    ground.prepare()
    homelab = Homelab.make(TOP / "examples" / "demo", FOLDER, ground)
    show = Show(homelab.root, Path(sys.executable).with_name("inv"))

    show.title("What depends on what, and why")
    show.inv("graph")
    show.title("What a deploy would do")
    show.inv("deploy-all", "--dry-run")
    show.title("The first deploy: each service starts when what it needs is healthy")
    first = show.inv("deploy-all")
    started = ground.containers()
    show.inv("status")
    show.title("The same again: nothing to do")
    again = show.inv("deploy-all")
    untouched = ground.containers()
    show.title("One service gets a newer image")
    show.command(*homelab.change())
    show.command("git", "--no-pager", "show", "--format=%h %s", "--unified=0", "HEAD")
    changed = show.inv("deploy-all")
    renewed = ground.containers()

    show.title("What was seen")
    _check(len(started) == homelab.size, f"{len(started)} containers run, and there are {homelab.size} services")
    _check(started == untouched, "the second deploy touched containers, and nothing had changed")
    touched = sorted(name for name, start in renewed.items() if untouched.get(name) != start)
    _check(touched == [homelab.changed], f"the third deploy made {touched} anew, not {homelab.changed} alone")
    kept = len(renewed) - 1
    print(f"  {first:5.1f} s  first deploy: {len(started)} services {ground.where}, in order, all healthy")
    print(f"  {again:5.1f} s  the same again: the containers are the very same, none was started anew")
    print(f"  {changed:5.1f} s  newer image: {homelab.changed} was made anew, the other {kept} were not touched")
    _say_next(show, ground)


def _check(ok: bool, otherwise: str) -> None:  # noqa: FBT001
    """What was seen is what the demo claims. Raises DemoFailed."""
    if not ok:
        raise DemoFailed(otherwise)


def _say_next(show: Show, ground: Ground) -> None:
    show.title("What to type next")
    print(f"  cd {show.folder.relative_to(TOP)}")
    for task in (
        "list",
        "show library",
        "graph --output graph.svg",
        "logs library",
        "stop requests",
        "ensure requests",
    ):
        print(f"  {show.inv_name} {task}")
    for line in ground.doors():
        print(f"  {line}")
    print("  ./run demo --down                  removes all of it, from the project's folder")


def _remove() -> None:
    for line in clear(TOP, FOLDER, images=True) or ["there was no demo"]:
        print(f"removed  {line}")
    for line in Here(TOP).leave():
        print(line)


if __name__ == "__main__":
    sys.exit(main())
