"""The nixos family: users, groups, folders, systems and locks, as they stand in the files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from homelab_tasks.problem import Place
from homelab_tasks.repo.loader import examine
from homelab_tasks.repo.source import worktree
from homelab_tasks.validate import nixos
from homelab_tasks.validate.facts import Facts
from homelab_tasks.validate.nixos import evaluate, rules
from homelab_tasks.validate.nixos.folder import Flake, NixFile
from tests.unit.builders import a_host

HOSTS = "hosts:\n  hl15: {system: nixos, flake: 'nixos#hl15'}\n"
FLAKE = "{ outputs = _: { nixosConfigurations.hl15 = { }; }; }\n"
PLEX = "services: {app: {image: plex, volumes: ['/var/lib/services/plex:/config']}}\n"
SOUND = {"hosts.yaml": HOSTS, "nixos/flake.nix": FLAKE}


def facts(root: Path, files: dict[str, str], *, quick: bool = True) -> Facts:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Facts(examine(worktree(root)), quick=quick)


def found(root: Path, files: dict[str, str]) -> list[str]:
    """Code, place and words of each problem of a sound repo with these files."""
    return [f"{problem.rule} {problem}" for problem in nixos.check(facts(root, {**SOUND, **files}))]


def module(root: Path, text: str, **others: str) -> list[str]:
    """Of a repo with this module, and others by name."""
    files = {f"nixos/{name.replace('__', '/')}.nix": body for name, body in {"m": text, **others}.items()}
    return found(root, files)


def test_a_sound_repo_has_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path, {}) == []


def test_a_repo_without_nix_has_no_problem(tmp_path: Path) -> None:
    looked = facts(tmp_path, {"hosts.yaml": "hosts: {nas: }\n"})
    assert (list(nixos.check(looked, deep=True)), looked.unchecked) == ([], [])


OTHER = "give one of them another; 6 is free"
USERS = [
    (
        "{ users.users.a.uid = 5; users.users.b.uid = 5; }",
        [f"N002 nixos/m.nix:1:26: uid 5 of user b is also that of a (nixos/m.nix:1:3); {OTHER}"],
    ),
    (
        "{ users.users = { a.uid = 5; b = { uid = 5; }; }; }",
        [f"N002 nixos/m.nix:1:36: uid 5 of user b is also that of a (nixos/m.nix:1:19); {OTHER}"],
    ),
    (
        "{ users.groups.a.gid = 5; users.groups.b.gid = 5; }",
        [f"N003 nixos/m.nix:1:27: gid 5 of group b is also that of a (nixos/m.nix:1:3); {OTHER}"],
    ),
    ("{ users.users.a.uid = 5; users.groups.b.gid = 5; }", []),
    ("{ users.users.a.uid = lib.mkDefault 5; users.users.b.uid = 5; }", []),
    ("{ users.users.a.uid = x; users.users.b.uid = x; }", []),
    ('{ users.users."${x}".uid = 5; users.users."${y}".uid = 5; }', []),
    (
        '{ users.users.a.extraGroups = [ "meida" ]; users.groups.media = { }; }',
        ["N004 nixos/m.nix:1:3: user a is in group 'meida', which nothing declares; did you mean 'media'?"],
    ),
    (
        '{ users.users.a.group = "files"; }',
        ["N004 nixos/m.nix:1:3: user a is in group 'files', which nothing declares; add users.groups.files = { };"],
    ),
    ('{ users.users.a.extraGroups = [ "wheel" "docker" "video" "render" "networkmanager" ]; }', []),
    ('{ users.users.a.extraGroups = [ x ] ++ lib.optional y "z"; }', []),
    ('{ users.users.a.extraGroups = [ "z" ]; users.groups = lib.genAttrs names f; }', []),
    ('{ users.users.a.extraGroups = [ "z" ]; users.groups.${z} = { }; }', []),
    ('{ users.users.a.extraGroups = [ "immich" ]; services.immich.enable = true; }', []),
    ('{ users.users.a.extraGroups = [ "z" ]; users.groups = { inherit (x) z; }; }', []),
]


@pytest.mark.parametrize(("text", "problems"), USERS)
def test_users_and_groups(text: str, problems: list[str], tmp_path: Path) -> None:
    assert module(tmp_path, text) == problems


def test_one_user_of_two_uids_is_told(tmp_path: Path) -> None:
    one, two = "{ users.users.a.uid = 5; }", "{ users.users.a.uid = 6; }"
    told = ["N002 nixos/z.nix:1:3: user a has uid 6 here and 5 in nixos/m.nix:1:3; keep one of them"]
    assert module(tmp_path, one, z=two) == told


def test_two_hosts_may_use_one_uid_for_two_users(tmp_path: Path) -> None:
    one, two = "{ users.users.a.uid = 5; }", "{ users.users.b.uid = 5; }"
    assert module(tmp_path, "{ }", hosts__h1__x=one, hosts__h2__x=two) == []
    assert len(module(tmp_path, "{ }", hosts__h1__x=one, hosts__h1__y=two)) == 1


def test_a_service_has_a_user_and_its_folder(tmp_path: Path) -> None:
    service = {"services/plex/compose.yml": PLEX, "nixos/modules/services/sonarr/user.nix": "{ }"}
    user = "nixos/modules/services/plex/user.nix"
    move = 'systemd.tmpfiles.rules = [ "d /var/lib/services/plex 0750 plex GROUP -" ];'
    assert found(tmp_path, service) == [
        f"N005 services/plex/compose.yml: service plex has no user on its host: {user} is not there; make {user}",
        (
            "N006 services/plex/compose.yml:1:42: mounts /var/lib/services/plex, which no module makes; "
            f"Docker would make it as root; add to {user}: {move}"
        ),
    ]


@pytest.mark.parametrize(
    "made",
    [
        'systemd.tmpfiles.rules = [ "d /var/lib/services/plex 0750 plex media -" ];',
        'systemd.tmpfiles.rules = [ "d ${data}/plex 0750 plex media -" ];',
        'systemd.tmpfiles.settings.plex."/var/lib/services/plex".d = { };',
        'systemd.tmpfiles.rules = map (name: "d ${data}/${name} 0750 - - -") all;',
    ],
)
def test_a_folder_may_be_made_in_several_ways(made: str, tmp_path: Path) -> None:
    files = {"services/plex/compose.yml": PLEX, "nixos/modules/services/plex/user.nix": f"{{ {made} }}"}
    assert found(tmp_path, files) == []


def test_without_modules_of_services_none_is_missed(tmp_path: Path) -> None:
    assert found(tmp_path, {"services/plex/compose.yml": PLEX}) == []


SYSTEMS = [
    ("{ outputs = _: { nixosConfigurations.hl51 = 1; }; }", ["hl51"]),
    ("{ outputs = _: { nixosConfigurations = { hl51 = 1; }; }; }", ["hl51"]),
    ("{ outputs = { self, nixpkgs }: let x = 1; in { nixosConfigurations = { hl51 = 1; }; }; }", ["hl51"]),
    ("{ outputs = _: { nixosConfigurations = mapAttrs f hosts; }; }", []),
    ("{ outputs = _: { nixosConfigurations.${x} = 1; }; }", []),
    ("{ outputs = inputs: mkFlake { } { }; }", []),
]


@pytest.mark.parametrize(("flake", "told"), SYSTEMS)
def test_a_system_is_looked_for_where_the_flake_writes_them_out(flake: str, told: list[str], tmp_path: Path) -> None:
    move = "nixos/flake.nix has no nixosConfigurations.hl15; did you mean '{}'?"
    expected = [f"N007 hosts.yaml:2:32: {move.format(name)}" for name in told]
    assert found(tmp_path, {"nixos/flake.nix": flake}) == expected


def test_a_system_that_nothing_names_has_at_least_its_folder(tmp_path: Path) -> None:
    flake = {"nixos/flake.nix": "{ outputs = inputs: mkFlake { } { }; }", "nixos/hosts/other/default.nix": "{ }"}
    told = "nixos/hosts has no hl15, and no Nix file names it; set flake: of hl15 to nixos#NAME"
    assert found(tmp_path, flake) == [f"N007 hosts.yaml:2:32: {told}"]
    assert found(tmp_path, {**flake, "nixos/hosts/hl15/default.nix": "{ }"}) == []


def test_a_flake_that_is_not_there_is_told(tmp_path: Path) -> None:
    looked = facts(tmp_path, {"hosts.yaml": HOSTS})
    told = "hosts.yaml:2:32: nixos/flake.nix is not there; make it, or set flake: of hl15 to FOLDER#NAME"
    assert [str(problem) for problem in nixos.check(looked)] == [told]


INPUTS = "{ inputs.nixpkgs.url = x; inputs.disko.url = y; outputs = _: { nixosConfigurations.hl15 = 1; }; }"
LOCK = '{"nodes": {"root": {"inputs": {"nixpkgs": "nixpkgs"}}}, "root": "root"}'
AGAIN = "nix flake lock nixos && git add nixos/flake.lock"


@pytest.mark.parametrize(
    ("lock", "told"),
    [
        (LOCK, [f"nixos/flake.nix:1:27: nixos/flake.lock lacks the input disko; {AGAIN}"]),
        ("{", [f"nixos/flake.lock: is not a lock file that Nix could read; {AGAIN}"]),
        ("[]", [f"nixos/flake.lock: is not a lock file that Nix could read; {AGAIN}"]),
        (
            '{"root": "x", "nodes": {"x": {"inputs": []}}}',
            [f"nixos/flake.lock: is not a lock file that Nix could read; {AGAIN}"],
        ),
    ],
)
def test_a_lock_pins_every_input(lock: str, told: list[str], tmp_path: Path) -> None:
    files = {"nixos/flake.nix": INPUTS, "nixos/flake.lock": lock}
    assert found(tmp_path, files)[: len(told)] == [f"N008 {one}" for one in told]


def test_a_lock_and_every_module_are_known_to_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    flake = INPUTS.replace("inputs.disko.url = y; ", "")
    files = {"nixos/flake.nix": flake, "nixos/flake.lock": LOCK, "nixos/new.nix": "{ }"}
    facts(tmp_path, {**SOUND, **files})
    subprocess.run(["git", "add", "nixos/flake.nix"], cwd=tmp_path, check=True)
    assert found(tmp_path, files) == [
        "N008 nixos/flake.lock: is not committed: each host would write its own; git add nixos/flake.lock",
        "N009 nixos/new.nix: is not known to Git, so no flake sees it; git add nixos/new.nix",
    ]
    subprocess.run(["git", "add", "--all"], cwd=tmp_path, check=True)
    assert found(tmp_path, files) == []


@pytest.mark.parametrize(
    ("imports", "told"),
    [
        ("[ ./there.nix ./folder ../flake.nix ]", []),
        ("[ ./gone.nix ]", ["N011 nixos/modules/default.nix:1:23: nixos/modules/gone.nix is not there"]),
        ("[ ./there.nix ../gone ]", ["N011 nixos/modules/default.nix:1:35: nixos/gone is not there"]),
        ("[ ./bare ]", ["N011 nixos/modules/default.nix:1:23: nixos/modules/bare/default.nix is not there"]),
        ("[ ./there.nix ] ++ [ ./a.nix ]", ["N011 nixos/modules/default.nix:1:42: nixos/modules/a.nix is not there"]),
        ("[ ./${name}.nix /etc/nixos/x.nix <nixpkgs/y> ../../../outside.nix other.module ]", []),
        ("lib.optional x ./gone.nix", []),
    ],
)
def test_what_a_module_imports_is_there(imports: str, told: list[str], tmp_path: Path) -> None:
    files = {"flake.nix": "{ outputs = x; }", "modules/default.nix": f"{{ ...}}: {{ imports = {imports}; }}"}
    files |= {"modules/there.nix": "{ }", "modules/folder/default.nix": "{ }", "modules/bare/other.nix": "{ }"}
    found_here = found(tmp_path, {f"nixos/{path}": text for path, text in files.items()})
    assert found_here == [f"{one}; make it, or delete this line" for one in told]


def test_files_that_cannot_be_read_are_problems_or_said(tmp_path: Path) -> None:
    (tmp_path / "nixos").mkdir()
    (tmp_path / "nixos/gone.nix").symlink_to("nowhere")
    (tmp_path / "nixos/circle").symlink_to(".")
    (tmp_path / "nixos/folder.nix").mkdir()
    (tmp_path / "nixos/bytes.nix").write_bytes(b"{ a = \xff; }")
    (tmp_path / "nixos/long.nix").write_text("#" * 1_000_001)
    (tmp_path / "nixos/deep.nix").write_text("[" * 99 + "]" * 99)
    looked = facts(tmp_path, SOUND)
    assert [str(problem) for problem in nixos.check(looked)] == [
        "nixos/gone.nix: cannot be read (no such file or directory); is it a file, and yours to read?",
        "nixos/bytes.nix:1:7: unexpected '\ufffd'; mend it; inv validate tells when Nix can read it",
    ]
    assert looked.unchecked == ["nixos/deep.nix: nested too deeply", "nixos/long.nix: larger than 1 MB"]


def test_all_faults_are_told_with_nix_and_without(tmp_path: Path) -> None:
    faults = {"nixos/a.nix": "{ a = 1 }", "nixos/b.nix": "{ b = 1; }", "nixos/c.nix": "{ c = [ ; }"}
    without = [str(problem.place) for problem in nixos.check(facts(tmp_path, {**SOUND, **faults}))]
    assert without == ["nixos/a.nix:1:9", "nixos/c.nix:1:9"]
    if shutil.which("nix-instantiate"):
        asked = nixos.check(facts(tmp_path, {"nixos/d.nix": "{ d = nobody; }"}, quick=False))
        assert [str(problem) for problem in asked] == [
            "nixos/a.nix:1:9: unexpected '}', expecting ';'; end the line before with a ;",
            "nixos/c.nix:1:9: unexpected ';'; mend it; inv validate tells when Nix can read it",
            "nixos/d.nix:1:7: undefined variable 'nobody'; take it as an argument of the module, or write it in quotes",
        ]


SAID = [
    (
        "error:\n  Failed assertions:\n  - UIDs and GIDs must be unique!\n  - users.users.x.group is unset.\n",
        [
            "hosts.yaml:2:32: hl15: UIDs and GIDs must be unique!; NixOS asserts it; mend the module that sets it",
            "hosts.yaml:2:32: hl15: users.users.x.group is unset.; NixOS asserts it; mend the module that sets it",
        ],
    ),
    (
        "error: flake 'path:/x' does not provide attribute 'nixosConfigurations.\"hl15\".config'\n",
        ["hosts.yaml:2:32: nixos/flake.nix has no system for hl15; set flake: of hl15 to FOLDER#NAME"],
    ),
    (
        (
            "error:\n  … while evaluating\n  at /nix/store/abc-source/m.nix:3:5:\n\n  error: attribute 'x' missing\n"
            "       at /nix/store/abc-source/lib/modules.nix:9:1:\n"
        ),
        ["nixos/m.nix:3:5: hl15: attribute 'x' missing; nix eval --show-trace shows the way there"],
    ),
    ("", ["hosts.yaml:2:32: hl15: it said nothing; nix eval --show-trace shows the way there"]),
]


@pytest.mark.parametrize(("text", "told"), SAID)
def test_what_nix_says_becomes_problems(text: str, told: list[str]) -> None:
    flake = Flake("nixos", (NixFile("nixos/m.nix", "{ }"),))
    said = evaluate.Said(text, a_host("hl15"), flake, Place("hosts.yaml", 2, 32))
    assert [str(problem) for problem in evaluate.findings(said, rules.EVALUATION)] == told


EVALUATED = [
    ("{ x = 1; }.x", []),
    ("{ x = 1; }.y", ["nixos/m.nix:1:1: hl15: attribute 'y' missing; nix eval --show-trace shows the way there"]),
    (
        r'throw "\nFailed assertions:\n- UIDs and GIDs must be unique!"',
        ["hosts.yaml:2:32: hl15: UIDs and GIDs must be unique!; NixOS asserts it; mend the module that sets it"],
    ),
]


@pytest.mark.skipif(not shutil.which("nix"), reason="nix is not installed")
@pytest.mark.parametrize(("module", "told"), EVALUATED)
def test_deep_evaluates_each_host_with_nix_itself(
    module: str, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a store of its own. What stands in for NixOS is one attribute."""
    monkeypatch.setenv("NIX_REMOTE", str(tmp_path / "store"))
    system = "nixosConfigurations.hl15.config.system.build.toplevel.drvPath"
    files = {
        **SOUND,
        "nixos/flake.nix": f"{{ outputs = _: {{ {system} = toString (import ./m.nix); }}; }}",
        "nixos/flake.lock": '{"nodes": {"root": {}}, "root": "root", "version": 7}',
        "nixos/m.nix": module,
    }
    home = tmp_path / "homelab"
    facts(home, {**files, ".gitignore": "*.env\n", "nixos/stack.env": "A=secret-value\n"})
    subprocess.run(["git", "init", "--quiet"], cwd=home, check=True)
    subprocess.run(["git", "add", "--all"], cwd=home, check=True)
    looked = facts(home, {}, quick=False)
    assert ([str(problem) for problem in nixos.check(looked, deep=True)], looked.unchecked) == (told, [])
    kept = {path.name for path in (tmp_path / "store").rglob("*")}
    assert "m.nix" in kept
    assert "stack.env" not in kept


def test_what_cannot_be_evaluated_is_said_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = facts(tmp_path, SOUND)
    list(nixos.check(looked, deep=True))
    why = "Nix is given only what Git tracks, and this is no Git repo"
    assert looked.unchecked == [f"the system of hl15: {why}"]
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    if shutil.which("nix"):
        looked = facts(tmp_path, {})
        list(nixos.check(looked, deep=True))
        assert looked.unchecked == ["the system of hl15: no nixos/flake.lock: what nixpkgs?"]
    monkeypatch.setenv("PATH", "/nowhere")
    without = facts(tmp_path, {})
    list(nixos.check(without, deep=True))
    assert without.unchecked[-1] == "the system of hl15: nix is not installed here"
