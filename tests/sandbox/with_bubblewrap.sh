#!/bin/sh
# Runs a command with a bubblewrap that is new enough: the system's, or one built from Debian 13's source.
#   tests/sandbox/with_bubblewrap.sh .venv/bin/python -m pytest -m bubblewrap
# Building needs gcc, libcap-dev, meson and xz-utils, and root for nothing but apt's own lists.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d /var/tmp/execguard-bwrap.XXXXXX)
stop() {
    status=$?
    trap - EXIT INT TERM
    rm -rf "$dir"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# new_enough PROGRAM: 0.12 or newer; what is older is refused by the backend.
new_enough() {
    version=$("$1" --version 2>/dev/null | sed -n 's/^bubblewrap \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
    [ -n "$version" ] || return 1
    set -- $version
    [ "$1" -gt 0 ] || [ "$2" -ge 12 ]
}

build() {
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/source"
    printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian %s main\n' \
        trixie >"$dir/sources.list"
    options="-o Dir::Etc::sourcelist=$dir/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists=$dir/lists
        -o Dir::Cache=$dir/cache -o APT::Sandbox::User=root"
    apt-get $options update -q
    # Some mirrors lose the description, for the tilde in its name; apt has checked what else arrived.
    (cd "$dir/source" && apt-get $options source -q --download-only bubblewrap) || :
    tar -C "$dir" -xf "$dir"/source/bubblewrap_*.orig.tar.xz
    cd "$dir"/bubblewrap-*/
    meson setup built -Dselinux=disabled -Dman=disabled -Dtests=false \
        -Dbash_completion=disabled -Dzsh_completion=disabled
    meson compile -C built
    # In a place that an ordinary user reaches.
    chmod 755 "$dir"
    install -m 755 built/bwrap "$dir/bwrap"
}

program=${GUARD_TEST_BWRAP:-/usr/bin/bwrap}
if ! new_enough "$program"; then
    program=$dir/bwrap
    (build) >"$dir/log" 2>&1 || { echo "no bubblewrap could be built here" >&2; tail -n 40 "$dir/log" >&2; exit 1; }
    new_enough "$program"
fi
cd "$root"
GUARD_TEST_BWRAP="$program" "$@"
