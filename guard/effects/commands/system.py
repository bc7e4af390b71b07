"""Programs that change the machine, other processes, containers, databases and clouds."""

from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field
from guard.effects.options import grammar
from guard.effects.values import Text, plain
from guard.model.effect import (
    Connect,
    DestroyDatabase,
    MutateCloud,
)


def _words(call: Call) -> list[str]:
    """Static operands: subcommands and names, without options."""
    return [text for text in call.statics if text and not text.startswith("-")]


def _only_asks(call: Call) -> bool:
    return bool(call.args) and all(
        text in {"--version", "--help", "-V", "-h", "version", "help"} for text in call.statics
    )


# ------------------------------------------------------------------ databases

_DESTROYS = (
    "drop ",
    "truncate ",
    "delete ",
    "alter ",
    "grant ",
    "revoke ",
    "update ",
    "insert ",
    "create ",
    "copy ",
    "vacuum",
    "attach ",
    "replace ",
    ".import",
    ".shell",
    ".system",
    ".output",
    ".save",
    ".restore",
    "\\!",
    "\\copy",
    "pragma writable",
    "load_extension",
    "load_file",
    "into outfile",
    "xp_cmdshell",
    "dropdatabase",
    "deletemany",
    "deleteone",
    "remove(",
    "drop()",
    "pg_read",
    "lo_export",
)


def _database(call: Call) -> None:
    if _only_asks(call):
        return
    parsed = call.parse(
        grammar(
            "c command e execute f file h host p port U user u d dbname username D database P v eval authenticationDatabase o output",
            stops=False,
        )
    )
    for field in parsed.values("h", "host"):
        connect_field(call, field, upload=True)
    texts = parsed.values("c", "command", "e", "execute", "eval")
    if call.name.startswith("sqlite"):
        call.read(*parsed.operands[:1])
        texts += parsed.operands[1:]
    call.read(*parsed.values("f", "file"))
    known = [field.static for field in texts]
    if call.stdin is not None:
        known.append(_plain(call.stdin))
    if parsed.values("f", "file") or (not known and call.stdin is None):
        known.append(None)
    for text in known:
        _statement(call, text)


def _plain(text: Text) -> str | None:
    return "".join(p for p in text if isinstance(p, str)) if all(isinstance(p, str) for p in text) else None


def _statement(call: Call, text: str | None) -> None:
    if text is None:
        call.opaque("statements that are not known before it runs")
        return
    tidy = " ".join(text.lower().split()) + " "
    if any(word in tidy for word in _DESTROYS):
        if call.name.startswith("sqlite"):
            fields = [field for field in call.args if not (field.static or "-").startswith("-")]
            call.write(*fields[:1])
        if any(
            word in tidy
            for word in (
                "drop ",
                "truncate ",
                "delete ",
                "dropdatabase",
                "deletemany",
                "deleteone",
                "remove(",
                "drop()",
            )
        ):
            call.say(DestroyDatabase(detail=f"a statement that deletes: `{text[:80]}`"))
        call.opaque("statements that change a database or run something")


def _redis(call: Call) -> None:
    parsed = call.parse(grammar("h p a n u s i x r d D user pass eval", stops=True))
    for field in parsed.values("h", "u"):
        connect_field(call, field, upload=True)
    words = [(field.static or "?").lower() for field in parsed.operands]
    if not words or words[0] in {
        "get",
        "keys",
        "scan",
        "ping",
        "info",
        "ttl",
        "exists",
        "type",
        "llen",
        "lrange",
        "hgetall",
        "dbsize",
        "mget",
        "hget",
    }:
        return
    if words[0] in {"flushall", "flushdb", "del", "unlink", "?", "eval", "shutdown"}:
        call.say(DestroyDatabase(detail=" ".join(words[:2])))
    call.opaque("changes a database")


def _drops(call: Call) -> None:
    if not _only_asks(call):
        call.say(DestroyDatabase(detail=call.name))


def _dump(call: Call) -> None:
    parsed = call.parse(grammar("f file h host U p d port username dbname o out db uri"))
    call.write(*parsed.values("f", "file", "o", "out"))
    for field in parsed.values("h", "host"):
        connect_field(call, field, upload=True)


# ------------------------------------------------------------------ clouds

_CLOUD_LOOKS = (
    "get",
    "list",
    "ls",
    "describe",
    "show",
    "version",
    "help",
    "logs",
    "top",
    "explain",
    "api-resources",
    "api-versions",
    "cluster-info",
    "config",
    "diff",
    "validate",
    "fmt",
    "output",
    "plan",
    "graph",
    "providers",
    "whoami",
    "status",
    "search",
    "history",
    "template",
    "lint",
    "view",
    "current-context",
    "get-contexts",
    "info",
    "read",
    "events",
)


def _cloud(call: Call) -> None:
    """Command lines of providers: a verb that only looks, or a change to what others use."""
    if _only_asks(call):
        return
    words = [text for text in call.statics if text and not text.startswith("-")]
    verbs = [word for word in words[:4] if word.partition("-")[0] in _CLOUD_LOOKS or word in _CLOUD_LOOKS]
    risky = [word for word in words if word.partition("-")[0] in _CLOUD_CHANGES]
    secret = [
        word
        for word in words
        if word.startswith(
            ("secret", "get-secret", "get-password", "print-access-token", "get-session-token")
        )
    ]
    if secret:
        call.secret(f"{call.name} {' '.join(words[:3])}")
    call.say(Connect(host="cloud-provider", upload=bool(risky)))
    if risky or not verbs:
        call.say(MutateCloud(detail=f"{call.name} {' '.join(words[:3])}"))
    if call.name in {"terraform", "tofu", "pulumi", "helm"} and (risky or "plan" in words):
        call.opaque("runs providers that the project names")
    if call.name == "kubectl" and words[:1] in (
        ["exec"],
        ["cp"],
        ["port-forward"],
        ["proxy"],
        ["run"],
        ["debug"],
        ["attach"],
    ):
        call.opaque("runs something in a cluster")


_CLOUD_CHANGES = frozenset(
    "delete remove rm rb destroy terminate create apply update put set run start stop reboot scale patch replace edit drain cordon taint rollout "
    "exec cp mv sync push deploy import state untaint force install upgrade uninstall rollback attach detach modify add up refresh release "
    "close merge comment review fork transfer archive disable enable revoke grant purge reset restore publish login logout ssh invoke write".split(
        " "
    )
)


def _gh(call: Call) -> None:
    words = _words(call)
    if _only_asks(call) or not words:
        return
    parsed = call.parse(
        grammar(
            "X method f raw-field F field H header R repo b body t title B base H l a r m q jq template input"
        )
    )
    call.read(*parsed.values("input"))
    call.say(Connect(host="api.github.com"))
    action = words[1] if len(words) > 1 else ""
    if words[0] == "auth" and action == "token":
        call.secret("a token for GitHub")
    if words[0] == "api":
        method = (parsed.values("X", "method") or [plain("GET", call.span)])[-1].static
        if method != "GET" or parsed.has("f", "raw-field", "F", "field", "input"):
            call.say(MutateCloud(detail="gh api with a change"))
        return
    if words[0] in {"extension", "alias", "codespace"}:
        call.opaque("runs or installs other programs")
    if action not in {"list", "view", "status", "diff", "checks", "watch", "browse", "search"} and words[
        0
    ] not in {"status", "search", "browse", "help", "version"}:
        if action in {"checkout", "clone"}:
            call.write(plain(".", call.span), recursive=True)
        else:
            call.say(MutateCloud(detail=f"gh {' '.join(words[:2])}"))


def _secrets(call: Call) -> None:
    words = _words(call)
    if _only_asks(call) or words[:1] in (["ls"], ["list"], ["version"], ["status"]):
        return
    call.secret(f"{call.name} {' '.join(words[:2])}")


HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys("psql mysql mariadb sqlite3 sqlite mongosh mongo duckdb clickhouse-client sqlcmd cqlsh sqlplus usql pgcli mycli litecli".split(), _database),
    "redis-cli": _redis, "valkey-cli": _redis,
    **dict.fromkeys("dropdb dropuser mysqladmin pg_restore mongorestore createdb".split(), _drops),
    **dict.fromkeys("pg_dump pg_dumpall mysqldump mongodump".split(), _dump),
    **dict.fromkeys("kubectl helm terraform tofu pulumi aws gcloud gsutil bq az doctl linode-cli hcloud ibmcloud oci oc eksctl kustomize argocd flux "
                    "vault-cli consul nomad s3cmd rclone mc azcopy stripe twilio supabase planetscale neonctl railway render glab tea jira linear".split(), _cloud),
    "gh": _gh, "hub": _gh,
    **dict.fromkeys("vault op pass bw lpass security secret-tool keyring kwallet-query keyctl age sops chamber aws-vault doppler infisical teller".split(), _secrets),
}  # fmt: skip
