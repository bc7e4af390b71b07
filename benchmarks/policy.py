"""What a policy of sixty rules costs: a decision made before, one not made before, loading it from the cache.

Microseconds, and ratios to `json.loads` of a hook's payload in the same run.
"""

import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from ratios import arguments, show  # noqa: E402 - after the path

from guard.cli.policy_bench import commands, decisions, loading  # noqa: E402
from guard.engine.imagined import imagined_facts  # noqa: E402
from guard.policy.files.compiled import load_policy  # noqa: E402
from guard.policy.files.locate import PolicySources, Source, sources  # noqa: E402

RULES = 60
RULE = """
  - id: r{n}
    effect: [{effect}]
    zones: [z{n}]
    verdict: {verdict}
    why: Measured.
"""


def written(count: int) -> bytes:
    """A repository's file with as many rules, over all effects and verdicts."""
    zones = "".join(f'  z{n}: ["$W/part{n}/**", "$W/**/made{n}/*.sql"]\n' for n in range(count))
    effects = ("fs.read", "fs.write", "fs.delete", "fs.perms")
    rules = "".join(
        RULE.format(n=n, effect=effects[n % 4], verdict=("ask", "deny", "allow")[n % 3]) for n in range(count)
    )
    return f"version: 1\nkind: policy\nname: bench\ndefault: ask\nzones:\n{zones}rules:{rules}".encode()


def main() -> None:
    args = arguments(__doc__ or "", 9)
    with tempfile.TemporaryDirectory() as directory:
        shipped = sources("", "/nonexistent")
        own = sum(len(layer.rules) for layer in load_policy(shipped, directory).layers)
        more = Source(kind="repo", path="bench.yaml", content=written(max(1, RULES - own)))
        here = PolicySources(files=(*shipped.files, more))
        policy = load_policy(here, directory)
        facts = imagined_facts(today="2030-01-01")
        again, first = decisions(policy, facts, args.rounds)
        table = {
            "a decision, us": again.report(),
            "anew, us": first.report(),
            "command to decision, us": commands(policy, facts, args.rounds).report(),
            "load from cache, us": loading(here, directory, args.rounds).report(),
        }
    rules = sum(len(layer.rules) for layer in policy.layers)
    show(f"policy of {rules} rules, ratios to reading a payload", table, as_json=args.json)


if __name__ == "__main__":
    main()
