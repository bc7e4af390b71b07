#!/bin/sh
# Runs a command (as root) beside a Docker engine of an ordinary user made for it, with its own data, no network,
# and nothing left behind; with GUARD_TEST_ROOTLESS_ENGINE=podman beside a Podman instead.
# GUARD_TEST_ROOTLESS_DOCKER and GUARD_TEST_ROOTLESS_UID say where it is and whose.
#   tests/sandbox/with_rootless_dockerd.sh .venv/bin/python -m pytest -m rootless
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
[ -x "$python" ] || python=python3
PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
export PATH
[ "$(id -u)" = 0 ] || { echo "only root can make the user it is to belong to" >&2; exit 1; }
case ${GUARD_TEST_ROOTLESS_ENGINE:-dockerd} in
podman) programs="podman crun newuidmap" packages="podman crun uidmap" podman=1 ;;
*) programs="rootlesskit newuidmap dockerd" packages="docker.io rootlesskit uidmap" podman= ;;
esac
for program in $programs; do
    command -v "$program" >/dev/null || { echo "$program is missing: apt-get install $packages" >&2; exit 1; }
done
dir=$(mktemp -d /var/tmp/execguard-rootless.XXXXXX)
user=execguard-$(basename "$dir" | tail -c 7 | tr '[:upper:]' '[:lower:]')
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
    # Nobody else is this user; its mounts were in a namespace of its own.
    for process in $(pgrep -u "$user" 2>/dev/null); do kill -9 "$process" 2>/dev/null || :; done
    [ "$status" = 0 ] || tail -n 20 "$dir/log" >&2 2>/dev/null || :
    i=0
    while ! userdel "$user" 2>/dev/null && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
    rm -rf "$dir"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# With a range of subordinate ids, which useradd gives to ordinary users.
useradd --no-create-home --home-dir "$dir/home" --shell /bin/sh --add-subids-for-system "$user" 2>/dev/null ||
    useradd --no-create-home --home-dir "$dir/home" --shell /bin/sh "$user"
grep -q "^$user:" /etc/subuid || usermod --add-subuids 3000000-3065535 --add-subgids 3000000-3065535 "$user"
mkdir -m 0700 "$dir/home" "$dir/run"
chown "$user:" "$dir" "$dir/home" "$dir/run"
chmod 0711 "$dir"

# Nothing of the machine's own configuration is looked at; crun refuses a second hierarchy of control groups beside the
# first where that has a controller of its own.
podman_of_user() {
    [ "$1" != overlay2 ] || set -- overlay
    printf '[storage]\ndriver = "%s"\n' "$1" >"$dir/storage.conf"
    cd "$dir"
    exec unshare --mount --propagation private sh -c '
        [ ! -d /sys/fs/cgroup/memory ] || umount /sys/fs/cgroup/unified 2>/dev/null || :
        exec "$@"' sh setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
        env -i PATH="$PATH" HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run" CONTAINERS_CONF=/dev/null \
        CONTAINERS_STORAGE_CONF="$dir/storage.conf" podman --root "$dir/home/data" --runroot "$dir/run/root" \
        --tmpdir "$dir/run/tmp" --cgroup-manager cgroupfs --events-backend file --runtime crun \
        system service --time=0 "unix://$dir/run/docker.sock"
}

# What dockerd-rootless.sh does, less the network: no container of ours has one. What is removed are links to the
# machine's own, in a copy.
docker_of_user() {
    exec setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
        env -i PATH="$PATH" HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run" \
        rootlesskit --state-dir="$dir/run/kit" --net=host --copy-up=/etc --copy-up=/run --propagation=rslave \
        sh -c 'rm -rf /run/docker /run/containerd /run/xtables.lock && exec "$@"' sh \
        dockerd --rootless --host "unix://$dir/run/docker.sock" --data-root "$dir/home/data" --exec-root "$dir/run/exec" \
        --pidfile "$dir/run/pid" --bridge=none --iptables=false --ip6tables=false --storage-driver "$1"
}

start() {
    if [ -n "$podman" ]; then podman_of_user "$1"; else docker_of_user "$1"; fi >"$dir/log" 2>&1 &
    engine=$!
    i=0
    while [ $i -lt 150 ]; do
        if [ -S "$dir/run/docker.sock" ] && DOCKER_HOST="unix://$dir/run/docker.sock" "$python" -c \
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
start overlay2 || start vfs || { echo "a rootless engine does not start here" >&2; cat "$dir/log" >&2; exit 1; }

cd "$root"
"$python" -m sandbox.images.build --host "unix://$dir/run/docker.sock" >/dev/null
GUARD_TEST_ROOTLESS_DOCKER="unix://$dir/run/docker.sock" GUARD_TEST_ROOTLESS_UID=$(id -u "$user") "$@"
