"""A policy as permissions of Claude Code: ``deny`` and ``ask`` entries for its tools. Pure.

No ``allow`` is written: there it would hold for all that a command does, and on the host. The client takes the strictest
of deny, ask and allow, as we do; it compares names of files without case, and commands by their words.
"""

import json

from guard.model.proposal import is_of_a_server
from guard.model.verdict import Verdict
from guard.policy.export.commands import Prefix, known, plain, prefixes
from guard.policy.export.loss import Direction, Exported, Loss
from guard.policy.export.meaning import Condition, Meaning, Spoken, meaning_of
from guard.policy.hosts import UNKNOWN, HostSet, network_of, normal
from guard.policy.match import ANY, expand_braces
from guard.policy.rule import Policy, Rule

_TEMP = ("/tmp", "/var/tmp")  # noqa: S108 - names that are judged, nothing is written
_SHELL = "in shell text only commands that the client knows are seen: not a copy, a script, a variable or another program"
_SERVED = "what the arguments of a server's tool name is not seen: only its name is"
_FILES = {"fs.read": "Read", "fs.write": "Edit"}


def to_claude(policy: Policy) -> Exported:
    meaning = meaning_of(policy)
    entries: dict[Verdict, dict[str, None]] = {Verdict.ASK: {}, Verdict.DENY: {}}
    lost = [Loss(rule="*", what=what, direction=Direction.LOOSER) for what in (_SHELL, _SERVED)]
    for layer in meaning.layers:
        if layer.layer.default is not Verdict.ALLOW:
            what = f"`default: {layer.layer.default.value}`: what no rule speaks of is left to the client's own questions"
            lost.append(Loss(rule=layer.name, what=what, direction=Direction.LOOSER))
        for spoken in layer.rules:
            said = _Said(spoken, meaning)
            if spoken.rule.verdict is not Verdict.ALLOW:
                entries[spoken.rule.verdict].update(dict.fromkeys(said.entries))
            lost += said.lost
    denied, asked = list(entries[Verdict.DENY]), list(entries[Verdict.ASK])
    permissions = {"ask": [entry for entry in asked if entry not in entries[Verdict.DENY]], "deny": denied}
    return Exported(
        text=json.dumps({"permissions": permissions}, indent=2, ensure_ascii=False) + "\n", lost=tuple(lost)
    )


class _Said:
    """The entries of one rule, and what they leave out."""

    def __init__(self, spoken: Spoken, meaning: Meaning) -> None:
        self.entries: list[str] = []
        self.lost: list[Loss] = []
        self._spoken, self._meaning = spoken, meaning
        rule = spoken.rule
        if rule.shadow:
            self._loses("a rule that only records is not exported", Direction.SAME)
        elif rule.verdict is Verdict.ALLOW:
            what = (
                "what is allowed is not exported: it would hold for all that a command does, and on the host"
            )
            self._loses(what, Direction.STRICTER)
        else:
            self._strict()

    def _loses(self, what: str, direction: Direction) -> None:
        rule = self._spoken.rule
        self.lost.append(Loss(rule=self._spoken.name, what=what, direction=direction, source=rule.source))

    def _strict(self) -> None:
        rule = self._spoken.rule
        unsaid = set(rule.effects)
        found = prefixes(self._spoken)
        self.entries += [_command(prefix) for prefix in found]
        words = {prefix.words for prefix in found}
        usual = {effect for effect in rule.effects if words & set(known(effect))}
        if usual:
            self._loses("only the usual commands with this effect are listed", Direction.LOOSER)
        named = {name for name in rule.programs if (name,) in words}
        unsaid -= usual
        if plain(self._spoken) and self._tools(rule):
            unsaid.discard("tool.use")
            named |= {name for name in rule.programs if name.startswith("mcp__") and _tool(name)}
        if named and len(named) == len(rule.programs):
            unsaid.discard("exec")
        for effect, tool in _FILES.items():
            if effect in rule.effects and _for_a_tool(rule) and self._files(tool):
                unsaid.discard(effect)
        if "net.connect" in rule.effects and self._hosts(self._spoken.condition):
            unsaid.discard("net.connect")
        if rule.branches and self._branches(rule):
            unsaid -= {"vcs.publish", "vcs.rewrite"}
        if unsaid:
            self._loses(f"nothing is said of {', '.join(sorted(unsaid))}", Direction.LOOSER)
        if self.entries and self._spoken.exceptions:
            self._loses("its exceptions are not exported", Direction.STRICTER)

    def _files(self, tool: str) -> bool:
        """Whether anything could be said."""
        condition = self._spoken.condition
        if not condition.zones:
            if condition.except_zones:
                return False
            self.entries.append(tool)
            return True
        before = len(self.entries)
        skipped: list[str] = []
        for zone in condition.zones:
            patterns = self._meaning.zones.get(zone)
            if patterns is None:
                skipped.append(zone)
                continue
            for pattern in patterns:
                paths = [
                    path
                    for one in expand_braces(pattern)
                    for path in _paths(one, bool(condition.except_zones))
                ]
                if not paths:
                    skipped.append(pattern)
                self.entries += [f"{tool}({path})" for path in paths]
        said = len(self.entries) > before
        if said and skipped:
            self._loses(f"nothing is said of {', '.join(dict.fromkeys(skipped))}", Direction.LOOSER)
        if said and condition.except_zones:
            self._loses("`except_zones` cannot be carved out", Direction.STRICTER)
        return said

    def _hosts(self, condition: Condition) -> bool:
        rule = condition.rule
        if rule.upload or rule.carries or rule.programs or not _happens(rule):
            return False
        if not rule.hosts:
            if rule.except_hosts:
                return False
            self.entries.append("WebFetch")
            return True
        carved = HostSet(condition.except_hosts)
        before = len(self.entries)
        skipped: list[str] = []
        for pattern in map(normal, condition.hosts):
            network = network_of(pattern)
            if (
                pattern == UNKNOWN
                or ("/" in pattern and network is not None)
                or (carved.some and "*" in pattern)
            ):
                skipped.append(pattern)
            elif not (carved.some and carved.holds(pattern)):
                self.entries.append("WebFetch" if pattern == "*" else f"WebFetch(domain:{pattern})")
        said = len(self.entries) > before
        if said:
            self._loses("of programs that connect nothing is said, only of WebFetch", Direction.LOOSER)
        if said and skipped:
            self._loses(f"nothing is said of {', '.join(skipped)}", Direction.LOOSER)
        return said

    def _tools(self, rule: Rule) -> bool:
        """Servers' tools by their names. Whether anything was left to say, and could be said."""
        used = "tool.use" in rule.effects
        names = rule.programs or ("*",) if used else rule.programs if "exec" in rule.effects else ()
        said = [entry for name in names if (entry := _tool(name))]
        skipped = [name for name in names if _tool(name) is None]
        self.entries += said
        if said and used and skipped:
            self._loses(f"nothing is said of tools called {', '.join(skipped)}", Direction.LOOSER)
        return bool(said) or not skipped

    def _branches(self, rule: Rule) -> bool:
        """``git push`` with the branch among its words, as itself or as the end of a refspec."""
        if self._spoken.condition.placed or rule.programs or not _happens(rule):
            return False
        starts = ["git push *"] if "vcs.publish" in rule.effects else []
        if "vcs.rewrite" in rule.effects and not starts:
            starts = ["git push --force*", "git push -f *", "git push --delete *"]
        plain = [
            branch.replace("**", "*") for branch in rule.branches if "?" not in branch and "{" not in branch
        ]
        for start in starts:
            for branch in plain:
                for mark in (" ", ":", " +"):
                    text = f"{start}{mark}{branch}".replace("* :", "*:")
                    self.entries += [f"Bash({text})", f"Bash({text} *)"]
        if starts and plain:
            self._loses("only `git push` that names the branch is told", Direction.LOOSER)
        return bool(starts and plain)


def _command(prefix: Prefix) -> str:
    return f"Bash({' '.join(prefix.words)}:*)"


def _tool(name: str) -> str | None:
    """The client knows `*`, and nothing else that stands for letters. Empty where no server's tool is called so."""
    if "?" in name:
        return None
    if name.startswith("mcp__"):
        # Without a tool it would be all of the server's there, and is none of them here.
        return name if "*" in name or is_of_a_server(name) else ""
    if name.startswith("*"):
        return f"mcp__{name}"
    return None if "*" in name[: len("mcp__")] else ""


def _happens(rule: Rule) -> bool:
    return not (rule.observed or rule.surprise or rule.certain is False or rule.append)


def _for_a_tool(rule: Rule) -> bool:
    """Whether the rule speaks of one file that a tool reads or writes."""
    return _happens(rule) and not (
        rule.recursive or rule.programs or rule.recoverable or rule.hosts or rule.carries
    )


def _paths(pattern: str, carved: bool) -> list[str]:
    """In the client's spelling; none where it would be about more than the pattern, or a directory alone."""
    root, *parts = pattern.rstrip("/").split("/")
    if not parts or set("()") & set(pattern):
        return []
    if all(set(part) <= {"*"} for part in parts) and (root != "$W" or carved):
        # The home directory as a whole has the workspace in it, and a carve-out would be lost.
        return []
    rest = "/" + "/".join(_escaped(part) for part in parts)
    match root:
        case "$W":
            return [rest]
        case "$H":
            return ["~" + rest]
        case "$T":
            return ["/" + temp + rest for temp in _TEMP]
        case "" if parts != [""]:
            return ["/" + rest]
        case _ if root == ANY:
            return ["/" + rest]
        case _:
            return []


def _escaped(part: str) -> str:
    return "".join("\\" + char if char in "[]\\" else char for char in part)
