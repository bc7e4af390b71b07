"""What data cannot say of clouds: where the verb stands among groups, and which side of a copy is ours."""

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field
from guard.effects.options import Parsed
from guard.effects.values import Field, plain
from guard.model.effect import Connect, DestroyDatabase, MutateCloud, PersistEnv

_LOOKS = frozenset(
    "list describe show get read explain search lookup check validate info status history wait diff ls view exists count help version versions usage "
    "tail log logs export-template test whoami completion top size inspect summarize summary state url query find query-timeline what-if cat du stat hash lint inspect-template".split()
)
_NOUNS = frozenset(
    "metrics operations events tags regions sizes images plans locations types me account balance".split()
)
"""What some command lines list when they are given nothing else to do."""
_LOOK_STARTS = (
    "list-",
    "get-",
    "show-",
    "describe-",
    "check-",
    "validate-",
    "search-",
    "test-",
    "view-",
    "analyze-",
    "query-",
    "preview-",
    "is-",
    "has-",
    "count-",
)
_LOSES = (
    "delete",
    "destroy",
    "purge",
    "remove",
    "rm",
    "terminate",
    "wipe",
    "reset",
    "drain",
    "abandon",
    "deallocate",
)
_LOSES_BY_NAME = frozenset(
    {"truncate", "drop", "flush", "flushall", "erase", "empty", "nuke", "del", "uninstall"}
)
_SECRETS = (
    "print-access-token", "print-identity-token", "get-access-token", "list-keys", "keys-list", "get-credentials", "get-secret", "kubeconfig",
    "show-connection-string", "generate-sas", "list-credentials", "get-password", "show-access-token",
)  # fmt: skip


def looks(verb: str) -> bool:
    """Whether this word is a verb that looks."""
    return verb in _LOOKS or verb.startswith(_LOOK_STARTS)


def changes(verb: str) -> bool:
    """Whether this word is a verb that changes something: alone, or before the noun (``create-user``)."""
    return verb in _CHANGES_BY_NAME or verb.partition("-")[0] in _CHANGES_BY_NAME


def loses(verb: str) -> bool:
    """Whether this word is a verb that loses something."""
    return verb.startswith(_LOSES) or verb.partition("-")[0] in _LOSES_BY_NAME


def hands_out(verb: str) -> bool:
    """Whether this word is a verb that prints what somebody logs in with."""
    return verb.startswith(_SECRETS)


def _judge(call: Call, words: list[str], shown: str) -> None:
    """By the last word that is a verb: groups come first, names of things after it."""
    if any(word.startswith(_SECRETS) for word in words):
        call.say(Connect(host="cloud-provider"))
        call.secret(f"a secret of the cloud: {shown}")
        return
    verb = next((word for word in words if looks(word) or loses(word) or word in _CHANGES_BY_NAME), "")
    if (verb and looks(verb)) or (not verb and words[-1] in _NOUNS):
        call.say(Connect(host="cloud-provider"))
        return
    call.say(Connect(host="cloud-provider", upload=True))
    call.say(MutateCloud(detail=shown))
    if loses(verb):
        call.say(DestroyDatabase(detail=f"what a cloud keeps: {shown}"))


_CHANGES_BY_NAME = frozenset(
    "create update set add apply deploy start stop restart run invoke enable disable attach detach patch edit import export move rename copy "
    "scale resize rotate revoke grant assign unassign promote rollback restore cancel approve reject submit publish upload download ssh exec "
    "connect login logout register unregister migrate failover link unlink lock unlock purchase renew regenerate redeploy up push "
    "resend trigger replay capture refund confirm void finalize pay send upsert put write sync seed exec execute clone fork archive unarchive "
    "suspend resume pause unpause bind unbind invite transfer provision deprovision activate deactivate close resolve ack acknowledge block unblock "
    "ban refresh expire evict invalidate swap switch use configure install uninstall upgrade downgrade build rebuild replace save load upload kill "
    "scale-to dump toggle trust untrust allow deny merge unset clear increment decrement retry rerun requeue post open notify "
    "rotate-secret sign mint test-login wake".split()
)


def _static_words(parsed: Parsed) -> list[str] | None:
    """None when one of the first words is not known: it may be any verb."""
    words: list[str] = []
    for field in parsed.operands[:8]:
        if field.static is None:
            if not any(looks(word) or word in _CHANGES_BY_NAME or loses(word) for word in words):
                return None
            break
        words.append(field.static.lower())
    return words


def by_verb(call: Call, parsed: Parsed) -> None:
    """``PROVIDER GROUP... VERB NAME...``."""
    words = _static_words(parsed)
    if words is None:
        call.opaque(f"what `{call.name}` is told to do is not known before it runs")
        call.say(MutateCloud(detail=call.name))
        return
    if words:
        _judge(call, words, " ".join([call.name, *words[:4]]))


def gcloud(call: Call, parsed: Parsed) -> None:
    """``gcloud GROUP... VERB``: one group was read already."""
    words = _static_words(parsed)
    if words is not None and words[:2] == ["versions", "access"]:
        call.say(Connect(host="cloud-provider"))
        call.secret("a secret of the cloud")
        return
    by_verb(call, parsed)


def az(call: Call, parsed: Parsed) -> None:
    """``az GROUP... VERB``: names of things are options, so the last word is the verb."""
    words = _before_options(call)
    if words is None:
        by_verb(call, parsed)
        return
    if not words or words[0] in {"version", "find", "feedback", "help", "self-test"}:
        return
    settings = words[0] in {"login", "logout"} or words[:2] == ["account", "set"]
    if settings or (words[0] in {"configure", "config"} and words[-1] != "get"):
        call.say(PersistEnv(detail="credentials or settings of the cloud's command line"))
        return
    if _hands_out(words):
        call.say(Connect(host="cloud-provider"))
        call.secret("a secret of the cloud")
        return
    if words[0] == "rest":
        methods = [(field.static or "?").lower() for field in _options(call, {"-m", "--method"})]
        for field in _options(call, {"-u", "--url", "--uri"}):
            if (field.static or "?").startswith(("http:", "https:")) or field.static is None:
                connect_field(call, field, upload=methods not in ([], ["get"]))
        call.say(Connect(host="cloud-provider", upload=methods not in ([], ["get"])))
        if methods not in ([], ["get"]):
            call.say(MutateCloud(detail="az rest: another method than GET"))
        return
    if words[0] == "bicep" and words[-1] in {"build", "decompile", "format", "generate-params", "lint"}:
        files = _options(call, {"-f", "--file"})
        call.read(*files)
        call.write(
            *_options(call, {"--outfile", "--outdir"}),
            *([] if words[-1] == "lint" else [plain(".", call.span)]),
            append=True,
        )
        return
    if words[-1] in {"download", "download-batch"}:
        call.say(Connect(host="cloud-provider"))
        call.write(*_options(call, {"-f", "--file", "-d", "--destination"}))
        return
    _judge(call, [words[-1], *words[:-1]], " ".join([call.name, *words[:5]]))


def _hands_out(words: list[str]) -> bool:
    """Whether it prints what others log in with. ``ad app credential list`` and ``keyvault key show`` tell what there is."""
    match words:
        case ["keyvault", "secret", "show" | "download", *_] | ["account", "get-access-token", *_]:
            return True
        case ["acr", "credential", "show" | "renew", *_] | ["acr", "login", *_]:
            return words[1] == "credential"
        case [*_, "keys", "list" | "show" | "renew"]:
            return True
        case [*_, "connection-string", "show" | "list"]:
            return True
        case _:
            return bool(words) and words[-1].startswith(("list-publishing", "list-connection", "list-admin"))


def _before_options(call: Call) -> list[str] | None:
    """Groups and verb: the words up to the first option after them; global options may come first."""
    words: list[str] = []
    skip = False
    for text in call.statics:
        if skip:
            skip = False
        elif text is None:
            return None
        elif text.startswith("-"):
            if words:
                break
            skip = text in {"-o", "--output", "--query", "--subscription"}
        else:
            words.append(text.lower())
    return words


def _options(call: Call, names: set[str]) -> list[Field]:
    statics = call.statics
    return [call.args[at + 1] for at, text in enumerate(statics[:-1]) if text in names]


def aws_configure(call: Call, parsed: Parsed) -> None:
    """``configure get aws_secret_access_key`` prints it; ``list`` masks it."""
    words = [field.static or "?" for field in parsed.operands]
    if any("secret" in word or "token" in word or word == "?" for word in words):
        call.secret("a key of the cloud")


_REMOTE = ("s3://", "gs://", "az://", "https://", "http://")


def s3_copy(call: Call, parsed: Parsed) -> None:
    """One side is ours: a download writes it, an upload sends it; between two of theirs it is a change."""
    tame = parsed.has("dryrun", "dry-run", "n")
    sides = parsed.operands[-2:]
    sent = len(sides) < 2
    for index, field in enumerate(sides):
        ours = not field.prefix.startswith(_REMOTE) and not (
            ":" in field.prefix.split("/", 1)[0] and call.name != "aws"
        )
        if ours and field.static != "-":
            if index == 0:
                call.read(field, recursive=True)
            elif not tame:
                call.write(field, recursive=True)
        sent = sent or (index == 1 and not ours)
    if sent and not tame:
        call.say(Connect(host="cloud-provider", upload=True))
        call.say(MutateCloud(detail=f"{call.name}: copies to storage of others"))
    else:
        call.say(Connect(host="cloud-provider"))
    if parsed.has("delete", "d") and not tame:
        call.say(DestroyDatabase(detail="deletes what the other side has not"))


def rclone_copy(call: Call, parsed: Parsed) -> None:
    """As for storage of Amazon; ``remote:path`` is theirs."""
    s3_copy(call, parsed)


def bq_query(call: Call, parsed: Parsed) -> None:
    """The statement says whether it only looks."""
    text = " ".join(field.static or "?" for field in parsed.operands).strip().lower()
    if parsed.has("dry_run") or text.startswith(("select ", "with ", "show ", "describe ")):
        call.say(Connect(host="cloud-provider"))
        return
    call.say(Connect(host="cloud-provider", upload=True))
    call.say(MutateCloud(detail="a statement that changes data"))
    if text.startswith(("drop", "delete", "truncate")):
        call.say(DestroyDatabase(detail=text[:80]))
