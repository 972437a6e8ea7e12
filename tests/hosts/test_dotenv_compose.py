"""Thousands of made-up env files, read by Docker Compose itself and by us; no daemon is asked.

`DOTENV_SEED=5 pytest ...` makes up other files.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from homelab_tasks.dotenv import parse
from homelab_tasks.repo import worktree
from homelab_tasks.repo.loader import examine
from homelab_tasks.repo.variables import How, variables
from tests.lab import LabUnavailable
from tests.lab.base import base
from tests.unit.dotenv_cases import CASES

pytestmark = pytest.mark.hosts

ENVIRONMENT = {"OUTER": "from_os", "EMPTY": ""}
FILES, REFUSED_FILES, IN_ONE_CALL = 4000, 40, 500

# fmt: off
SOUP = [
    "A", "B", "OUTER", "EMPTY", "NOPE", "_x", "1", "a.b", "A-B", "[0]", "é", "Ⅷ", "½", "ſ", "\u212a", "=", "=", "=",
    ":", " ", "  ", "\t", "\v", "\f", "\r", "\n", "\n", "\n", "\r\n", "#", " #", "'", '"', "'", '"', "\\", "\\n",
    "\\$", '\\"', "\\'", "\\\\", "\\0", "\\0101", "\\0777", "\\012", "\\x41", "\\c", "\\t", "$", "$$", "$A", "${A}",
    "${", "}", "{", "{}", "${NOPE:-", "${NOPE-", "${EMPTY:-", "${EMPTY-", "${A:-", "${A:+", "${A+", "${NOPE:+",
    "${OUTER:?", "${NOPE?", ":-", "-", "?", "+", "export ", "export\t", "export", "export\n", "x", "pa ss", "\u00a0",
    "\u0085", "\u2003", "\u3000", "\ufeff", "\x1c", "\x7f", "!", "<", "@", "`", "%", "😀", "$(", "$5", "${1}",
]
# fmt: on
KEYS = ["A", "B", "OUTER", "EMPTY", "_x", "A.B", "a-b", "C1", "É", "export A", "export\tB"]


@pytest.fixture(scope="session")
def plugin() -> Path:
    """The Docker Compose of the lab's hosts; it runs here, without a host."""
    try:
        return base() / "usr/libexec/docker/cli-plugins/docker-compose"
    except LabUnavailable as reason:
        pytest.skip(str(reason))


def made_up(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return "".join(chance.choice(SOUP) for _ in range(chance.randint(1, 22)))
    return chance.choice(["\n", "\n", "\r\n"]).join(_line(chance) for _ in range(chance.randint(1, 4))) + "\n"


def _line(chance: random.Random) -> str:
    quote = chance.choice(["", "", "'", '"', '"'])
    body = "".join(chance.choice(SOUP) for _ in range(chance.randint(0, 9))).replace("\n", "")
    body += "}" * (body.count("${") if chance.random() < 0.7 else 0)
    sign, tail = chance.choice(["=", " = ", ": ", "=  "]), chance.choice(["", " # c", "x"])
    return f"{chance.choice(KEYS)}{sign}{quote}{body}{quote}{tail}"


def composed(plugin: Path, folder: Path, texts: list[str]) -> list[dict[str, str]] | None:
    """What Compose gives to one container for each text; None where it refuses one of them."""
    services = {}
    for i, text in enumerate(texts):
        (folder / f"{i}.env").write_bytes(text.encode())
        services[f"s{i}"] = {"image": "x", "env_file": [f"{i}.env"]}
    (folder / "compose.yaml").write_text(json.dumps({"name": "p", "services": services}))
    done = _config(plugin, folder, "--format", "json", environment=ENVIRONMENT)
    if done.returncode:
        return None
    said = json.loads(done.stdout)["services"]
    given = (said[key].get("environment") or {} for key in services)
    return [{name: value.replace("$$", "$") for name, value in each.items()} for each in given]


def _config(
    plugin: Path, folder: Path, *words: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    return subprocess.run([plugin, "config", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def _differences(plugin: Path, folder: Path, texts: list[str]) -> Iterator[tuple[str, object]]:
    """The texts that Compose reads otherwise; halves a call that it refuses until the text is found."""
    said = composed(plugin, folder, texts)
    if said is None and len(texts) > 1:
        middle = len(texts) // 2
        yield from _differences(plugin, folder, texts[:middle])
        yield from _differences(plugin, folder, texts[middle:])
    elif said is None:
        yield texts[0], "refused"
    else:
        pairs = zip(texts, said, strict=True)
        yield from ((text, values) for text, values in pairs if parse(text, ENVIRONMENT).values() != values)


def test_what_is_accepted_compose_reads_in_the_same_way(plugin: Path, tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("DOTENV_SEED", "1"))  # noqa: S311 - it makes tests, not secrets
    texts = [text for text in (made_up(chance) for _ in range(FILES)) if not parse(text, ENVIRONMENT).faults]
    assert len(texts) > FILES / 5
    for start in range(0, len(texts), IN_ONE_CALL):
        assert list(_differences(plugin, tmp_path, texts[start : start + IN_ONE_CALL])) == []


def test_what_is_a_fault_compose_refuses(plugin: Path, tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("DOTENV_SEED", "2"))  # noqa: S311 - it makes tests, not secrets
    texts = [text for text in (made_up(chance) for _ in range(400)) if parse(text, ENVIRONMENT).faults]
    accepted = [text for text in texts[:REFUSED_FILES] if composed(plugin, tmp_path, [text]) is not None]
    assert accepted == []


def test_the_table_of_cases_is_what_compose_says(plugin: Path, tmp_path: Path) -> None:
    accepted = [text for text, values in CASES if values is not None]
    assert list(_differences(plugin, tmp_path, accepted)) == []
    refused = [text for text, values in CASES if values is None]
    assert [text for text in refused if composed(plugin, tmp_path, [text]) is not None] == []


STACKS = [
    {"compose.yaml": 'x-a: {b: "$XA"}\nservices: {s: {image: x}}\n'},
    {
        "compose.yaml": 'services: {s: {image: "$I:${T:-1}", environment: ["A=$B", PASS, "Q=${Q?}"],'
        ' labels: !reset {a: $RES}, expose: !override ["${P:?x}"]}}\n'
    },
    {
        "compose.yaml": "services: {s: {extends: {file: o/x.yml, service: b}}}\n",
        "o/x.yml": "x-y: $XY\nservices: {b: {image: x, labels: {a: $INB}}, c: {image: x, labels: {a: $INC}}}\n",
    },
    {
        "compose.yaml": "include: [o/x.yml]\nservices: {s: {image: x}}\n",
        "o/x.yml": "services: {b: {image: x, labels: {a: $INB, b: '${R:?}'}}}\n",
    },
    {
        "compose.yaml": 'services: {s: {image: x, labels: {a: "${A:-${B}}", b: "${C:+${D}}", c: "${E:?${F}}",'
        ' d: "${G:-$$H}", e: "$$I $(J) $5", f: "${A:-${K:?q}}"}}}\n'
    },
    {
        "compose.yaml": "services: {s: {image: x}}\n",
        "compose.override.yaml": 'services: {s: {labels: {z: "${OV}"}, expose: ["${PORT:?p}"]}}\n',
    },
    {"compose.yaml": 'x-l: &l {a: "$AN"}\nservices: {s: {image: x, labels: {<<: *l, b: "$BN"}, profiles: ["$PRO"]}}\n'},
    {"compose.yaml": "services:\n  s:\n    image: x\n    command: |\n      echo $ONE\n      echo ${TWO:-x} $$THREE\n"},
    {
        "compose.yaml": 'services: {s: {image: x, volumes: ["${D:-./d}:/x"], ports: [{target: 80, published: $PP}]}}\n'
        'networks: {default: {name: "${NET}"}}\n'
    },
]


@pytest.mark.parametrize("files", STACKS)
def test_the_variables_of_a_stack_are_those_that_compose_misses(
    files: dict[str, str], plugin: Path, tmp_path: Path
) -> None:
    stack = tmp_path / "services/web"
    (tmp_path / "hosts.yaml").write_text("hosts:\n  nas: {address: 10.0.0.5}\n")
    for name, text in files.items():
        (stack / name).parent.mkdir(parents=True, exist_ok=True)
        (stack / name).write_text(text)
    examined = examine(worktree(tmp_path))
    found = variables(examined.folders[0], examined.documents, {})
    plain = {use.name for use in found.uses if use.how is How.TEXT and not use.operator}
    assert (set(found.required), plain - found.required) == _missed(plugin, stack)


def _missed(plugin: Path, stack: Path) -> tuple[set[str], set[str]]:
    """The variables that Compose stops for, one after the other, and those that it calls blank then."""
    given: dict[str, str] = {}
    while True:
        done = _config(plugin, stack, "-q", environment=given)
        words = done.stderr.replace('\\"', " ").split()
        if not done.returncode:
            return set(given), {words[i + 1] for i, word in enumerate(words) if word == 'msg="The'}
        assert "required" in words, done.stderr
        given[words[words.index("required") + 2]] = "80"
