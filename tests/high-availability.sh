#!/usr/bin/env bash
# Three PostgreSQL under Patroni with etcd, HAProxy and three nodes lose their primary in every way, on this machine alone:
# `bash tests/high-availability.sh`. DUBAN_SEED=7 is another order, DUBAN_MINUTES=60 goes on for an hour.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin
missing=
for program in etcd patroni patronictl haproxy; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -n "$missing" ] || ! ls /usr/lib/postgresql/15/bin/initdb >/dev/null 2>&1; then
    echo "not installed:${missing:- PostgreSQL 15}" >&2
    echo "Debian: apt-get install postgresql-15 patroni etcd-server etcd-client haproxy" >&2
    exit 1
fi
exec cargo test --release --package duban-city --test failover -- --nocapture
