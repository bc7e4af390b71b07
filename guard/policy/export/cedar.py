"""A policy in Cedar, for which there are two answers where we have three. Pure.

So a question says whether a person has approved and whether a sandbox contains it, and is asked more than once: what is
permitted unapproved is allowed, what is permitted only approved is asked about, what is never permitted is denied; what
is permitted only contained runs in the sandbox. Who never says `approved` gets no `ask` through.
"""

from guard.model.effect import EFFECT_NAMES
from guard.model.typed import Iterable
from guard.model.verdict import Verdict
from guard.policy.export.cedar_expression import (
    FALSE,
    TRUE,
    Vocabulary,
    Writer,
    both,
    either,
    negated,
    text,
)
from guard.policy.export.cedar_schema import schema, shape_of
from guard.policy.export.loss import Direction, Exported, Loss
from guard.policy.export.meaning import Layer, Meaning, Spoken, meaning_of
from guard.policy.export.text import one_line
from guard.policy.rule import Policy

_HEAD = """# Written by `guard policy export --to cedar` from the policy {digest}: change that, not this.
# Questions are checked against the schema that `guard policy export --to cedar --schema` prints; without that check an
# attribute that is missing would switch a `forbid` off. `guard policy export --to cedar --input COMMAND` prints questions.
"""


def to_cedar(policy: Policy) -> Exported:
    found = _Cedar(meaning_of(policy))
    head = _HEAD.format(digest=policy.digest).replace("# ", "// ")
    return Exported(
        text=head + "\n" + "\n".join(found.policies),
        lost=tuple(_lost(policy, found.meaning)),
        schema=schema(),
    )


def vocabulary(policy: Policy) -> Vocabulary:
    """What has to be answered with each question."""
    return _Cedar(meaning_of(policy)).writer.asked


class _Cedar:
    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self.writer = Writer()
        self.policies: list[str] = []
        # Where nothing is said, Cedar denies: the strictest layer's default is said by what it permits, the others' by
        # what they forbid.
        strictest = max(meaning.layers, key=lambda layer: layer.layer.default.rank)
        self._permits(strictest)
        for layer in meaning.layers:
            for spoken in layer.rules:
                if spoken.rule.shadow:
                    continue
                if layer is strictest and layer.layer.default is not Verdict.ALLOW:
                    self._permitted(spoken, layer.layer.default)
                self._forbidden(spoken)
            if layer is not strictest and layer.layer.default is not Verdict.ALLOW:
                self._left(layer)
        self._host()
        every = EFFECT_NAMES.values()
        why = "this is part of the guard or of its policy"
        self._add("forbid", "guard/guard-is-not-yours", "deny", why, every, when="context.touchesGuard")
        why = "it may reach the guard's own files"
        self._add(
            "forbid",
            "guard/may-touch",
            "contained",
            why,
            every,
            when="context.mayTouchGuard",
            unless="context.contained",
        )

    # ------------------------------------------------------------------ what is permitted

    def _permits(self, layer: Layer) -> None:
        match layer.layer.default:
            case Verdict.ALLOW:
                self._add(
                    "permit", f"{layer.name}/default", "allow", "what no rule forbids", EFFECT_NAMES.values()
                )
            case Verdict.ASK:
                why = "what no rule speaks of is asked about"
                self._add(
                    "permit",
                    f"{layer.name}/default",
                    "ask",
                    why,
                    EFFECT_NAMES.values(),
                    when="context.approved",
                )
            case Verdict.DENY:
                pass

    def _permitted(self, spoken: Spoken, default: Verdict) -> None:
        """A rule that speaks lifts its layer's default; if it asks or denies, that is said by what it forbids."""
        loosest = min(
            (spoken.rule.verdict, *(one.verdict for one in spoken.exceptions)),
            key=lambda verdict: verdict.rank,
        )
        if loosest.rank >= default.rank:
            return
        for shape, effects in _shapes(spoken.rule.effects):
            met = self.writer.met(spoken.condition, shape)
            if met != FALSE:
                self._add(
                    "permit", f"{spoken.name}.{shape}", loosest.value, spoken.rule.why, effects, when=met
                )

    # ------------------------------------------------------------------ what is forbidden

    def _forbidden(self, spoken: Spoken) -> None:
        rule = spoken.rule
        for shape, effects in _shapes(rule.effects):
            met = self.writer.met(spoken.condition, shape)
            name = f"{spoken.name}.{shape}"
            denied = both(met, self._says(spoken, Verdict.DENY, shape))
            if denied != FALSE:
                self._add("forbid", name, "deny", rule.why, effects, when=denied, instead=rule.instead)
            asked = both(met, self._says(spoken, Verdict.ASK, shape))
            if asked != FALSE:
                self._add(
                    "forbid",
                    name,
                    "ask",
                    rule.why,
                    effects,
                    when=asked,
                    unless="context.approved",
                    instead=rule.instead,
                )
            allowed = both(met, self._says(spoken, Verdict.ALLOW, shape)) if rule.run != "host" else FALSE
            if allowed != FALSE:
                why = "allowed in a sandbox"
                self._add(
                    "forbid",
                    f"{name}.run",
                    "contained",
                    why,
                    effects,
                    when=allowed,
                    unless="context.contained",
                )

    def _says(self, spoken: Spoken, verdict: Verdict, shape: str) -> str:
        """Whether a rule that is met says this: of its open exceptions the strictest counts, without one it itself."""
        opened = [(one.verdict, self.writer.open(one, shape)) for one in spoken.exceptions]
        stricter = either(*(when for said, when in opened if said.rank > verdict.rank))
        same = either(*(when for said, when in opened if said is verdict))
        own = negated(either(*(when for _, when in opened))) if spoken.rule.verdict is verdict else FALSE
        return both(negated(stricter), either(same, own))

    def _left(self, layer: Layer) -> None:
        default = layer.layer.default
        for effect in EFFECT_NAMES.values():
            shape = shape_of(effect)
            spoken = either(
                *(
                    self.writer.met(one.condition, shape)
                    for one in layer.rules
                    if effect in one.rule.effects and not one.rule.shadow
                )
            )
            if spoken == TRUE:
                continue
            unless = either("context.approved", spoken) if default is Verdict.ASK else spoken
            self._add(
                "forbid", f"{layer.name}/default.{effect}", default.value, "no rule speaks of it", [effect], unless=unless
            )  # fmt: skip

    def _host(self) -> None:
        """What no rule of the machine's owner lets onto the host runs contained."""
        closed = any(not layer.layer.permits_host for layer in self.meaning.layers)
        left: list[str] = []
        for effect in EFFECT_NAMES.values():
            shape = shape_of(effect)
            opened = either(
                *(
                    both(self.writer.met(one.condition, shape), negated(self._says(one, Verdict.DENY, shape)))
                    for layer in self.meaning.layers
                    if layer.layer.kind != "repo"
                    for one in layer.rules
                    if effect in one.rule.effects and one.rule.run == "host" and not one.rule.shadow
                )
            )
            if closed or opened == FALSE or effect == "exec.opaque":
                left.append(effect)
            elif opened != TRUE:
                unless = either("context.contained", opened)
                self._add(
                    "forbid", f"host.{effect}", "contained", "nothing opens the host", [effect], unless=unless
                )
        if left:
            self._add(
                "forbid", "host", "contained", "nothing opens the host", left, unless="context.contained"
            )

    # ------------------------------------------------------------------ how it is written

    def _add(
        self,
        kind: str,
        name: str,
        verdict: str,
        why: str,
        effects: Iterable[str],
        *,
        when: str = TRUE,
        unless: str = "",
        instead: str = "",
    ) -> None:
        known = list(effects)
        identity = f"{name}.{verdict}" if kind == "forbid" else f"{name}.permit"
        lines = [f"@id({text(identity)})", f"@verdict({text(verdict)})", f"@why({text(one_line(why))})"]
        if instead:
            lines.append(f"@instead({text(one_line(instead))})")
        actions = ", ".join(f"Guard::Action::{text(effect)}" for effect in known)
        action = "action" if len(known) == len(EFFECT_NAMES) else f"action in [{actions}]"
        lines.append(f"{kind} (principal is Guard::Agent, {action}, resource is Guard::Workspace)")
        if when != TRUE:
            lines.append(f"when {{ {when} }}")
        if unless:
            lines.append(f"unless {{ {unless} }}")
        self.policies.append("\n".join(lines) + ";\n")


def _shapes(effects: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """Cedar checks a condition for every action it is about: those that have the same context go together."""
    out: dict[str, list[str]] = {}
    for effect in effects:
        out.setdefault(shape_of(effect), []).append(effect)
    return list(out.items())


def _lost(policy: Policy, meaning: Meaning) -> list[Loss]:
    out: list[Loss] = []
    if any(layer.lock_after or layer.unproposed == "end" for layer in policy.layers):
        what = "a session is locked after many denials, or ended: here each question stands alone"
        out.append(Loss(rule="*", what=what, direction=Direction.LOOSER))
    if meaning.zones:
        what = "the patterns of zones: a question names the zones that a path is in"
        out.append(Loss(rule="*", what=what, direction=Direction.SAME))
    for layer in meaning.layers:
        for spoken in layer.rules:
            if spoken.rule.shadow:
                out.append(_same(spoken, "a rule that only records is not exported"))
            elif spoken.rule.grants:
                out.append(_same(spoken, "which run profile it gives"))
    return out


def _same(spoken: Spoken, what: str) -> Loss:
    return Loss(rule=spoken.name, what=what, direction=Direction.SAME, source=spoken.rule.source)
