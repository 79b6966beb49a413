#!/bin/sh
# Brings node_modules in step with package-lock.json; does nothing when it is. Run it in the repository.
set -eu

note=node_modules/.millrace-package-lock.json # what was installed last, whole

if [ -x node_modules/.bin/node ] && cmp -s package-lock.json "$note"; then
  echo 'npm packages: already in step with package-lock.json'
  exit 0
fi
echo 'npm packages: npm ci'
# Not with the Node inside node_modules: npm ci deletes it first.
PATH=${PATH#"$PWD/node_modules/.bin:"}
# Warnings about our own Node version are noise here: Node 24 is one of the packages.
npm ci --no-progress --loglevel=error
cp package-lock.json "$note"
