"""Clients of databases, and what dumps, restores and drops them."""

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field, given_by
from guard.effects.options import Grammar, Parsed, grammar
from guard.effects.values import Field, plain, static_text
from guard.model.dataclass import dataclass
from guard.model.effect import DestroyDatabase, GainPrivilege
from guard.model.typed import Callable, Mapping

_ASKS = frozenset({"--version", "--help", "-V", "-h", "version", "help", "-help", "-version", "-?"})


def _only_asks(call: Call) -> bool:
    return bool(call.args) and all(text in _ASKS for text in call.statics)


# ---------------------------------------------------------------------- SQL


_LIBPQ = "PGHOST PGHOSTADDR"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Client:
    """Options are space-separated, without dashes."""

    dialect: str
    sql: str = ""
    """Options whose argument is statements."""
    files: str = ""
    """Options whose argument is a file of statements."""
    hosts: str = ""
    writes: str = ""
    opaque: str = ""
    """Options that make it run or load something."""
    takes: str = ""
    flags: str = ""
    optional: str = ""
    address: bool = False
    """Whether an operand may be an address of a server."""
    variables: str = ""
    """Environment variables that make it run something."""
    where: str = ""
    """Environment variables that say on which machine its server is."""

    @property
    def rules(self) -> Grammar:
        return grammar(
            f"{self.sql} {self.files} {self.hosts} {self.writes} {self.opaque} {self.takes}",
            optional=self.optional,
            flags=f"{self.flags} version help",
        )


_PSQL = _Client(
    dialect="psql", sql="c command", files="f file", hosts="h host", writes="o output L log-file", variables="PSQLRC PSQL_PAGER PSQL_EDITOR PGSERVICEFILE", where=_LIBPQ,
    takes="d dbname p port U username v set variable F field-separator P pset R record-separator T table-attr",
    flags="1 single-transaction a echo-all A no-align b echo-errors e echo-queries E echo-hidden H html l list n no-readline q quiet s single-step S single-line "
    "t tuples-only V w no-password W password x expanded X no-psqlrc z field-separator-zero 0 record-separator-zero csv ?",
    address=True,
)  # fmt: skip
_MYSQL = _Client(
    dialect="mysql", sql="e execute", hosts="h host", where="MYSQL_HOST", writes="tee", opaque="init-command pager defaults-file defaults-extra-file plugin-dir load-data-local-dir",
    takes="P port u user D database S socket default-character-set protocol ssl-ca ssl-cert ssl-key ssl-mode delimiter max-allowed-packet max_allowed_packet "
    "login-path connect-timeout connect_timeout",
    optional="p password",
    flags="A no-auto-rehash B batch N skip-column-names s silent t table v verbose E vertical r raw C compress f force n unbuffered q quick w wait X xml H html G "
    "V ? I i-am-a-dummy safe-updates U b no-beep j syslog ssl skip-ssl no-defaults skip-pager column-names auto-rehash local-infile comments skip-comments "
    "binary-as-hex get-server-public-key line-numbers skip-line-numbers L show-warnings c",
)  # fmt: skip
_CLICKHOUSE = _Client(
    dialect="clickhouse", sql="q query", files="queries-file", hosts="h host", takes="port u user password d database f format F config-file C config",
    flags="m multiline n multiquery V t time s secure stacktrace progress echo vertical E",
)  # fmt: skip
_CLIENTS: Mapping[str, _Client] = {
    "psql": _PSQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "clickhouse-client": _CLICKHOUSE,
    "cqlsh": _Client(dialect="cql", sql="e execute", files="f file", takes="u username p password k keyspace request-timeout connect-timeout encoding cqlversion", flags="C color no-color ssl no_compact tty", address=True, opaque="cqlshrc browser"),
    "sqlcmd": _Client(dialect="sqlcmd", sql="Q q", files="i", hosts="S", where="SQLCMDSERVER", writes="o", takes="U P d s W h y Y w t l a H c v", flags="E b I m C N X x k u G M r R e p K L ?"),
    "usql": _Client(dialect="psql", sql="c command", files="f file", writes="o out", takes="v set variable F P R T", flags="w no-password W password 1 single-transaction t q x A H J json csv C X no-init no-rc quiet expanded tuples-only", address=True),
    "pgcli": _Client(dialect="psql", hosts="h host", where=_LIBPQ, takes="p port U username u user d dbname", flags="W w password no-password l list v less-chatty", opaque="pgclirc init-command prompt ssh-tunnel", address=True),
    "mycli": _Client(dialect="mysql", sql="e execute", hosts="h host", where="MYSQL_HOST", writes="l logfile", takes="P port u user D database S socket d dsn", flags="t table csv v V", opaque="myclirc init-command defaults-file ssh-host", optional="p password"),
    "litecli": _Client(dialect="sqlite", sql="e execute", writes="l logfile", takes="D database", flags="t table csv R", opaque="liteclirc"),
}  # fmt: skip


def _client(call: Call) -> None:
    client = _CLIENTS.get(call.name)
    if client is None:
        call.opaque("a client of a database that is not described")
        return
    parsed = call.parse(client.rules)
    if parsed.has("version", "help") or (parsed.has("V", "?") and len(call.args) == 1):
        return
    _given(call, client, parsed)
    operands = parsed.operands
    texts = [field.static for field in parsed.values(*client.sql.split())]
    if client.dialect == "psql":
        operands = [field for field in operands if not _address(call, field)]
        texts = _substituted(call, parsed, texts)
    elif client.address and operands:
        connect_field(call, operands[0], upload=True)
    elif operands and (operands[0].static or "") and client.dialect == "sqlite":
        call.read(operands[0])
    files = parsed.values(*client.files.split())
    for field in files:
        statements_in(call, field, client.dialect, None)
    if parsed.has("l", "list") and client.dialect == "psql":
        return
    if not texts and not files:
        texts = [static_text(call.stdin) if call.stdin is not None else None]
    for text in texts:
        _read(call, text, client.dialect, operands[0] if client.dialect == "sqlite" and operands else None)


def _given(call: Call, client: _Client, parsed: Parsed) -> None:
    """Options that are the same for every client."""
    if parsed.unknown or parsed.uncertain:
        call.opaque("an option of the client that is not known")
    if parsed.has(*client.opaque.split()):
        call.opaque("an option that makes the client run or load something")
    _on_servers(call, parsed.values(*client.hosts.split()), client.where)
    call.write(*parsed.values(*client.writes.split()))
    if any(name in call.state.variables for name in client.variables.split()):
        call.opaque("a variable that makes the client run something")


def _on_servers(call: Call, named: list[Field], variables: str) -> None:
    """Hosts, or directories of sockets, that options name or that this line puts into variables."""
    for field in (*named, *given_by(call, variables.split())):
        if not (field.static or "").startswith("/"):
            connect_field(call, field, upload=True)


def _address(call: Call, field: Field) -> bool:
    """``postgresql://host/db``, ``host=... dbname=...``."""
    text = field.static if field.static is not None else field.prefix
    if "://" in text:
        connect_field(call, field, upload=True)
        return True
    if "=" in text:
        for part in text.split():
            name, _, value = part.partition("=")
            if name in {"host", "hostaddr"} and not value.startswith("/"):
                connect_field(call, plain(value, field.span), upload=True)
    return False


def _substituted(call: Call, parsed: Parsed, texts: list[str | None]) -> list[str | None]:
    """A client puts variables into statements as they are: ``-v t='x; drop table y' -c 'select :t'``."""
    if not parsed.values("v", "set", "variable"):
        return texts
    names = [(field.static or "?").partition("=")[0] for field in parsed.values("v", "set", "variable")]
    if any(f":{name}" in (text or "") or f":{{?{name}" in (text or "") for name in names for text in texts):
        return [None]
    return texts if parsed.values("c", "command") else [None] if call.stdin is None else texts


def statements_in(call: Call, field: Field, dialect: str, database: Field | None) -> None:
    """A file of statements: what it says can ask or deny, and it can change before it runs."""
    from guard.effects.commands.interpreters import source_of  # noqa: PLC0415 - rare
    from guard.model.paths import KnownPath  # noqa: PLC0415 - as above

    call.read(field)
    if field.static == "-":
        _read(call, static_text(call.stdin) if call.stdin is not None else None, dialect, database)
        return
    for path in call.paths(field):
        text, doubt = (
            source_of(call, path.text)
            if isinstance(path, KnownPath)
            else (None, "statements in a file that is not known")
        )
        if doubt:
            call.opaque(doubt)
        if text is not None:
            _read(call, text, dialect, database)


def _read(
    call: Call, text: str | None, dialect: str, database: Field | None, *, memory: bool = False
) -> None:
    from guard.effects.readers.sql import statements  # noqa: PLC0415 - only where statements stand in a command

    statements(call, text, dialect=dialect, file=database, memory=memory)


# ---------------------------------------------------------------------- databases in a file

_SQLITE = grammar(
    "init cmd separator newline nullvalue mmap pagecache lookaside heap maxsize vfs key hexkey textkey c s f o",
    flags="append ascii bail batch box column csv header noheader html interactive json jsonlines line list markdown memtrace nofollow quote readonly safe "
    "stats table tabs unsigned version help deserialize echo no-stdin A unsafe-testing utf8 no-utf8 zip ui",
    single_dash_long=True,
)


def _in_a_file(call: Call) -> None:
    dialect = "duckdb" if call.name == "duckdb" else "sqlite"
    parsed = call.parse(_SQLITE)
    if parsed.has("version", "help"):
        return
    if (
        parsed.unknown
        or parsed.uncertain
        or parsed.has("A", "vfs", "zip", "interactive", "ui", "unsigned", "append")
    ):
        call.opaque("an option of the client that is not known")
    operands = parsed.operands
    database = operands[0] if operands and operands[0].static not in {":memory:", ""} else None
    if database is not None:
        call.read(database)
        if (database.static or "").startswith("file:") or database.static is None:
            call.opaque("a database that is not known")
    memory = database is None
    for field in parsed.values("init", "f"):
        statements_in(call, field, dialect, database)
    texts = [field.static for field in (*parsed.values("cmd", "c", "s"), *operands[1:])]
    if not operands[1:] and not parsed.values("c", "s"):
        if call.stdin is None and not parsed.values("cmd"):
            call.opaque("a client that takes commands", typed=True)
        elif call.stdin is not None:
            texts.append(static_text(call.stdin))
    for text in texts:
        if parsed.has("readonly") and text is not None and "." not in text[:1]:
            _read(call, text, dialect, None, memory=True)
        else:
            _read(call, text, dialect, database, memory=memory)


# ---------------------------------------------------------------------- Mongo and Redis

_MONGO = grammar(
    "eval host port u username p password authenticationDatabase authenticationMechanism f file tlsCAFile tlsCertificateKeyFile apiVersion json",
    flags="quiet norc nodb tls verbose version help json shell retryWrites ipv6",
)
_MONGO_LOOKS = frozenset(
    "db show dbs databases collections users roles use find findone count countdocuments estimateddocumentcount distinct aggregate limit skip sort pretty toarray "
    "foreach print printjson stats getcollectionnames getcollectioninfos getindexes getname getmongo getsiblingdb getcollection version serverstatus hostinfo "
    "projection explain hasnext next itcount size getdbnames admincommand runcommand ping listdatabases buildinfo dbstats collstats json stringify true false "
    "null isodate objectid length name function return var let const map filter log console hello ismaster rs status conf currentop datasize totalsize const".split()
)
_MONGO_DESTROYS = frozenset(
    "drop dropdatabase deletemany deleteone remove dropindex dropindexes findoneanddelete renamecollection dropuser dropallusers shutdownserver".split()
)


def _mongo(call: Call) -> None:
    parsed = call.parse(_MONGO)
    if parsed.has("version", "help"):
        return
    if parsed.unknown or parsed.uncertain:
        call.opaque("an option of the client that is not known")
    for field in parsed.values("host"):
        connect_field(call, field, upload=True)
    files = parsed.values("f", "file")
    for field in parsed.operands:
        text = field.static
        if text is None or "://" in text or (":" in text and "." in text):
            connect_field(call, field, upload=True)
        elif text.endswith((".js", ".mongodb")):
            files.append(field)
    for field in files:
        _mongo_file(call, field)
    texts = [field.static for field in parsed.values("eval")]
    if not texts and not files:
        texts = [static_text(call.stdin) if call.stdin is not None else None]
    for text in texts:
        _mongo_text(call, text)


def _mongo_file(call: Call, field: Field) -> None:
    """What it destroys is said; what else its code does is not followed."""
    from guard.effects.commands.interpreters import source_of  # noqa: PLC0415 - rare
    from guard.model.paths import KnownPath  # noqa: PLC0415 - as above

    call.read(field)
    call.opaque("runs code in a file")
    for path in call.paths(field):
        text = source_of(call, path.text)[0] if isinstance(path, KnownPath) else None
        if text is not None:
            _mongo_text(call, text)


def _mongo_text(call: Call, text: str | None) -> None:
    if text is None:
        call.opaque("statements that are not known before it runs")
        return
    words = _javascript_words(text)
    if words is None:
        call.opaque("code that is not followed")
        words = [word.lower() for word in text.replace("(", " ( ").replace(".", " ").split()]
    commands = _mongo_commands(text) if "admincommand" in words or "runcommand" in words else []
    if any(word in _MONGO_DESTROYS for word in words) or _MONGO_DROPS & set(commands):
        call.say(DestroyDatabase(detail=f"`{text[:80]}`"))
        call.opaque("changes data in a database")
    elif "$" in text and any(
        stage in text for stage in ("$out", "$merge", "$function", "$where", "$accumulator")
    ):
        call.opaque("a query that writes or runs code")
    elif not all(word in _MONGO_LOOKS for word in words) or not set(commands) <= _MONGO_ASKS:
        call.opaque("changes data in a database, or runs something")


_MONGO_ASKS = frozenset(
    "ping listdatabases listcollections listindexes buildinfo dbstats collstats serverstatus hello ismaster replsetgetstatus getparameter hostinfo "
    "currentop count find distinct explain connectionstatus getcmdlineopts getlog top usersinfo rolesinfo validate dbhash getshardmap".split()
)
"""Commands that ``runCommand`` and ``adminCommand`` only look with."""
_MONGO_DROPS = frozenset(
    "drop dropdatabase dropindexes delete shutdown renamecollection dropuser dropallusersfromdatabase droprole droproles".split()
)


def _mongo_commands(text: str) -> list[str]:
    """The first key of what ``runCommand`` gets; ``?`` where it is not written there."""
    out: list[str] = []
    for piece in text.lower().replace("admincommand", "runcommand").split("runcommand")[1:]:
        inside = piece.lstrip().removeprefix("(").lstrip()
        if inside[:1] in "\"'":
            out.append(inside[1:].partition(inside[0])[0])
        else:
            key = inside.removeprefix("{").partition(":")[0].strip().strip("\"'")
            out.append(key if key.isidentifier() and inside.startswith("{") else "?")
    return out


def _javascript_words(text: str) -> list[str] | None:
    """Names that are called or read, in lower case, but for those of collections and fields; None when a string has no end."""
    words: list[str] = []
    at, before = 0, ""
    while at < len(text):
        char = text[at]
        if char in "\"'":
            end = at + 1
            while end < len(text) and text[end] != char:
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                return None
            at = end + 1
            before = '"'
        elif char in "`/":
            return None
        elif char.isalpha() or char in "_$":
            start = at
            while at < len(text) and (text[at].isalnum() or text[at] in "_$"):
                at += 1
            word, after = text[start:at], text[at:].lstrip()[:1]
            if after == "(" or (before != "." and after not in {":", "."}):
                words.append(word.lower())
            before = word
        else:
            if char == "[" and (before in {")", "]", '"'} or before.isidentifier()):
                # `db["dr" + "op"]()`
                words.append("[")
            if not char.isspace():
                before = char
            at += 1
    return words


_REDIS = grammar(
    "h p s a u n r i d D x user pass eval rdb pattern lru-test intrinsic-latency",
    flags="2 3 c X raw no-raw csv json quoted-json tls insecure help version stat latency latency-history latency-dist bigkeys memkeys hotkeys scan verbose "
    "no-auth-warning askpass e quoted-input show-pushes",
    stops=True,
)
_REDIS_LOOKS = frozenset(
    "get mget getrange strlen exists type ttl pttl expiretime keys scan sscan hscan zscan randomkey dbsize ping echo info time lastsave llen lrange lindex lpos "
    "hget hmget hgetall hkeys hvals hlen hexists hstrlen smembers scard sismember smismember srandmember sinter sunion sdiff zrange zrangebyscore zrevrange "
    "zcard zcount zscore zrank zrevrank zmscore xrange xrevrange xlen xinfo xread getbit bitcount bitpos geopos geodist geohash geosearch pfcount object memory "
    "command select auth hello role slowlog latency dump pubsub".split()
)
_REDIS_ASKS = {
    "config": {"get"}, "client": {"list", "getname", "info", "id"}, "cluster": {"info", "nodes", "slots", "shards", "keyslot", "myid"}, "acl": {"list", "whoami", "users", "cat", "getuser"},
    "memory": {"usage", "stats", "doctor"}, "slowlog": {"get", "len"}, "latency": {"latest", "history", "doctor"}, "object": {"encoding", "refcount", "idletime", "freq", "help"},
}  # fmt: skip
_REDIS_DESTROYS = frozenset(
    "flushall flushdb del unlink shutdown ? eval evalsha replicaof slaveof migrate restore getdel debug swapdb".split()
)


def _redis(call: Call) -> None:
    parsed = call.parse(_REDIS)
    if parsed.has("help", "version"):
        return
    if parsed.unknown:
        call.opaque("an option of the client that is not known")
    for field in parsed.values("h", "u"):
        connect_field(call, field, upload=True)
    if parsed.has("rdb"):
        call.write(*parsed.values("rdb"))
        return
    if parsed.has("eval", "x", "X"):
        call.opaque("runs a script in the database")
    if parsed.has(
        "stat", "latency", "latency-history", "latency-dist", "bigkeys", "memkeys", "hotkeys", "scan"
    ):
        return
    lines = [[(field.static or "?") for field in parsed.operands]]
    if not parsed.operands:
        text = static_text(call.stdin) if call.stdin is not None else None
        if text is None:
            call.opaque("a client that takes commands", typed=True)
        lines = [line.split() for line in (text or "").splitlines()]
    for words in lines:
        _redis_command(call, [word.lower() for word in words])


def _redis_command(call: Call, words: list[str]) -> None:
    if not words:
        return
    asks = _REDIS_ASKS.get(words[0])
    if words[0] in _REDIS_LOOKS and (asks is None or words[1:2] == [] or words[1] in asks):
        return
    if asks is not None and words[1:2] and words[1] in asks:
        return
    if words[:2] in (
        ["module", "load"],
        ["module", "loadex"],
        ["acl", "setuser"],
        ["acl", "deluser"],
        ["acl", "load"],
    ):
        call.say(GainPrivilege(detail=f"as the database server: {' '.join(words[:2])}"))
    if words[0] in _REDIS_DESTROYS or words[:2] in (
        ["script", "flush"],
        ["function", "flush"],
        ["config", "set"],
    ):
        call.say(DestroyDatabase(detail=" ".join(words[:2])))
    call.opaque("changes a database")


# ---------------------------------------------------------------------- dumps and drops


def _drops(call: Call) -> None:
    if _only_asks(call):
        return
    if call.name == "mysqladmin":
        words = [text for text in call.statics if text and not text.startswith("-")]
        if words and set(words) <= {
            "ping",
            "status",
            "version",
            "processlist",
            "variables",
            "extended-status",
        }:
            return
    if call.name == "pg_restore" and any(text in {"-l", "--list"} for text in call.statics):
        call.read(*[field for field in call.args if not (field.static or "").startswith("-")])
        return
    if call.name == "createdb":
        call.opaque("makes a database")
        return
    call.say(DestroyDatabase(detail=call.name))


_IMPORT = grammar(
    "file d db c collection h host port u username p password uri type mode upsertFields fields f fieldFile j numInsertionWorkers "
    "authenticationDatabase columnsHaveTypes out o q query sort limit",
    flags="drop jsonArray headerline stopOnError ignoreBlanks ssl quiet v verbose maintainInsertionOrder bypassDocumentValidation",
)


def _mongo_import(call: Call) -> None:
    """``--drop`` throws away what is there before anything is read."""
    if _only_asks(call):
        return
    parsed = call.parse(_IMPORT)
    if parsed.unknown or parsed.uncertain:
        call.opaque("an option of the client that is not known")
    for field in parsed.values("h", "host", "uri"):
        connect_field(call, field, upload=True)
    if call.name == "mongoexport":
        call.write(*parsed.values("o", "out"))
        return
    call.read(*parsed.values("file", "fieldFile"), *parsed.operands)
    if parsed.has("drop") or any(field.static != "insert" for field in parsed.values("mode")):
        call.say(DestroyDatabase(detail="what is in the collection"))
    call.opaque("changes data in a database")


_DUMP = grammar(
    "f file h host U p d port username dbname o out db uri r result-file u user n schema t table N T j jobs F format Z compress S section E encoding"
)


def _dump(call: Call) -> None:
    if _only_asks(call):
        return
    parsed = call.parse(_DUMP)
    call.write(
        *parsed.values("f", "file", "o", "out", "r", "result-file"),
        recursive=call.name == "mongodump" or parsed.has("F", "format", "j"),
    )
    if call.name == "mongodump" and not parsed.has("o", "out"):
        call.write(plain("dump", call.span), recursive=True)
    _on_servers(call, parsed.values("h", "host", "uri"), _LIBPQ if call.name.startswith("pg") else "")
    for field in parsed.operands:
        _address(call, field)


def _shell_of_oracle(call: Call) -> None:
    if not _only_asks(call):
        call.opaque("a client of a database that is not described")


HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys(_CLIENTS, _client), "sqlplus": _shell_of_oracle,
    "sqlite3": _in_a_file, "sqlite": _in_a_file, "duckdb": _in_a_file,
    "mongosh": _mongo, "mongo": _mongo, "redis-cli": _redis, "valkey-cli": _redis,
    **dict.fromkeys("dropdb dropuser mysqladmin pg_restore mongorestore createdb".split(), _drops),
    **dict.fromkeys("mongoimport mongoexport".split(), _mongo_import),
    **dict.fromkeys("pg_dump pg_dumpall mysqldump mongodump".split(), _dump),
}  # fmt: skip
