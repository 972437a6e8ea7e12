"""The console script `homelab`: the same tasks as `inv`, from any folder of the repo, without a tasks.py."""

from __future__ import annotations

from invoke.program import Program

from . import __version__, ns


def main() -> None:
    """Run the tasks named on the command line."""
    Program(name="homelab", binary="homelab", namespace=ns, version=__version__).run()


if __name__ == "__main__":
    main()
