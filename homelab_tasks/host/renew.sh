#!/bin/bash
# Pull an image again, unless its name was given less than so many seconds ago. Arguments: the image, the seconds.
# Prints the id that the name means afterwards.
if [ "$2" -gt 0 ]; then
  named=$(docker image inspect --format '{{.Metadata.LastTagTime.Unix}}' "$1") || exit
  [ $(($(date +%s) - named)) -lt "$2" ] || docker pull --quiet "$1" >/dev/null || exit
else
  docker pull --quiet "$1" >/dev/null || exit
fi
docker image inspect --format '{{.Id}}' "$1"
