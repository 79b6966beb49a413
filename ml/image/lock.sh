#!/bin/sh
# Resolves requirements*.in anew, with the hash of every file. Needs uv.
set -eu
cd "$(dirname "$0")"
for name in requirements requirements-dev; do
  uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-annotate --no-header --output-file "$name.txt" "$name.in"
done
