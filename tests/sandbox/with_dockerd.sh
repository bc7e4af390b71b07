#!/bin/sh
# Runs a command with a Docker engine of its own: private socket, private data, no network, nothing left behind.
#   tests/sandbox/with_dockerd.sh .venv/bin/python -m pytest -m docker
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
[ -x "$python" ] || python=python3
dir=$(mktemp -d /var/tmp/execguard-dockerd.XXXXXX)
engine=

stop() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$engine" ] && kill "$engine" 2>/dev/null; then
        i=0
        while kill -0 "$engine" 2>/dev/null && [ $i -lt 150 ]; do sleep 0.1; i=$((i + 1)); done
        kill -9 "$engine" 2>/dev/null || :
        wait "$engine" 2>/dev/null || :
    fi
    # What a killed engine left mounted below its own data directory, deepest first.
    awk -v d="$dir/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r place; do umount -l "$place" 2>/dev/null || :; done
    [ "$status" = 0 ] || tail -n 20 "$dir/log" >&2 2>/dev/null || :
    rm -rf "$dir"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
export PATH
start() {
    dockerd --host "unix://$dir/sock" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
        --bridge=none --iptables=false --ip6tables=false --storage-driver "$1" >"$dir/log" 2>&1 &
    engine=$!
    i=0
    while [ $i -lt 150 ]; do
        if [ -S "$dir/sock" ] && DOCKER_HOST="unix://$dir/sock" "$python" -c \
            'import docker; docker.from_env(timeout=5).ping()' 2>/dev/null; then return 0; fi
        kill -0 "$engine" 2>/dev/null || break
        sleep 0.2
        i=$((i + 1))
    done
    kill "$engine" 2>/dev/null || :
    wait "$engine" 2>/dev/null || :
    engine=
    return 1
}
# Inside a container the data directory may lie on overlayfs, where only vfs works.
start overlay2 || start vfs || { echo "dockerd does not start here" >&2; cat "$dir/log" >&2; exit 1; }

cd "$root"
"$python" -m sandbox.images.build --host "unix://$dir/sock" >/dev/null
GUARD_TEST_DOCKER_HOST="unix://$dir/sock" "$@"
