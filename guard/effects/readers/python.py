"""Reads Python code by its own syntax tree and says what it would do. Runs nothing, imports nothing of what it reads.

A small abstract interpreter: constants, paths, containers, functions of the code itself. What it does not follow for
certain is opaque, with the line. Where paths through the code meet, a name holds whatever any of them gave it.
"""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import ast
from sys import stdlib_module_names

from guard.effects.call import Call
from guard.effects.readers.python_expressions import Expressions, Frame, Stop, held, names_bound
from guard.effects.readers.python_paths import Paths
from guard.effects.readers.python_tables import ACTS_WHEN_IMPORTED, PRELOADED
from guard.effects.readers.python_values import (
    Data,
    FileValue,
    Function,
    Items,
    Named,
    Opened,
    Table,
    either,
    elements,
    is_known,
    known,
)
from guard.effects.values import Hole, Piece
from guard.model.facts import LookModule, ModuleFact

MAX_STEPS = 4000
MAX_ITEMS = 64
MAX_TEXT = 64 * 1024
MAX_PASSES = 3

NORMAL, LEFT, AGAIN, ENDED = 1, 2, 4, 8
"""How a block may end: by going on, by leaving its loop, by going round again, or not at all (return, raise, exit)."""


class Reader(Expressions):
    """One reading of one program."""

    def __init__(self, call: Call, *, shadowed_from: str | None, reads_program: bool = False) -> None:
        """``shadowed_from``: the directory whose modules come before the standard library's; None = none does."""
        super().__init__()
        self.call = call
        call.in_order = True
        self.paths = Paths(call)
        self.reads_program = reads_program
        """Whether the program itself comes on standard input."""
        self.read_once = False
        self.sure = True
        """Whether what is being read surely happens, once."""
        self._fragile = 0
        """How many blocks around this place may be left half-way."""
        self._shadowed_from = shadowed_from
        self._steps = 0
        self._printed: list[Piece] = []
        self._whole = True
        """Whether no earlier part can have ended the program."""
        self._said: set[str] = set()

    def read(self, source: str) -> None:
        """Say everything that ``source`` would do."""
        if len(source) > MAX_TEXT:
            self.call.opaque("Python code that is too long to read")
            return
        for line in source.split("\n", 2)[:2]:
            if (
                line.lstrip().startswith("#")
                and "coding" in line
                and not any(name in line.lower() for name in ("utf-8", "utf8", "ascii", "latin-1"))
            ):
                self.call.opaque("Python code in an encoding that is not followed")
                return
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # Another version of Python may read it.
            self.call.opaque("Python code that cannot be read")
            return
        frame = Frame({"__name__": "__main__"}, None)
        try:
            self.block(tree.body, frame)
        except Stop:
            pass
        except RecursionError:
            self.call.opaque("Python code that is nested too deeply to read")
        self.call.output = tuple(self._printed)

    # ------------------------------------------------------------------ saying

    def opaque(self, reason: str) -> None:
        text = f"Python, line {self.line}: {reason}"
        if text not in self._said:
            self._said.add(text)
            self.call.opaque(text)

    def printed(self, text: str | None) -> None:
        """``None``: something that nobody can tell."""
        before = self._printed[-1] if self._printed else "\n"
        # A program may end between two of its lines, so only whole lines are put together.
        if (
            text is None
            or not self.sure
            or not self._whole
            or not isinstance(before, str)
            or not before.endswith("\n")
            or before.endswith("\\\n")
        ):
            self._printed.append(Hole("what Python prints"))
        else:
            self._printed.append(text)

    @property
    def steady(self) -> bool:
        """Whether what changes a list or the directory here surely happens: a block that is tried may be left before it."""
        return self.sure and not self._fragile

    def step(self, node: ast.AST) -> None:
        self.line = getattr(node, "lineno", self.line)
        self._steps += 1
        if self._steps > MAX_STEPS:
            self.opaque("too much to follow")
            raise Stop

    def ends(self) -> object:
        """``sys.exit``: what follows may not happen, and is read all the same."""
        self._whole = False
        return Data()

    # ------------------------------------------------------------------ statements

    def block(self, body: list[ast.stmt], frame: Frame) -> int:
        for index, statement in enumerate(body):
            how = self._statement(statement, frame)
            if not how & NORMAL:
                return how
            if how != NORMAL:
                # It may have ended: what follows happens only sometimes.
                self._whole = False
                return how & ~NORMAL | self._unsure(body[index + 1 :], frame)
        return NORMAL

    def _unsure(self, body: list[ast.stmt], frame: Frame) -> int:
        """What may happen."""
        before, self.sure = self.sure, False
        try:
            return self.block(body, frame)
        finally:
            self.sure = before

    def _annotation(self, node: ast.expr | None, frame: Frame) -> None:
        """What stands where a type does is worked out like any other expression; names of types alone do nothing."""
        if node is not None and any(isinstance(part, ast.Call | ast.NamedExpr) for part in ast.walk(node)):
            self.value(node, frame)

    def _statement(self, node: ast.stmt, frame: Frame) -> int:
        self.step(node)
        match node:
            case ast.Expr(value=value):
                self.value(value, frame)
            case ast.Assign(targets=targets, value=value):
                found = self.value(value, frame)
                for target in targets:
                    self.bind(target, found, frame)
            case ast.AnnAssign(target=target, value=value, annotation=annotation):
                self._annotation(annotation, frame)
                if value is not None:
                    self.bind(target, self.value(value, frame), frame)
            case ast.AugAssign():
                self._augmented(node, frame)
            case ast.Import(names=names):
                for name in names:
                    self._import(name.name)
                    bound = name.asname or name.name.partition(".")[0]
                    frame.bind(bound, Named(name.name if name.asname else bound))
            case ast.ImportFrom(module=module, names=names, level=level):
                if level or module is None or any(name.name == "*" for name in names):
                    self.opaque("imports names that are not known")
                    raise Stop
                self._import(module)
                for name in names:
                    frame.bind(name.asname or name.name, Named(f"{module}.{name.name}"))
            case ast.If(test=test, body=body, orelse=orelse):
                return self._if(test, body, orelse, frame)
            case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
                return self._for(target, self.value(iterable, frame), body, orelse, frame)
            case ast.While(test=test, body=body, orelse=orelse):
                return self._loop(body, orelse, frame, lambda: self.value(test, frame))
            case ast.With(items=items, body=body):
                return self._with(items, body, frame)
            case ast.Try():
                return self._try(node, frame)
            case ast.FunctionDef(name=name, decorator_list=decorators):
                for default in [*node.args.defaults, *[d for d in node.args.kw_defaults if d is not None]]:
                    self.value(default, frame)
                given = node.args
                for argument in (
                    *given.posonlyargs,
                    *given.args,
                    *given.kwonlyargs,
                    given.vararg,
                    given.kwarg,
                ):
                    if argument is not None:
                        self._annotation(argument.annotation, frame)
                self._annotation(node.returns, frame)
                if decorators:
                    self.opaque("a function with decorators")
                frame.bind(name, Function(node, frame))
            case ast.Return(value=value):
                frame.returns.append(self.value(value, frame) if value is not None else None)
                return ENDED
            case ast.Raise(exc=exc):
                if exc is not None:
                    self.value(exc, frame)
                self._whole = False
                return ENDED
            case ast.Assert(test=test):
                self.value(test, frame)
                self._whole = False
            case ast.Pass():
                pass
            case ast.Break():
                frame.leaves.append(dict(frame.names))
                return LEFT
            case ast.Continue():
                frame.agains.append(dict(frame.names))
                return AGAIN
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target, frame)
            case _:
                self.opaque(f"`{type(node).__name__}` is not followed")
        return NORMAL

    def _augmented(self, node: ast.AugAssign, frame: Frame) -> None:
        added = self.value(node.value, frame)
        before = self.value(as_load(node.target), frame)
        if isinstance(before, Items | Table):
            # `+=` changes the list itself, whoever else knows it.
            before.forget(self.paths.item_of(added))
            before.forget(added)
            return
        self.bind(node.target, self.operation(node.op, before, added), frame)

    def _delete(self, target: ast.expr, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            frame.bind(target.id, Data())
            return
        if isinstance(target, ast.Subscript):
            holder = self.value(target.value, frame)
            self.value(target.slice, frame)
            if isinstance(holder, Items | Table):
                holder.forget()
                return
            if isinstance(holder, Data):
                return
        self.opaque("deletes something that is not followed")

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], frame: Frame) -> int:
        chosen = self.value(test, frame)
        if is_known(chosen):
            return self.block(body if known(chosen) else orelse, frame)
        before = dict(frame.names)
        first = self._unsure(body, frame)
        one, frame.names = frame.names, before
        second = self._unsure(orelse, frame)
        if not second & NORMAL:
            frame.names = one
        elif first & NORMAL:
            frame.join(one)
        return first | second

    def _for(
        self, target: ast.expr, values: object, body: list[ast.stmt], orelse: list[ast.stmt], frame: Frame
    ) -> int:
        parts = elements(values)
        if parts is None or len(parts) > MAX_ITEMS:
            item = self.paths.item_of(values)
            return self._loop(body, orelse, frame, lambda: self.bind(target, item, frame))
        leaves, agains = frame.leaves, frame.agains
        frame.leaves, ended, goes_on, sure = [], 0, True, self.sure
        for part in parts:
            frame.agains = []
            self.bind(target, part, frame)
            how = self.block(body, frame)
            ended |= how & ENDED
            if frame.agains and not how & NORMAL:
                frame.names = frame.agains.pop()
            for names in frame.agains:
                frame.join(names)
            if how & (LEFT | ENDED):
                self.sure = False
            if not how & (NORMAL | AGAIN):
                goes_on = False
                break
        left, frame.leaves, frame.agains, self.sure = frame.leaves, leaves, agains, sure
        return self._after(orelse, frame, left, ended, goes_on=goes_on)

    def _loop(self, body: list[ast.stmt], orelse: list[ast.stmt], frame: Frame, start: object) -> int:
        """As many times as anything: whatever the body binds is what it was or what any round gave it."""
        leaves, agains = frame.leaves, frame.agains
        frame.leaves, frame.agains, ended = [], [], 0
        sure, self.sure = self.sure, False
        self._printed.append(Hole("what Python prints"))
        before = dict(frame.names)
        try:
            for turn in range(MAX_PASSES + 1):
                frame.bound.append({})
                if callable(start):
                    start()
                ended |= self.block(body, frame) & ENDED
                bound = frame.bound.pop()
                frame.note(bound)
                names = dict(before)
                for name, values in bound.items():
                    old = held(before, name)
                    names[name] = (
                        either(*old, *values) if turn < MAX_PASSES else either(Data(), *old, *values)
                    )
                same = all(_alike(before.get(name), names[name]) for name in bound)
                before = names
                frame.names = dict(names)
                if same:
                    break
            else:
                self.opaque("a loop that does not settle")
        finally:
            self.sure = sure
        left, frame.leaves, frame.agains = [*frame.leaves, *frame.agains], leaves, agains
        return self._after(orelse, frame, left, ended, goes_on=True)

    def _after(
        self,
        orelse: list[ast.stmt],
        frame: Frame,
        left: list[dict[str, object]],
        ended: int,
        *,
        goes_on: bool,
    ) -> int:
        """What follows a loop: from its end, or from wherever it was left."""
        how = ended
        if goes_on:
            how |= (self._unsure if left else self.block)(orelse, frame)
        if left:
            if not how & NORMAL:
                frame.names = left.pop()
            for names in left:
                frame.join(names)
            how |= NORMAL
        return how

    def _with(self, items: list[ast.withitem], body: list[ast.stmt], frame: Frame) -> int:
        quiet = True
        for item in items:
            entered = self.value(item.context_expr, frame)
            quiet = quiet and isinstance(entered, FileValue | Opened)
            if item.optional_vars is not None:
                name = (
                    entered.path if isinstance(entered, Opened) and entered.kind == "temporary" else entered
                )
                self.bind(item.optional_vars, name, frame)
        if quiet:
            return self.block(body, frame)
        # `contextlib.suppress`, and whatever else may swallow an error in the middle.
        return self._attempt(body, frame) | NORMAL

    def _attempt(self, body: list[ast.stmt], frame: Frame) -> int:
        """A block that may end at any point: afterwards each name is what it was or what it was given on the way."""
        before = dict(frame.names)
        frame.bound.append({})
        whole = self._whole
        self._fragile += 1
        try:
            how = self.block(body, frame)
        finally:
            self._fragile -= 1
            bound = frame.bound.pop()
        self._whole = False if not whole else self._whole
        frame.note(bound)
        for name, values in bound.items():
            frame.names[name] = either(*held(before, name), *values)
        return how

    def _try(self, node: ast.Try, frame: Frame) -> int:
        exits = len(frame.leaves) + len(frame.agains)
        before = dict(frame.names)
        frame.bound.append({})
        self._fragile += 1
        how = self.block(node.body, frame)
        self._fragile -= 1
        bound = frame.bound.pop()
        frame.note(bound)
        after = frame.names
        broken = {
            **before,
            **{name: either(*held(before, name), *values) for name, values in bound.items()},
        }
        frame.bound.append({})
        if node.orelse and how & NORMAL:
            how = how & ~NORMAL | self.block(node.orelse, frame)
            after = frame.names
        self._whole = False
        for handler in node.handlers:
            frame.names = dict(broken)
            self._annotation(handler.type, frame)
            if handler.name:
                frame.bind(handler.name, Data("an error"))
            ended = self._unsure(handler.body, frame)
            if ended & NORMAL:
                if how & NORMAL:
                    frame.join(after)
                after = frame.names
            how |= ended
        frame.names = after
        later = frame.bound.pop()
        frame.note(later)
        if node.finalbody:
            if names_bound(node.finalbody) and len(frame.leaves) + len(frame.agains) != exits:
                self.opaque("leaves a loop through `finally`")
                raise Stop
            # It runs whichever way the rest was left, after whatever had been given names by then.
            frame.join(broken)
            for name, values in later.items():
                frame.names[name] = either(*held(frame.names, name), *values)
            last = self.block(node.finalbody, frame)
            how = how if last & NORMAL else last
        return how

    def _import(self, name: str) -> None:
        top = name.partition(".")[0]
        if top not in stdlib_module_names or top in ACTS_WHEN_IMPORTED:
            self.opaque(f"`import {top}` runs code of others")
            return
        if top in PRELOADED or self._shadowed_from is None:
            return
        answer = self.call.evaluator.ask(LookModule(top, self._shadowed_from))
        made = any(
            path.startswith(f"{self._shadowed_from.rstrip('/')}/{top}") for path in self.call.state.written
        )
        if not isinstance(answer, ModuleFact) or answer.found or made:
            self.opaque(f"`import {top}` may find a module of this directory")


def _alike(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and not isinstance(one, Items | Table) and one == other)


def as_load(node: ast.expr) -> ast.expr:
    match node:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node)
        case ast.Attribute(value=value, attr=attr):
            return ast.copy_location(ast.Attribute(value=value, attr=attr, ctx=ast.Load()), node)
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value=value, slice=index, ctx=ast.Load()), node)
        case _:
            return node
