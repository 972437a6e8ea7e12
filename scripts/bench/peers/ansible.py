"""Ansible: a play with `community.docker.docker_compose_v2`, pipelining and a connection that persists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from scripts.bench.peers.stacks import BARE, REPO, Stacks
from scripts.bench.peers.tools import ANSIBLE
from scripts.bench.peers.way import Way

RUN = "ansible"
INVENTORY, PLAYBOOK, CONFIG = "inventory.json", "playbook.yml", "ansible.cfg"


def files(stacks: Stacks) -> Mapping[str, str]:
    """Configuration, inventory and play. Hosts side by side, the stacks of a host one after the other."""
    hosts = {
        name: {"ansible_host": ground.host.address, "stacks": stacks.on(name)}
        for name, ground in stacks.grounds.items()
    }
    config = _CONFIG.format(ssh=stacks.ssh_config, sockets=stacks.ssh_config.parent, forks=max(5, len(hosts)))
    play = _PLAY.replace("REPO", REPO).replace("BARE", BARE)
    return {CONFIG: config, INVENTORY: json.dumps({"all": {"hosts": hosts}}), PLAYBOOK: play}


def ways(stacks: Stacks) -> Iterator[Way]:
    """Needs Python on the hosts."""
    env = {"ANSIBLE_CONFIG": CONFIG, "ANSIBLE_HOME": str(stacks.root.with_name(f"{stacks.root.name}-ansible"))}
    yield Way(RUN, (str(ANSIBLE.path), PLAYBOOK), stacks.root, env=env, ordered=True, rare=True)


_CONFIG = """\
[defaults]
inventory = inventory.json
interpreter_python = /usr/bin/python3
remote_user = admin
forks = {forks}
[ssh_connection]
pipelining = True
ssh_args = -F {ssh} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = {sockets}
"""
_PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Pull the repo
      ansible.builtin.git:
        repo: BARE
        dest: REPO
    - name: Start the stacks
      community.docker.docker_compose_v2:
        project_src: "REPO/stacks/{{ item }}"
      loop: "{{ stacks }}"
"""
