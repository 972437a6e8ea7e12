"""The console script `homelab`: the same tasks as `inv`, from any folder of the repo, without a tasks.py."""

from __future__ import annotations

from invoke.exceptions import ParseError
from invoke.program import Program

from . import __version__, ns
from .interrupt import nothing_begun
from .tasks.words import gathered


class _Homelab(Program):
    """Invoke's program, which says of a mistyped command what to type instead."""

    def parse_tasks(self) -> None:
        self.core.unparsed[:] = gathered(self.core.unparsed)
        try:
            super().parse_tasks()
        except ParseError as error:
            from .tasks.mistyped import mistyped

            raise ParseError(f"error: {mistyped(error, ns.task_names)}", error.context) from error


def main() -> None:
    """Run the tasks named on the command line."""
    nothing_begun()
    _Homelab(name="homelab", binary="homelab", namespace=ns, version=__version__).run()


if __name__ == "__main__":
    main()
