#!/bin/sh
# Makes the virtual environment that `train` and `serve` run in outside of a container, and prints its folder.
#   install.sh [folder]     default: $MILLRACE_ML_VENV, else ml-image-<lock> in the cache of Millrace
# Does nothing when the folder already holds what the lock files ask for. Every file is checked against its hash.
set -eu

image=$(cd "$(dirname "$0")" && pwd)
cache=$HOME/.cache/millrace
[ "$(id -u)" != 0 ] || cache=/var/cache/millrace
version=$(sed -n 's/^xgboost-cpu==\([0-9.]*\).*/\1/p' "$image/requirements.txt")
venv=${1:-${MILLRACE_ML_VENV:-$cache/ml-image-xgboost-$version}}
mkdir -p "$(dirname "$venv")"

wanted() { cat "$image/requirements.txt" "$image/requirements-dev.txt"; }
is_complete() { wanted | cmp -s - "$venv/millrace-requirements.txt"; }

if ! is_complete; then
  # Two at once would write into each other's environment.
  exec 9>"$venv.lock"
  ! command -v flock >/dev/null || flock 9
  if ! is_complete; then
    echo "XGBoost $version, scikit-learn and what checks them, into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
      --requirement "$image/requirements.txt" --requirement "$image/requirements-dev.txt" >&2
    "$venv/bin/python" -c 'import xgboost, sklearn, pyarrow, uvicorn'
    wanted >"$venv/millrace-requirements.txt"
  fi
fi
echo "$venv"
