"""Container engines. Looking at them is free; whatever they start or stop, others may use, and a mount reaches the machine."""

from guard.effects.knowledge.schema import PRINTS, Row

_LOOKS: Row = {"takes": "f filter format n last no-trunc since until tail type s"}
_CHANGES: Row = {"does": ("container",)}
_LOSES_DATA: Row = {"does": ("container", "database data in volumes")}
_SAVES: Row = {"options": {"o output": "write"}}
_RUN_TAKES = (
    "a attach add-host annotation blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile cpu-count cpu-percent "
    "cpu-period cpu-quota cpu-rt-period cpu-rt-runtime c cpu-shares cpus cpuset-cpus cpuset-mems detach-keys device device-cgroup-rule "
    "device-read-bps device-read-iops device-write-bps device-write-iops dns dns-option dns-search domainname entrypoint e env env-file "
    "expose gpus group-add health-cmd health-interval health-retries health-start-interval health-start-period health-timeout h hostname "
    "ip ip6 ipc isolation kernel-memory l label label-file link link-local-ip log-driver log-opt mac-address m memory memory-reservation "
    "memory-swap memory-swappiness mount name net net-alias network network-alias oom-score-adj pid pids-limit platform p publish pull "
    "restart runtime security-opt shm-size stop-signal stop-timeout storage-opt sysctl tmpfs ulimit u user userns uts v volume "
    "volume-driver volumes-from w workdir index scale"
)
_RUN: Row = {
    "stops": True,
    "fresh": True,
    "takes": _RUN_TAKES,
    "options": {"env-file": "read", "cidfile": "write"},
    "does": ("container",),
    "python": "knowledge.containers_run:mounts",
}
_EXEC: Row = {
    "stops": True,
    "fresh": True,
    "takes": "detach-keys e env u user w workdir index",
    "options": {"env-file": "read"},
    "when": {"privileged": {"does": ("container",)}},
    "python": "knowledge.containers_run:inside",
}
_BUILD: Row = {
    "takes": "add-host allow annotation attest build-arg build-context builder cache-from cache-to cgroup-parent label network "
    "o output platform progress secret shm-size ssh t tag target ulimit m memory c cpu-shares",
    "options": {"f file": "read", "iidfile metadata-file": "write"},
    "operands": "read-deep",
    "does": ("container",),
}
_CONTAINER_VERBS: dict[str, Row] = {
    "ps ls list inspect logs top stats port diff events history wait": _LOOKS,
    "run create": _RUN,
    "exec": _EXEC,
    "export save": _SAVES,
    "cp": {"does": ("container",), "python": "knowledge.containers_run:copies"},
    "*": _CHANGES,
}
_IMAGE_VERBS: dict[str, Row] = {
    "ls list inspect history": _LOOKS,
    "save": _SAVES,
    "build": _BUILD,
    "push": {"does": ("container", "publish", "upload package-index")},
    "load import": {"options": {"i input": "read"}, "does": ("container",)},
    "*": _CHANGES,
}
_VOLUME_VERBS: dict[str, Row] = {"ls list inspect": _LOOKS, "rm remove prune": _LOSES_DATA, "*": _CHANGES}
_COMPOSE: Row = {
    "takes": "ansi p project-name profile parallel project-directory progress",
    "options": {"f file env-file": "read"},
    "verbs": {
        "ps ls logs config convert images top port version events stats volumes wait": {
            **_LOOKS,
            "options": {"o output": "write"},
        },
        "down rm": {"when": {"v volumes": _LOSES_DATA}, "does": ("container",)},
        "run": _RUN,
        "exec": _EXEC,
        "*": _CHANGES,
    },
}
_ENGINE: Row = {
    "about": "runs containers",
    "takes": "c context config l log-level tlscacert tlscert tlskey log-driver root runroot storage-driver url identity connection n namespace",
    "options": {"H host": "connect"},
    "verbs": {
        "version info images search help completion": PRINTS,
        "container": {"verbs": _CONTAINER_VERBS},
        "image": {"verbs": _IMAGE_VERBS},
        "volume": {"verbs": _VOLUME_VERBS},
        "network pod": {"verbs": {"ls list inspect ps logs stats top exists": _LOOKS, "*": _CHANGES}},
        "system": {
            "verbs": {
                "df info events version": _LOOKS,
                "prune reset": {"when": {"volumes": _LOSES_DATA}, "does": ("container",)},
                "*": _CHANGES,
            }
        },
        "context": {
            "verbs": {
                "ls list show inspect": PRINTS,
                "export": _SAVES,
                "*": {"does": ("persist which engine is used",)},
            }
        },
        "node service stack config plugin": {
            "verbs": {"ls list inspect ps logs services config": _LOOKS, "*": _CHANGES}
        },
        "secret": {
            "verbs": {
                "ls list inspect": {"when": {"showsecret": {"does": ("secret a secret of the engine",)}}},
                "*": _CHANGES,
            }
        },
        "swarm": {
            "verbs": {
                "join-token unlock-key": {"does": ("secret a token that lets machines join",)},
                "*": _CHANGES,
            }
        },
        "trust manifest": {
            "verbs": {"inspect view": PRINTS, "*": {"does": ("publish", "upload package-index")}}
        },
        "buildx builder": {
            "verbs": {
                "ls du inspect version": PRINTS,
                "build b": _BUILD,
                "imagetools": {"verbs": {"inspect": PRINTS}, "otherwise": _CHANGES},
                "*": _CHANGES,
            }
        },
        "scout sbom": {
            "verbs": {
                "version quickview cves recommendations compare": {
                    "options": {"o output": "write"},
                    "does": ("connect package-index",),
                }
            },
            "otherwise": _CHANGES,
        },
        "compose": _COMPOSE,
        "build": _BUILD,
        "push": _IMAGE_VERBS["push"],
        "load import": _IMAGE_VERBS["load import"],
        "login": {
            "takes": "u username p password",
            "does": ("persist credentials of a registry", "upload package-index"),
        },
        "logout": {"does": ("persist credentials of a registry",)},
        "unshare": {"operands": "argv", "stops": True, "does": ("privilege enters other namespaces",)},
        **_CONTAINER_VERBS,
    },
}
_LOCAL_CLUSTER: Row = {
    "about": "runs a cluster on this machine",
    "takes": "p profile name config kubeconfig o output b bootstrapper",
    "verbs": {
        "profile": {"verbs": {"list ls": PRINTS}, "otherwise": _CHANGES, "bare": PRINTS},
        "version status ip get list ls logs options completion help": {
            "verbs": {
                "list ls clusters nodes node cluster registry": PRINTS,
                "kubeconfig": {"does": ("secret access to the cluster",)},
            },
            "otherwise": PRINTS,
        },
        "kubectl": {
            "stops": True,
            "operands": "skip",
            "does": ("cloud",),
            "python": "knowledge.containers_run:kubectl",
        },
        "service addons image": {"verbs": {"list ls": PRINTS, "*": _CHANGES}, "otherwise": _CHANGES},
        "*": _CHANGES,
    },
}
_RUNTIME: Row = {
    "about": "runs containers, one level below the engines",
    "takes": "n namespace a address root log log-format r runtime-endpoint i image-endpoint",
    "verbs": {
        "ps pods images image ls list inspect inspecti inspectp logs stats info version state events": _LOOKS,
        "exec": _EXEC,
        "*": _CHANGES,
    },
}

PROGRAMS: dict[str, Row] = {
    "docker": _ENGINE,
    "podman": _ENGINE,
    "nerdctl": _ENGINE,
    "docker-compose": {**_COMPOSE, "about": "runs groups of containers"},
    "podman-compose": {**_COMPOSE, "about": "runs groups of containers"},
    "buildah": {**_ENGINE, "about": "builds container images"},
    "crictl": _RUNTIME,
    "ctr": _RUNTIME,
    "runc": _RUNTIME,
    "crun": _RUNTIME,
    "minikube": _LOCAL_CLUSTER,
    "kind": _LOCAL_CLUSTER,
    "k3d": {
        "about": "runs a cluster on this machine",
        "verbs": {
            "version help completion": PRINTS,
            "cluster node registry image": {"verbs": {"list ls get": PRINTS, "*": _CHANGES}},
            "kubeconfig": {"does": ("secret access to the cluster",)},
            "*": _CHANGES,
        },
    },
    "skopeo": {
        "about": "looks at and copies container images between registries",
        "takes": "command-timeout override-arch override-os policy registries.d tmpdir",
        "options": {"authfile": "secret"},
        "verbs": {
            "inspect list-tags manifest-digest": {"does": ("connect package-index",)},
            "*": {"does": ("container", "upload package-index")},
        },
    },
    "lxc": {
        "about": "runs system containers",
        "verbs": {"list ls info version help": PRINTS, "exec": _EXEC, "*": _CHANGES},
    },
    "incus": {
        "about": "runs system containers and virtual machines",
        "verbs": {"list ls info version help": PRINTS, "exec": _EXEC, "*": _CHANGES},
    },
    "virsh": {
        "about": "controls virtual machines",
        "takes": "c connect d debug l log",
        "verbs": {
            "list dominfo domstate domblklist domiflist nodeinfo net-list net-info pool-list pool-info vol-list version "
            "capabilities dumpxml net-dumpxml snapshot-list help": PRINTS,
            "undefine vol-delete pool-delete vol-wipe": {
                "does": ("container", "database disks of virtual machines")
            },
            "*": _CHANGES,
        },
    },
    "dive": {"about": "shows the layers of a container image", "operands": "skip"},
    "ctop": {"about": "shows what containers use"},
    "hadolint": {
        "about": "checks Dockerfiles",
        "takes": "f format t failure-threshold ignore trusted-registry",
        "options": {"c config": "read"},
        "operands": "read",
    },
}
