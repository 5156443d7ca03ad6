#!/bin/sh
# Takes the place of the image's entrypoint: copies the primary, then follows it.
# PRIMARY is the primary's connection string without the password, which is in PGPASSWORD.
set -eu

if [ "$(id -u)" = 0 ]; then
    exec gosu postgres sh "$0" "$@"
fi

# A fresh copy at each start can neither be of another primary nor be too far behind to catch up.
rm -rf "${PGDATA:?}"
until pg_basebackup --pgdata "$PGDATA" --dbname "$PRIMARY" --write-recovery-conf --checkpoint fast; do
    sleep 1
done

exec postgres "$@"
