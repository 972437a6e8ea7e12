"""Ask Compose on a host what files that are not there yet would mean: read-only, in a folder that is removed again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..command import Command, script
from ..model import Host, Repo, Service

# The commit's files come as a tar on standard input; what only the host has (.env) is linked beside them, so Compose
# reads exactly what it will read after the delivery. All projects are resolved at once, one process a core.
RESOLVE = r"""
path=$1 prefix=$2 compose=$3; shift 3
umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/homelab.XXXXXXXX") || exit
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/tree" "$tmp/out" && tar -x -C "$tmp/tree" || exit
own() {
  cd "$path" 2>/dev/null || return
  if [ -e .git ]; then git ls-files --others --directory -z -- "${prefix:-.}"; else find . -mindepth 1 -maxdepth 1 -printf '%P\0'; fi
}
lend() {
  local there=$tmp/tree/$1 f
  if [ ! -e "$there" ] && [ ! -L "$there" ]; then
    if [ -d "${there%/*}" ]; then ln -s "$path/$1" "$there"; fi
  elif [ -d "$there" ] && [ -d "$path/$1" ]; then
    for f in "$path/$1"/*; do lend "${f#"$path/"}"; done
  fi
}
shopt -s dotglob nullglob
while IFS= read -r -d '' f; do lend "${f%/}"; done < <(own)
run() {
  cd "$tmp/tree/$prefix$2" || return
  if [ -n "$compose" ]; then "$compose" --project-name "$3" config --format json; else docker compose --project-name "$3" config --format json; fi
}
n=0 cores=$(nproc)
todo=("$@")
while [ $# -gt 0 ]; do
  ( run "$@" >"$tmp/out/$n.json" 2>"$tmp/out/$n.err" </dev/null; echo $? >"$tmp/out/$n.exit" ) &
  shift 3; n=$((n + 1)); [ $n -ge "$cores" ] && wait -n
done
docker image ls --digests --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}' >"$tmp/out/images" 2>/dev/null &
docker network ls --format '{{.Name}}' >"$tmp/out/networks" 2>/dev/null &
docker volume ls --format '{{.Name}}' >"$tmp/out/volumes" 2>/dev/null &
wait
printf '%s\036' "$tmp/tree"
cat "$tmp/out/images"; printf '\036'; cat "$tmp/out/networks"; printf '\036'; cat "$tmp/out/volumes"; printf '\036'
details=; if cd "$path" 2>/dev/null && details=$(git rev-parse --absolute-git-dir 2>/dev/null); then details=$details/homelab/detail; fi
n=0
set -- "${todo[@]}"
while [ $# -gt 0 ]; do
  printf '%s\037%s\037' "$1" "$(<"$tmp/out/$n.exit")"; cat "$tmp/out/$n.json"; printf '\037'; cat "$tmp/out/$n.err"; printf '\037'
  [ -n "$details" ] && [ -e "$details/$1.json" ] && cat "$details/$1.json"
  printf '\036'; shift 3; n=$((n + 1))
done
printf 'end\n'
"""


@dataclass(frozen=True, slots=True)
class Resolved:
    """One service as Compose on its host reads it; `model` is None where Compose refuses, and `error` says why.

    `before` and `files_before` are what the last deploy recorded. Both models hold values of `.env` files: they stay
    in memory and in 0600 files on the host, and whatever is shown of them goes through `plan.changes`.
    """

    service: str
    model: Mapping[str, Any] | None
    error: str = ""
    blank: tuple[str, ...] = ()  # variables that are not set and have no default
    before: Mapping[str, Any] | None = None
    files_before: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a host says about the services that changed: their models, and what Docker has there."""

    services: Mapping[str, Resolved]
    images: Mapping[str, str]  # name -> id
    networks: frozenset[str]
    volumes: frozenset[str]
    problem: str = ""  # why this is not all that was asked for


def resolve(host: Host, repo: Repo, services: Sequence[Service], compose: str, tree: bytes) -> Command:
    """The command that resolves `services` on `host` from `tree`, a tar with paths from the Git repo's root."""
    triples: list[str] = []
    for service in services:
        triples += [service.name, service.directory, service.project]
    return script(RESOLVE, host.path, repo.prefix, compose, *triples, stdin=tree, timeout=120)


def parse(host: Host, output: str) -> Resolution:
    """Read what `resolve` printed, whatever it is; an answer without its end says so in `problem`."""
    parts = output.split("\036")
    if len(parts) < 5 or parts[-1] != "end\n" or any(entry.count("\037") != 4 for entry in parts[4:-1]):
        cut = f"the answer of {host.name} about compose was cut short; run the same again"
        return Resolution({}, {}, frozenset(), frozenset(), problem=cut)
    tree, images, networks, volumes, *entries, _ = parts
    resolved = [_resolved(entry, tree, host.path.rstrip("/")) for entry in entries]
    return Resolution(
        services={r.service: r for r in resolved},
        images=_images(images.splitlines()),
        networks=frozenset(networks.split()),
        volumes=frozenset(volumes.split()),
    )


def image_name(name: str) -> str:
    """A short, complete name: `docker.io/library/nginx` and `nginx:latest` are one image."""
    short = re.sub(r"^(index\.)?docker\.io/(library/)?", "", name)
    return short if "@" in short or ":" in short.rpartition("/")[2] else f"{short}:latest"


def _images(lines: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        ident, _, rest = line.partition(" ")
        names = rest.split()
        found |= {image_name(name): ident for name in names if "<none>" not in name}
        found[ident] = ident
    return found


def _resolved(entry: str, tree: str, path: str) -> Resolved:
    name, status, model, errors, detail = entry.split("\037")
    recorded = _json(detail)
    return Resolved(
        service=name,
        model=_json(model.replace(tree, json.dumps(path)[1:-1])) if status == "0" else None,
        error="" if status == "0" else _sentence(errors.replace(tree, path)),
        blank=tuple(dict.fromkeys(re.findall(r'The \\?"(\w+)\\?" variable is not set', errors))),
        before=_mapping(recorded.get("model")) if recorded else None,
        files_before=_mapping(recorded.get("files")) if recorded else None,
    )


def _json(text: str) -> dict[str, Any] | None:
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _sentence(errors: str) -> str:
    """Compose's own message without its log framing."""
    lines = [line.strip() for line in errors.splitlines() if line.strip() and "level=warning" not in line]
    return " ".join(lines) or "compose config failed without a message"
