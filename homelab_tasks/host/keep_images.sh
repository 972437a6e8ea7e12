#!/bin/bash
# Keep images by names of their own. Arguments: the name, then ids. The newest six of the name stay.
name=$1; shift
now=$(date -u +%Y%m%dT%H%M%SZ)
for id; do docker image tag "$id" "$name:$now-${id:7:12}" || exit; done
docker image ls --format '{{.Tag}}' "$name" | sort -r | tail -n +7 | while read -r old; do docker image rm "$name:$old" >/dev/null 2>&1; done
exit 0
