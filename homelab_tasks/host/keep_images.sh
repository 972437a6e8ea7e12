#!/bin/bash
# Keep images by names of their own. Arguments: the name, then ids. Those of the name's last three times stay.
name=$1; shift
now=$(date -u +%Y%m%dT%H%M%SZ) time= times=0
for id; do docker image tag "$id" "$name:$now-${id:7:12}" || exit; done
while read -r tag; do
  if [ "${tag%-*}" != "$time" ]; then time=${tag%-*} times=$((times + 1)); fi
  if [ $times -gt 3 ]; then docker image rm "$name:$tag" >/dev/null 2>&1; fi
done < <(docker image ls --format '{{.Tag}}' "$name" | sort -r)
exit 0
