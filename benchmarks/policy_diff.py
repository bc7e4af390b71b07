"""How long it takes to compare two policies: the built-in ones with one rule changed, and random ones of a hundred rules.

Run it as `python -m benchmarks.policy_diff`; it prints seconds of processor, cells and what could not be proved.
"""

import random
import time

from guard.enforce.revisions import builtin
from guard.engine.imagined import imagined_facts
from guard.model.dataclass import replace
from guard.model.verdict import Verdict
from guard.policy.review import places
from guard.policy.review.compare import Comparison, compare
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of

FACTS = imagined_facts(today="2030-06-01")
WORDS = "src lib db api web docs data tests build cache config deploy scripts assets models".split()
EFFECTS = ("fs.read", "fs.write", "fs.delete", "fs.perms")


def timed(old: Policy, new: Policy) -> tuple[float, Comparison]:
    """From nothing: no pattern is remembered from before."""
    places.forget()
    start = time.process_time()
    found = compare(old, new, FACTS)
    return time.process_time() - start, found


def shipped() -> list[tuple[str, float, Comparison]]:
    """Each rule of the built-in layers with another verdict."""
    layers = builtin()
    old = policy_of(tuple(layers), "old")
    out: list[tuple[str, float, Comparison]] = []
    for number, layer in enumerate(layers):
        for place, rule in enumerate(layer.rules):
            other = Verdict.ALLOW if rule.verdict is not Verdict.ALLOW else Verdict.ASK
            rules = (*layer.rules[:place], replace(rule, verdict=other), *layer.rules[place + 1 :])
            edited = replace(layer, rules=rules)
            new = policy_of((*layers[:number], edited, *layers[number + 1 :]), "new")
            out.append((rule.id, *timed(old, new)))
    return out


def made(rules: int, globs: int, seed: int) -> PolicyLayer:
    """Random, a tenth of the patterns of the kind that meets everywhere."""
    draw = random.Random(seed)

    def pattern() -> str:
        parts = [draw.choice(WORDS) for _ in range(draw.randint(1, 3))]
        if draw.random() < 0.1:
            return f"$W/**/{parts[0]}/**"
        return "$W/" + "/".join(parts) + draw.choice(("/**", "/*", "/*.sql", "/**"))

    zones = tuple((f"z{n}", (pattern(),)) for n in range(globs))
    return PolicyLayer(
        kind="repo",
        name="random",
        default=Verdict.ASK,
        zones=zones,
        rules=tuple(
            Rule(
                id=f"r{n}",
                effects=tuple(draw.sample(EFFECTS, 1)),
                verdict=draw.choice(list(Verdict)),
                why="because",
                zones=(f"z{draw.randrange(globs)}",),
                except_zones=(f"z{draw.randrange(globs)}",) if draw.random() < 0.1 else (),
                recursive=draw.choice((None, None, True, False)),
            )
            for n in range(rules)
        ),
    )


def edited(layer: PolicyLayer) -> PolicyLayer:
    name, patterns = layer.zones[0]
    used = replace(layer.rules[0], zones=(name,))
    zones = ((name, (*patterns, "$W/**/generated/*.sql")), *layer.zones[1:])
    return replace(layer, rules=(used, *layer.rules[1:]), zones=zones)


def main() -> None:
    found = shipped()
    seconds = sorted(took for _, took, _ in found)
    name, worst, _ = max(found, key=lambda one: one[1])
    middle = seconds[len(seconds) // 2]
    print(f"built-in, one rule changed: {len(found)} rules, p50 {middle:.2f} s, worst {worst:.2f} s ({name})")
    print(f"  not proved: {sum(bool(one.unproved) for _, _, one in found)}")
    for rules, globs in ((20, 20), (50, 50), (100, 100)):
        for seed in (1, 2, 3):
            layer = made(rules, globs, seed)
            took, one = timed(policy_of((layer,), "old"), policy_of((edited(layer),), "new"))
            proof = "proved" if not one.unproved else "; ".join(one.unproved)
            print(
                f"{rules} rules, {globs} globs (seed {seed}): {took:.2f} s, {one.cells} cells, {len(one.rows)} rows, {proof}"
            )


if __name__ == "__main__":
    main()
