"""What data cannot say of frameworks that keep a database: which way a migration goes, what code tells its models to do."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import plain, static_text
from guard.model.effect import DestroyDatabase

_LOSES = frozenset(
    "delete delete_all delete_by destroy destroy_all destroy_by destroy! truncate truncate_tables truncate_all drop_table drop_database "
    "drop_all drop forceDelete raw_delete purge_all reset_db flush".split()
)
"""Names by which models of Rails, Django and Laravel lose rows and tables."""


def migration(call: Call, parsed: Parsed) -> None:
    """``migrate APP zero`` takes all of an application's tables away."""
    if any(field.static is None or field.static == "zero" for field in parsed.operands[1:]):
        call.say(DestroyDatabase(detail="all that an application keeps"))


def _code(call: Call, text: str | None) -> None:
    if text is None:
        return
    names = "".join(letter if letter.isalnum() or letter in "_!" else " " for letter in text).split()
    lost = [name for name in names if name in _LOSES]
    if lost:
        call.say(DestroyDatabase(detail=f"`{lost[0]}` in what the framework is told to run"))


def ruby(call: Call, parsed: Parsed) -> None:
    """``rails runner CODE``; a file of that name is run instead."""
    for field in parsed.operands[:1]:
        if field.static is not None and field.static.endswith(".rb"):
            call.read(field)
        else:
            call.run([plain("ruby", call.span), plain("-e", call.span), field])
            _code(call, field.static)


def console(call: Call, parsed: Parsed) -> None:
    """``manage.py shell -c CODE``, ``artisan tinker --execute=CODE``; without, code by a pipe."""
    given = [field.static for field in parsed.values("c", "command", "execute")]
    for text in given or [static_text(call.stdin) if call.stdin is not None else None]:
        _code(call, text)


def statements_by_pipe(call: Call, parsed: Parsed) -> None:
    """``manage.py dbshell``: the database's own client, whichever it is."""
    from guard.effects.readers.sql import statements  # noqa: PLC0415 - rare

    texts = [field.static for field in parsed.operands]
    if call.stdin is not None:
        texts.append(static_text(call.stdin))
    for text in texts:
        if text not in {"-c", "-e", "--"}:
            statements(call, text, dialect="psql")
