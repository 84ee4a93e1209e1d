#!/bin/sh
# What the image runs: a service by its name, or the command line.
set -eu

case "${1:-}" in
    ingest | triage | routing | responder | analytics) exec python -m "services.$1" ;;
    weerklank) exec "$@" ;;
    *)
        echo "Name one of ingest, triage, routing, responder, analytics; or 'weerklank' and what it should do. Got: ${*:-nothing}" >&2
        exit 64
        ;;
esac
