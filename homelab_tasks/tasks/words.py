"""Several words after `validate`, as pre-commit gives files, where Invoke's parser takes flags only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .validate import Validating

TASK = "validate"
_VALUED = {f"--{f.name}" for f in Validating.flags if not isinstance(f.default, bool)}


def gathered(words: Sequence[str]) -> list[str]:
    """`validate a b --strict` as `validate --strict --names A`, where A has a line for each; others as they are."""
    if not words or words[0] != TASK:
        return list(words)
    flags, names = list[str](), list[str]()
    for word, is_flag in _told_apart(words[1:]):
        (flags if is_flag else names).append(word)
    return [TASK, *flags, *(["--names", "\n".join(names)] if names else [])]


def _told_apart(words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    valued = False
    for word in words:
        yield word, valued or word.startswith("-")
        valued = word in _VALUED
