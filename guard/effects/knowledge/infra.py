"""Infrastructure as code, deployment and the services behind it."""

from guard.effects.knowledge.schema import PRINTS, Row, alike

_LOOKS: Row = {"does": ("connect cloud-provider",)}
_CHANGES: Row = {"does": ("upload cloud-provider", "cloud")}
_LOSES: Row = {"does": ("upload cloud-provider", "cloud", "database what others use")}
_PROJECT: Row = {"does": ("opaque runs the project's code",)}
_PLANS: Row = {
    "options": {"var-file": "read", "out": "write"},
    "does": ("connect cloud-provider", "opaque runs providers that the project names"),
}
_LOGIN: Row = {
    "does": (
        "upload cloud-provider",
        "persist credentials of a service",
    )
}
_SECRET: Row = {"does": ("secret a secret of a service",)}
_HELM_TAKES = (
    "n namespace kube-context kubeconfig kube-apiserver kube-as-user kube-token registry-config repository-cache repository-config version "
    "set set-string set-file set-json timeout o output description max revision filter l selector username password repo keyring burst-limit qps"
)
_HELM_CHANGE: Row = {
    "takes": _HELM_TAKES,
    "options": {"f values": "read", "post-renderer": "opaque"},
    "tame": {"dry-run": {"does": ("connect cloud-provider",)}},
    "does": ("upload cloud-provider", "cloud"),
}
_TF_TAKES = "chdir var target replace parallelism lock-timeout state state-out backup backend-config from-module plugin-dir lockfile type id"


PROGRAMS: dict[str, Row] = {
    "helm": {
        "about": "installs what runs in a Kubernetes cluster",
        "takes": _HELM_TAKES,
        "help": "h",
        "verbs": {
            "list ls status history hist get search show inspect env version help completion verify": {**_LOOKS, "takes": _HELM_TAKES},
            "lint template dependency dep": {"takes": _HELM_TAKES, "options": {"f values": "read", "output-dir": "write-deep", "post-renderer": "opaque"}, "verbs": {"list ls": PRINTS, "update up build": {"does": ("connect package-index", "write-deep .")}}, "otherwise": {"operands": "skip"}, "bare": PRINTS},
            "repo": {"verbs": {"list ls": PRINTS, "update up": {"does": ("connect package-index",)}, "index": {"operands": "write-deep"}, "*": {"does": ("persist which charts are known", "connect package-index")}}},
            "plugin": {"verbs": {"list ls verify": PRINTS, "*": {"does": ("install", "opaque runs plug-ins of others")}}},
            "create": {"operands": "write-deep"},
            "package": {"options": {"d destination": "write-deep"}, "operands": "read-deep", "does": ("append .",)},
            "pull fetch": {"options": {"d destination": "write-deep"}, "takes": _HELM_TAKES, "does": ("connect package-index", "append .")},
            "push": {"does": ("publish", "upload package-index")},
            "registry": _LOGIN,
            "uninstall delete del un": {**_LOSES, "takes": _HELM_TAKES, "tame": {"dry-run": _LOOKS}},
            "install upgrade rollback test": _HELM_CHANGE,
        },
    },
    "kustomize": {"about": "puts together what runs in a cluster", "verbs": {"build": {"options": {"o output": "write-deep"}, "operands": "read-deep", "when": {"enable-exec enable-alpha-plugins enable-helm": {"does": ("opaque runs plug-ins",)}}}, "version help completion cfg": PRINTS, "edit create": {"does": ("append .",)}}},
    **alike("terraform tofu", {
        "about": "makes infrastructure what its files say",
        "takes": _TF_TAKES,
        "long": True,
        "help": "h",
        "verbs": {
            "get": {"takes": _TF_TAKES, "does": ("connect git-remote", "write-deep .terraform")},
            "version help providers": {"verbs": {"schema lock mirror": _PLANS}, "otherwise": PRINTS, "bare": PRINTS},
            "fmt": {"tame": {"check": {"operands": "read-deep"}, "write": {"operands": "read-deep"}}, "operands": "edit", "does": ("append .",)},
            "validate graph": {"takes": _TF_TAKES, "operands": "read", "does": ("connect cloud-provider",), "loads": "terraform"},
            "show": {"takes": _TF_TAKES, "does": ("connect cloud-provider",), "loads": "terraform", "python": "knowledge.infra_words:show"},
            "output": {"takes": _TF_TAKES, "does": ("connect cloud-provider",), "python": "knowledge.infra_words:output"},
            "metadata modules": {"takes": _TF_TAKES, "operands": "read", "does": ("connect cloud-provider",)},
            "plan refresh-only": _PLANS,
            "init": {"takes": _TF_TAKES, "does": ("connect package-index", "write-deep .terraform", "opaque fetches providers that the project names")},
            "console": {"does": ("prompt takes commands",)},
            "state": {"verbs": {"list show": _LOOKS, "pull": {"does": ("connect cloud-provider", "secret all that the infrastructure's state holds")}, "rm": _LOSES, "*": _CHANGES}},
            "workspace": {"verbs": {"list show": PRINTS, "select": {"does": ("append .terraform",)}, "delete": _LOSES, "*": _CHANGES}},
            "destroy": {**_LOSES, "options": {"var-file": "read"}},
            "test": _PROJECT,
            "login logout": _LOGIN,
            "*": {"takes": _TF_TAKES, "options": {"var-file": "read"}, "does": ("upload cloud-provider", "cloud", "opaque runs providers that the project names")},
        },
    }),
    "terragrunt": {"about": "runs terraform for many modules", "verbs": {"version help hclfmt": PRINTS, "plan init output show graph-dependencies validate": _PLANS, "run-all": {"verbs": {"plan validate output show init": _PLANS, "destroy": _LOSES}, "otherwise": {"does": ("upload cloud-provider", "cloud", "opaque runs providers that the project names")}}, "destroy": _LOSES, "*": {"does": ("upload cloud-provider", "cloud", "opaque runs providers that the project names")}}},
    "pulumi": {"about": "makes infrastructure what its program says", "loads": "pulumi", "takes": "s stack C cwd", "optional": "show-secrets", "options": {"show-secrets": "secret"}, "verbs": {"version help about whoami logs console stack config plugin": {"verbs": {"get": {"does": ("connect cloud-provider",), "python": "knowledge.infra_words:named"}, "ls output history graph tag": _LOOKS, "rm": _LOSES}, "otherwise": _CHANGES, "bare": _LOOKS}, "preview pre": {"does": ("connect cloud-provider", "opaque runs the project's code")}, "destroy": _LOSES, "login logout": _LOGIN, "*": {"does": ("upload cloud-provider", "cloud", "opaque runs the project's code")}}},
    **alike("cdk cdktf", {"about": "makes infrastructure what its program says", "takes": "a app c context profile o output", "verbs": {"list ls synth synthesize diff metadata docs acknowledge ack notices context": _PROJECT, "version doctor": {}, "init": {"does": ("append .", "connect package-index")}, "destroy": {"does": ("upload cloud-provider", "cloud", "database what others use", "opaque runs the project's code")}, "*": {"does": ("upload cloud-provider", "cloud", "opaque runs the project's code")}}}),
    "sam": {"about": "builds and deploys functions", "verbs": {"validate build local list logs traces": _PROJECT, "init": {"does": ("append .", "connect package-index")}, "*": {"does": ("upload cloud-provider", "cloud", "opaque runs the project's code")}}},
    # Which commands there are is said by plug-ins of the project.
    **alike("serverless sls sst", {"about": "deploys functions", "always": True, "takes": "s stage r region c config", "verbs": {"info print logs metrics version help doctor diff": {"does": ("connect cloud-provider", "opaque runs the project's code")}, "package": _PROJECT, "remove": {"does": ("upload cloud-provider", "cloud", "database what others use", "opaque runs the project's code")}, "*": {"does": ("upload cloud-provider", "cloud", "opaque runs the project's code")}}, "bare": _PROJECT}),
    "packer": {"about": "builds images of machines", "long": True, "takes": "var only except", "options": {"var-file": "read"}, "verbs": {"version fmt-check inspect plugins help": {"verbs": {"installed required": PRINTS, "install": {"does": ("install", "connect package-index")}}, "otherwise": {"operands": "read"}}, "fmt": {"tame": {"check": {"operands": "read-deep"}, "write": {"operands": "read-deep"}}, "operands": "edit"}, "console": _PROJECT, "validate": {"operands": "read-deep", "tame": {"syntax-only": {"operands": "read"}}, "does": ("opaque runs plug-ins that the project names",)}, "*": {"does": ("upload cloud-provider", "cloud", "opaque runs provisioners that the project names")}}},
    "vagrant": {"about": "runs virtual machines", "loads": "vagrant", "verbs": {"status global-status version help validate port ssh-config box": {"verbs": {"list outdated": PRINTS, "add remove update": {"does": ("container", "connect package-index")}}, "otherwise": PRINTS, "bare": PRINTS}, "destroy": {"does": ("container", "database a virtual machine")}, "*": {"does": ("container", "opaque runs what the project's file says")}}},
    "ansible": {"about": "runs tasks on many machines", "loads": "ansible", "takes": "m a i u f e t l B P M T c module-name args inventory user forks extra-vars limit connection", "help": "h", "tame": {"list-hosts": PRINTS}, "python": "knowledge.fleet_words:tasks"},
    "ansible-playbook": {"about": "runs tasks on many machines", "loads": "ansible", "takes": "i u f e t l c T M tags skip-tags limit inventory user forks extra-vars connection timeout start-at-task module-path", "options": {"vault-password-file": "secret"}, "help": "h", "tame": {"syntax-check list-hosts list-tasks list-tags": {"operands": "read"}}, "operands": "read", "python": "knowledge.fleet_words:tasks"},
    "ansible-vault": {"about": "keeps secrets in files", "loads": "ansible", "options": {"vault-password-file": "secret", "output": "write"}, "verbs": {"encrypt encrypt_string create edit rekey": {"operands": "write"}, "view decrypt": {"operands": "read", "does": ("secret a secret of a vault",)}}},
    **alike("ansible-doc ansible-config ansible-test ansible-inventory", {"about": "looks at tasks for many machines", "loads": "ansible", "takes": "t type i c p M l", "help": "h", "options": {"output": "write"}, "operands": "read", "when": {"fix write": {"does": ("write-deep .",)}, "playbook-dir export": {"operands": "read"}}}),
    "ansible-galaxy": {"about": "fetches roles and collections", "loads": "ansible", "takes": "p r", "verbs": {"role collection": {"verbs": {"list search info verify": {"does": ("connect package-index",)}, "init": {"operands": "write-deep"}, "install": {"does": ("install", "connect package-index", "write-deep .")}, "*": _CHANGES}}, "list search info": {"does": ("connect package-index",)}, "*": {"does": ("install", "connect package-index")}}},
    **alike("argocd flux", {"about": "makes a cluster what a repository says", "takes": "n namespace context server auth-token o output", "verbs": {"version help completion check": PRINTS, "get export logs events stats tree trace diff": _LOOKS, "app cluster proj repo account appset cert gpg repocreds": {"verbs": {"list get diff history logs manifests resources wait can-i get-user-info": _LOOKS, "delete": _LOSES, "*": _CHANGES}, "otherwise": _CHANGES, "bare": _LOOKS}, "login logout relogin": _LOGIN, "delete uninstall": _LOSES, "*": _CHANGES}}),
    **alike("istioctl linkerd cilium velero", {"about": "works on a cluster", "takes": "n namespace context o output", "verbs": {"version help check status analyze ps proxy-status describe get logs diagnostics viz stat top": _LOOKS, "delete uninstall": _LOSES, "backup restore schedule snapshot plugin snapshot-location backup-location": {"verbs": {"get describe logs list": _LOOKS, "delete": _LOSES, "*": _CHANGES}}, "*": _CHANGES}, "bare": _LOOKS}),
    "stern": {"about": "shows the logs of many containers in a cluster", "takes": "n namespace context c container s since tail o output l selector", "does": ("connect cloud-provider",)},
    **alike("kubectx kubens", {"about": "chooses the cluster that is worked on", "help": "h", "when": {"d": _CHANGES, "u unset": _CHANGES}, "tame": {"c current": PRINTS}, "verbs": {"*": {"does": ("persist which cluster is worked on",)}}, "bare": PRINTS}),
    "consul": {"about": "keeps settings and finds services", "takes": "http-addr token datacenter", "long": True, "verbs": {"members info version catalog validate": _LOOKS, "kv": {"verbs": {"get export": _LOOKS, "delete": _LOSES, "*": _CHANGES}}, "*": _CHANGES}},
    "nomad": {"about": "runs jobs on many machines", "takes": "address region namespace token", "long": True, "verbs": {"status version server node job alloc deployment": {"verbs": {"status members logs inspect history plan validate allocs": _LOOKS, "*": _CHANGES}, "otherwise": _LOOKS, "bare": _LOOKS}, "*": _CHANGES}},
    **alike("etcdctl zkCli", {"about": "keeps settings of a cluster", "takes": "endpoints cacert cert key user", "verbs": {"get endpoint member version watch": {"verbs": {"remove": _LOSES, "add update": _CHANGES}, "otherwise": _LOOKS, "bare": _LOOKS}, "del": _LOSES, "*": _CHANGES}}),
    **alike("promtool amtool logcli", {"about": "checks and asks monitoring", "operands": "read", "takes": "o output", "options": {"addr url alertmanager.url": "connect"}, "verbs": {"check test check-config": {"operands": "read"}, "query": {"verbs": {"instant range series labels": {"first": "connect"}}, "otherwise": _LOOKS}, "labels series instant-query config alert silence stats detected-fields": {"verbs": {"add expire update import": _CHANGES}, "otherwise": _LOOKS, "bare": _LOOKS}, "*": _CHANGES}}),
    "prometheus": {"about": "gathers measurements", "help": "h", "does": ("listen", "opaque serves something")},
    **alike("rabbitmqctl rabbitmqadmin rabbitmq-diagnostics rpk", {"about": "works on queues", "takes": "bootstrap-server topic group partitions host", "when": {"delete reset-offsets": _LOSES, "create alter": _CHANGES}, "tame": {"list describe": _LOOKS}, "verbs": {"list list_* show get status cluster_status version help ping info check_* environment report alarms memory_breakdown": _LOOKS, "topic group cluster": {"verbs": {"list describe info status health consume": _LOOKS, "delete": _LOSES, "*": _CHANGES}}, "delete delete_* purge_queue reset": _LOSES, "*": _CHANGES}, "bare": _LOOKS}),
    "vault": {"about": "keeps secrets", "takes": "address namespace token format field mount", "long": True, "verbs": {"list": _LOOKS, "token": {"verbs": {"lookup": _SECRET, "capabilities": _LOOKS, "revoke": _LOSES, "*": _CHANGES}}, "status version secrets auth audit policy operator help path-help lease plugin namespace": {"verbs": {"list read lookup capabilities members info": _LOOKS, "disable delete revoke": _LOSES, "*": _CHANGES}, "otherwise": _LOOKS, "bare": _LOOKS}, "read unwrap print": _SECRET, "kv": {"takes": "mount version field format", "verbs": {"list metadata": {"verbs": {"delete": _LOSES, "get": _LOOKS, "put patch": _CHANGES}, "otherwise": _LOOKS}, "get": _SECRET, "delete destroy": _LOSES, "*": _CHANGES}}, "delete": _LOSES, "login": _LOGIN, "*": _CHANGES}},
    "op": {"about": "keeps passwords", "takes": "account vault session format cache", "verbs": {"whoami --version update completion": PRINTS, "item document": {"takes": "vault categories tags fields", "verbs": {"list template": PRINTS, "get": _SECRET, "*": _CHANGES}}, "vault user group account": {"verbs": {"list get": PRINTS, "*": _CHANGES}}, "read inject run": _SECRET, "signin signout": _LOGIN, "*": _CHANGES}},
    **alike("pass gopass", {"about": "keeps passwords", "verbs": {"ls list find search version help git": PRINTS, "show": _SECRET, "insert generate edit": {"does": ("persist passwords",)}, "rm": _LOSES, "*": _SECRET}, "bare": PRINTS}),
    **alike("bw lpass keyring kwallet-query secret-tool keyctl chamber aws-vault infisical teller doppler", {"about": "keeps secrets", "takes": "project config p c format session organizationid", "verbs": {"status version help list-projects ls login-status search configs projects environments activity me": {"verbs": {"list get": PRINTS, "*": _CHANGES}, "otherwise": PRINTS, "bare": PRINTS}, "login logout setup unlock configure sync": _LOGIN, "set create edit delete store clear": _CHANGES, "*": _SECRET}}),
    **alike("sops age", {"about": "encrypts files", "takes": "r recipient k kms pgp gcp-kms age input-type output-type encrypted-regex R", "options": {"o output": "write", "i identity": "secret", "output-dir": "write-deep"}, "when": {"d decrypt": _SECRET, "i in-place": {"operands": "write"}}, "operands": "read", "verbs": {"decrypt exec-env exec-file edit": _SECRET, "*": {"operands": "read"}}, "bare": PRINTS}),
    "security": {"about": "keeps passwords and certificates on macOS", "takes": "s a l c p k d D r", "help": "h", "verbs": {"help list-keychains default-keychain login-keychain show-keychain-info find-certificate find-identity get-identity-preference dump-trust-settings verify-cert list-smartcards error translocate-policy-check translocate-status-check translocate-original-path requirement-evaluate smartcards cms-verify authorizationdb-read trust-settings-export": {"operands": "skip"}, "find-generic-password find-internet-password": {"when": {"w g": _SECRET}}, "dump-keychain export": _SECRET, "*": {"does": ("privilege changes passwords or certificates of the machine",)}}},
}  # fmt: skip
