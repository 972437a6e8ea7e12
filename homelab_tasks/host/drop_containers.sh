#!/bin/bash
# Stop containers, each within its own grace, and remove them; one that is gone by now is no trouble. Arguments: the
# compose project that they are of, their ids.
shift
docker container stop "$@" >/dev/null 2>&1
docker container rm --force "$@" >/dev/null
