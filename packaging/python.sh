#!/bin/sh
# Runs a script of this folder with a Python that is new enough: python.sh SCRIPT [ARGUMENT...]
# PYTHON=/path/to/python chooses one; else the first of these that is 3.11 or later. Where none is, the preflight says so.
set -eu
script="$(dirname "$0")/$1"
shift
for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$candidate" "$script" "$@"
    fi
done
for candidate in ${PYTHON:+"$PYTHON"} python3 python; do
    if "$candidate" -c '' >/dev/null 2>&1; then
        exec "$candidate" "$(dirname "$0")/preflight.py"
    fi
done
echo "preflight: Python 3.11 or later is missing: install python3 (on Debian and Ubuntu:" \
    "apt-get install -y python3 python3-venv python3-dev), or get it from https://www.python.org/downloads/" >&2
exit 1
