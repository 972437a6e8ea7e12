"""The graph of services as text, Mermaid, DOT, JSON, SVG or PNG."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

from ..errors import UnknownName
from ..model import Repo
from .diagram import Diagram, diagram
from .markup import as_json, dot, mermaid
from .tree import tree

Format = Literal["text", "mermaid", "dot", "json", "svg", "png"]
FORMATS: tuple[Format, ...] = get_args(Format)


def draw(
    repo: Repo,
    *,
    focus: Collection[str] = (),
    format: Format = "text",  # noqa: A002 - the word users type
    unicode: bool = True,
) -> str | bytes:
    """The graph in one of FORMATS; bytes for png, else text that ends in a line break.

    `focus` shows only these services, all that they need and all that needs them; without `unicode` the branches of
    the text are ASCII. Raises UnknownName.
    """
    shown = diagram(repo, focus)
    match format:
        case "text":
            return tree(shown, unicode=unicode)
        case "mermaid":
            return mermaid(shown)
        case "dot":
            return dot(shown)
        case "json":
            return as_json(shown)
        case "svg" | "png":
            return _picture(shown, format)


def format_of(name: str) -> Format:
    """The format that a file name or a word such as `svg` asks for. Raises UnknownName."""
    word = name.rpartition(".")[2].lower()
    aliases: dict[str, Format] = {**{known: known for known in FORMATS}, "txt": "text", "mmd": "mermaid", "gv": "dot"}
    if word not in aliases:
        raise UnknownName("format", word, FORMATS)
    return aliases[word]


def _picture(shown: Diagram, format: Literal["svg", "png"]) -> str | bytes:  # noqa: A002
    from .picture.drawing import drawn

    if format == "svg":
        from .picture.svg import svg

        return svg(drawn(shown))
    from .picture.png import png

    return png(drawn(shown))
