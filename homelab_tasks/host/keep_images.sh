#!/bin/bash
# Keep images by names of their own. Arguments: the name, then ids. Those of the name's last three times stay. A time is
# later than those that are there, also where the clock was ahead once: the latest are the last that were made.
name=$1; shift
times=0 time= last=0 tags=()
while read -r tag; do
  if [[ $tag =~ ^([0-9]{8})T([0-9]{6})Z- ]]; then
    tags+=("$tag"); if [ "${BASH_REMATCH[1]}${BASH_REMATCH[2]}" -gt $last ]; then last=${BASH_REMATCH[1]}${BASH_REMATCH[2]}; fi
  fi
done < <(docker image ls --format '{{.Tag}}' "$name" | sort -r)
now=$(date -u +%Y%m%d%H%M%S)
if [ "$now" -le "$last" ]; then now=$((last + 1)); fi
for id; do docker image tag "$id" "$name:${now:0:8}T${now:8}Z-${id:7:12}" || exit; done
for tag in "${tags[@]}"; do
  if [ "${tag%-*}" != "$time" ]; then time=${tag%-*} times=$((times + 1)); fi
  if [ $times -gt 2 ]; then docker image rm "$name:$tag" >/dev/null 2>&1; fi
done
exit 0
