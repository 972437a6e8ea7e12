"""The env family: what nothing gives, what nothing uses, what Compose reads otherwise, and who else can read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from homelab_tasks.problem import Problem
from homelab_tasks.repo import worktree
from homelab_tasks.repo.loader import examine
from homelab_tasks.validate import env
from homelab_tasks.validate.facts import Facts
from tests.unit.scratch import git

PLAIN = "services: {web: {image: 'nginx:1'}}\n"


def using(*texts: str, service: str = "image: 'nginx:1'") -> str:
    labels = ", ".join(f"l{i}: '{text}'" for i, text in enumerate(texts))
    return f"services: {{web: {{{service}, labels: {{{labels}}}}}}}\n"


def found(root: Path, files: dict[str, str | bytes], *, tracked: tuple[str, ...] | None = None) -> list[Problem]:
    """The problems of a homelab whose files lie in services/web; with `tracked`, it is a Git repo with these in it."""
    for name, content in {"../../hosts.yaml": "hosts:\n  nas: {address: 10.0.0.5}\n", **files}.items():
        path = (root / "services/web" / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600 if path.name == ".env" else 0o644)
    if tracked is not None:
        git(root, "init", "--quiet")
        git(root, "add", "--force", "hosts.yaml", *(f"services/web/{name}" for name in tracked))
    return sorted(env.check(Facts(examine(worktree(root)))), key=lambda p: (p.place, p.rule))


def lines(root: Path, files: dict[str, str | bytes]) -> list[str]:
    return [f"{p.rule} {str(p).replace('services/web/', '')}" for p in found(root, files)]


def codes(root: Path, template: str, *, real: str | None = None, compose: str = PLAIN) -> list[str]:
    files: dict[str, str | bytes] = {"compose.yml": compose, ".env.example": template}
    return [p.rule for p in found(root, files | ({} if real is None else {".env": real}))]


def test_a_variable_without_a_default_has_to_be_in_the_template(tmp_path: Path) -> None:
    compose = "services:\n  web:\n    image: web:${TAG}\n    labels: {a: '${PASWORD}', b: '${PORT:?}', c: '${X:-y}'}\n"
    assert lines(tmp_path, {"compose.yml": compose, ".env.example": "PASSWORD=\n#PORT=80\n"}) == [
        "E004 .env.example:1:1: nothing in compose.yml uses PASSWORD; did you mean PASWORD?",
        (
            "E001 compose.yml:3:16: TAG has no default here, and .env.example does not give it; "
            "add TAG= there, or write ${TAG:-default} here"
        ),
        "E001 compose.yml:4:18: PASWORD has no default here, and .env.example does not give it; did you mean PASSWORD?",
        (
            "E001 compose.yml:4:35: PORT is required here, and .env.example has it in a comment only; "
            "add PORT= there, or write ${PORT:-default} here"
        ),
    ]


def test_without_a_template_one_line_names_all_that_it_should_have(tmp_path: Path) -> None:
    assert lines(tmp_path, {"compose.yml": using("$A", "$B", "${HOME}", "${C:-}")}) == [
        "E002 compose.yml:1:50: A, B have no default here, and no template gives a value; name each in .env.example"
    ]


def test_a_commented_key_says_that_blank_is_meant(tmp_path: Path) -> None:
    assert codes(tmp_path, "# a claim, only at first\n#CLAIM=\n", compose=using("${CLAIM}")) == []


def test_the_default_of_a_given_variable_needs_nothing(tmp_path: Path) -> None:
    assert codes(tmp_path, "A=1\n", compose=using("${A:-${B}}", "${A:+$A}", "${C:+$D}")) == []


def test_a_required_variable_counts_wherever_it_stands(tmp_path: Path) -> None:
    assert codes(tmp_path, "A=1\n", compose=using("${A:-${B:?}}")) == ["E001"]


def test_a_key_is_used_by_a_comment_an_other_key_or_a_whole_file(tmp_path: Path) -> None:
    compose = "services:\n  web:\n    image: nginx:1\n    # command: $LATER\n    labels: {a: $A}\n"
    assert codes(tmp_path, "LATER=\nBASE=/srv\nA=$BASE/a\nCOMPOSE_PROFILES=x\n", compose=compose) == []
    whole = "services: {web: {image: 'nginx:1', env_file: [.env]}}\n"
    assert codes(tmp_path, "ANY=\nTHING=\n", compose=whole) == []


def test_a_broken_compose_file_makes_no_key_unused(tmp_path: Path) -> None:
    assert codes(tmp_path, "A=\n", compose="services: [\n") == []


def test_an_included_file_has_its_own_env_file(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "compose.yml": "include: [../db/compose.yml]\n" + PLAIN,
        "../db/compose.yml": using("${DB}", "${ROOT}"),
        "../db/.env.example": "DB=\n",
    }
    assert [line.partition(":")[0] for line in lines(tmp_path, files)] == ["E001 services/db/compose.yml"]


def test_an_env_file_needs_a_template_or_a_place_in_the_repo(tmp_path: Path) -> None:
    compose = """\
services:
  web:
    image: nginx:1
    env_file:
      - app.env
      - with.env
      - {path: other.env, required: false}
"""
    assert lines(tmp_path, {"compose.yml": compose, "with.env.example": "A=\n"}) == [
        (
            "E005 compose.yml:5:9: app.env is not in the repo and has no template, and Compose stops without it; "
            "add app.env.example, or write required: false"
        )
    ]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("COMPOSE_FILE=compose.yml:../../common/extra.yml\n", ["E007"]),
        ("COMPOSE_FILE=compose.yml;gpu.yml\nCOMPOSE_PATH_SEPARATOR=;\n", ["E007"]),
        ("COMPOSE_FILE=./compose.yml\n", []),
        ("COMPOSE_FILE=\n", []),
    ],
)
def test_compose_files_that_an_env_file_chooses_are_told(chosen: str, expected: list[str], tmp_path: Path) -> None:
    found = lines(tmp_path, {"compose.yml": PLAIN, ".env.example": chosen, ".env": chosen})
    assert [line.partition(" ")[0] for line in found if line.startswith("E007")] == expected * 2


READ_OTHERWISE = [
    ("A=pa$word\n", ["E020"]),
    ("A='pa$word'\nB=$$word\nC=$HOME/x\nD=$A\n", []),
    ('A="$NO"\n', ["E020"]),
    ("PASSWORD=two #words\n", ["E021"]),
    ("PASSWORD=two # a comment\nTZ=UTC #comment\nTOKEN=x #use this command\n", []),
    ("A= # a note\n", ["E022"]),
    ("A=# a note\n", ["E022"]),
    ("A=x\t# a note\n", ["E022"]),
    ("A=#ff0000\nB= 'x' # note\n", []),
    ('A="x"y\n', ["E023"]),
    ("A='x' B=2\n", ["E023"]),
    ("A='one\nB=two'\n", ["E024"]),
    ("A='-----BEGIN\nabc\n-----END'\n", []),
    ('PASSWORD="c:\\temp"\n', ["E025"]),
    ('A="c:\\bin"\n', ["E025"]),
    ('A="c:\\\\bin\\n"\nPASSWORD=c:\\temp\n', []),
    ("=x\n", ["E026"]),
    ("A=1\nB", ["E026"]),
    ("A=1\nA=2\n", ["E006"]),
    ("A='x\n", ["E030"]),
    ("A B=1\n\nC=${\n", ["E030", "E030"]),
    ('{"A": 1}\n', ["E031"]),
    ("<html>\n<body>\n</body>\n", ["E031"]),
    ("services:\n  web:\n    image: a\n", ["E031"]),
    ("A:\nB: 2\n", []),
    ("", []),
    ("\ufeffA=1\r\nB='2'\r\n", []),
]


@pytest.mark.parametrize(("template", "expected"), READ_OTHERWISE)
def test_what_compose_reads_otherwise_than_a_person(template: str, expected: list[str], tmp_path: Path) -> None:
    whole = "services: {web: {image: 'nginx:1', env_file: [.env]}}\n"
    assert codes(tmp_path, template, compose=whole) == expected


def test_quotes_inside_an_item_of_a_list_are_part_of_the_value(tmp_path: Path) -> None:
    compose = """\
services:
  web:
    image: nginx:1
    environment:
      - A="x"
      - "B=y"
      - C='[1, 2]'
      - D={"a"}
"""
    assert codes(tmp_path, "", compose=compose) == ["E027", "E027"]
    mapping = "services: {web: {image: 'nginx:1', environment: {A: \"x\"}}}\n"
    assert codes(tmp_path, "", compose=mapping) == []


@pytest.mark.parametrize("content", [b"A=gr\xfcn\n", b"A=" + b"x" * 2_000_000])
def test_a_file_that_is_no_text_or_too_large_is_not_read(content: bytes, tmp_path: Path) -> None:
    assert [p.rule for p in found(tmp_path, {"compose.yml": PLAIN, ".env.example": content})] == ["E032"]


AGAINST_THE_TEMPLATE = [
    ("A=1\nPASSWORD=x\n", []),
    ("A=1\n", ["E010"]),
    ("A=1\nPASWORD=x\n", ["E010", "E012"]),
    ("PASSWORD=x\nA=\n", ["E013"]),
    ("A=1\nPASSWORD=<password>\n", ["E014"]),
    ("A=1\nPASSWORD=admin\n", ["E014"]),
    ("A=1\nPASSWORD=x\nCOMPOSE_PROFILES=y\nOPTIONAL=z\nUSED=u\n", []),
]


@pytest.mark.parametrize(("real", "expected"), AGAINST_THE_TEMPLATE)
def test_the_env_file_is_held_against_its_template(real: str, expected: list[str], tmp_path: Path) -> None:
    template = "A=\nPASSWORD=admin\n#OPTIONAL=\n"
    compose = using("${A:?}", "$PASSWORD", "${USED:-}", "$OPTIONAL")
    assert codes(tmp_path, template, real=real, compose=compose) == expected


def test_a_file_that_is_handed_on_has_every_key_of_its_template(tmp_path: Path) -> None:
    whole = "services: {web: {image: 'nginx:1', env_file: [.env]}}\n"
    assert codes(tmp_path, "A=\nB=\n", real="A=\n", compose=whole) == ["E011"]
    assert codes(tmp_path, "A=\nFROM_THE_HOST\n", real="A=\n", compose=whole) == []


def test_other_users_must_not_read_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"compose.yml": PLAIN, ".env": "", "../../.env": ""}
    assert found(tmp_path, files) == []
    (tmp_path / ".env").chmod(0o640)
    [problem] = env.check(Facts(examine(worktree(tmp_path))))
    assert str(problem) == ".env: has mode 640, so other users of this machine can read it; chmod 600 .env"


def test_git_must_ignore_it_and_not_its_template(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"compose.yml": PLAIN, ".env": "", ".env.example": "", ".env.bak": ""}
    (tmp_path / ".gitignore").write_text("*.example\n*.bak\n")
    assert [(p.rule, p.place.file) for p in found(tmp_path, files, tracked=("compose.yml",))] == [
        ("E042", "services/web/.env"),
        ("E040", "services/web/.env.bak"),
        ("E043", "services/web/.env.example"),
    ]


def test_a_tracked_one_is_an_error(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"compose.yml": PLAIN, ".env": "", ".env.example": ""}
    problems = found(tmp_path, files, tracked=("compose.yml", ".env", ".env.example"))
    assert [(p.rule, p.severity.value, p.place.file) for p in problems] == [("E041", "error", "services/web/.env")]


def test_a_repo_inside_the_repo_is_a_matter_of_its_own(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"compose.yml": PLAIN, ".env.example": ""}
    found(tmp_path, files)
    git(tmp_path / "services/web", "init", "--quiet")
    git(tmp_path / "services/web", "commit", "--quiet", "--allow-empty", "--message", "first")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "-c", "advice.addEmbeddedRepo=false", "add", "services/web")
    assert list(env.check(Facts(examine(worktree(tmp_path))))) == []


def test_what_git_would_say_is_left_out_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "services/web").mkdir(parents=True)
    (tmp_path / "hosts.yaml").write_text("hosts:\n  nas: {address: 10.0.0.5}\n")
    (tmp_path / "services/web/compose.yml").write_text(PLAIN)
    facts = Facts(examine(worktree(tmp_path)))
    assert list(env.check(facts)) == []
    assert facts.unchecked == ["whether Git leaves .env files alone: this is no Git repo"]


def test_what_git_would_say_is_left_out_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services/web").mkdir(parents=True)
    (tmp_path / "hosts.yaml").write_text("hosts:\n  nas: {address: 10.0.0.5}\n")
    (tmp_path / "services/web/compose.yml").write_text(PLAIN)
    git(tmp_path, "init", "--quiet")
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = Facts(examine(worktree(tmp_path)))
    assert list(env.check(facts)) == []
    assert facts.unchecked == [
        "whether Git leaves .env files alone: git is not installed, or does not trust this folder",
        "whether a secret is committed: git cannot be run (no such file or directory)",
    ]


REAL = [
    "API_KEY=Zq7Lw2Xr9Tn4Vb6Mc8Kd3Ph5",
    "PASSWORD=hT5wQz8Lr2",
    "WIREGUARD_PRIVATE_KEY=wOEI9rqqbDwnN8/Bpp22sVz48T71vJ4fYmFWujulwUU=",
    "JWT_SECRET=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "NOTE=ghp_" + "a1B2" * 9,
    "DATABASE_URL=postgres://app:hT5wQz8Lr2@db:5432/app",
    "APP_KEY=base64:wOEI9rqqbDwnN8/Bpp22sVz48T71vJ4fYmFWujulwUU=",
]
UNREAL = [
    "PASSWORD=",
    "PASSWORD=changeme",
    "PASSWORD=ChangeMeNow1!",
    "API_KEY=your-api-key-here-1234567890",
    "SECRET_KEY=0123456789abcdef0123456789abcdef",
    "DB_PASSWORD=immich",
    "PASSWORD_FILE=/run/secrets/Zq7Lw2Xr9Tn4Vb6Mc8Kd3Ph5",
    "TOKEN=${OTHER:-x}",
    "IMAGE=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "API_KEY=00000000-0000-0000-0000-000000000000",
    "TOKEN=MyEmailPasswordIsLong",
    "DATABASE_URL=postgres://app:postgres@db:5432/app",
    "DATABASE_URL=postgres://app:${DB_PASSWORD:-x}@db:5432/app",
    "URL=http://10.0.0.5:8080/hT5wQz8Lr2@2x.png",
]


@pytest.mark.parametrize("line", REAL)
def test_a_real_looking_secret_must_not_be_committed(line: str, tmp_path: Path) -> None:
    whole = "services: {web: {image: 'nginx:1', env_file: [.env]}}\n"
    assert codes(tmp_path, f"{line}\n", compose=whole) == ["E050"]
    compose = f"services: {{web: {{image: 'nginx:1', environment: ['{line}']}}}}\n"
    assert codes(tmp_path, "", compose=compose) == ["E050"]


@pytest.mark.parametrize("line", UNREAL)
def test_examples_and_paths_are_no_secrets(line: str, tmp_path: Path) -> None:
    whole = "services: {web: {image: 'nginx:1', env_file: [.env]}}\n"
    assert codes(tmp_path, f"{line}\n", compose=whole) == []


SECRET = "s3cr3tXq7Lw2"  # noqa: S105 - it is planted
PLANTED = [
    f"PASSWORD=a${SECRET}\n",
    f"PASSWORD=x #{SECRET}\n",
    f"PASSWORD= # {SECRET}\n",
    f"PASSWORD='x'{SECRET}\n",
    f"PASSWORD='{SECRET}\n",
    f"PASSWORD=${{{SECRET}:-${{}}\n",
    f"{SECRET}\n{SECRET} x=1\n/{SECRET}\n",
    f"KEY=MIIE\n{SECRET}/{SECRET}\n{SECRET}==\n{SECRET}==\n",
    f'{{"PASSWORD": "{SECRET}"}}\n',
    f"={SECRET}\n",
    f"PASSWORD=Zq7Lw2Xr9Tn4{SECRET}\n",
    f'PASSWORD="\\a{SECRET}"\nPASSWORD={SECRET}\n',
]


@pytest.mark.parametrize("text", PLANTED)
def test_no_sentence_holds_a_value(text: str, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"compose.yml": using("${PASSWORD:?}"), ".env.example": "PASSWORD=\n"}
    problems = [p for name in (".env", ".env.example") for p in found(tmp_path / name[1:], files | {name: text})]
    assert problems
    assert SECRET not in "".join(f"{p} {p!r}" for p in problems)


TOKEN = "ghp_" + "Zq7Lw2Xr9Tn4Vb6Mc8Kd3Ph5Jg1Fs0Ab7Cd9"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("notes.md", f"# Notes\n\nthe token is {TOKEN}\n", ["services/web/notes.md:3:14"]),
        ("config/a b.conf", f"token={TOKEN}\n", ["services/web/config/a b.conf:1:7"]),
        ("key.pem", "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3Bl\n", ["services/web/key.pem:1:1"]),
        (
            "compose.yml",
            f"services: {{web: {{image: 'nginx:1', labels: {{a: {TOKEN}}}}}}}\n",
            ["services/web/compose.yml:1:48"],
        ),
        ("notes.md", f"prefix{TOKEN}\n", []),
        ("notes.md", "ghp_short and -----BEGIN PUBLIC KEY-----\n", []),
        ("picture.png", f"\0\0{TOKEN}", []),
    ],
)
def test_a_token_in_any_file_that_git_has_is_found(path: str, text: str, expected: list[str], tmp_path: Path) -> None:
    problems = found(tmp_path, {"compose.yml": PLAIN, path: text}, tracked=(path,))
    assert [str(p).partition(": ")[0] for p in problems if p.rule == "E050"] == expected
    assert TOKEN not in "".join(map(repr, problems))


def test_a_token_in_a_file_that_git_does_not_have_is_nobodys_business(tmp_path: Path) -> None:
    assert found(tmp_path, {"compose.yml": PLAIN, "notes.md": TOKEN}, tracked=("compose.yml",)) == []


def test_git_is_asked_of_all_files_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = {f"../s{i}/compose.yml": using("$A") for i in range(5)}
    files |= {f"../s{i}/.env.example": "A=\n" for i in range(5)} | {f"../s{i}/.env": "A=1\n" for i in range(5)}
    found(tmp_path, files, tracked=())
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    list(env.check(Facts(examine(worktree(tmp_path)))))
    assert (tmp_path / "trace").read_text().count("trace: built-in: git") == 2
