"""What `inv --list` shows. A task parses its words, calls the pipeline, prints a report and sets the exit status."""

from __future__ import annotations

from invoke.collection import Collection

from . import care, deploy, look, operate

ns = Collection()
for room in (look, deploy, operate, care):
    for found in Collection.from_module(room).tasks.values():
        ns.add_task(found)
