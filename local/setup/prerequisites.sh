#!/bin/sh
# Names every program that set-up needs and that is missing or too old, and how to get it. Runs on a bare
# machine before anything is downloaded: only the shell itself is used. Exit code 2 when something is missing.
set -u

missing=''  # lines for the reader
packages='' # Debian and Ubuntu packages

need() { # need <what> <what was found> <package>...
  missing="$missing  - $1: $2
"
  shift 2
  packages="$packages $*"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# The first number of a version: "v20.19.0" → 20, "17.0.15" → 17, anything else → 0.
major() {
  number=${1#v}
  number=${number%%[!0-9]*}
  echo "${number:-0}"
}

node_found='not found'
if has node; then
  version=$(node --version 2>/dev/null)
  node_found="found ${version:-something that does not run}"
  [ "$(major "$version")" -ge 18 ] && node_found=''
fi
[ -z "$node_found" ] || need 'Node.js 18 or newer (it fetches the Node 24 that Millrace runs on)' "$node_found" nodejs
has npm || need 'npm, the package manager of Node.js' 'not found' npm

java_found='not found'
if has java; then
  # openjdk version "17.0.15" 2025-04-15
  version=$(java -version 2>&1)
  version=${version#*version \"}
  version=${version%%\"*}
  java_found="found $version"
  [ "$(major "$version")" -ge 17 ] && java_found=''
fi
[ -z "$java_found" ] || need 'Java 17 or newer (Kafka runs on it)' "$java_found" openjdk-17-jre-headless
has mvn || need 'Maven (it fetches Kafka)' 'not found' maven

python_found='not found'
if has python3; then
  version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
  python_found="found ${version:-something that does not run}"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python_found=''
fi
if [ -n "$python_found" ]; then
  need 'Python 3.11 or newer, with pip and venv' "$python_found" python3 python3-pip python3-venv
else
  python3 -c 'import pip' 2>/dev/null || need 'pip of Python' 'not found' python3-pip
  # Debian's python3 has the module venv, but without ensurepip it cannot make a usable one.
  python3 -c 'import venv, ensurepip' 2>/dev/null || need 'venv of Python' 'not found' python3-venv
fi

has make || need 'make' 'not found' make

[ -n "$missing" ] || exit 0

sudo='sudo '
has id && [ "$(id -u)" = 0 ] && sudo=''
{
  echo 'Millrace needs what this machine does not have yet:'
  printf '%s' "$missing"
  echo
  echo 'On Debian and Ubuntu:'
  echo "  ${sudo}apt-get install$packages"
  echo 'Elsewhere install them with your package manager. When a release of the system offers only an older'
  echo 'version, take the newer one from that program'"'"'s own site. Nothing has been downloaded; run this again then.'
} >&2
exit 2
