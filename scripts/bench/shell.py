"""Lines of shell that start services on a host: what a person would write, and floors that no program gets below."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from scripts.bench.ground import CHECKOUT
from scripts.bench.homelab import Homelab


def one_by_one(homelab: Homelab, names: Iterable[str], flag: str = "") -> str:
    """A line for each service, as a script or a Justfile has them."""
    folders = ((f"{CHECKOUT}/{homelab.folder(name)}", name) for name in names)
    return " && ".join(f"cd {f} && docker compose --project-name {n} up --detach {flag}".rstrip() for f, n in folders)


def xargs(homelab: Homelab, top: str = CHECKOUT, host: str = "h1") -> str:
    """Compose for every service of the host below its folder `top`, four at once, in no order."""
    return four_at_once(homelab, [name for name in homelab.needs if homelab.host_of(name) == host], top)


def four_at_once(homelab: Homelab, names: Iterable[str], top: str = CHECKOUT, flag: str = "--detach") -> str:
    """Compose for these services."""
    pairs = "\n".join(f"{top}/{homelab.folder(name)} {name}" for name in names)
    one = f'cd "$0" && docker compose --project-name "$1" up {flag}'
    return f"printf '%s\\n' {shlex.quote(pairs)} | xargs -P4 -n2 bash -c {shlex.quote(one)}"


def knowing(homelab: Homelab, ready_after: float) -> str:
    """Everything in order, each service as soon as what it needs is ready, without asking: that takes `ready_after`.

    What is on no longest chain goes one at a time, so that the processors are there for what is.
    """
    hurry = urgent(homelab.needs)
    lines = (
        " ".join(["late", name if name in hurry else "rest", f"{CHECKOUT}/{homelab.folder(name)}", name, *needs])
        for name, needs in homelab.needs.items()
    )
    return "\n".join([_LATE.replace("SECONDS", f"{ready_after:g}"), *lines, "wait"])


def urgent(needs: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """All that are on a chain that no other is longer than; `needs` names each service after what it needs."""
    before, after = dict.fromkeys(needs, 1), dict.fromkeys(needs, 1)
    for name in needs:
        before[name] += max((before[other] for other in needs[name]), default=0)
    for name in reversed([*needs]):
        for other in needs[name]:
            after[other] = max(after[other], after[name] + 1)
    return frozenset(name for name in needs if before[name] + after[name] - 1 == max(before.values()))


def longest(needs: Mapping[str, tuple[str, ...]], seconds: Mapping[str, float]) -> list[str]:
    """The chain that takes most seconds; `needs` names each service after what it needs."""
    chains: dict[str, list[str]] = {}

    def lasts(chain: list[str]) -> float:
        return sum(seconds[name] for name in chain)

    for name, before in needs.items():
        chains[name] = [*max((chains[other] for other in before), key=lasts, default=[]), name]
    return max(chains.values(), key=lasts)


# Each holds a lock until it is ready, and waits for the locks of those it needs: nothing polls. Services of the same
# lane start one at a time.
_LATE = """\
locks=$(mktemp -d)
late() {
  exec {held}>"$locks/$3"
  flock "$held"
  (
    for need in "${@:4}"; do flock --shared "$locks/$need" true; done
    cd "$2" && flock "$locks/lane.$1" docker compose --project-name "$3" up --detach && sleep SECONDS
  ) &
  exec {held}>&-
}"""
