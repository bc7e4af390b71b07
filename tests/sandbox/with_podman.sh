#!/bin/sh
# Runs a command with a Podman of its own, which speaks Docker's language: private socket, data and mounts, nothing left behind.
#   tests/sandbox/with_podman.sh .venv/bin/python -m pytest -m docker
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
[ -x "$python" ] || python=python3
PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
export PATH
for program in podman crun; do
    command -v "$program" >/dev/null || { echo "$program is missing: apt-get install podman crun" >&2; exit 1; }
done
dir=$(mktemp -d /var/tmp/execguard-podman.XXXXXX)
engine=

stop() {
    status=$?
    trap - EXIT INT TERM
    # It ends its containers first; with its mount namespace goes all that they had mounted.
    if [ -n "$engine" ] && kill "$engine" 2>/dev/null; then
        i=0
        while kill -0 "$engine" 2>/dev/null && [ $i -lt 200 ]; do sleep 0.1; i=$((i + 1)); done
        kill -9 "$engine" 2>/dev/null || :
        wait "$engine" 2>/dev/null || :
    fi
    [ "$status" = 0 ] || tail -n 20 "$dir/log" >&2 2>/dev/null || :
    rm -rf "$dir"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Inside a container the data directory may lie on overlayfs, where only vfs works.
driver=overlay
[ "$(stat -f -c %T "$dir")" != overlayfs ] || driver=vfs
cat >"$dir/storage.conf" <<END
[storage]
driver = "$driver"
graphroot = "$dir/data"
runroot = "$dir/run"
END
# Nothing of the machine's own configuration and storage is looked at; there may be no systemd to make control groups.
unshare --mount --propagation private sh -c '
    dir=$1
    # crun refuses a second hierarchy of control groups beside the first where it has a controller of its own.
    [ ! -d /sys/fs/cgroup/memory ] || umount /sys/fs/cgroup/unified 2>/dev/null || :
    export CONTAINERS_CONF=/dev/null CONTAINERS_STORAGE_CONF="$dir/storage.conf"
    set -- podman --root "$dir/data" --runroot "$dir/run" --tmpdir "$dir/tmp" --cgroup-manager cgroupfs \
        --events-backend file --runtime crun
    "$@" system service --time=0 "unix://$dir/sock" &
    service=$!
    trap : TERM
    wait "$service" || :
    "$@" rm --all --force --time 0
    kill "$service"
    wait "$service"
' sh "$dir" >"$dir/log" 2>&1 &
engine=$!
i=0
while ! DOCKER_HOST="unix://$dir/sock" "$python" -c 'import docker; docker.from_env(timeout=5).ping()' 2>/dev/null; do
    kill -0 "$engine" 2>/dev/null && [ $i -lt 150 ] || { echo "podman does not start here" >&2; exit 1; }
    sleep 0.2
    i=$((i + 1))
done

cd "$root"
"$python" -m sandbox.images.build --host "unix://$dir/sock" >/dev/null
GUARD_TEST_DOCKER_HOST="unix://$dir/sock" "$@"
