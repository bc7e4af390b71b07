"""How fast recorded decisions are made again: from the facts that were recorded, and from the commands.

Run it as `python -m benchmarks.replay [--decisions N] [--different N]`; it prints rates, and ratios to what the database
takes to count the same rows. Each distinct fact, and each distinct command, is judged once: so both numbers are told.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from typing import Any

from guard.audit.canonical import canonical
from guard.audit.facts import fact_of
from guard.audit.record import decision_record
from guard.audit.redact import Redactor
from guard.enforce.replay.columns import database, quoted
from guard.enforce.replay.judging import Judge, processes
from guard.enforce.replay.laws import composed
from guard.enforce.replay.rows import COLUMNS, row_of_record
from guard.enforce.replay.table import Asked, Table
from guard.enforce.revisions import builtin
from guard.engine.imagined import decide_imagined
from guard.policy.replay.flips import Replay
from guard.policy.rule import Policy, policy_of

DAY = "2030-06-01"
NAME = "QQNAMEQQ"
COMMANDS = tuple(
    line.replace("NAME", NAME)
    for line in """\
cat src/NAME.py
sed -n 1,80p lib/NAME.py
pytest -q tests/test_NAME.py
git add src/NAME.py && git commit -m x
rm -f build/NAME.o
rm -rf build/NAME
grep -rn NAME src | head
ruff check src/NAME.py && mypy src/NAME.py
echo x > docs/NAME.md
mv src/NAME.py src/old_NAME.py
mkdir -p out/NAME && cp a b out/NAME/
curl -s https://NAME.example/x | head
python tools/NAME.py --check
git push origin agent/NAME
chmod +x bin/NAME
rm -rf db/migrations/NAME
make NAME
find src/NAME -name '*.pyc' -delete
docker build -t NAME .
tail -n 20 logs/NAME.log; ls -la
""".splitlines()
)
EDITED = """version: 1
kind: policy
name: bench
default: allow
rules:
  - {id: ask-for-trees, effect: [fs.delete], zones: [generated], recursive: true, verdict: ask, why: Output takes an hour.}
  - {id: no-tools, effect: [exec], programs: [docker, make], verdict: deny, why: Not here.}
"""


def templates(policy: Policy) -> list[dict[str, Any]]:
    """A row for each command, whose name stands for any other."""
    redactor = Redactor(b"0" * 32)
    rows: list[dict[str, Any]] = []
    for command in COMMANDS:
        decided = decide_imagined(command, policy, today=DAY)
        record = json.loads(canonical(decision_record(decided, redactor)))
        record.update(seq=0, time="2030-06-01T00:00:00.000000Z")
        assert not fact_of(record).problem
        rows.append(row_of_record(record))
    return rows


def made(connection: Any, path: str, rows: list[dict[str, Any]], decisions: int, different: int) -> None:
    """As a fleet leaves them: of every hundred decisions about half are of the one per cent that is done most often."""
    given = os.path.join(os.path.dirname(path), "templates.jsonl")
    with open(given, "w") as file:
        file.writelines(json.dumps({**row, "number": number}) + "\n" for number, row in enumerate(rows))
    types = ", ".join(f"{name}: '{kind}'" for name, kind in {**COLUMNS, "number": "BIGINT"}.items())
    # Which of the distinct ones: a power of a uniform number, so that a few are very frequent and most are rare.
    name = f"'m' || (f // {len(rows)})"
    columns = {
        "seq": "i",
        "session": "'s' || (u * 50000)::INT",
        "who": "'u' || (u * 400)::INT",
        **{key: f"replace(t.{key}, '{NAME}', {name})" for key in ("command", "fact")},
    }
    chosen = ", ".join(f"{columns.get(key, f't.{key}')} AS {key}" for key in COLUMNS)
    connection.execute(
        f"COPY (SELECT {chosen} FROM (SELECT i, least(({different} * pow(random(), 7))::BIGINT, {different - 1}) AS f, "
        f"random() AS u FROM range({decisions}) r(i)) d JOIN read_json({quoted(given)}, format = 'newline_delimited', "
        f"columns = {{{types}}}) t ON t.number = f % {len(rows)}) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)"
    )


def cpu() -> float:
    """Of this process and of those that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def replayed(path: str, asked: Asked, policies: tuple[Policy, ...], jobs: int) -> tuple[float, float, Replay]:
    """Seconds and processor seconds, with the processes started before: once, however long the log is."""
    before = cpu()
    with database(jobs) as connection, processes(jobs, policies, DAY) as workers:
        list(workers.map(abs, range(jobs * 4)))
        start = time.perf_counter()
        found = Table(connection, (path,), asked).replay(
            Judge(policies, DAY), workers if jobs > 1 else None, lambda _: None
        )
        seconds = time.perf_counter() - start
    return seconds, cpu() - before, found


def counted(path: str, jobs: int) -> float:
    with database(jobs) as connection:
        start = time.perf_counter()
        connection.execute(
            f"SELECT rule, verdict, count(*) FROM read_parquet({quoted(path)}) GROUP BY ALL"
        ).fetchall()
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=10_000_000)
    parser.add_argument("--different", type=int, default=200_000, help="distinct facts among them")
    parser.add_argument("--commands", type=int, default=1_000_000, help="commands that are read anew")
    parser.add_argument("--distinct", type=int, default=20_000, help="distinct ones among these")
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    old = policy_of(tuple(builtin()), "old")
    with tempfile.TemporaryDirectory(prefix="guard-bench-") as place:
        with open(os.path.join(place, "new.yaml"), "w") as file:
            file.write(EDITED)
        new = composed(["new.yaml"], [], place, alone=False).policy
        rows = templates(old)
        path, fewer = os.path.join(place, "all.parquet"), os.path.join(place, "commands.parquet")
        with database(cores) as connection:
            made(connection, path, rows, args.decisions, args.different)
            made(connection, fewer, rows, args.commands, args.distinct)
        base = counted(path, cores)
        seconds, used, found = replayed(path, Asked(), (new,), cores)
        size = os.path.getsize(path) / 1e6
        print(
            f"recorded facts, {cores} cores: {found.again:,} decisions, {found.facts:,} different, {size:.0f} MB"
        )
        print(
            f"  {seconds:.1f} s, {found.again / seconds:,.0f} decisions/s, {seconds / base:.1f} x counting them by rule"
        )
        # On a machine that others use too, the processor's time is what can be compared.
        print(
            f"  {used:.1f} s of processors, {found.again / used * cores:,.0f} decisions/s if nobody else used them"
        )
        print(f"  {found.looser:,} looser, {found.stricter:,} stricter")
        seconds, used, found = replayed(fewer, Asked(reanalyse=True, compared=True), (old, new), 1)
        print(f"commands read anew, one core: {found.again:,} commands, {found.facts:,} different")
        print(
            f"  {seconds:.1f} s, {found.again / seconds:,.0f} commands/s, {found.facts / seconds:,.0f} different ones/s "
            "(each under two policies)"
        )
        print(f"  {used:.1f} s of processors, {found.again / used:,.0f} commands/s if nobody else used them")
        print(f"  {found.looser:,} looser, {found.stricter:,} stricter")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"memory at most: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
