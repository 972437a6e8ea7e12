#!/bin/bash
# Dumps the database before the containers change, and keeps the five newest dumps.
set -euo pipefail
case " $HOMELAB_RUNNING " in *" database "*) ;; *) exit 0 ;; esac # nothing to dump
dump=nextcloud-$(date -u +%Y%m%dT%H%M%SZ).sql.gz
docker compose exec -T database bash -c '
  set -euo pipefail
  umask 077
  cd /dumps
  rm -f -- *.part # one that was cut short
  pg_dump --clean --if-exists --username nextcloud nextcloud | gzip >"$1.part"
  mv "$1.part" "$1"
  ls -1 -- *.sql.gz | head -n -5 | xargs -r rm --
' dump "$dump"
echo "homelab: keep /var/lib/services/nextcloud/dumps/$dump"
