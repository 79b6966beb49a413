#!/bin/sh
# Makes the virtual environment that `train` and `serve` run in outside of a container, and prints its folder.
#   install.sh [--without-checks] [folder]
#     folder: default $MILLRACE_ML_VENV, else ml-image-<lock> in the cache of Millrace
#     --without-checks: only what trains and serves, not what checks the code of the image
# Does nothing when the folder already holds what the lock files ask for. Every file is checked against its hash.
set -eu

checks=yes
if [ "${1:-}" = --without-checks ]; then
  checks=no
  shift
fi

image=$(cd "$(dirname "$0")" && pwd)
cache=$HOME/.cache/millrace
[ "$(id -u)" != 0 ] || cache=/var/cache/millrace
version=$(sed -n 's/^xgboost-cpu==\([0-9.]*\).*/\1/p' "$image/requirements.txt")
venv=${1:-${MILLRACE_ML_VENV:-$cache/ml-image-xgboost-$version}}
mkdir -p "$(dirname "$venv")"

wanted() { (cd "$image" && cat requirements.txt && if [ $checks = yes ]; then cat requirements-dev.txt; fi); }
# What checks the image may be there and is not minded.
is_complete() {
  note=$venv/millrace-requirements.txt
  [ -f "$note" ] && wanted | cmp -s -n "$(wanted | wc -c)" - "$note"
}

if ! is_complete; then
  # Two at once would write into each other's environment.
  exec 9>"$venv.lock"
  ! command -v flock >/dev/null || flock 9
  if ! is_complete; then
    echo "XGBoost $version and scikit-learn, into $venv" >&2
    python3 -m venv "$venv"
    set -- --requirement "$image/requirements.txt"
    [ $checks = no ] || set -- "$@" --requirement "$image/requirements-dev.txt"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "$@" >&2
    "$venv/bin/python" -c 'import xgboost, sklearn, pyarrow, uvicorn'
    wanted >"$venv/millrace-requirements.txt"
  fi
fi
echo "$venv"
