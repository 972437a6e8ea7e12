#!/bin/sh
# Give a user the checkout: its folder, .git, and what Git tracks. What else lies there keeps its owner, as a container
# may need it so. Arguments: the checkout, USER:GROUP. Runs as root.
chown "$2" "$1" && chown -R "$2" "$1/.git" && cd "$1" || exit
git -c safe.directory="$1" ls-tree -r -t -z --name-only HEAD 2>/dev/null | xargs -0 -r sh -c '
  owner=$1; shift
  for path; do if [ -e "$path" ] || [ -L "$path" ]; then chown -h "$owner" "$path" || exit; fi; done' own "$2"
