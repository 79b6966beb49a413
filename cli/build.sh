#!/bin/sh
# Compiles the sources into dist/, and puts the files that are not TypeScript beside what was compiled.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist
tsc --project tsconfig.build.json
find local -type f ! -name '*.ts' | while read -r file; do
  mkdir -p "dist/$(dirname "$file")"
  cp "$file" "dist/$file"
done
chmod +x dist/cli/main.js
