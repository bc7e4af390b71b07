"""Which module describes a program. Kept apart so that one program costs one module; a test holds it to the modules."""

FAMILIES: dict[str, str] = {
    "containers": "docker podman nerdctl docker-compose podman-compose buildah crictl ctr runc crun minikube kind k3d skopeo lxc incus virsh "
    "dive ctop hadolint",
    "cluster": "kubectl",
}
"""Module of this package to the names it describes."""

FAMILY: dict[str, str] = {name: family for family, names in FAMILIES.items() for name in names.split()}
