#!/bin/sh
# Makes the virtual environment with FastAPI, as requirements.txt pins it, and prints its folder.
#   install.sh [folder]     default: fastapi-<version> in the cache of Millrace
# Does nothing when the folder already holds what requirements.txt asks for.
set -eu

wanted=$(dirname "$0")/requirements.txt
version=$(sed -n 's/^fastapi==\([^ ]*\).*/\1/p' "$wanted")
cache=$HOME/.cache/millrace
[ "$(id -u)" != 0 ] || cache=/var/cache/millrace
venv=${1:-$cache/fastapi-$version}
note=$venv/millrace-requirements.txt # what was installed last, whole

if ! cmp -s "$wanted" "$note"; then
  echo "FastAPI $version into $venv" >&2
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$wanted" >&2
  "$venv/bin/uvicorn" --version >/dev/null
  cp "$wanted" "$note"
fi
echo "$venv"
