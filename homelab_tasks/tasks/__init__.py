"""What `inv --list` shows. A task parses its words, calls the pipeline, prints a report and sets the exit status."""

from __future__ import annotations

from invoke.collection import Collection

from .care import cleanup, pull_images
from .deploy import deploy, deploy_all, deploy_group, ensure, update_services, update_system
from .look import graph, hosts, list_services, show, status
from .operate import destroy, logs, restart, start, stop
from .overview import overview_of

ns = Collection(
    list_services,
    show,
    graph,
    status,
    hosts,
    deploy,
    deploy_group,
    deploy_all,
    ensure,
    update_services,
    update_system,
    stop,
    start,
    restart,
    logs,
    destroy,
    pull_images,
    cleanup,
)
ns.add_task(overview_of(ns), default=True)
