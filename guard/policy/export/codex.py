"""A policy as rules for Codex: ``prefix_rule(...)`` on the first words of a command. Pure.

Only what asks or denies is written: an ``allow`` there runs a command outside of every sandbox, whatever it touches.
"""

import json

from guard.model.verdict import Verdict
from guard.policy.export.commands import Prefix, known, prefixes
from guard.policy.export.loss import Direction, Exported, Loss
from guard.policy.export.meaning import Layer, Spoken, meaning_of
from guard.policy.export.text import comment, one_line
from guard.policy.rule import Policy

_DECISIONS = {Verdict.ASK: "prompt", Verdict.DENY: "forbidden"}
_WORDS = "commands are compared by their first words: another path to a program, a wrapper, a variable or a script is not seen"


def to_codex(policy: Policy) -> Exported:
    meaning = meaning_of(policy)
    lost = [Loss(rule="*", what=_WORDS, direction=Direction.LOOSER)]
    out = [
        f"# Written by `guard policy export --to codex-rules` from the policy {policy.digest}: change that, not this.\n"
    ]
    for layer in meaning.layers:
        lost += _default(layer)
        for spoken in layer.rules:
            found = _all(spoken)
            out += _rules(spoken, found)
            lost += _lost(spoken, found)
    return Exported(text="\n".join(out), lost=tuple(lost))


def _all(spoken: Spoken) -> tuple[Prefix, ...]:
    return prefixes(spoken) or _pushes(spoken)


def _pushes(spoken: Spoken) -> tuple[Prefix, ...]:
    """Branches can be told where they stand behind the usual remote, by their plain names."""
    rule = spoken.rule
    if rule.verdict is Verdict.ALLOW or rule.shadow or rule.programs or not rule.branches:
        return ()
    plain = [branch for branch in rule.branches if "*" not in branch and "?" not in branch]
    ways: list[tuple[str, ...]] = []
    if "vcs.publish" in rule.effects:
        ways.append(("git", "push", "origin"))
    if "vcs.rewrite" in rule.effects:
        ways += [("git", "push", flag, "origin") for flag in ("--force", "-f", "--delete")]
    return tuple(Prefix((*way, branch), rule.verdict, spoken) for way in ways for branch in plain)


def _rules(spoken: Spoken, found: tuple[Prefix, ...]) -> list[str]:
    """One for all that differ in their last word only."""
    rule = spoken.rule
    groups: dict[tuple[str, ...], list[str]] = {}
    for prefix in found:
        groups.setdefault(prefix.words[:-1], []).append(prefix.words[-1])
    out: list[str] = []
    for first, last in groups.items():
        said = {
            "pattern": [*first, last if len(last) > 1 else last[0]],
            "decision": _DECISIONS[rule.verdict],
            "justification": one_line(f"{rule.why} {rule.instead}", 300),
            "match": [[*first, word] for word in last],
        }
        lines = "".join(f"    {key} = {_text(value)},\n" for key, value in said.items())
        out.append(f"{comment(f'{rule.verdict.value} {spoken.name}')}\nprefix_rule(\n{lines})\n")
    return out


def _text(value: object) -> str:
    """JSON of texts and lists is Starlark, too."""
    return json.dumps(value, ensure_ascii=False)


def _default(layer: Layer) -> list[Loss]:
    if layer.layer.default is Verdict.ALLOW:
        return []
    what = f"`default: {layer.layer.default.value}`: what no rule speaks of is left to Codex"
    return [Loss(rule=layer.name, what=what, direction=Direction.LOOSER, source=layer.layer.source)]


def _lost(spoken: Spoken, found: tuple[Prefix, ...]) -> list[Loss]:
    rule = spoken.rule

    def loss(what: str, direction: Direction) -> Loss:
        return Loss(rule=spoken.name, what=what, direction=direction, source=rule.source)

    if rule.shadow:
        return [loss("a rule that only records is not exported", Direction.SAME)]
    if rule.verdict is Verdict.ALLOW:
        what = "what is allowed is not exported: Codex would run it outside of every sandbox"
        return [loss(what, Direction.STRICTER)]
    if not found:
        what = "what a command does to places, hosts or branches cannot be told from its first words"
        if rule.effects == ("tool.use",):
            what = "a server's tool is no command"
        return [loss(what, Direction.LOOSER)]
    out: list[Loss] = []
    if spoken.exceptions:
        out.append(loss("its exceptions are not exported", Direction.STRICTER))
    missing = set(rule.effects) - {"exec"} if not rule.branches else set[str]()
    unseen = sorted(effect for effect in missing if not _reached(effect, found))
    if rule.branches:
        out.append(loss("only `git push origin BRANCH` is told, for branches without `*`", Direction.LOOSER))
    elif missing - set(unseen):
        out.append(loss("only the usual commands with this effect are listed", Direction.LOOSER))
    if unseen:
        out.append(loss(f"no command is listed for {', '.join(unseen)}", Direction.LOOSER))
    if "exec" in rule.effects and (
        not rule.programs
        or any("*" in name or ":" in name or name.startswith("mcp__") for name in rule.programs)
    ):
        out.append(
            loss("programs by pattern or by content, and servers' tools, cannot be told", Direction.LOOSER)
        )
    return out


def _reached(effect: str, found: tuple[Prefix, ...]) -> bool:
    return any(prefix.words in known(effect) for prefix in found)
