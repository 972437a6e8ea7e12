"""Going back to what was deployed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from .door import here, homelab_task
from .flags import Changing, Output, Systems, check_policy, flag, typed

if TYPE_CHECKING:
    from ..model import Repo


class Returning(Systems):
    """What rollback understands besides."""

    to: str | None = flag(None, "a tag, a hash, or HEAD~1: counted from what is deployed; else the deploy before")
    service: str | None = flag(None, "only these services, which then stay so: names with commas, globs")
    group: str | None = flag(None, "only the services of these groups, as with --service: names with commas")
    system: bool = flag(False, "the hosts' NixOS too")
    force: bool = flag(False, "also what is unchanged, and where an old .env or image is gone, with that of now")
    allow_removals: bool = flag(False, "with CI=true, in production, or protected: remove what was not there then")
    on_failure: str = flag("", "revert (the default): put back what was changed; keep: the rest goes on; stop")

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        check_policy(self.on_failure)


@homelab_task(Returning, Changing, Output)
def rollback(_: Context, returning: Returning, changing: Changing, output: Output) -> None:
    """Bring back what was deployed before: files, .env, images.

    What came since is removed, what went since comes back. A service
    alone stays as it was then until it is deployed by name.
    """
    from msgspec.structs import replace

    from .. import pipeline
    from ..errors import Refused
    from ..model import System
    from ..rollback import Asked
    from ..rollback import rollback as bring_back
    from .console import carry_out, host_names, options

    if returning.service is not None and returning.group is not None:
        raise Refused("--service with --group", move="leave one of them out")
    if returning.system and (returning.service, returning.group) != (None, None):
        raise Refused("--system with some services only: NixOS is a whole host's", move="leave one of them out")
    if returning.reboot and not returning.system:
        raise Refused("--reboot without --system: no NixOS would change", move="leave it out, or add --system")
    repo = pipeline.load(here())
    hosts = host_names(repo, changing.host)
    if returning.system and not any(repo.hosts[name].system is System.NIXOS for name in hosts or repo.hosts):
        raise Refused("--system: none of the hosts has system: nixos", move="say so in hosts.yaml where it is NixOS")

    def title(commit: str) -> str:
        return typed("rollback", flags=(Returning(**(vars(returning) | {"to": commit[:10]})), changing))

    asked = Asked(
        title,
        to=returning.to,
        services=returning.service if returning.group is None else _of_groups(repo, returning.group),
        hosts=hosts,
        system=returning.system,
        reboot=returning.reboot,
        force=returning.force,
        on_failure=returning.on_failure,
        timeout=changing.patience,
    )
    how = replace(options(changing), allow_removals=returning.allow_removals)
    carry_out(lambda audience: bring_back(repo, asked, how, audience), changing, output)


def _of_groups(repo: Repo, groups: str) -> str:
    """The names of their services as the groups are now; what is in none of them stays."""
    from ..errors import Refused
    from ..repo import select_groups

    names = ",".join(service.name for service in select_groups(repo, groups))
    if not names:
        raise Refused(f"no service is in {groups}", move="inv list")
    return names
