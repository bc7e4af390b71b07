"""What SQL statements do: look, change, destroy, reach files, run programs. What nobody described is opaque."""

from guard.effects.call import Call
from guard.effects.readers.sql_tokens import Token, split_statements
from guard.effects.values import Field, plain
from guard.model.effect import DestroyDatabase, GainPrivilege

_MAX_TEXT = 64 * 1024
_MAX_STATEMENTS = 500
_LOOKS = frozenset("select values show describe desc table with from summarize pivot unpivot".split())
_SESSION = frozenset(
    "begin commit rollback start end savepoint release use set reset help print go declare fetch close abort exit quit lock unlock discard deallocate listen "
    "unlisten".split()
)
_CHANGES = frozenset(
    "insert update delete replace merge upsert create alter grant revoke comment vacuum reindex refresh analyze optimize cluster rename undrop security "
    "checkpoint repair import load copy export truncate drop detach system kill flush purge handler cache install uninstall shutdown".split()
)
_RUNS = frozenset("do call exec execute prepare attach load source".split())
_ACTS = frozenset("insert update delete merge replace truncate drop alter create into copy".split())
_FUNCTIONS = frozenset(
    "count sum avg min max total group_concat string_agg array_agg json_agg jsonb_agg json_object_agg stddev variance median mode percentile_cont "
    "percentile_disc bool_and bool_or every any some all first last first_value last_value nth_value lag lead rank dense_rank row_number ntile "
    "coalesce ifnull nullif isnull iif if case greatest least cast convert try_cast abs round floor ceil ceiling trunc mod power sqrt exp ln log log10 sign "
    "random rand pi upper lower length char_length len octet_length substr substring left right trim ltrim rtrim replace instr position strpos locate concat "
    "concat_ws repeat reverse lpad rpad format printf hex unhex quote char chr ascii unicode md5 sha1 sha256 encode decode to_char to_date to_number "
    "to_timestamp date time datetime julianday unixepoch strftime timediff now current_timestamp current_date current_time getdate sysdate localtime "
    "localtimestamp extract date_part date_trunc dateadd datediff date_add date_sub date_format datepart year month day hour minute second week quarter age "
    "interval from_unixtime unix_timestamp timestampdiff to_days make_date last_day json_extract json_each json_tree json json_array json_object json_valid "
    "json_type json_array_length jsonb_array_length jsonb_pretty json_build_object jsonb_build_object jsonb_each jsonb_object_keys row_to_json to_json to_jsonb "
    "json_value json_query json_unquote json_keys json_contains array_length array_to_string string_to_array unnest cardinality generate_series range "
    "regexp_replace regexp_matches regexp_match regexp_like regexp_substr split_part string_split initcap translate pg_size_pretty pg_database_size "
    "pg_total_relation_size pg_relation_size pg_table_size pg_indexes_size pg_get_viewdef pg_get_functiondef pg_get_indexdef pg_get_constraintdef "
    "pg_backend_pid version current_database current_schema current_user session_user database schema user connection_id last_insert_rowid "
    "sqlite_version changes total_changes typeof pg_typeof row over partition in values exists not and or as using on filter within grouping rollup cube "
    "sets distinct from join where having limit offset union except intersect then else when end between like glob match regexp is by set returning "
    "varchar char character numeric decimal float double int integer bigint text timestamp bit binary varbinary number nvarchar key index references check "
    "unique primary foreign constraint default lateral ordinality tablesample similarity word_similarity width_bucket histogram approx_count_distinct "
    "list list_aggregate struct_pack describe summarize columns exclude struct map tostring todate tostartofmonth uniq topk arrayjoin quantile".split()
)
_FILE_READERS = frozenset(
    "read_csv read_csv_auto read_parquet read_json read_json_auto read_text read_blob parquet_scan readfile glob file".split()
)
_SERVER_READS = frozenset(
    "pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_ls_logdir pg_current_logfile lo_import load_file openrowset xp_dirtree "
    "xp_fileexist xp_subdirs bfilename".split()
)
_SERVER_WRITES = frozenset("lo_export pg_file_write pg_file_unlink pg_file_rename sp_writefile".split())
_SERVER_RUNS = frozenset(
    "xp_cmdshell xp_regwrite xp_regdeletekey sp_oacreate sp_oamethod sp_configure sp_execute_external_script sp_addextendedproc "
    "sp_add_job sp_add_jobstep sys_exec sys_eval shell_exec pg_reload_conf pg_terminate_backend pg_rotate_logfile dblink_connect "
    "dblink_exec dbms_scheduler dbms_java utl_file utl_http".split()
)
"""Functions that reach through the database to the machine it runs on."""
_PRAGMAS = frozenset(
    "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list foreign_key_check database_list collation_list compile_options "
    "integrity_check quick_check user_version schema_version page_count page_size freelist_count encoding journal_mode foreign_keys show_tables "
    "database_size version function_list module_list pragma_list busy_timeout cache_size synchronous application_id stats".split()
)


class _Run:
    """One reading: what it found, said at the end."""

    def __init__(self, call: Call, dialect: str, file: Field | None, *, memory: bool) -> None:
        self.call = call
        self.dialect = dialect
        self.file = file
        self.memory = memory

    def changes(self) -> None:
        if self.file is not None:
            self.call.write(self.file, append=True)
        elif not self.memory:
            self.call.opaque("changes data in a database")

    def destroys(self, what: str) -> None:
        if not self.memory:
            self.call.say(DestroyDatabase(detail=what))
        self.changes()

    def server(self, what: str) -> None:
        """Something is done with the rights of whoever runs the server."""
        if self.dialect not in {"sqlite", "duckdb"}:
            self.call.say(GainPrivilege(detail=f"as the database server: {what}"))

    def opaque(self, why: str, *, typed: bool = False) -> None:
        self.changes()
        self.call.opaque(why, typed=typed)


def statements(
    call: Call, text: str | None, *, dialect: str, file: Field | None = None, memory: bool = False
) -> None:
    """Say what ``text`` does. ``file``: the database, when it is one file; ``memory``: it lasts no longer than the call."""
    run = _Run(call, dialect, file, memory=memory or (dialect == "sqlite" and file is None))
    if text is None:
        run.opaque("statements that are not known before it runs", typed=call.stdin is None)
        return
    found = split_statements(text, dialect) if len(text) <= _MAX_TEXT else None
    if found is None or len(found) > _MAX_STATEMENTS:
        run.opaque("statements that cannot be read")
        # A string that one client ends where another goes on: what could destroy is said in any case.
        if any(word in text.lower() for word in ("drop", "truncate", "delete")):
            run.destroys("statements that cannot be read")
        return
    if dialect != "mysql" and "\\'" in text and dialect != "psql":
        run.opaque("a backslash before a quote, which databases read differently")
    for tokens in found:
        if tokens[0].kind == "meta":
            from guard.effects.readers.sql_meta import meta  # noqa: PLC0415 - rare

            meta(run.call, tokens[0].text, dialect=dialect, file=file, memory=run.memory)
        else:
            _statement(run, tokens)


_SERVER_NAMES = _SERVER_READS | _SERVER_WRITES | _SERVER_RUNS


def _statement(run: _Run, tokens: list[Token]) -> None:
    words = [token.text if token.kind == "word" else "" for token in tokens]
    first = next((word for word in words if word), "")
    shown = " ".join(token.text for token in tokens[:8])
    if tokens[0].kind == "sign" and tokens[0].text == "(":
        # `(SELECT ..) UNION ..`
        tokens, words = tokens[1:], words[1:]
    match first:
        case "explain":
            rest = next(
                (
                    index
                    for index, word in enumerate(words)
                    if index and word in (_LOOKS | _CHANGES | _RUNS) - {"analyze"}
                ),
                0,
            )
            runs = "analyze" in words[: rest or len(words)] or "analyse" in words[: rest or len(words)]
            if rest and runs:
                _statement(run, tokens[rest:])
        case "pragma":
            _pragma(run, tokens)
        case "drop" | "truncate" | "purge":
            run.destroys(f"`{shown}`")
            _extra(run, tokens, words)
        case "delete" | "update":
            _rows(run, tokens, shown)
            _extra(run, tokens, words)
        case "alter":
            (run.destroys(f"`{shown}`") if "drop" in words else run.changes())
            if {"system", "role", "user", "login", "server", "extension", "function"} & set(words[:3]):
                run.opaque("changes the server itself")
                if {"system", "server", "login"} & set(words[:3]) or "superuser" in words:
                    run.server(f"`{shown}`")
        case "copy" | "load" | "import" | "export" | "unload":
            _transfer(run, tokens, words)
        case "attach":
            _attach(run, tokens)
        case "vacuum" if "into" in words:
            _files(run, tokens, write=True)
        case "create" if {
            "function",
            "procedure",
            "extension",
            "trigger",
            "language",
            "server",
            "event",
            "user",
            "role",
            "aggregate",
            "macro",
            "secret",
            "foreign",
            "subscription",
            "publication",
        } & set(words[:5]):
            run.opaque(f"`{shown}` runs code later, or lets others in")
            if _untrusted(tokens, words):
                run.server(f"`{shown}`")
        case (
            "grant"
            | "revoke"
            | "security"
            | "system"
            | "kill"
            | "flush"
            | "handler"
            | "install"
            | "uninstall"
            | "shutdown"
        ):
            run.opaque(f"`{shown}` changes the server itself")
            if first not in {"grant", "revoke", "flush", "handler", "security"} and not (
                first == "system" and run.dialect == "mysql"
            ):
                run.server(f"`{shown}`")
        case "set" if {"global", "persist", "password", "role", "session_authorization"} & set(words[1:3]):
            run.opaque(f"`{shown}` changes the server itself")
            if "persist" in words[1:3] or any(
                w.endswith(("_file", "_dir", "_log", "secure_file_priv")) for w in words[2:5]
            ):
                run.server(f"`{shown}`")
        case "detach":
            pass
        case _ if first in _RUNS:
            run.opaque(f"`{shown}` runs something")
            _reached(run, tokens)
            for token in tokens:
                # A block of statements is a string.
                if token.kind == "text" and {"drop", "truncate", "delete"} & set(token.text.lower().split()):
                    run.destroys(f"`{shown}`")
        case _ if first in _CHANGES:
            run.changes()
            _extra(run, tokens, words)
        case _ if first in _LOOKS:
            if set(words) & (_ACTS - {"replace", "copy"}) or ("replace" in words and "into" in words):
                _acts_inside(run, tokens, words, shown)
            _extra(run, tokens, words)
        case _ if first in _SESSION:
            pass
        case _:
            run.opaque(f"`{shown[:60]}` is no statement that is known")


def _acts_inside(run: _Run, tokens: list[Token], words: list[str], shown: str) -> None:
    """``WITH gone AS (DELETE ...) SELECT``, ``SELECT ... INTO``."""
    if {"outfile", "dumpfile"} & set(words):
        _files(
            run,
            tokens[next(i for i, word in enumerate(words) if word in {"outfile", "dumpfile"}) :],
            write=True,
        )
        run.opaque("a query that writes a file of the server")
        run.server("a query that writes a file")
    elif "truncate" in words or "drop" in words:
        run.destroys(f"`{shown}`")
    elif "delete" in words or "update" in words:
        _rows(run, tokens[words.index("delete" if "delete" in words else "update") :], shown)
    elif {"insert", "update", "delete", "merge", "into", "create", "alter"} & set(words):
        run.changes()


def _rows(run: _Run, tokens: list[Token], shown: str) -> None:
    """``DELETE`` and ``UPDATE``: all rows, or those of a condition that can be false."""
    depth = 0
    condition: list[str] | None = None
    for token in tokens:
        if token.kind == "sign" and token.text in "()":
            depth += 1 if token.text == "(" else -1
        if depth < 0:
            break
        if depth == 0 and token.kind == "word" and token.text == "where" and condition is None:
            # A `where` in brackets belongs to a query inside.
            condition = []
        elif condition is not None and token.kind in {"word", "name"}:
            condition.append(token.text)
    if not set(condition or ()) - {"true", "or", "and", "not", "null", "is"}:
        run.destroys(f"`{shown}`")
    else:
        run.changes()


def _pragma(run: _Run, tokens: list[Token]) -> None:
    names = [token.text for token in tokens[1:] if token.kind in {"word", "name"}]
    signs = {token.text for token in tokens if token.kind == "sign"}
    name = names[1] if len(names) > 1 and "." in signs and "=" not in signs else names[0] if names else ""
    if name not in _PRAGMAS or "=" in signs:
        if name in {"foreign_keys", "busy_timeout", "cache_size", "synchronous"}:
            return
        run.changes()
        if name not in {
            "journal_mode",
            "user_version",
            "application_id",
            "page_size",
            "auto_vacuum",
            "wal_checkpoint",
            "optimize",
            *_PRAGMAS,
        }:
            run.opaque(f"`PRAGMA {name}` is not known")


def _transfer(run: _Run, tokens: list[Token], words: list[str]) -> None:
    """``COPY``, ``LOAD DATA``, ``EXPORT DATABASE``."""
    if "program" in words:
        for token in tokens:
            if token.kind == "text":
                run.call.run_text((token.text,))
        run.opaque("a statement that runs a program where the database is")
        run.server("a statement that runs a program")
        return
    if words[0] == "load" and "data" not in words and "xml" not in words:
        run.opaque("loads code into the database")
        return
    writes = "to" in words or words[0] in {"export", "unload"}
    _files(run, tokens, write=writes)
    if not writes:
        run.changes()
    if run.dialect == "mysql" and words[0] == "load" and "local" not in words:
        run.server("a statement that reads files")
    if run.dialect == "psql" and not {"stdin", "stdout"} & set(words):
        run.opaque("a statement that reaches files of the server")
        run.server("a statement that reaches files")


def _attach(run: _Run, tokens: list[Token]) -> None:
    texts = [token.text for token in tokens if token.kind == "text"]
    if not texts or any(":" in text and text != ":memory:" for text in texts):
        run.opaque("attaches a database that is not known")
        return
    if texts[0] not in {"", ":memory:"}:
        run.call.write(plain(texts[0], run.call.span), append=True)


def _files(run: _Run, tokens: list[Token], *, write: bool) -> None:
    from guard.effects.commands.hosts import connect_to  # noqa: PLC0415 - rare

    texts = [token.text for token in tokens if token.kind == "text"]
    if not texts:
        if any(token.text in {"stdin", "stdout"} for token in tokens):
            return
        run.opaque("a file that is not known")
    for text in texts[:1]:
        if "://" in text:
            connect_to(run.call, text, upload=write)
        elif write:
            run.call.write(plain(text, run.call.span))
        else:
            run.call.read(plain(text, run.call.span))


def _untrusted(tokens: list[Token], words: list[str]) -> bool:
    """A language or a library without walls: `plpython3u`, `SONAME 'x.so'`, `AS 'x.so', 'f'` in C."""
    named = {token.text.lower() for token in tokens if token.kind in {"word", "name"}}
    return "soname" in words or any(
        (name.startswith("pl") and name.endswith("u")) or name in {"file_fdw", "adminpack", "dblink"}
        for name in named
    )


def _reached(run: _Run, tokens: list[Token]) -> None:
    """Names that lead through the server to its machine: called, or after ``EXEC``, whatever schema they are in."""
    for index, token in enumerate(tokens):
        if token.kind not in {"word", "name"}:
            continue
        name = token.text.lower()
        if name not in _SERVER_NAMES:
            continue
        texts = [after.text for after in tokens[index + 1 : index + 6] if after.kind == "text"]
        run.server(f"`{name}`")
        if name == "xp_cmdshell" and texts:
            # What runs there is no text for this shell; what it would do here is the best anybody can say.
            run.call.run_text((texts[0],))
        elif texts and name in _SERVER_WRITES:
            run.call.write(plain(texts[-1] if name == "lo_export" else texts[0], run.call.span))
        elif texts and name in _SERVER_READS and texts[0].startswith("/"):
            run.call.read(plain(texts[0], run.call.span))


def _extra(run: _Run, tokens: list[Token], words: list[str]) -> None:
    """Functions, and files that stand where a table does (DuckDB)."""
    _reached(run, tokens)
    named = {
        tokens[i].text
        for i in range(len(tokens))
        if tokens[i].kind == "word" and words[i + 1 : i + 2] == ["as"]
    }
    for index, token in enumerate(tokens):
        follows = tokens[index + 1] if index + 1 < len(tokens) else None
        before = words[index - 1] if index else ""
        if token.kind == "text" and run.dialect in {"duckdb", "clickhouse"} and before in {"from", "join"}:
            _files(run, [token], write=False)
        if (
            token.kind not in {"word", "name"}
            or follows is None
            or follows.text != "("
            or follows.kind != "sign"
        ):
            continue
        name = token.text.lower()
        if name in _FILE_READERS and run.dialect in {"duckdb", "sqlite", "clickhouse"} and name != "glob":
            _files(run, tokens[index + 2 : index + 3] or [token], write=False)
        elif name == "writefile":
            _files(run, tokens[index + 2 : index + 3] or [token], write=True)
        elif (
            name not in _FUNCTIONS
            and name not in named
            and before
            not in {
                "into",
                "table",
                "exists",
                "with",
                "recursive",
                "on",
                "references",
                "key",
                "index",
                "join",
                "view",
                "copy",
            }
            and not name.startswith(
                (
                    "json",
                    "array",
                    "date_",
                    "to_",
                    "st_",
                    "list_",
                    "regexp_",
                    "string_",
                    "pragma_table",
                    "pragma_index",
                )
            )
        ):
            run.opaque(f"calls `{token.text}`, which may do anything")
