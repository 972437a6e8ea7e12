#!/bin/bash
# Copies the database before the container changes, and keeps the five newest copies.
set -euo pipefail
case " $HOMELAB_RUNNING " in *" vaultwarden "*) ;; *) exit 0 ;; esac # nothing to copy
copy=$(docker compose exec -T vaultwarden bash -c '
  set -euo pipefail
  cd /data
  /vaultwarden backup >&2
  ls -1 -- db_*.sqlite3 | head -n -5 | xargs -r rm --
  ls -1 -- db_*.sqlite3 | tail -n 1
')
echo "homelab: keep /var/lib/services/vaultwarden/$copy"
