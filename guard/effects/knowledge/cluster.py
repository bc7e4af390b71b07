"""Clusters and infrastructure as code."""

from guard.effects.knowledge.schema import PRINTS, Row

_LOOKS: Row = {"does": ("connect cloud-provider",)}
_CHANGES: Row = {"does": ("upload cloud-provider", "cloud")}
_SECRET: Row = {"does": ("connect cloud-provider", "secret a secret of the cluster")}

_DRY: Row = {"options": {"f filename k kustomize": "read"}, "does": ("connect cloud-provider",)}
_APPLY: Row = {
    "takes": "field-manager prune-allowlist o output l selector timeout grace-period cascade",
    "options": {"f filename k kustomize": "read-deep", "patch-file": "read"},
    "tame": {"dry-run": _DRY},
    "does": ("upload cloud-provider", "cloud"),
}
_GET: Row = {
    "takes": "o output l selector field-selector sort-by L label-columns template chunk-size raw",
    "options": {"f filename": "read"},
    "first": "skip",
    "does": ("connect cloud-provider",),
    "python": "knowledge.cluster_secrets:kubectl_get",
}
_REMOTE: Row = {
    "stops": True,
    "takes": "c container f filename",
    "does": ("upload cloud-provider", "cloud", "opaque runs something in a cluster"),
}

PROGRAMS: dict[str, Row] = {
    "kubectl": {
        "about": "looks at and changes what runs in a Kubernetes cluster",
        "takes": "n namespace context cluster user token as as-group request-timeout v profile tls-server-name",
        "options": {
            "s server": "connect",
            "kubeconfig": "config",
            "cache-dir": "write",
            "client-key client-certificate certificate-authority": "read",
        },
        "help": "h",
        "verbs": {
            "get": _GET,
            "describe": {**_LOOKS, "takes": "l selector", "options": {"f filename": "read"}},
            "logs": {**_LOOKS, "takes": "c container since since-time tail l selector"},
            "top events explain api-resources api-versions cluster-info wait": _LOOKS,
            "diff": {**_LOOKS, "options": {"f filename k kustomize": "read-deep"}},
            "version completion options kustomize plugin": PRINTS,
            "config": {
                "verbs": {
                    "view": {
                        "takes": "o output template",
                        "when": {"raw": {"does": ("secret keys of clusters",)}},
                    },
                    "get-contexts get-clusters get-users current-context": PRINTS,
                    "*": {"does": ("persist the configuration of clusters",)},
                }
            },
            "whoami": {"when": {"t show-token": _SECRET}, "does": ("connect cloud-provider",)},
            "status projects": _LOOKS,
            "auth": {"verbs": {"can-i whoami": _LOOKS, "reconcile": _APPLY}},
            "rollout": {"verbs": {"status history": _LOOKS, "*": _CHANGES}},
            "apply create replace patch edit delete label annotate expose autoscale scale set taint": _APPLY,
            "cordon uncordon drain certificate": _CHANGES,
            "run": {**_APPLY, "takes": "image overrides restart env port l labels", "stops": True},
            "exec": {
                "takes": "c container f filename pod-running-timeout",
                "python": "knowledge.containers_run:in_cluster",
            },
            "attach debug cp port-forward proxy": _REMOTE,
        },
    },
}
PROGRAMS["kubecolor"] = PROGRAMS["oc"] = PROGRAMS["kubectl"]
