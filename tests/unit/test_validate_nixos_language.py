"""Nix files as they are read here: what is written out, where Nix would stop, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homelab_tasks.validate.nixos.parse import TooDeep, parse
from homelab_tasks.validate.nixos.scan import SyntaxFault
from homelab_tasks.validate.nixos.tree import Number, Text, flat, texts_of

TOP = Path(__file__).resolve().parents[2]


def numbers(text: str) -> dict[str, int]:
    return {".".join(b.path): b.value.value for b in flat(parse(text)) if isinstance(b.value, Number)}


READ = [
    ("{ a = 1; }", {"a": 1}),
    ("{ a.b.c = 1; }", {"a.b.c": 1}),
    ("{ a = { b = { c = 1; }; }; }", {"a.b.c": 1}),
    ('{ a."b c".d = 1; }', {"a.b c.d": 1}),
    ("{ a = 1; # b = 2;\n c = 3; }", {"a": 1, "c": 3}),
    ("{ a = 1; /* b = 2; } */ c = 3; }", {"a": 1, "c": 3}),
    ('{ s = "b = 2; }"; c = 3; }', {"c": 3}),
    ('{ s = "x ${f { b = 2; }} y"; c = 3; }', {"c": 3}),
    ("{ s = ''b = 2; ''' '' ; c = 3; }", {"c": 3}),
    ("{ s = ''$${b} ''${c} ''\\n ''; c = 3; }", {"c": 3}),
    ("{ lib, ... }: { a = 1; }", {"a": 1}),
    ("{ lib, pkgs ? 2, }@args: { a = 1; }", {"a": 1}),
    ("args@{ ... }: { a = 1; }", {"a": 1}),
    ("final: prev: { a = 1; }", {"a": 1}),
    ("with lib; assert true; { a = 1; }", {"a": 1}),
    ("let b = 2; in { a = 1; }", {"a": 1}),
    ("rec { a = 1; b = a; }", {"a": 1}),
    ("{ config = lib.mkIf x { a = 1; }; }", {"config.a": 1}),
    ("lib.mkMerge [ { a = 1; } (lib.mkIf x { b = 2; }) ]", {"b": 2}),
    ("{ a = 1; } // { b = 2; }", {"a": 1, "b": 2}),
    ("{ a = lib.mkForce 1; }", {}),
    ("{ a = 1 + 1; }", {}),
    ("{ a = b; }", {}),
    ("{ a = if x then 1 else 2; }", {}),
    ("mapAttrs (n: { uid = 5; }) { a = 1; }", {}),
    ('{ a."${x}".b = 1; }', {"a..b": 1}),
    ("{ inherit (x) a; b = 2; }", {"b": 2}),
]


@pytest.mark.parametrize(("text", "found"), READ)
def test_what_is_written_out_is_read(text: str, found: dict[str, int]) -> None:
    assert numbers(text) == found


def test_the_texts_of_lists_are_read_where_they_are_joined() -> None:
    (binding,) = flat(parse('{ g = [ "a" b "c ${d}" ] ++ optionals x [ "e" ] ++ more; }'))
    assert list(texts_of(binding.value)) == ["a", "e"]


def test_escapes_in_texts_are_resolved() -> None:
    (binding,) = flat(parse(r'{ g = "a\"b\n\${c} $d"; }'))
    assert binding.value == Text('a"b\n${c} $d')


FAULTS = [
    ("{ a = 1 }", 8, "unexpected '}', expected ';'"),
    ("{ a = 1; ", 9, "unexpected end of file, expected a name or '}'"),
    ("{ a = ; }", 6, "unexpected ';'"),
    ("{ a 1; }", 4, "unexpected '1', expected '='"),
    ("[ 1 -2 ]", 4, "unexpected '-'"),
    ("{ a = [ 1 2; }", 11, "unexpected ';'"),
    ('{ a = "x; }', 11, "unexpected end of file: a string is not closed"),
    ("{ a = ./x/; }", 9, "a path ends in a slash"),
    ("a == b == c", 7, "unexpected '=='"),
    ("{ a = 1; } }", 11, "unexpected '}', expected end of file"),
    ("if a then b", 11, "unexpected end of file, expected 'else'"),
    ("{ a = 1; %", 9, "unexpected '%'"),
    ("", 0, "unexpected end of file"),
]


@pytest.mark.parametrize(("text", "offset", "what"), FAULTS)
def test_a_fault_is_told_where_nix_would_stop(text: str, offset: int, what: str) -> None:
    with pytest.raises(SyntaxFault) as fault:
        parse(text)
    assert (fault.value.offset, fault.value.what) == (offset, what)


PIECES = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ":",
    ".",
    ",",
    "=",
    "@",
    "?",
    "!",
    "<",
    "/",
    "+",
    "-",
    '"',
    "''",
    "${",
    "$",
]
PIECES += ["\\", "let ", " in ", " or ", "rec ", "if ", " then ", " else ", "with ", "inherit ", "...", "x", "1", "./a"]
PIECES += ["a/b", "//", "++", "->", "==", "# c\n", "/*", "*/", " ", "~/x", "<a>", "1.", "'", "a:b", "$$", "''$", "'''"]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    offset = 0
    try:
        parse(text)
    except SyntaxFault as fault:
        offset = fault.offset
    except TooDeep:
        offset = 60  # so much nesting takes as many letters
    assert 0 <= offset <= len(text)


@pytest.mark.parametrize("piece", ["[", "{a=", "!", "(", "x: ", '"${', "a -> ", "if a then b else ", "let a = 1; in "])
def test_no_nesting_is_too_deep_to_be_left_alone(piece: str) -> None:
    with pytest.raises((TooDeep, SyntaxFault)):
        parse(piece * 20_000)


@pytest.mark.parametrize("text", ["a.b." * 50_000, "[" + " a/b" * 50_000, "/*" * 50_000, "[ -" + "a" * 500_000])
def test_a_long_file_is_read_in_no_time(text: str) -> None:
    """Hours, were its letters looked at for each word anew."""
    with pytest.raises(SyntaxFault):
        parse(text)


SEEDS = [path.read_text() for path in sorted((TOP / "nixos").rglob("*.nix"))]


@pytest.mark.skipif(not shutil.which("nix-instantiate"), reason="nix-instantiate is not installed")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nix_and_this_reader_agree_on_what_is_no_syntax(data: st.DataObject, tmp_path: Path) -> None:
    """A file of this repo, with a piece put in or a stretch taken out."""
    seed = data.draw(st.sampled_from(SEEDS))
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, min(start + 4, len(seed))))
    text = seed[:start] + data.draw(st.sampled_from(["", *PIECES])) + seed[end:]
    assert _refused_here(text) == _refused_by_nix(text, tmp_path / "f.nix")


def _refused_here(text: str) -> bool:
    try:
        parse(text)
    except SyntaxFault:
        return True
    return False


def _refused_by_nix(text: str, file: Path) -> bool:
    file.write_text(text)
    environment = {**os.environ, "NIX_REMOTE": "dummy://", "LC_ALL": "C"}
    done = subprocess.run(["nix-instantiate", "--parse", str(file)], env=environment, capture_output=True, check=False)
    # What is defined, and defined once, is no matter of syntax.
    other = (b"undefined variable", b"already defined", b"duplicate formal", b"dynamic attributes not allowed")
    return done.returncode != 0 and not any(word in done.stderr for word in other)
