#!/bin/bash
# The logs of several compose projects as one stream, each line headed by its project's number and a colon. Arguments:
# the Compose plugin, the lines of each container to begin with, `--follow` or nothing, then the projects.
#
# One channel carries all of them, since sshd allows but a few. Whoever reads no more sends SIGTERM (see runner/ssh.py);
# a log that is not followed ends by itself, so only some are read at once.
compose=("$1") tail=$2 follow=$3 n=0; shift 3
[ -n "${compose[0]}" ] || compose=(docker compose)
trap 'kill $(jobs -p) 2>/dev/null' TERM
for project; do
  "${compose[@]}" --project-name "$project" logs --no-color --tail "$tail" $follow 2>&1 </dev/null | grep --text --with-filename --label=$n --line-buffered '' &
  n=$((n + 1)); [ -z "$follow" ] && [ $n -ge 4 ] && wait -n
done
wait
