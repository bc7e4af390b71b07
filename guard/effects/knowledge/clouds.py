"""Command lines of cloud providers: a verb that looks, a verb that hands out a secret, and everything else."""

from guard.effects.knowledge.schema import PRINTS, Row, alike

_LOOKS: Row = {"does": ("connect cloud-provider",)}
_CHANGES: Row = {"does": ("upload cloud-provider", "cloud")}
_DESTROYS: Row = {"does": ("upload cloud-provider", "cloud", "database what a cloud keeps")}
_SECRET: Row = {"does": ("connect cloud-provider", "secret a secret of the cloud")}
_LOGIN: Row = {"does": ("upload cloud-provider", "persist credentials of a cloud")}
_LOCAL_CONFIG: Row = {"does": ("persist the configuration of a cloud's command line",)}

# ------------------------------------------------------------------ Amazon

_AWS_TAKES = "region profile output query endpoint-url ca-bundle cli-read-timeout cli-connect-timeout color page-size max-items starting-token"
_AWS_VERBS: dict[str, Row] = {
    "describe-* list-* get-* head-* search-* lookup-* batch-get-* check-* validate-* estimate-* preview-* simulate-* test-* filter-* "
    "receive-* transact-get-* generate-*-report generate-credential-report scan query wait help ls tail select-object-content discover-* view-* detect-* generate-change-set-summary": _LOOKS,
    "start-query stop-query start-query-execution stop-query-execution get-query-results execute-statement-dry-run": _LOOKS,
    "get-secret-value get-session-token get-federation-token get-password-data get-login-password get-login get-authorization-token "
    "assume-role assume-role-with-saml assume-role-with-web-identity create-access-key get-random-password get-credentials-for-identity "
    "get-role-credentials get-token generate-data-key generate-db-auth-token decrypt batch-get-secret-value get-cluster-credentials "
    "export-credentials get-open-id-token presign get-signing-certificate": _SECRET,
    "delete-* terminate-* purge-* remove-* deregister-* destroy-* batch-delete-* rb rm": _DESTROYS,
    "*": _CHANGES,
}
_AWS_SERVICE: Row = {"takes": _AWS_TAKES, "verbs": _AWS_VERBS, "help": "generate-cli-skeleton"}
_S3_COPY: Row = {
    "takes": "exclude include acl storage-class sse sse-kms-key-id content-type metadata cache-control expires page-size source-region grants",
    "python": "knowledge.cloud_words:s3_copy",
}

# ------------------------------------------------------------------ Google

_G_LOOKS = (
    "list describe get-* read export-dry-run explain search lookup show-* list-* check-* validate versions-list info print-settings-* "
    "get tail status history wait diff test-iam-permissions analyze-* search-* dry-run stat"
)
_G_VERBS: dict[str, Row] = {
    _G_LOOKS: _LOOKS,
    "delete remove-* purge destroy undelete abandon reset drain": _DESTROYS,
    "print-access-token print-identity-token print-refresh-token access": _SECRET,
    "*": _CHANGES,
}
_G_TAKES = "project account configuration format filter limit page-size sort-by region zone location verbosity impersonate-service-account billing-project flags-file log-http trace-token access-token-file"
_G_GROUP: Row = {"python": "knowledge.cloud_words:gcloud", "takes": _G_TAKES}

PROGRAMS: dict[str, Row] = {
    "aws": {
        "about": "works on Amazon's cloud",
        "takes": _AWS_TAKES,
        "verbs": {
            "help": PRINTS,
            "configure": {
                "verbs": {"list list-profiles get": {"python": "knowledge.cloud_words:aws_configure"}, "*": _LOCAL_CONFIG},
                "bare": _LOCAL_CONFIG,
            },
            "sso": {"verbs": {"login logout": _LOGIN, **_AWS_VERBS}, "takes": _AWS_TAKES},
            "login logout": _LOGIN,
            "s3": {
                "takes": _AWS_TAKES,
                "verbs": {
                    "ls": _LOOKS,
                    "cp mv sync": _S3_COPY,
                    "presign": _SECRET,
                    "rm rb": {"tame": {"dryrun": _LOOKS}, **_DESTROYS},
                    "*": _CHANGES,
                },
            },
            "sts": {
                "takes": _AWS_TAKES,
                "verbs": {"get-caller-identity decode-authorization-message get-access-key-info": _LOOKS, "*": _SECRET},
            },
            "ssm": {
                "takes": _AWS_TAKES + " name names path",
                "verbs": {
                    "get-parameter get-parameters get-parameters-by-path get-parameter-history": {
                        "when": {"with-decryption": _SECRET},
                        "does": ("connect cloud-provider",),
                    },
                    "start-session send-command": {"does": ("upload cloud-provider", "cloud", "opaque runs something on a machine")},
                    **_AWS_VERBS,
                },
            },
            "secretsmanager": {
                "takes": _AWS_TAKES,
                "verbs": {"get-secret-value batch-get-secret-value get-random-password": _SECRET, **_AWS_VERBS},
            },
            "kms": {"takes": _AWS_TAKES, "verbs": {"decrypt generate-data-key generate-data-key-pair": _SECRET, **_AWS_VERBS}},
            "ec2": {"takes": _AWS_TAKES, "tame": {"dry-run": _LOOKS}, "verbs": {verbs: {**row, "tame": {"dry-run": _LOOKS}} for verbs, row in _AWS_VERBS.items()}},
            "cloudformation": {
                "takes": _AWS_TAKES,
                "verbs": {
                    "validate-template detect-stack-drift detect-stack-resource-drift detect-stack-set-drift": {
                        **_LOOKS,
                        "options": {"template-file": "read"},
                    },
                    "package": {"options": {"template-file": "read", "output-template-file": "write"}, "does": ("upload cloud-provider", "cloud")},
                    **_AWS_VERBS,
                },
            },
            "logs": {"takes": _AWS_TAKES, "verbs": {"tail start-live-tail filter-log-events start-query": _LOOKS, **_AWS_VERBS}},
            "*": _AWS_SERVICE,
        },
    },
    "gcloud": {
        "about": "works on Google's cloud",
        "takes": _G_TAKES,
        "verbs": {
            "version info help topic feedback cheat-sheet": PRINTS,
            "components": {"verbs": {"list": PRINTS, "*": {"does": ("install", "connect package-index")}}},
            "config": {
                "verbs": {
                    "list get-value get": PRINTS,
                    "configurations": {"verbs": {"list describe": PRINTS, "*": _LOCAL_CONFIG}},
                    "*": _LOCAL_CONFIG,
                }
            },
            "auth": {
                "verbs": {
                    "list": PRINTS,
                    "print-access-token print-identity-token print-refresh-token": _SECRET,
                    "application-default": {"verbs": {"print-access-token": _SECRET, "*": _LOGIN}},
                    "*": _LOGIN,
                }
            },
            "init": _LOGIN,
            "alpha beta preview": {"takes": _G_TAKES, "verbs": {"*": _G_GROUP}},
            "*": _G_GROUP,
        },
    },
    "gsutil": {
        "about": "works on Google's storage",
        "takes": "h o u i",
        "verbs": {
            "ls cat stat du hash version help logging lifecycle-get test": _LOOKS,
            "cp mv rsync": _S3_COPY,
            "rm rb": _DESTROYS,
            "acl iam cors lifecycle versioning label web defacl requesterpays retention notification hmac kms": {
                "verbs": {"get list": _LOOKS, "*": _CHANGES},
                "otherwise": _CHANGES,
            },
            "signurl": _SECRET,
            "config": _LOGIN,
            "*": _CHANGES,
        },
    },
    "bq": {
        "about": "asks and changes BigQuery",
        "takes": "project_id dataset_id location format job_id api credential_file bigqueryrc",
        "verbs": {
            "ls show head help version wait get-iam-policy info": _LOOKS,
            "query": {"python": "knowledge.cloud_words:bq_query", "takes": "use_legacy_sql max_rows n destination_table maximum_bytes_billed parameter"},
            "rm": _DESTROYS,
            "*": _CHANGES,
        },
    },
    "az": {
        "about": "works on Microsoft's cloud",
        "takes": "o output query subscription g resource-group n name l location",
        "help": "h",
        "python": "knowledge.cloud_words:az",
    },
    **alike("doctl hcloud linode-cli ibmcloud oci scw vultr-cli exo upctl civo", {"about": "works on a cloud", "takes": "t access-token context output o format c config profile region u api-url interactive p", "help": "h", "python": "knowledge.cloud_words:by_verb"}),
    "eksctl": {"about": "makes and changes clusters at Amazon", "takes": "region profile cluster name v o output", "verbs": {"get info version utils completion help": {"verbs": {"describe-stacks schema": _LOOKS, "write-kubeconfig": _LOCAL_CONFIG}, "otherwise": _LOOKS, "bare": _LOOKS}, "delete": _DESTROYS, "*": _CHANGES}},
    "kops": {"about": "makes and changes clusters", "takes": "name state", "verbs": {"get validate version help completion": _LOOKS, "export": _LOCAL_CONFIG, "delete": _DESTROYS, "update": {"when": {"yes": _CHANGES}, "does": ("connect cloud-provider",)}, "*": _CHANGES}},
    **alike("rclone", {
        "about": "copies files to and from storage elsewhere",
        "takes": "config filter include exclude bwlimit transfers checkers log-level max-depth format separator timeout retries filter-from include-from exclude-from files-from",
        "options": {"log-file": "write"},
        "verbs": {
            "ls lsd lsl lsf lsjson size tree cat about check md5sum sha1sum hashsum version help listremotes cryptcheck ncdu link-list backend-help": _LOOKS,
            "config": {"verbs": {"file paths touch providers": PRINTS, "show dump userinfo": _SECRET, "*": _LOGIN}, "bare": _LOGIN},
            "copy sync move copyto moveto bisync copyurl rcat": {"tame": {"dry-run n": _LOOKS}, "python": "knowledge.cloud_words:rclone_copy"},
            "delete purge rmdir rmdirs deletefile cleanup dedupe": {"tame": {"dry-run n": _LOOKS}, **_DESTROYS},
            "mount serve rcd": {"does": ("listen", "opaque serves or mounts what lies elsewhere")},
            "*": _CHANGES,
        },
    }),
    **alike("s3cmd s5cmd mc minio-client", {
        "about": "works on storage elsewhere",
        "takes": "c config access_key secret_key host host-bucket region profile endpoint-url config-dir C",
        "verbs": {
            "ls la info du stat cat find tree version help head diff": _LOOKS,
            "get": {"python": "knowledge.cloud_words:s3_copy"},
            "cp mv sync mirror": _S3_COPY,
            "del rm rb delete": _DESTROYS,
            "signurl share": _SECRET,
            "alias": {"verbs": {"list ls": PRINTS, "*": _LOGIN}},
            "admin ilm tag retention event policy quota replicate version encrypt anonymous legalhold batch idp license support": {"python": "knowledge.service_words:service"},
            "*": _CHANGES,
        },
    }),
    "azcopy": {"about": "copies to and from Microsoft's storage", "verbs": {"list ls env jobs doc help": _LOOKS, "copy cp sync": _S3_COPY, "remove rm": _DESTROYS, "login logout": _LOGIN, "*": _CHANGES}},
}  # fmt: skip
