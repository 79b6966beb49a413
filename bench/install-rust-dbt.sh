#!/bin/sh
# Makes the virtual environment with the dbt that is written in Rust, for bench/parse.ts, and prints its `dbt`.
# The newest release that comes as a wheel; later ones fetch their program while they are built.
set -eu

version=2.0.0a4
cache=$HOME/.cache/millrace
[ "$(id -u)" != 0 ] || cache=/var/cache/millrace
venv=${MILLRACE_CACHE_DIR:-$cache}/dbt-$version

if [ ! -x "$venv/bin/dbt" ]; then
  echo "dbt-core $version into $venv" >&2
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "dbt-core==$version" >&2
fi
"$venv/bin/dbt" --version >/dev/null
echo "$venv/bin/dbt"
