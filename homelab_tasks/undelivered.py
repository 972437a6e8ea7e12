"""What a host said when a commit could not be brought to it, as sentences with the next move."""

from __future__ import annotations

import posixpath
import re
import shlex

from .model import Host, Source

SHALLOW = "this clone has only the last commits (git clone --depth); git fetch --unshallow"
_SHOWN = 5  # paths in one sentence


def sentence(host: Host, commit: str, said: str, *, shallow: bool) -> str:
    """Why it failed, "" where the host said nothing that is known; `shallow`: this clone has not all commits."""
    if shallow and re.search(r"Could not read|lacks these prerequisite", said):
        return f"{host.name} lacks the commits that {commit[:7]} builds on, and {SHALLOW}"
    if "did not arrive" in said:
        return f"commit {commit[:7]} is not at the origin of {host.name}; git push, then run the same again"
    if host.source is Source.ORIGIN and (refusals := re.findall(r"(?m)^fatal: (.+)$", said)):
        word = "add" if "does not appear to be a git repository" in said else "set-url"
        move = f"on {host.name}: git -C {host.path} remote {word} origin URL"
        return f"{host.name} cannot fetch from its origin ({refusals[0]}); {move}"
    return _barred_by_files(host, said) or _barred_by_git(host, said)


def _barred_by_files(host: Host, said: str) -> str:
    paths = [line.strip() for line in said.splitlines() if line.startswith("\t")]
    if "would be overwritten" in said:
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        files = ", ".join(paths[:_SHOWN]) + more
        return f"files on {host.name} are in the way of the commit: {files}; move them away there"
    if "may not be written" in said:
        folders = [posixpath.normpath(posixpath.join(host.path, path)) for path in paths]
        what = f"{host.user or 'the user'} may not write {', '.join(folders)} on {host.name}"
        move = f"on {host.name}: sudo chown {host.user or '$USER'}: {shlex.join(folders)}"
        return f"{what}, where the commit changes files; {move}"
    return ""


def _barred_by_git(host: Host, said: str) -> str:
    if barring := re.search(r"(?m)^another branch bars this one: (.+)$", said):
        old, new = barring[1], f"old-{barring[1].replace('/', '-')}"
        move = f"on {host.name}: git -C {host.path} branch -m {old} {new}"
        return f"the branch {old} on {host.name} leaves no place for that of the commit; {move}"
    before, failed, _ = said.partition("the hook post-checkout failed")
    if failed:
        why = before.strip().rpartition("\n")[2] or "without a word"
        move = f"mend or remove it there: cd {host.path} && cd $(git rev-parse --git-path hooks)"
        return f"a post-checkout hook of Git's on {host.name} failed ({why}); {move}"
    return ""
