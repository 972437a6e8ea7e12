"""Justfiles for tests: that of a whole homelab, and odd ones that real `just` reads too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

# Recipes of one homelab: what each needs, in the words of a Justfile; the folders are those of `FOLDERS`.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "gluetun": (),
    "pihole": (),
    "prowlarr": ("gluetun",),
    "deluge": ("gluetun",),
    "tdarr": ("deluge",),
    "profilarr": ("prowlarr",),
    "sonarr-shows": ("prowlarr", "tdarr", "profilarr"),
    "sonarr-anime": ("prowlarr", "tdarr", "profilarr"),
    "radarr-movies": ("prowlarr", "tdarr", "profilarr"),
    "radarr-anime": ("prowlarr", "tdarr", "profilarr"),
    "overseerr": ("sonarr-shows", "sonarr-anime", "radarr-movies", "radarr-anime"),
    "plex": ("tdarr",),
    "alloy": (),
    "loki": ("alloy",),
    "prometheus": ("alloy",),
    "grafana": ("loki", "prometheus"),
    "homepage": (),
    "immich": (),
    "nextcloud": (),
}
GROUPS: Mapping[str, tuple[str, ...]] = {
    "media": ("plex", "sonarr-shows", "sonarr-anime", "radarr-movies", "radarr-anime", "overseerr"),
    "monitoring": ("grafana", "homepage"),
    "infrastructure": ("gluetun", "pihole", "homepage"),
    "selfhosting": ("immich", "nextcloud"),
}
INSTANCES = ("sonarr", "radarr")
FOLDERS = {name: f"services/{name.replace('-', '/', 1) if name.split('-')[0] in INSTANCES else name}" for name in NEEDS}
REST = """\
update-system:
    git pull
    nixos-rebuild switch

deploy service: update-system
    git pull
    @just ensure-{{service}}

stop service:
    #!/usr/bin/env bash
    if [[ "{{service}}" == sonarr-* ]]; then
        instance=${service#sonarr-}
        cd services/sonarr/$instance && docker compose down
    else
        cd services/{{service}} && docker compose down
    fi

restart service:
    @just stop {{service}}
    @just ensure-{{service}}

pull-images:
    #!/usr/bin/env bash
    for dir in services/*/; do
        cd "$dir" && docker compose pull
        cd - > /dev/null
    done

cleanup:
    docker system prune -f
"""


def whole() -> str:
    """A Justfile with all of these recipes."""
    return "".join(chain(_head(), _ensures(), _groups(), [REST]))


def _head() -> Iterator[str]:
    yield "default:\n    @just --list\n\n"
    yield "# All of it\ndeploy-all: update-system\n"
    yield "    @just ensure-plex ensure-sonarr-shows ensure-overseerr\n    @echo done\n\n"


def _ensures() -> Iterator[str]:
    for name, needs in NEEDS.items():
        yield f"ensure-{name}:{''.join(f' ensure-{need}' for need in needs)}\n"
        yield f'    @echo "{name} ..."\n    cd {FOLDERS[name]} && docker compose up -d\n\n'


def _groups() -> Iterator[str]:
    for name, members in GROUPS.items():
        yield f"deploy-{name}: update-system\n    git pull\n    @just{''.join(f' ensure-{m}' for m in members)}\n\n"


# Each has something that a reader of lines would stumble over.
ODD: Mapping[str, str] = {
    "settings and values": """\
#!/usr/bin/env just --justfile
set shell := ["bash", "-uc"]
set dotenv-load
set positional-arguments := true
export EDITOR := "vi"
root := "/opt" / "homelab"
name := 'a' + "b\\tc"
multi := '''
  one
    two: not a recipe
'''
tick := `echo hi
echo there`
cond := if os() == "linux" { "a" } else if name =~ 'x' { "b" } else { `uname` }
val := env_var_or_default("X", "y") / "z"
""",
    "parameters": """\
root := "/srv"
[private]
default:
    @just --list
build what which=(root / "x") $here="a":
\tcd {{root}}/services/{{what}}
\tdocker compose up -d
all *flags:
  echo {{flags}}
some +words:
  echo {{words}}
@quiet $VAR=`date`:
    echo $VAR
""",
    "dependencies": """\
[linux]
[group('media'), doc("with ] in it")]
plex target="hd": tdarr (build "x" target + "y") && done (say 'done')
    echo {{target}}
tdarr: \\
    done \\
    quiet
quiet:
done: # comment: with a colon
say word: done
build a b:
pick: (say if "a" == "b" { "c" } else { "d" })
many: (build
    "a"
    "b")
""",
    "bodies": """\
script:
    #!/usr/bin/env bash
    if true; then
        echo "not: a recipe"
    fi

    # still the body
    echo end
next:
 echo '# no comment' {{{{ no }} {{ if "a" == "b" { "}" } else { "b" } }}

last:
""",
    "names of statements": """\
set:
  echo a recipe
import: set
mod: import
alias: mod
export: alias
unexport: export
if-x: unexport
alias x := if-x
""",
    "tabs and CRLF": 'a: b\r\n\techo hi\r\n\r\n\techo there\r\nx := "1"\r\nb c="d":\r\n\tjust a\r\n',
    "nothing but comments": "# one\n\n# two\n",
}
