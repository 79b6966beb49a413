#!/bin/sh
# Bundles the sources into dist/, with the types of the library and the files that are not TypeScript beside them.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist
rolldown --config rolldown.config.ts --log-level warn
tsc --project tsconfig.build.json
find local cli/docs-page cli/init/template ml/image -type f ! -name '*.ts' ! -path 'ml/image/.*' \
  ! -path 'ml/image/tests/*' ! -name '*.pyc' | while read -r file; do
  mkdir -p "dist/$(dirname "$file")"
  cp "$file" "dist/$file"
done
chmod +x dist/cli/main.js dist/cli/dbt.js
