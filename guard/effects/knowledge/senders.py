"""Programs whose trade is to send: files, messages, backups, images. Also clients that speak a protocol of their own."""

from guard.effects.knowledge.phrases import PUBLISHES, SETTINGS
from guard.effects.knowledge.schema import PRINTS, Row, alike

_ASKS: Row = {"does": ("connect ?",)}
_SENDS: Row = {"operands": "read-deep", "does": ("upload ?",)}
_LOOKS_ELSEWHERE: Row = {"does": ("opaque talks to a server that its settings name",)}
_LOSES: Row = {"does": ("upload ?", "cloud", "database what is kept elsewhere")}
_LOGIN: Row = {"does": ("upload ?", "persist credentials of a service")}
_BACKUP: Row = {
    "about": "keeps copies of files elsewhere",
    "takes": "r repo repository p password password-file tag host exclude e iexclude exclude-file keep-last keep-daily keep-weekly keep-monthly "
    "remote-path compression C o option cache-dir json-lines path H",
    "options": {"files-from": "read", "password-command": "code", "rsh": "opaque", "key-hint": "skip"},
    "help": "h",
    "verbs": {
        "snapshots ls list stats check diff find info cat status show content": _LOOKS_ELSEWHERE,
        "version help": PRINTS,
        "backup create upload": _SENDS,
        "restore extract download": {
            "does": ("write-deep .", "opaque talks to a server that its settings name")
        },
        "forget prune delete unlock rebuild-index repair": _LOSES,
        "init key connect": _LOGIN,
        "mount": {"does": ("opaque mounts what lies elsewhere",)},
        "*": {"does": ("upload ?", "opaque changes what is kept elsewhere")},
    },
}
_BROKER: Row = {
    "about": "sends messages to others",
    "takes": "h host b broker t topic q qos p port m message u username P pw i id k key o s server subject C c e F X",
    "help": "help V",
    "options": {"f file": "read", "l": "skip"},
    "operands": "read",
    "does": ("upload ?",),
}
_IMAGES: Row = {
    "about": "copies images of containers between registries",
    "takes": "u username p password platform config artifact-type annotation",
    "help": "h",
    "verbs": {
        "version help completion": PRINTS,
        "manifest digest ls catalog list config blob export validate discover inspect": {
            **_ASKS,
            "verbs": {"fetch get list ls digest head": _ASKS, "delete del rm push put": PUBLISHES},
            "otherwise": _ASKS,
        },
        "repo repository tag": {"verbs": {"ls list": _ASKS, "*": PUBLISHES}, "otherwise": PUBLISHES},
        "pull": {"does": ("connect ?", "append .")},
        "auth login logout registry": _LOGIN,
        "*": {"operands": "read", "does": ("publish", "upload ?")},
    },
}

PROGRAMS: dict[str, Row] = {
    **alike("xh xhs curlie", {
        "about": "sends requests over HTTP",
        "takes": "a auth A auth-type bearer p print o output s style pretty verify cert cert-key max-redirects timeout proxy http-version session",
        "options": {"o output": "write", "proxy": "connect"},
        "help": "h V",
        "operands": "skip",
        "python": "knowledge.elsewhere_words:request",
    }),
    "wscat": {"about": "talks to a server", "takes": "x execute p protocol o origin auth H header s subprotocol w wait", "options": {"c connect": "connect", "l listen": "listen", "cert ca": "read", "key": "secret"}, "help": "h", "operands": "skip"},
    **alike("grpcurl evans websocat", {
        "about": "talks to a server",
        "takes": "d H rpc-header reflect-header proto import-path protoset cacert cert key authority c connect x execute p protocol o origin auth",
        "options": {"proto protoset cacert cert": "read", "key": "secret"},
        "long": True,
        "help": "h",
        "first": "upload",
        "operands": "skip",
    }),
    "smbclient": {"about": "reads and writes shares of other machines", "takes": "U user W I p m s l n T t", "options": {"A authentication-file": "secret", "c command": "opaque"}, "help": "h V", "tame": {"L list": {"does": ("connect ?",)}}, "does": ("upload ?",)},
    **alike("smbget ncftpget", {"about": "fetches files from other machines", "takes": "u p", "does": ("connect ?", "append .")}),
    **alike("ftpput ncftpput curlftpfs davfs2 cadaver", {"about": "sends files to other machines", "takes": "u p P", "operands": "read", "does": ("upload ?",)}),
    "borg": {
        "about": "keeps copies of files, here or elsewhere",
        "takes": "p password e exclude C compression keep-daily keep-weekly keep-monthly H P glob-archives format remote-path repo r encryption",
        "options": {"rsh": "opaque"},
        "help": "h",
        "verbs": {
            "list info check diff version export-tar mount umount": {"does": ("opaque looks at copies of files",)},
            "create import-tar": {"python": "knowledge.elsewhere_words:repository"},
            "extract": {"does": ("write-deep .", "opaque unpacks copies of files")},
            "delete prune compact recreate rename transfer": _LOSES,
            "*": {"does": ("opaque changes copies of files",)},
        },
    },
    **alike("restic borgmatic duplicity duplicacy kopia bup tarsnap rdiff-backup rustic", _BACKUP),
    **alike("croc wormhole magic-wormhole wormhole-william ffsend sendme onionshare onionshare-cli", {
        "about": "sends files to somebody",
        "takes": "code relay pass appid hide-progress zip",
        "help": "h v",
        "verbs": {
            "send upload up tx": _SENDS,
            "receive recv rx download down": {"does": ("connect ?", "append .")},
            "help version": PRINTS,
            "*": _SENDS,
        },
    }),
    **alike("mosquitto_pub kcat kafkacat amqp-publish stomp kafka-console-producer.sh nsq_pub", _BROKER),
    "nats": {
        "about": "sends and reads messages of others",
        "takes": "s server creds user password context",
        "help": "h help",
        "verbs": {"pub publish request req reply bench": {"does": ("upload ?",)}, "*": {"does": ("opaque talks to a server that its settings name",)}},
        "bare": PRINTS,
    },
    **alike("mosquitto_sub amqp-consume nsq_tail", {**_BROKER, "about": "reads messages of others", "does": ("connect ?",)}),
    **alike("crane oras regctl ko gcrane notation cosign", _IMAGES),
    **alike("vsce ovsx jsr clasp gh-pages surge ntl anaconda pub-dev apm amo web-ext", {
        "about": "publishes what the project is",
        "takes": "p pat i packagePath t target d dist b branch r repo m message o source-dir s api-key api-secret u user label",
        "help": "h v V",
        "tame": {"dry-run": {"does": ("opaque runs the project's code",)}},
        "verbs": {
            "ls list show search verify-pat ls-publishers version help lint status whoami": PRINTS,
            "package build init create add generate-manpages run": {"does": ("opaque runs the project's code", "write-deep .")},
            "login logout": _LOGIN,
            "config": SETTINGS,
            "*": {**PUBLISHES, "operands": "read-deep"},
        },
        "bare": PUBLISHES,
    }),
    **alike("telegram-send slackcat slack-cli ntfy gotify apprise pushover sendxmpp", {
        "about": "sends messages to people",
        "takes": "d channel c config t title p priority token u user b tag g",
        "options": {"f file i image a attach": "read"},
        "help": "h",
        "operands": "skip",
        "does": ("upload ?",),
    }),
    **alike("pastebinit pastebin-cli sprunge termbin dpaste gist wgetpaste fpaste nopaste 0x0 haste", {
        "about": "shows text to everybody",
        "takes": "a b f t u d i l",
        "help": "h v",
        "operands": "read",
        "does": ("upload ?", "publish"),
    }),
}  # fmt: skip
