"""The engine of validate: what is meant, what is taken back, what is kept, and repos of every size and kind."""
# ruff: noqa: E501 - a sentence that a user reads is one line

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from homelab_tasks.errors import HomelabError, Refused, UnknownName
from homelab_tasks.problem import Place, Problem, Rule, Severity
from homelab_tasks.tasks.words import gathered
from homelab_tasks.validate.cache import Kept
from homelab_tasks.validate.ignore import ignored_in, without_ignored
from homelab_tasks.validate.result import Known, Result
from homelab_tasks.validate.run import validate
from homelab_tasks.validate.select import of_rules, of_words

WEB = "services:\n  web:\n    image: nginx:1.27.0\n    restart: unless-stopped\n"


def homelab(root: Path, **files: str | bytes) -> Path:
    for path, content in {"hosts.yaml": "hosts: {nas: {}}\n", **files}.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def codes(root: Path) -> list[str]:
    return [f"{problem.place}: {problem.rule}" for problem in validate(root, quick=True).problems]


def errors(root: Path) -> list[str]:
    return [str(problem) for problem in validate(root, quick=True).problems if problem.severity is Severity.ERROR]


# Taken back

IGNORES = [
    ("a: 1 # homelab: ignore C004\n", 1, True),
    ("# homelab: ignore C004\na: 1\n", 2, True),
    ("a: 1\n# homelab: ignore C004, E001\nb: 1\n", 3, True),
    ("a: 1\n  #homelab: ignore E001 C004 as it is pinned elsewhere\nb: 1\n", 3, True),
    ("\ufeff# about\n#\n# homelab: ignore C004\na: 1\nb: 1\n", 5, True),
    ("# homelab: ignore C004\na: 1\n", 0, True),
    ("a: 1\n# homelab: ignore C004\nb: 1\n", 0, False),
    ("a: 1\n# homelab: ignore C004\nb: 1\nc: 1\n", 4, False),
    ("a: 1 # homelab: ignore C004\nb: 1\n", 2, False),
    ("a: 1 # homelab: ignore C005\n", 1, False),
    ("a: 1 # homelab: ignore\n", 1, False),
    ("a: 1\r\nb: 1 # homelab: ignore C004\r\n", 2, True),
]


@pytest.mark.parametrize(("text", "line", "covered"), IGNORES)
def test_a_comment_takes_a_rule_back(text: str, line: int, covered: bool) -> None:  # noqa: FBT001
    problem = Problem(Place("f", line), "x", rule="C004")
    assert ignored_in(text).covers(problem) == covered
    assert without_ignored([problem], lambda _: text, ()) == ([] if covered else [problem])


def test_hosts_yaml_takes_a_rule_back_everywhere(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/compose.yml": WEB})
    assert "services/web/compose.yml: R050" in codes(root)
    homelab(root, **{"hosts.yaml": "hosts: {nas: {}}\nvalidate: {ignore: [R050]}\n"})
    assert "services/web/compose.yml: R050" not in codes(root)
    assert validate(root, quick=True).ignored == 1


def test_a_code_that_cannot_be_one_is_an_error(tmp_path: Path) -> None:
    homelab(tmp_path, **{"hosts.yaml": "hosts: {nas: {}}\nvalidate: {ignore: [readme], ingore: x}\n"})
    assert errors(tmp_path) == [
        "hosts.yaml:2:21: ignore: 'readme' is no code of a rule; write e.g. C004",
        "hosts.yaml:2:30: unknown key 'ingore' in validate; did you mean 'ignore'?",
    ]


# Meant

RULES = (
    Rule("C004", "untagged-image", Severity.WARNING, ""),
    Rule("C010", "no-restart", Severity.NOTICE, ""),
    Rule("R001", "not-yaml", Severity.ERROR, ""),
)
AT_HOSTS = Problem(Place("hosts.yaml", 1), "x", rule="R001")
AT_PLEX = Problem(Place("services/plex/compose.yml", 1), "x", rule="C004")
OF_BOTH = Problem(Place("services/web/compose.yml", 1), "x", rule="C010", also=(Place("services/plex/compose.yml"),))
SERVICES = (
    Known("plex", "plex", ("services/plex", "shared/media.env")),
    Known("web", "web", ("services/web",)),
    Known("sonarr-anime", "sonarr", ("services/sonarr/anime",)),
)
RESULT = Result((AT_HOSTS, AT_PLEX, OF_BOTH), (), SERVICES, RULES)

SELECTED: list[tuple[list[str], list[str], list[str]]] = [
    ([], [], ["R001", "C004", "C010"]),
    (["C"], [], ["C004", "C010"]),
    (["c00"], [], ["C004"]),
    (["untagged-image", "R001"], [], ["R001", "C004"]),
    ([], ["C"], ["R001"]),
    (["C"], ["no-restart"], ["C004"]),
]


@pytest.mark.parametrize(("select", "ignore", "found"), SELECTED)
def test_rules_are_named_by_code_name_or_family(select: list[str], ignore: list[str], found: list[str]) -> None:
    assert [problem.rule for problem in of_rules(RESULT, select, ignore).problems] == found


def test_a_rule_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(Refused) as caught:
        of_rules(RESULT, ["untaged-image"], [])
    assert str(caught.value) == "no rule 'untaged-image'; did you mean 'untagged-image'?"


def test_the_rules_about_hosts_need_the_hosts() -> None:
    with pytest.raises(Refused) as caught:
        of_rules(RESULT, ["H"], [])
    assert str(caught.value) == "rules 'H' are about the hosts; add --remote to ask them"


MEANT = [
    (["plex"], [AT_PLEX, OF_BOTH]),
    (["web"], [OF_BOTH]),
    (["son*"], []),
    (["sonarr"], []),
    (["services/plex/compose.yml"], [AT_PLEX, OF_BOTH]),
    (["services/web/config/site.conf"], [OF_BOTH]),
    (["shared/media.env"], [AT_PLEX, OF_BOTH]),
    (["services/new/compose.yml"], []),
    (["hosts.yaml"], [AT_HOSTS, AT_PLEX, OF_BOTH]),
    (["web", "README.md"], [AT_HOSTS, AT_PLEX, OF_BOTH]),
    (["services/README.md"], [AT_HOSTS, AT_PLEX, OF_BOTH]),
    ([], [AT_HOSTS, AT_PLEX, OF_BOTH]),
]


@pytest.mark.parametrize(("words", "problems"), MEANT)
def test_services_and_files_mean_what_concerns_them(words: list[str], problems: list[Problem]) -> None:
    found = of_words(RESULT, words, lambda word: word if "/" in word or "." in word else None)
    assert list(found.problems) == problems


def test_a_service_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        of_words(RESULT, ["plx"], lambda _: None)
    assert str(caught.value) == "no service 'plx'; did you mean 'plex'?"


WORDS = [
    ("validate", "validate"),
    ("validate a.yml b.yml", "validate --names a.yml\nb.yml"),
    ("validate plex --strict web", "validate --strict --names plex\nweb"),
    ("validate --select C plex", "validate --select C --names plex"),
    ("validate --format=json plex", "validate --format=json --names plex"),
    ("deploy plex web", "deploy plex web"),
    ("", ""),
]


@pytest.mark.parametrize(("typed", "parsed"), WORDS)
def test_validate_takes_as_many_words_as_pre_commit_gives(typed: str, parsed: str) -> None:
    assert gathered(typed.split(" ") if typed else []) == (parsed.split(" ") if parsed else [])


# Kept


def kept(root: Path) -> bool:
    return Kept(root, quick=True).read() is not None


def older(root: Path) -> None:
    """Files that were not written just now."""
    for path in [root / "hosts.yaml", *root.glob("services/**/*")]:
        os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    """A homelab in a Git folder whose result is kept."""
    root = homelab(tmp_path, **{"services/web/compose.yml": WEB, "services/web/.env.example": "A=1\n"})
    (root / ".git").mkdir()
    older(root)
    validate(root, quick=True)
    assert kept(root)
    return root


def _new_service(root: Path) -> None:
    homelab(root, **{"services/new/compose.yml": WEB})


def _new_env(root: Path) -> None:
    homelab(root, **{"services/web/.env": "A=1\n"})


def _edit(root: Path) -> None:
    homelab(root, **{"services/web/compose.yml": WEB.replace("1.27", "1.28")})


def _mode(root: Path) -> None:
    (root / "services/web/.env.example").chmod(0o600)


def _gone(root: Path) -> None:
    (root / "services/web/.env.example").unlink()


def _hosts(root: Path) -> None:
    homelab(root, **{"hosts.yaml": "hosts: {pi: {}}\n"})


def _staged(root: Path) -> None:
    (root / ".git/index").write_text("x")


@pytest.mark.parametrize("change", [_new_service, _new_env, _edit, _mode, _gone, _hosts, _staged])
def test_a_result_is_kept_until_something_changes(checked: Path, change: Callable[[Path], None]) -> None:
    change(checked)
    assert not kept(checked)


def test_what_is_kept_is_what_was_found(checked: Path) -> None:
    first = validate(checked, quick=True)
    (file,) = (checked / ".git/homelab/cache").glob("validate-*.json")
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    older(checked)
    again = validate(checked, quick=True)
    assert first.problems == again.problems
    assert again.problems == validate(checked, quick=True).problems


def test_a_file_outside_of_services_that_was_read_counts(checked: Path) -> None:
    homelab(
        checked,
        **{"services/web/compose.yml": f"include: [../../common/a.yml]\n{WEB}", "common/a.yml": "services: {a: {image: x}}\n"},
    )  # fmt: skip
    older(checked)
    os.utime(checked / "common/a.yml", (1, 1))
    validate(checked, quick=True)
    assert kept(checked)
    (checked / "common/a.yml").write_text("services: [a]\n")
    assert not kept(checked)


def test_a_damaged_result_is_made_anew(checked: Path) -> None:
    (file,) = (checked / ".git/homelab/cache").glob("validate-*.json")
    whole = file.read_text()
    for text in (
        "",
        "[]",
        "{",
        '{"stamp": "x"}',
        whole.replace('"services":[', '"services":["x",'),
        whole[:-9],
        "\udcff",
    ):
        file.write_text(text, errors="surrogateescape")
        assert validate(checked, quick=True).services == (Known("web", "web", ("services/web",)),)


def test_what_has_a_name_that_is_no_text_is_not_kept(checked: Path) -> None:
    found = validate(checked, quick=True)
    nameless = replace(found, services=(Known("web", "web", ("services/caf\udcff",)),))
    Kept(checked, quick=True).write(nameless, ())
    assert Kept(checked, quick=True).read() == found


def test_a_file_that_is_written_while_it_is_read_is_not_relied_on(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/compose.yml": WEB})
    (root / ".git").mkdir()
    os.utime(root / "services/web/compose.yml", (4_000_000_000, 4_000_000_000))
    validate(root, quick=True)
    assert not kept(root)


def test_without_git_nothing_is_kept_and_everything_is_checked(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/compose.yml": "services: [web]\n"})
    assert "services/web/compose.yml:1:11: R042" in codes(root)
    assert sorted(path.name for path in root.iterdir()) == ["hosts.yaml", "services"]


def test_a_worktree_keeps_its_result_in_its_own_git_folder(tmp_path: Path) -> None:
    root = homelab(tmp_path / "tree", **{"services/web/compose.yml": WEB})
    (tmp_path / "main/.git/worktrees/tree").mkdir(parents=True)
    (root / ".git").write_text("gitdir: ../main/.git/worktrees/tree\n")
    older(root)
    validate(root, quick=True)
    assert kept(root)
    assert list((tmp_path / "main/.git/worktrees/tree/homelab/cache").glob("validate-*.json"))


def test_what_may_go_better_the_next_time_is_not_kept(checked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = checked.parent / "docker/cli-plugins/docker-compose"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("no program")
    plugin.chmod(0o755)
    monkeypatch.setenv("DOCKER_CONFIG", str(plugin.parents[1]))
    assert "what Docker Compose says of web: exec format error" in validate(checked).unchecked
    assert Kept(checked).read() is None


# Repos of every size and kind


def test_an_empty_repo_has_one_notice(tmp_path: Path) -> None:
    assert codes(homelab(tmp_path)) == ["services: R014"]


def test_no_repo_at_all_is_said_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(HomelabError, match=r"no hosts\.yaml here or above"):
        validate(tmp_path, quick=True)


LATIN = "services: {web: {image: nginx:1, hostname: küche}}\n".encode("latin-1")
EXPLODING = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
)
BAD: list[tuple[str | bytes, str]] = [
    (LATIN, "1:45: is not UTF-8 text; save it as UTF-8"),
    ("services:\n\tweb: {image: x}\n", "2:1: a tab where YAML wants spaces; indent with spaces"),
    (b"services: {web: {image: x\0}}\n", "1:26: holds a NUL byte; remove it"),
    (
        f"services: {{web: {{image: x}}}}\n{EXPLODING}",
        "6:4: aliases expand to more than 200000 values; write out what is meant",
    ),
    ("services: &a {web: *a}\n", "1:11: an alias that holds itself; remove it"),
    (
        "services: " + "[" * 5000,
        "1:109: not valid YAML: nested deeper than 100 levels; check the indentation, colons and quotes here",
    ),
    ("services: {web: {image: x}}\n".encode("utf-16"), "1:1: is not UTF-8 text; save it as UTF-8"),
]


@pytest.mark.parametrize(("content", "said"), BAD)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert errors(homelab(tmp_path, **{"services/web/compose.yml": content})) == [f"services/web/compose.yml:{said}"]


def test_ten_megabytes_are_no_compose_file(tmp_path: Path) -> None:
    text = WEB + "# " + "x" * 10_000_000
    assert errors(homelab(tmp_path, **{"services/web/compose.yml": text})) == [
        "services/web/compose.yml: is 9.5 MB large, more than any file of a homelab should be; is it the right file?"
    ]


GOOD = [
    f"\ufeff{WEB}",
    WEB.replace("\n", "\r\n"),
    "x-base: &base {restart: always, image: 'nginx:1.27.0'}\nservices: {web: {<<: *base}, two: {<<: [*base]}}\n",
    "services: {web: {image: 'nginx:1.27.0', restart: always, ports: !reset [], command: !override [a]}}\n",
    f"---\n{WEB}",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_compose_takes_is_no_error(tmp_path: Path, text: str) -> None:
    assert errors(homelab(tmp_path, **{"services/web/compose.yml": text})) == []


def test_links_that_lead_nowhere_or_in_a_circle_are_told(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/README.md": "x"})
    (root / "services/web/compose.yml").symlink_to("compose.yml")
    assert errors(root) == [
        "services/web/compose.yml: services/web/compose.yml cannot be read (Too many levels of symbolic links); is the name right, and is the file committed?"
    ]


def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/README.md": "x"})
    os.mkfifo(root / "services/web/compose.yml")
    assert [problem.split(":")[0] for problem in errors(root)] == ["services/web/compose.yml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_told(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/compose.yml": WEB})
    (root / "services/web/compose.yml").chmod(0)
    assert [problem.rule for problem in validate(root, quick=True).problems] == ["R002"]


def test_a_folder_with_a_space_or_an_umlaut_is_told_with_the_line_that_renames_it(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/My App/compose.yml": WEB, "services/küche/compose.yml": WEB})
    assert [problem.rpartition("; ")[2] for problem in errors(root)] == [
        "git mv 'services/My App' services/my-app",
        "git mv 'services/küche' services/kuche",
    ]


def test_the_services_that_can_be_read_are_checked_beside_a_broken_one(tmp_path: Path) -> None:
    ports = WEB + "    ports: ['80:80']\n"
    root = homelab(
        tmp_path,
        **{"services/a/compose.yml": "a: [", "services/b/compose.yml": ports, "services/c/compose.yml": ports},
    )
    assert [problem.rule for problem in validate(root, quick=True).problems if problem.severity is Severity.ERROR] == [
        "R001",
        "R046",
    ]


def test_a_homelab_may_be_a_folder_of_a_larger_git_repo(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    root = homelab(tmp_path / "infra/lab", **{"services/web/compose.yml": WEB})
    assert validate(root / "services/web", quick=True).prefix == "infra/lab/"


def status(folder: Path, *words: str) -> int:
    argv = [sys.executable, "-m", "homelab_tasks", "validate", "--quick", *words]
    return subprocess.run(argv, cwd=folder, capture_output=True, check=False).returncode


def test_a_hook_of_a_larger_repo_finds_the_homelab_by_the_files_that_it_gives(tmp_path: Path) -> None:
    homelab(tmp_path / "lab", **{"services/web/compose.yml": "services: [web]\n"})
    homelab(tmp_path / "lab", **{"services/db/compose.yml": WEB})
    assert status(tmp_path, "lab/services/web/compose.yml", "README.md", "--select", "R042") == 1
    assert status(tmp_path, "lab/services/db/compose.yml", "--select", "R042") == 0


def test_another_tools_hosts_yaml_makes_no_homelab(tmp_path: Path) -> None:
    homelab(tmp_path, **{"services/web/compose.yml": WEB, "ansible/inventory/hosts.yaml": "all: {hosts: {nas: }}\n"})
    assert status(tmp_path, "ansible/inventory/hosts.yaml", "services/web/compose.yml", "--select", "R006,R007") == 0


def said_of(folder: Path, *files: str) -> list[str]:
    """Where these files, or what belongs to them, break a rule about the form."""
    argv = [sys.executable, "-m", "homelab_tasks", "validate", "--quick", "--select", "R042", *files]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    return [line.partition(" error ")[0] for line in done.stdout.splitlines() if " error R042: " in line]


def test_a_hook_of_a_repo_of_several_homelabs_checks_those_whose_files_it_gives(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").touch()
    file = "services/web/compose.yml"
    for name in ("berlin", "lisbon", "lisbon/services/web"):  # the last one is no homelab, only called so
        homelab(tmp_path / name)
    for name in ("berlin", "lisbon"):
        homelab(tmp_path / name, **{file: "services: [web]\n"})
    problems = {name: f"{name}/{file}:1:11:" for name in ("berlin", "lisbon")}
    assert said_of(tmp_path, f"berlin/{file}", f"lisbon/{file}", "README.md") == list(problems.values())
    assert said_of(tmp_path / "lisbon", f"../berlin/{file}", file) == list(problems.values())
    assert said_of(tmp_path / "lisbon", file) == [f"{file}:1:11:"]
    assert said_of(tmp_path, f"lisbon/{file}") == [f"{file}:1:11:"]


def test_the_task_ends_with_1_for_an_error_and_0_for_less(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/compose.yml": WEB})

    assert status(root, "--select", "R") == 0
    homelab(root, **{"services/web/service.yaml": "host: nsa\n"})
    assert status(root, "--select", "R") == 1
    assert status(root, "--select", "R050") == 0
    assert status(root, "services/web/compose.yml", "--select", "R020") == 1


def test_a_file_that_is_not_there_is_no_clean_file(tmp_path: Path) -> None:
    root = homelab(tmp_path, **{"services/web/compose.yml": WEB})
    argv = [sys.executable, "-m", "homelab_tasks", "validate", "--quick"]
    done = subprocess.run([*argv, "services/wbe/compose.yml"], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "error: no file services/wbe/compose.yml; name files as they are seen from here\n",
    )
    assert status(root, "services/web/removed.yml") == 0
