"""Reads the configuration of Grafana Alloy, as far as this repo writes it, and does what its relabelling rules do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_TOKEN = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|[\w.]+|[-+={}\[\](),]|(\n)|[ \t]+|(.)')
_OPEN, _CLOSE = "{[(", "}])"


@dataclass(frozen=True, slots=True)
class Block:
    """`name "label" { ... }`: the text of its attributes, and the blocks in it, in order."""

    name: str
    label: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.name}.{self.label}" if self.label else self.name

    def text(self, key: str, default: str = "") -> str:
        """The value of an attribute that is one string."""
        return str(ast.literal_eval(self.attributes[key])) if key in self.attributes else default

    def texts(self, key: str) -> list[str]:
        """The value of an attribute that is a list of strings."""
        return [str(text) for text in ast.literal_eval(self.attributes.get(key, "[]"))]

    def references(self) -> set[str]:
        """`kind.of.component.label.export`, as it stands in attributes, with the blocks inside."""
        own = {word for text in self.attributes.values() for word in re.findall(r"[a-z]\w*(?:\.\w+){2,}", bare(text))}
        return own.union(*(block.references() for block in self.blocks))


def alloy() -> dict[str, Block]:
    """What this repo ships, by the names that its parts call each other."""
    config = Path(__file__).resolve().parents[2] / "services/alloy/config/config.alloy"
    return {block.id: block for block in parse(config.read_text())}


def parse(text: str) -> list[Block]:
    """The blocks of a file. Raises ValueError for what is none."""
    tokens = list(_tokens(text))
    top = Block("")
    if (end := _fill(top, tokens, 0)) != len(tokens):
        raise ValueError(f"a bracket too much: {tokens[end]}")
    return top.blocks


def bare(text: str) -> str:
    """Without what stands in quotes."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        if match[2]:
            raise ValueError(f"no token of Alloy: {match[2]!r}")
        if match[1] or not match[0].startswith(("//", " ", "\t")):
            yield match[0]


def _fill(block: Block, tokens: list[str], at: int) -> int:
    """Reads the body of a block, up to its closing bracket or the end of the file."""
    while at < len(tokens) and tokens[at] != "}":
        if tokens[at] == "\n":
            at += 1
        elif tokens[at + 1] == "=":
            end = _value_end(tokens, at + 2)
            block.attributes[tokens[at]] = " ".join(token for token in tokens[at + 2 : end] if token.strip())
            at = end
        else:
            at = _inner(block, tokens, at)
    return at


def _value_end(tokens: list[str], at: int) -> int:
    depth = 0
    while depth or tokens[at] not in ("\n", "}"):
        depth += (tokens[at] in _OPEN) - (tokens[at] in _CLOSE)
        at += 1
    return at


def _inner(block: Block, tokens: list[str], at: int) -> int:
    labelled = tokens[at + 1].startswith('"')
    inner = Block(tokens[at], tokens[at + 1].strip('"') if labelled else "")
    at += 2 if labelled else 1
    if tokens[at] != "{":
        raise ValueError(f"{inner.id}: expected {{, found {tokens[at]!r}")
    at = _fill(inner, tokens, at + 1)
    if at == len(tokens):
        raise ValueError(f"{inner.id}: no closing bracket")
    block.blocks.append(inner)
    return at + 1


def relabel(labels: Mapping[str, str], rules: list[Block]) -> dict[str, str] | None:
    """What becomes of a series or target by `rule` blocks; None if it is dropped."""
    found = dict(labels)
    for rule in rules:
        value = ";".join(found.get(name, "") for name in rule.texts("source_labels"))
        match = re.fullmatch(rule.text("regex", "(.*)"), value)
        match rule.text("action", "replace"):
            case "keep" if match is None:
                return None
            case "labeldrop":
                found = {k: v for k, v in found.items() if not re.fullmatch(rule.text("regex"), k)}
            case "replace" if match is not None:
                found[rule.text("target_label")] = match.expand(rule.text("replacement", "$1").replace("$", "\\"))
    return found
