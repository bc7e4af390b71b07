"""The join: distinct facts, one answer for each, back to the decisions that they are of. In DuckDB, over Parquet.

Millions of decisions are counted by their facts; only these come to Python, a batch at a time.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from guard.enforce.replay.columns import described, quoted
from guard.enforce.replay.judging import Answer, Judge, Judged, commands_judged, facts_judged, numbered, said
from guard.enforce.replay.rows import COLUMNS, ONLY_TEXT, PROBLEM_WORDS
from guard.errors import GuardError
from guard.model.dataclass import dataclass, replace
from guard.model.verdict import Verdict
from guard.policy.replay.flips import (
    Command,
    Flip,
    Pair,
    Replay,
    Said,
    Unsure,
    certain,
    direction_of,
    flips_of,
    replayed,
)

if TYPE_CHECKING:
    import duckdb

BATCH = 4096
SHOWN = 3
"""Commands of each flip."""
_SAID = ("verdict", "host", "rule", "layer", "grants")
Progress = Callable[[str], None]
_Place = tuple[tuple[Said, Said], tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which decisions are meant, and how they are made again."""

    reanalyse: bool = False
    """From the command, not from recorded effects."""
    compared: bool = False
    """Two policies with each other; else one with what was said at the time."""
    since: str = ""
    until: str = ""
    workspace: str = ""


class Table:
    """Decisions in Parquet files, as one table."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", files: tuple[str, ...], asked: Asked) -> None:
        self._connection = connection
        self._asked = asked
        self._key = ("command", "world") if asked.reanalyse else ("fact",)
        parts = [self._selected(path) for path in files]
        self._execute(f"CREATE VIEW decisions AS {' UNION ALL '.join(parts)}")

    def _execute(self, statement: str, given: list[Any] | None = None) -> "duckdb.DuckDBPyConnection":
        return self._connection.execute(statement, given)

    def _selected(self, path: str) -> str:
        held = described(self._connection, path)
        if "fact" not in held and "command" not in held:
            raise GuardError(
                f"{path}: has neither a column `fact` nor `command`",
                help_="name what `guard audit export` wrote",
            )
        columns: list[str] = []
        for name, kind in COLUMNS.items():
            usual = "''" if kind == "VARCHAR" else "false" if kind == "BOOLEAN" else "0"
            if name == "problem" and "fact" not in held:
                usual = quoted(ONLY_TEXT)
            elif name == "world" and name not in held:
                usual = quoted('["/work", "/home/you", "/work"]')
            columns.append(f"coalesce({name}, {usual}) AS {name}" if name in held else f"{usual} AS {name}")
        asked = self._asked
        wanted = ["true"]
        wanted += [f"time >= {quoted(asked.since)}"] if asked.since else []
        # A day is meant whole: what begins with it is not behind it.
        wanted += [f"left(time, {len(asked.until)}) <= {quoted(asked.until)}"] if asked.until else []
        wanted += [f"workspace = {quoted(asked.workspace)}"] if asked.workspace else []
        return (
            f"SELECT * FROM (SELECT {', '.join(columns)} FROM read_parquet({quoted(path)})) "
            f"WHERE {' AND '.join(wanted)}"
        )

    def replay(self, judge: Judge, workers: Executor | None, progress: Progress) -> Replay:
        unsure = self._group()
        known = self._judged(judge, workers, progress)
        pairs, places = self._pairs(known)
        flips = flips_of(pairs)
        if flips:
            progress("looking for commands of what has changed")
            flips = self._looked_up(flips, places)
        return replayed(pairs, flips, unsure)

    def _group(self) -> list[Unsure]:
        """Decisions that are alike in what is judged and in what was said, counted; those that cannot be judged apart."""
        key = ", ".join(self._key)
        said = (
            "'' AS verdict, false AS host, '' AS rule, '' AS layer, '' AS grants"
            if self._asked.compared
            else ", ".join(_SAID)
        )
        judged = "world <> ''" if self._asked.reanalyse else "problem = ''"
        self._execute(
            f"CREATE TABLE groups AS SELECT {key}, {said}, count(*) AS n FROM decisions WHERE {judged} GROUP BY ALL"
        )
        self._execute(
            f"CREATE TABLE keys AS SELECT row_number() OVER () AS id, {key} FROM (SELECT DISTINCT {key} FROM groups)"
        )
        self._execute("CREATE TABLE answers (id BIGINT, before INTEGER, low INTEGER, high INTEGER)")
        why = (
            "'whose command is not known whole, or that are no commands'"
            if self._asked.reanalyse
            else "problem"
        )
        left: list[tuple[Any, ...]] = self._execute(
            f"SELECT {why}, count(*), count(*) FILTER (NOT (verdict = 'allow' AND host)) FROM decisions "
            f"WHERE NOT ({judged}) GROUP BY 1"
        ).fetchall()
        return [
            Unsure(
                why=PROBLEM_WORDS.get(str(row[0]), str(row[0])),
                decisions=int(row[1]),
                perhaps_looser=int(row[2]),
            )
            for row in left
        ]

    def _batches(self) -> Iterator[tuple[list[int], list[Any]]]:
        reader = self._connection.cursor()
        # In order: places that begin alike are looked at one after the other.
        reader.execute(f"SELECT id, {', '.join(self._key)} FROM keys ORDER BY {self._key[0]}")
        while rows := reader.fetchmany(BATCH):
            yield [row[0] for row in rows], [row[1] if len(row) == 2 else row[1:] for row in rows]
        reader.close()

    def _judged(self, judge: Judge, workers: Executor | None, progress: Progress) -> list[Said]:
        """Fills ``answers`` with numbers of the list that it returns."""
        known: dict[Said, int] = {}
        many = self._execute("SELECT count(*) FROM keys").fetchone()
        total = int(many[0]) if many else 0
        done = 0

        def number(one: Said) -> int:
            return known.setdefault(one, len(known))

        for ids, answers in self._answers(judge, workers if total > BATCH else None):
            each, which = answers
            before = [number(one[0].low) if self._asked.compared else -1 for one in each]
            low = [number(one[-1].low) for one in each]
            high = [number(one[-1].high) for one in each]
            columns = [[column[one] for one in which] for column in (before, low, high)]
            self._execute(
                "INSERT INTO answers SELECT unnest(?), unnest(?), unnest(?), unnest(?)", [ids, *columns]
            )
            done += len(ids)
            progress(f"judged {done:,} of {total:,}")
        return list(known)

    def _answers(self, judge: Judge, workers: Executor | None) -> Iterator[tuple[list[int], Judged]]:
        """No more batches are on their way than processes can have: what is judged does not pile up."""
        work: Any = commands_judged if self._asked.reanalyse else facts_judged
        if workers is None:
            for ids, keys in self._batches():
                asked: Iterable[tuple[Answer, ...]] = map(judge.of_fact, keys)
                if self._asked.reanalyse:
                    asked = (judge.of_command(*key) for key in keys)
                yield ids, numbered(asked)
            return
        waiting: list[tuple[list[int], Any]] = []
        for ids, keys in self._batches():
            waiting.append((ids, workers.submit(work, keys)))
            if len(waiting) > 8:
                first, future = waiting.pop(0)
                yield first, future.result()
        for ids, future in waiting:
            yield ids, future.result()

    def _pairs(self, known: list[Said]) -> tuple[list[Pair], list[_Place]]:
        """Decisions by answers; and for each two answers that differ, which rows of ``groups`` they are."""
        rows: list[tuple[Any, ...]] = self._execute(
            "SELECT verdict, host, rule, layer, grants, before, low, high, sum(n), count(DISTINCT id) "
            f"FROM groups JOIN keys USING ({', '.join(self._key)}) JOIN answers USING (id) GROUP BY ALL"
        ).fetchall()
        pairs: list[Pair] = []
        places: list[_Place] = []
        for verdict, host, rule, layer, grants, before, low, high, decisions, facts in rows:
            if before >= 0:
                had = known[int(before)]
            else:
                had = said(
                    Verdict(verdict),
                    host=bool(host),
                    rule=rule,
                    layer=layer,
                    grants=frozenset(grants.split()),
                )
            pair = Pair(had, known[int(low)], known[int(high)], int(decisions), int(facts))
            pairs.append(pair)
            if certain(pair) and direction_of(pair.before, pair.after) is not None:
                places.append(((pair.before, pair.after), (verdict, host, rule, layer, grants, before, low)))
        return pairs, places

    def _looked_up(self, flips: list[Flip], places: list[_Place]) -> list[Flip]:
        """Whom each flip meets, and by which commands they know it: one more pass, over what flips."""
        numbers = {(flip.before, flip.after): number for number, flip in enumerate(flips)}
        self._execute(
            "CREATE TABLE places (verdict VARCHAR, host BOOLEAN, rule VARCHAR, layer VARCHAR, grants VARCHAR, "
            "before INTEGER, low INTEGER, flip INTEGER)"
        )
        columns = [
            list(column) for column in zip(*((*row, numbers[key]) for key, row in places), strict=True)
        ]
        self._execute(f"INSERT INTO places SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)
        key = ", ".join(self._key)
        joined = ", ".join((*self._key, *(() if self._asked.compared else _SAID)))
        self._execute(
            f"CREATE TABLE flipped AS SELECT {key}, {', '.join(_SAID)}, flip FROM groups JOIN keys USING ({key}) "
            f"JOIN answers USING (id) JOIN places USING ({', '.join(_SAID)}, before, low)"
        )
        self._execute(
            "CREATE TABLE hits AS SELECT flip, decisions.session AS session, decisions.who AS who, decisions.command AS command, "
            f"count(*) AS n FROM decisions JOIN flipped USING ({joined}) GROUP BY ALL"
        )
        people: dict[int, tuple[int, int]] = {
            row[0]: (int(row[1]), int(row[2]))
            for row in self._execute(
                "SELECT flip, count(DISTINCT nullif(session, '')), count(DISTINCT nullif(who, '')) FROM hits GROUP BY 1"
            ).fetchall()
        }
        commands: dict[int, list[Command]] = {}
        for flip, command, count in self._execute(
            "SELECT flip, command, sum(n) AS m FROM hits GROUP BY flip, command "
            f"QUALIFY row_number() OVER (PARTITION BY flip ORDER BY m DESC, command) <= {SHOWN} ORDER BY flip, m DESC, command"
        ).fetchall():
            commands.setdefault(flip, []).append(Command(str(command), int(count)))
        return [
            replace(
                flip, sessions=people[number][0], users=people[number][1], commands=tuple(commands[number])
            )
            for number, flip in enumerate(flips)
        ]
