"""What a file still says that a person was to fill in, and files that it mounts and the repo does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath, relpath
from typing import Any

import yaml

from ..model import Service, of_checkout
from ..problem import Place, Problem, Rule, Severity
from ..repo.document import Map, Seq, place_of
from .compose_syntax import mount
from .compose_view import Entry, View
from .env.tracking import ignores
from .facts import Facts

PLACEHOLDER = Rule("C030", "placeholder", Severity.WARNING, "something that a person was to fill in")
MISSING = Rule("C031", "missing-mount", Severity.WARNING, "a file of the repo that is mounted and not there")
NO_INPUT = Rule(
    "C032", "missing-input", Severity.ERROR, "what an image is built from, or a file of labels, is not there"
)
FULL_PATH = Rule("C033", "full-path-of-env-file", Severity.WARNING, "an env file of the repo under its path on a host")

_BRACKETS = re.compile(r"<[A-Za-z][A-Za-z0-9 _.-]*>")
_WORDS = re.compile(
    r"(?<![a-z])((change|replace|fill)[-_ ]?me|your[-_ ]?(own[-_ ])?(domain|pass|token|key|api|e?mail|user|name|secret"
    r"|host|server|ip|network|path|account|id|value|time|claim|vpn|private|public))(?![a-z]{12})",
    re.IGNORECASE,
)
_FREE = (
    "command",
    "entrypoint",
    "test",
    "content",
    "dockerfile_inline",
    "description",
    "labels",
)  # any text may be there
_REMOTE = re.compile(r"://|@|^[/~]|^github\.com/")  # a context that is no folder of the repo
_EXTENSION = re.compile(r"[^.].*\.(?!d$)[A-Za-z][A-Za-z0-9]{0,9}")
_RUNTIME = re.compile(r".*\.(db|sqlite3?|log|sock|pid|pem|key|crt|cer|p12|lock)", re.IGNORECASE)


def check_placeholders(document: Map) -> Iterator[Problem]:
    """`<yournetwork>`, `changeme`, `your_token`: as keys or values, wherever free text does not stand."""
    for text, node, where in _texts(document, document.node, ""):
        if "\n" not in text and (_BRACKETS.search(text) or _WORDS.search(text)):
            what = f"a placeholder is left under {where}" if where else "a placeholder is left here"
            yield PLACEHOLDER.at(place_of(node), what, "put in what is meant, or a variable of the .env")


def check_files(view: View, facts: Facts) -> Iterator[Problem]:
    """Mounted files and build folders that are not in the repo."""
    for entry in view.entries.values():
        for item, place in entry.items("volumes"):
            source, target = _bind(item)
            path = _inside(place, source)
            if path and _is_file_name(source) and _is_file_name(target) and not there(facts, path):
                what = f"{source} is mounted and not there: Docker would make an empty folder in its place"
                yield MISSING.at(place, what, f"add {path} to the repo, or mount its folder")
        yield from _context(entry, facts)
        yield from _labels(entry, facts)
        yield from _env_files(entry, view.service, facts)
    yield from _handed_on(view, facts)


def _handed_on(view: View, facts: Facts) -> Iterator[Problem]:
    """Files of configs and secrets; those that Git ignores are a matter of each host."""
    for (kind, name), said in view.declared.items():
        for part, _ in said if kind in ("configs", "secrets") else ():
            written = part.text("file") or ""
            path = _inside(part.value_place("file"), f"./{written}") if written[:1] not in ("", "/", "~") else ""
            if path and not there(facts, path) and not ignores(facts, path):
                what = f"the file of {kind.removesuffix('s')} {name!r} is not there, and Git does not ignore it"
                move = f"add {path}" + (
                    " to .gitignore, and put it on the host" if kind == "secrets" else " to the repo"
                )
                yield MISSING.at(part.value_place("file"), what, move)


def there(facts: Facts, path: str) -> bool:
    """The repo has this file or folder, committed or as it lies there."""
    if facts.source.commit:
        return any(file == path or file.startswith(f"{path}/") for file in facts.source.files)
    return facts.about(path) is not None


def _context(entry: Entry, facts: Facts) -> Iterator[Problem]:
    holder = entry.holder("build")
    if not holder:
        return
    build = holder["build"]
    context = (build.text("context") if isinstance(build, Map) else entry.text("build")) or "."
    place = build.value_place("context") if isinstance(build, Map) and "context" in build else entry.place_of("build")
    path = "" if _REMOTE.search(context) else _inside(place, f"./{context}")
    dockerfile = _dockerfile(build, path) if path else ""
    if path and not there(facts, path):
        yield NO_INPUT.at(place, f"service {entry.key!r} is built from {context}, which is not there", f"add {path}")
    elif dockerfile and not there(facts, dockerfile):
        at = build.value_place("dockerfile") if isinstance(build, Map) and "dockerfile" in build else place
        what = f"service {entry.key!r} is built by {basename(dockerfile)}, which is not there"
        yield NO_INPUT.at(at, what, f"add {dockerfile}")


def _dockerfile(build: Any, context: str) -> str:
    """The file that builds it, as a path of the repo; "" where it lies elsewhere, or stands in the compose file."""
    written = (build.text("dockerfile") or "Dockerfile") if isinstance(build, Map) else "Dockerfile"
    if "$" in written or written.startswith("/") or (isinstance(build, Map) and "dockerfile_inline" in build):
        return ""
    found = normpath(join(context, written))
    return "" if found.startswith("..") else found


def _labels(entry: Entry, facts: Facts) -> Iterator[Problem]:
    single = entry.text("label_file")
    for written, place in [(single, entry.place_of("label_file")), *entry.items("label_file")]:
        path = "" if not isinstance(written, str) or "$" in written or written[:1] == "/" else written
        found = normpath(join(dirname(place.file), path)) if path else ""
        if found and not found.startswith("..") and not there(facts, found):
            yield NO_INPUT.at(place, f"service {entry.key!r}: label_file {path} is not there", f"add {found}")


def _env_files(entry: Entry, service: Service, facts: Facts) -> Iterator[Problem]:
    single = entry.text("env_file")
    for item, place in [(single, entry.place_of("env_file")), *entry.items("env_file")]:
        written = (item.text("path") if isinstance(item, Map) else item) or ""
        inside = [of_checkout(normpath(written), host, facts.repo.prefix) for host in service.hosts]
        for path in [path for path in inside if path and there(facts, path) and not ignores(facts, path)][:1]:
            what = f"service {entry.key!r}: env_file {written} is a file of the repo, read before a deploy brings it"
            yield FULL_PATH.at(place, what, f"write {_relative(path, dirname(place.file))}")


def _relative(path: str, folder: str) -> str:
    found = relpath(path, folder)
    return found if found.startswith("../") else f"./{found}"


def _texts(value: Any, node: yaml.Node, where: str) -> Iterator[tuple[str, yaml.Node, str]]:
    if isinstance(value, Map):
        for key, item in value.items():
            name, content = value.nodes[key]
            yield key, name, where
            if key not in _FREE and not key.startswith("x-"):
                yield from _texts(item, content, key)
    elif isinstance(value, Seq):
        for i, item in enumerate(value):
            yield from _texts(item, value.node.value[i], where)
    elif isinstance(value, str):
        yield value, node, where


def _bind(item: Any) -> tuple[str, str]:
    if isinstance(item, Map):
        return (item.text("source") or "", item.text("target") or "") if item.get("type") == "bind" else ("", "")
    parts = mount(item) if isinstance(item, str) else []
    return (parts[0], parts[1]) if len(parts) > 1 else ("", "")


def _inside(place: Place, written: str) -> str:
    """A relative path as one of the repo; "" for any other."""
    if not written.startswith(".") or "$" in written:
        return ""
    found = normpath(join(dirname(place.file), written))
    return "" if found == ".." or found.startswith("../") else found


def _is_file_name(path: str) -> bool:
    name = basename(path)
    return bool(_EXTENSION.fullmatch(name)) and not _RUNTIME.fullmatch(name)
