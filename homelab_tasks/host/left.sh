#!/bin/bash
# Fail where a compose project still has something, and say what and who uses it: `compose down` passes over networks and
# volumes that a container of somebody else uses, and ends well. Arguments: the project, then what to look for (network,
# volume). Changes nothing.
project=$1; shift
left=
for kind; do
  names=$(docker "$kind" ls --filter "label=com.docker.compose.project=$project" --format '{{.Name}}') || exit
  while IFS= read -r name; do
    [ -n "$name" ] || continue
    users=$(docker ps --all --filter "$kind=$name" --format '{{.Names}}') || exit
    left="${left:+$left, }the $kind $name${users:+ (used by ${users//$'\n'/, })}"
  done <<<"$names"
done
[ -z "$left" ] && exit
printf 'still there: %s; remove what uses it, then run the same again\n' "$left" >&2
exit 1
