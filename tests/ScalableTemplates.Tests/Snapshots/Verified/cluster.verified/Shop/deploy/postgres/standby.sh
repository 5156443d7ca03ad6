#!/bin/sh
# Replaces the image's entrypoint: takes a base backup of the primary, then starts a standby that streams from it.
# PRIMARY is the connection string of the primary, PGPASSWORD the password.
set -eu

if [ "$(id -u)" = 0 ]; then
    exec gosu postgres sh "$0" "$@"
fi

# Existing data may belong to another primary or lag too far behind to catch up, so each start takes a new base backup.
rm -rf "${PGDATA:?}"
until pg_basebackup --pgdata "$PGDATA" --dbname "$PRIMARY" --write-recovery-conf --checkpoint fast; do
    sleep 1
done

exec postgres "$@"
