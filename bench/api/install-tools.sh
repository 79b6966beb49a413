#!/bin/sh
# wrk and pgbench as Debian and Ubuntu package them, unpacked into the cache without installing anything; prints the folder.
#   install-tools.sh [folder]     default: bench-tools in the cache of Millrace
# bin/wrk and bin/pgbench there are what to run. What the machine has already is taken as it is.
set -eu

cache=$HOME/.cache/millrace
[ "$(id -u)" != 0 ] || cache=/var/cache/millrace
place=${1:-$cache/bench-tools}

# A program that finds its libraries, whatever the machine has.
wrap() {
  program=$1
  cat >"$place/bin/$(basename "$program")" <<END
#!/bin/sh
export LD_LIBRARY_PATH=$(dirname "$(find "$place/packages" -name "$2" | head -n 1)")
exec $program "\$@"
END
  chmod +x "$place/bin/$(basename "$program")"
}

# unpack <package>…
unpack() {
  mkdir -p "$place/packages"
  (cd "$place/packages" && apt-get download --quiet --quiet -o APT::Sandbox::User=root "$@" >&2)
  for package in "$place"/packages/*.deb; do
    dpkg -x "$package" "$place/packages"
    rm "$package"
  done
}

mkdir -p "$place/bin"
if [ ! -x "$place/bin/wrk" ]; then
  echo "wrk into $place" >&2
  if found=$(command -v wrk); then
    ln -s "$found" "$place/bin/wrk"
  else
    unpack wrk libluajit-5.1-2
    wrap "$place/packages/usr/bin/wrk" 'libluajit*.so*'
  fi
fi
if [ ! -x "$place/bin/pgbench" ]; then
  echo "pgbench into $place" >&2
  # A major version of its own, whichever the system has.
  version=$(apt-cache show postgresql | sed -n 's/^Depends:.*postgresql-\([0-9]*\).*/\1/p' | head -n 1)
  unpack "postgresql-$version" libpq5
  wrap "$place/packages/usr/lib/postgresql/$version/bin/pgbench" 'libpq.so*'
fi
"$place/bin/pgbench" --version >/dev/null
"$place/bin/wrk" -v >/dev/null 2>&1 || [ $? = 1 ]
echo "$place"
