"""Clients of databases, and what dumps, restores and drops them."""

from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field
from guard.effects.options import grammar
from guard.effects.values import Text
from guard.model.effect import (
    DestroyDatabase,
)


def _only_asks(call: Call) -> bool:
    return bool(call.args) and all(
        text in {"--version", "--help", "-V", "-h", "version", "help", "-help", "-version"}
        for text in call.statics
    )


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
    if call.name.startswith("sqlite") or call.name == "duckdb":
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


def _without_strings(text: str) -> str:
    """SQL without what stands in single quotes: words there are data."""
    pieces = text.split("'")
    # An odd quote at the end belongs to nothing: everything is looked at.
    return text if len(pieces) % 2 == 0 else " '' ".join(pieces[::2])


def _statement(call: Call, text: str | None) -> None:
    if text is None:
        call.opaque("statements that are not known before it runs")
        return
    tidy = " ".join(_without_strings(text).lower().split()) + " "
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


HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys("psql mysql mariadb sqlite3 sqlite mongosh mongo duckdb clickhouse-client sqlcmd cqlsh sqlplus usql pgcli mycli litecli".split(), _database),
    "redis-cli": _redis, "valkey-cli": _redis,
    **dict.fromkeys("dropdb dropuser mysqladmin pg_restore mongorestore createdb".split(), _drops),
    **dict.fromkeys("pg_dump pg_dumpall mysqldump mongodump".split(), _dump),
}  # fmt: skip
