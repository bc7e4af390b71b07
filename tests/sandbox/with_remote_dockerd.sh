#!/bin/sh
# Runs a command with a Docker engine that sees none of our files and none of our processes, over TCP on 127.0.0.1.
#   tests/sandbox/with_remote_dockerd.sh .venv/bin/python -m pytest -m remote
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
[ -x "$python" ] || python=python3
dir=$(mktemp -d /var/tmp/execguard-remote.XXXXXX)
engine=

stop() {
    status=$?
    trap - EXIT INT TERM
    # Its first process is that of a pid namespace: everything in it ends with it.
    [ -z "$engine" ] || { kill -9 "$engine" 2>/dev/null || :; wait "$engine" 2>/dev/null || :; }
    [ "$status" = 0 ] || tail -n 20 "$dir/log" >&2 2>/dev/null || :
    rm -rf "$dir"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
export PATH
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# What is ours is covered in its mount namespace, and it counts processes from 1.
driver=overlay2
[ "$(stat -f -c %T "$dir")" != overlayfs ] || driver=vfs
unshare --mount --pid --fork --kill-child=KILL --mount-proc sh -c '
    set -e
    dir=$1 port=$2
    mkdir "$dir/kept"
    mount -t tmpfs none /run
    for place in /srv /home /root /opt; do [ ! -d "$place" ] || mount -t tmpfs none "$place"; done
    mount --bind "$dir" "$dir/kept" && mount -t tmpfs none /tmp
    # Not with exec: the first process has to bury orphans, which an engine does not.
    dockerd --host "tcp://127.0.0.1:$port" --host "unix://$dir/sock" --data-root "$dir/data" --exec-root "$dir/exec" \
        --pidfile "$dir/pid" --bridge=none --iptables=false --ip6tables=false --storage-driver "$3" --tls=false
' sh "$dir" "$port" "$driver" >"$dir/log" 2>&1 &
engine=$!
i=0
while ! DOCKER_HOST="tcp://127.0.0.1:$port" "$python" -c 'import docker; docker.from_env(timeout=5).ping()' 2>/dev/null; do
    kill -0 "$engine" 2>/dev/null && [ $i -lt 150 ] || { echo "dockerd does not start here" >&2; exit 1; }
    sleep 0.2
    i=$((i + 1))
done

cd "$root"
"$python" -m sandbox.images.build --host "tcp://127.0.0.1:$port" >/dev/null
GUARD_TEST_REMOTE_DOCKER="tcp://127.0.0.1:$port" "$@"
