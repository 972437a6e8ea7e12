#!/bin/bash
# Dumps all databases before the container changes, and keeps the five newest dumps.
set -euo pipefail
case " $HOMELAB_RUNNING " in *" postgres "*) ;; *) exit 0 ;; esac # nothing to dump
dump=postgres-$(date -u +%Y%m%dT%H%M%SZ).sql.gz
docker compose exec -T postgres bash -c '
  set -euo pipefail
  umask 077
  mkdir -p /var/lib/postgresql/dumps
  cd /var/lib/postgresql/dumps
  rm -f -- *.part # one that was cut short
  pg_dumpall --clean --if-exists --username postgres | gzip >"$1.part"
  mv "$1.part" "$1"
  ls -1 -- *.sql.gz | head -n -5 | xargs -r rm --
' dump "$dump"
echo "homelab: keep /var/lib/services/postgres/dumps/$dump"
