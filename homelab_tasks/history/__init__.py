"""What was done to the hosts, from their journals: the runs of all of them as one list, the newest first."""

from __future__ import annotations

from .journal import parse
from .merge import about, merge
from .read import History, read
from .run import Change, Ending, Journal, Run

__all__ = ["Change", "Ending", "History", "Journal", "Run", "about", "merge", "parse", "read"]
