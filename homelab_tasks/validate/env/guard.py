"""Who can read the real `.env` files: other users, and everybody who clones the repo."""

from __future__ import annotations

import re
import shlex
import stat
from collections.abc import Iterator

from ...problem import Place, Problem
from ...repo.discover import TEMPLATES
from ..facts import Facts
from . import rules
from .tracking import Tracking

# Copies and variants hold the same secrets.
_ENV = re.compile(r"(?:stack)?\.env(?:\.(?:local|prod|production|bak|backup|old|orig|save|swp))?~?|secrets?\.env")
_ABOVE = (".env", "services/.env")  # people keep one for all services there


def guarded(facts: Facts) -> list[str]:
    """The real env files that there are."""
    listed = [path for path in facts.source.files if _ENV.fullmatch(path.rpartition("/")[2])]
    return [path for path in (*_ABOVE, *listed) if path not in TEMPLATES and facts.is_file(path)]


def check(facts: Facts, tracking: Tracking) -> Iterator[Problem]:
    """Their modes, and what Git does with them and with the templates."""
    for path in dict.fromkeys(guarded(facts)):
        about = facts.about(path)
        if about and not facts.source.commit and about.st_mode & 0o077:
            mode = stat.S_IMODE(about.st_mode)
            what = f"has mode {mode:o}, so other users of this machine can read it"
            yield rules.MODE.at(Place(path), what, f"chmod 600 {shlex.quote(path)}")
        if tracking.tracks(path):
            out = f"git rm --cached {shlex.quote(path)}, ignore it (hosts keep theirs)"
            move = f"{out}, and change its secrets: they stay in the history"
            yield rules.TRACKED.at(Place(path), "Git tracks it, and with it every secret in it", move)
        elif tracking.sees(path):
            yield rules.NOT_IGNORED.at(Place(path), "Git does not ignore it", "add .env to .gitignore")
    for folder in facts.folders:
        if folder.template and tracking.ignores(folder.template):
            move = "add !.env.example to .gitignore" if folder.template.endswith(".example") else "mend .gitignore"
            yield rules.TEMPLATE_IGNORED.at(Place(folder.template), "Git ignores it, so nobody else gets it", move)
