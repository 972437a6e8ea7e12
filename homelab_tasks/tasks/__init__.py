"""What `inv --list` shows. A task parses its words, calls the pipeline, prints a report and sets the exit status."""

from __future__ import annotations

from invoke.collection import Collection

from .care import cleanup, pull_images
from .deploy import deploy, deploy_all, deploy_group, ensure, update_services, update_system
from .doctor import doctor
from .env import env
from .generate import generate
from .history import history
from .import_just import import_just
from .look import graph, hosts, list_services, show, status
from .new import new
from .operate import destroy, logs, restart, start, stop
from .overview import overview_of
from .rollback import rollback
from .setup import setup
from .validate import validate

ns = Collection(
    list_services,
    show,
    graph,
    validate,
    status,
    hosts,
    doctor,
    deploy,
    deploy_group,
    deploy_all,
    ensure,
    update_services,
    update_system,
    rollback,
    stop,
    start,
    restart,
    logs,
    destroy,
    pull_images,
    cleanup,
    history,
    new,
    import_just,
    generate,
    setup,
)
ns.add_collection(env)
ns.add_task(overview_of(ns), default=True)
