"""Makefiles: variables, rules and recipes of the simple kind. Their recipes are shell; the rest is not known."""

from guard.model.dataclass import dataclass, field

MAX_TEXT = 64 * 1024
UNKNOWN = "__make_does_not_say"
"""The shell variable that stands for what make puts in and nobody can tell here."""
_MAX_DEPTH = 12
_MAX_EXPANSIONS = 2000
_DIRECTIVES = frozenset(
    "ifeq ifneq ifdef ifndef else endif include -include sinclude define endef export unexport override private vpath undefine load -load".split()
)


@dataclass(frozen=True, slots=True)
class Rule:
    targets: tuple[str, ...]
    needs: str
    recipe: list[str] = field(default_factory=list)


class Makefile:
    """What one file says. ``shells``: commands that run when it is read."""

    def __init__(self, given: dict[str, str]) -> None:
        self.variables: dict[str, str] = {}
        self.given = given
        """From the command line: these win."""
        self.rules: list[Rule] = []
        self.shells: list[str] = []
        self.doubt = ""
        """What in it nobody follows; empty when there is nothing."""
        self._defining = False
        self._expanded = 0

    # ------------------------------------------------------------------ reading

    def read(self, source: str) -> None:
        """Take in the lines of ``source``."""
        current: Rule | None = None
        lines = source.replace("\\\r\n", "\\\n").split("\n")
        index = 0
        while index < len(lines):
            line = lines[index]
            index += 1
            if line.startswith("\t") and current is not None and not self._defining:
                while line.endswith("\\") and index < len(lines):
                    line += "\n" + lines[index].removeprefix("\t")
                    index += 1
                current.recipe.append(line[1:])
                continue
            while line.endswith("\\") and index < len(lines):
                line = line[:-1].rstrip() + " " + lines[index].strip()
                index += 1
            text = _uncommented(line).strip()
            if text:
                current = self._line(text, current)

    def _line(self, text: str, current: Rule | None) -> Rule | None:
        word = text.split(maxsplit=1)[0]
        if self._defining:
            self._defining = word != "endef"
            return current
        if word in _DIRECTIVES and not text.startswith(f"{word}:"):
            if word in {"export", "override", "private"} and "=" in text:
                return self._line(text[len(word) :].strip(), current)
            self._defining = word == "define"
            if word not in {"export", "else", "endif"}:
                self.doubt = f"`{word}` is not followed"
            return current
        assigned = _assignment(text)
        if assigned is not None:
            self._assign(*assigned)
            return current
        if ":" in text:
            return self._rule(text)
        if "$(" in text or "${" in text:
            self.doubt = "text that make puts together"
            self.expand(text, {})
        return None

    def _assign(self, name: str, operator: str, value: str) -> None:
        name = self.expand(name, {})
        match operator:
            case ":=" | "::=" | ":::=":
                self.variables[name] = self.expand(value, {})
            case "?=":
                self.variables.setdefault(name, value)
            case "+=":
                self.variables[name] = f"{self.variables.get(name, '')} {value}".strip()
            case "!=":
                self.shells.append(self.expand(value, {}))
                self.variables[name] = f"${UNKNOWN}"
            case _:
                self.variables[name] = value

    def _rule(self, text: str) -> Rule | None:
        head, _, rest = text.partition(":")
        rest = rest.lstrip(":")
        needs, semicolon, first = rest.partition(";")
        assigned = _assignment(needs.strip())
        if assigned is not None:
            # A variable of one target.
            self._assign(*assigned)
            return None
        # A pattern with targets before it: `$(OBJS): %.o: %.c`.
        needs = needs.rpartition(":")[2].replace("|", " ")
        rule = Rule(tuple(self.expand(head, {}).split()), needs, [first] if semicolon else [])
        self.rules.append(rule)
        return rule

    # ------------------------------------------------------------------ expanding

    def expand(self, text: str, automatic: dict[str, str], depth: int = 0) -> str:
        """``text`` with what variables hold; what nobody can tell becomes a shell variable that is not known."""
        out: list[str] = []
        at = 0
        self._expanded += 1
        if self._expanded > _MAX_EXPANSIONS:
            self.doubt = "more variables than are followed"
            return f"${UNKNOWN}"
        while at < len(text):
            char = text[at]
            if char != "$" or at + 1 >= len(text):
                out.append(char)
                at += 1
                continue
            following = text[at + 1]
            if following == "$":
                out.append("$")
                at += 2
            elif following in "({":
                close = _matching(text, at + 1)
                if close is None or depth > _MAX_DEPTH:
                    self.doubt = self.doubt or "brackets that do not match"
                    return f"${UNKNOWN}"
                out.append(self._value(text[at + 2 : close], automatic, depth))
                at = close + 1
            else:
                out.append(self._value(following, automatic, depth))
                at += 2
            if len(out) > MAX_TEXT:
                return f"${UNKNOWN}"
        return "".join(out)[:MAX_TEXT]

    def _value(self, name: str, automatic: dict[str, str], depth: int) -> str:
        if name in automatic:
            return automatic[name]
        function, blank, rest = name.partition(" ")
        if blank:
            if function == "shell":
                self.shells.append(self.expand(rest, automatic, depth + 1))
            elif function in {"eval", "call", "file", "load", "guile"}:
                self.doubt = f"`$({function} ..)` is not followed"
                self.expand(rest, automatic, depth + 1)
            elif function in {"strip", "sort"}:
                return self.expand(rest, automatic, depth + 1).strip()
            else:
                self.expand(rest, automatic, depth + 1)
            return f"${UNKNOWN}"
        if ":" in name or "$" in name:
            return f"${UNKNOWN}"
        if name in self.given:
            return self.given[name]
        if name in self.variables:
            return self.expand(self.variables[name], automatic, depth + 1)
        match name:
            case "MAKE":
                return "make"
            case "RM":
                return "rm -f"
            case "CC":
                return "cc"
            case "CXX":
                return "c++"
            case "SHELL":
                return "/bin/sh"
            case "CURDIR":
                return "."
            case _:
                # Of the environment, or empty: the shell's own variable of that name is just that.
                return f"${UNKNOWN}" if self.doubt or not name.isidentifier() else f"${{{name}}}"

    # ------------------------------------------------------------------ what runs

    def recipes(self, targets: list[str]) -> tuple[list[str], list[str]]:
        """The shell lines that making ``targets`` may run, in order, and targets that no rule speaks of."""
        goals = list(targets) or self._default()
        lines: list[str] = []
        missing: list[str] = []
        seen: set[str] = set()
        while goals and len(seen) < 64:
            goal = goals.pop(0)
            if goal in seen:
                continue
            seen.add(goal)
            found = [(rule, stem) for rule in self.rules if (stem := _matches(rule, goal)) is not None]
            if not found and goal in targets:
                missing.append(goal)
            for rule, stem in found:
                needs = self.expand(rule.needs, {"@": goal}).replace("%", stem).split()
                goals += [need for need in needs if UNKNOWN not in need]
                automatic = {
                    "@": goal,
                    "<": needs[0] if needs else "",
                    "^": " ".join(needs),
                    "*": stem,
                    "?": " ".join(needs),
                    "+": " ".join(needs),
                }
                lines += [self.expand(line, automatic).lstrip().lstrip("@-+ ") for line in rule.recipe]
        return lines[:256], missing

    def _default(self) -> list[str]:
        if ".DEFAULT_GOAL" in self.variables:
            return self.expand(self.variables[".DEFAULT_GOAL"], {}).split()[:1]
        for rule in self.rules:
            if (
                rule.targets
                and "%" not in rule.targets[0]
                and not (rule.targets[0].startswith(".") and "/" not in rule.targets[0])
            ):
                return [rule.targets[0]]
        return []


def _matches(rule: Rule, goal: str) -> str | None:
    """The stem when the rule is about ``goal``."""
    for target in rule.targets:
        if target == goal:
            return ""
        before, percent, after = target.partition("%")
        if (
            percent
            and goal.startswith(before)
            and goal.endswith(after)
            and len(goal) >= len(before) + len(after)
        ):
            return goal[len(before) : len(goal) - len(after)]
    return None


def _assignment(text: str) -> tuple[str, str, str] | None:
    """``NAME = VALUE`` of any kind, unless a colon makes it a rule before."""
    for at, char in enumerate(text):
        if char == "=":
            start = at
            while start and text[start - 1] in ":?+!":
                start -= 1
            name = text[:start].strip()
            return (name, text[start : at + 1], text[at + 1 :].strip()) if name and " " not in name else None
        if char == ":" and not text[at:].lstrip(":").startswith("="):
            return None
        if char == "$" and text[at + 1 : at + 2] in {"(", "{"}:
            return None
    return None


def _uncommented(line: str) -> str:
    at = line.find("#")
    while at > 0 and line[at - 1] == "\\":
        at = line.find("#", at + 1)
    return line if at < 0 else line[:at]


def _matching(text: str, at: int) -> int | None:
    opening = text[at]
    closing = ")" if opening == "(" else "}"
    depth = 0
    for index in range(at, len(text)):
        if text[index] == opening:
            depth += 1
        elif text[index] == closing:
            depth -= 1
            if depth == 0:
                return index
    return None
