#!/bin/sh
# Makes the virtual environment with the real dbt that `make conformance` records from, and prints its folder.
#   install-dbt.sh [folder]     default: $MILLRACE_DBT_VENV, else dbt-<version> in the cache of Millrace
# Does nothing when the folder already holds what requirements.txt asks for.
set -eu

wanted=$(dirname "$0")/requirements.txt
version=$(sed -n 's/^dbt-core==//p' "$wanted")
cache=$HOME/.cache/millrace
[ "$(id -u)" != 0 ] || cache=/var/cache/millrace
venv=${1:-${MILLRACE_DBT_VENV:-$cache/dbt-$version}}
note=$venv/millrace-requirements.txt # what was installed last, whole

if ! cmp -s "$wanted" "$note"; then
  echo "dbt-core $version into $venv" >&2
  python3 -m venv "$venv"
  # Without dependencies: the list is complete, and dbt-core names one package that cannot be installed.
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$wanted" >&2
  "$venv/bin/dbt" --version >/dev/null
  cp "$wanted" "$note"
fi
echo "$venv"
