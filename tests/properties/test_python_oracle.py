"""What Python code really deletes is among what the reader says: random small programs, read and then executed.

They call nothing but `os.remove`, which is replaced while they run; a program that the reader did not follow for certain
(opaque, or a path that is not known) may delete anything.
"""

import os
import random

import pytest

from guard.effects.call import Call
from guard.effects.evaluate import Evaluator
from guard.effects.readers.python import Reader
from guard.effects.state import State
from guard.model.effect import DeletePath, Opaque
from guard.model.facts import Facts
from guard.model.paths import KnownPath
from guard.model.source import Span

NAMES = ("p", "q", "r")
LISTS = ("l", "m")


class Program:
    """Writes one; every loop ends."""

    def __init__(self, seed: int) -> None:
        self.chooser = random.Random(seed)
        self.functions = 0

    def text(self) -> str:
        head = ["import os", "p = 'a'", "q = 'b'", "r = 'c'", "l = ['d', 'e']", "m = l", "d = {'k': 'f'}"]
        return "\n".join(head + self.block(0, 6, loop=False, inside=False)) + "\n"

    def value(self) -> str:
        pick = self.chooser.choice
        return pick(
            (
                f"'{pick('abcdefgh')}'", pick(NAMES), pick(NAMES), f"{pick(LISTS)}[0]", f"{pick(LISTS)}[-1]", "d['k']", f"{pick(NAMES)} + '{pick('xy')}'", f"f'{{{pick(NAMES)}}}x'",
                f"({pick(NAMES)} if {self.test()} else {pick(NAMES)})", f"({pick(NAMES)} or 'g')", f"''.join([{pick(NAMES)}, 'z'])", f"sorted({pick(LISTS)})[0]", f"{pick(NAMES)}.upper()",
                f"max({pick(LISTS)})", f"[x + 'w' for x in {pick(LISTS)}][0]", f"next(iter({pick(LISTS)}))", f"str({pick(NAMES)})", f"d.get('k', {pick(NAMES)})", f"({pick(NAMES)} := 'i')", f"list({pick(LISTS)})[-1]",
                f"(lambda v: v + 'n')({pick(NAMES)})", f"{pick(NAMES)}[:1]", f"'%s' % {pick(NAMES)}", f"'{{}}'.format({pick(NAMES)})", f"os.path.join({pick(NAMES)}, {pick(NAMES)})",
            )
        )  # fmt: skip

    def test(self) -> str:
        pick = self.chooser.choice
        return pick(("len(l) > 1", f"{pick(NAMES)} == 'a'", "os.getpid() % 2", "True", "False", f"'a' in {pick(LISTS)}", f"{pick(NAMES)} != {pick(NAMES)}", "not d", "1 < 2", f"(s := {pick(NAMES)}) == 'b'"))  # fmt: skip

    def block(self, depth: int, most: int, *, loop: bool, inside: bool) -> list[str]:
        lines: list[str] = []
        for _ in range(self.chooser.randint(1, most)):
            lines += self.statement(depth, loop=loop, inside=inside)
        return lines

    def within(self, depth: int, *, loop: bool, inside: bool) -> list[str]:
        return ["    " + line for line in self.block(depth + 1, 3, loop=loop, inside=inside)]

    def statement(self, depth: int, *, loop: bool, inside: bool) -> list[str]:
        pick = self.chooser.choice
        kinds = ["assign", "assign", "remove", "remove", "change", "alias", "unpack"]
        if depth < 3:
            kinds += ["if", "for", "while", "try", "function", "with", "each"]
        if loop:
            kinds += ["break", "continue"]
        if inside:
            kinds += ["return"]
        match pick(kinds):
            case "assign":
                return [f"{pick(NAMES)} = {self.value()}"]
            case "remove":
                return [f"os.remove({self.value()})"]
            case "change":
                a = pick(LISTS)
                return [pick((f"{a}[0] = {self.value()}", f"{a}.append({self.value()})", f"{a}.insert(0, {self.value()})", f"{a} += [{self.value()}]", f"{a}.reverse()", f"{a}.extend([{self.value()}])", f"d['k'] = {self.value()}", f"d.update(k={self.value()})", f"{a}.sort()", f"{a}.pop() if len({a}) > 1 else 0", f"d.setdefault('k', {self.value()})"))]  # fmt: skip
            case "alias":
                return [
                    pick(
                        (
                            "m = l",
                            "l = m",
                            f"l = [{self.value()}, {self.value()}]",
                            "m = list(l)",
                            "m = l[:]",
                            "m, l = l, m",
                            "m = l if os.getpid() % 2 else m",
                        )
                    )
                ]
            case "unpack":
                return [f"{pick(NAMES)}, {pick(NAMES)} = {self.value()}, {self.value()}"]
            case "if":
                lines = [f"if {self.test()}:", *self.within(depth, loop=loop, inside=inside)]
                return lines + (
                    ["else:", *self.within(depth, loop=loop, inside=inside)]
                    if self.chooser.random() < 0.5
                    else []
                )
            case "for":
                lines = [
                    f"for {pick(NAMES)} in {pick((*LISTS, '[p, q]', 'range(2) and [r]', 'd.values()'))}[:2]:"
                    if self.chooser.random() < 0
                    else f"for {pick(NAMES)} in list({pick((*LISTS, '[p, q]', 'd.values()'))})[:3]:",
                    *self.within(depth, loop=True, inside=inside),
                ]
                return lines + (
                    ["else:", *self.within(depth, loop=loop, inside=inside)]
                    if self.chooser.random() < 0.2
                    else []
                )
            case "each":
                return [
                    f"for _ in range({self.chooser.randint(0, 3)}):",
                    *self.within(depth, loop=True, inside=inside),
                ]
            case "while":
                counter = f"n{depth}"
                return [
                    f"{counter} = 0",
                    f"while {counter} < {self.chooser.randint(0, 3)}:",
                    f"    {counter} = {counter} + 1",
                    *self.within(depth, loop=True, inside=inside),
                ]
            case "try":
                raising = ["    int('x')"] if self.chooser.random() < 0.5 else []
                body = self.within(depth, loop=loop, inside=inside)
                at = self.chooser.randint(0, 1)
                inner = raising + body if at else [*body, *raising]
                lines = ["try:", *inner, "except ValueError:", *self.within(depth, loop=loop, inside=inside)]
                return lines + (
                    ["finally:", *self.within(depth, loop=False, inside=False)]
                    if self.chooser.random() < 0.3
                    else []
                )
            case "with":
                return [
                    "import contextlib",
                    "with contextlib.suppress(ValueError):",
                    *self.within(depth, loop=loop, inside=inside),
                    "    int('x')",
                ]
            case "function":
                self.functions += 1
                name = f"f{self.functions}"
                return [
                    f"def {name}(p, q='j', *a, r='o'):",
                    *self.within(depth, loop=False, inside=True),
                    f"    return {self.value()}",
                    f"{pick(NAMES)} = {name}({self.value()})",
                ]
            case "return":
                return [f"return {self.value()}"]
            case word:
                return [word]


def really_deleted(source: str) -> set[str]:
    found: set[str] = set()
    original = os.remove
    os.remove = found.add
    try:
        exec(compile(source, "program", "exec"), {"__name__": "__main__"})
    except (
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        UnboundLocalError,
        NameError,
        ValueError,
        RecursionError,
    ):
        pass  # what happened until then counts
    finally:
        os.remove = original
    return found


def said_to_be_deleted(source: str) -> set[str] | None:
    """None: it could be anything."""
    evaluator = Evaluator(Facts(workspace="/w", home="/h", cwd="/w"))
    call = Call(evaluator, "python3", ("python3",), [], State(cwd=("/w",)), Span(0, 1))
    Reader(call, shadowed_from=None).read(source)
    said: set[str] = set()
    for effect in evaluator.effects:
        if isinstance(effect, Opaque):
            return None
        if isinstance(effect, DeletePath):
            if not isinstance(effect.path, KnownPath) or effect.recursive:
                return None
            said.add(effect.path.text)
    return said


@pytest.mark.parametrize("start", range(0, int(os.environ.get("GUARD_PROGRAMS", "1500")), 100))
def test_what_is_deleted_was_said(start: int) -> None:
    followed = 0
    for seed in range(start, start + 100):
        source = Program(seed).text()
        said = said_to_be_deleted(source)
        if said is None:
            continue
        followed += 1
        really = {f"/w/{path}" if not path.startswith("/") else path for path in really_deleted(source)}
        assert really <= said, f"seed {seed}\n{source}"
    assert followed
