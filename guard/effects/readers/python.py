"""Reads Python code by its own syntax tree and says what it would do. Runs nothing, imports nothing of what it reads.

A small abstract evaluator: constants, paths, containers, functions of the code itself. What it does not follow for
certain is opaque, with the line.
"""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import ast
from contextlib import suppress
from sys import stdlib_module_names
from typing import Any

from guard.effects.call import Call
from guard.effects.readers.python_calls import BUILTINS, PRELOADED, Effects
from guard.effects.readers.python_values import (
    Anything,
    Below,
    Data,
    FileValue,
    Function,
    Method,
    Named,
    PathValue,
    is_known,
)
from guard.effects.values import Hole, Piece
from guard.model.facts import LookModule, ModuleFact

_CODE = frozenset({"exec", "eval", "builtins.exec", "builtins.eval"})
_ACTS_WHEN_IMPORTED = frozenset({"antigravity", "idlelib", "lib2to3", "turtledemo", "test"})
MAX_STEPS = 4000
MAX_DEPTH = 12
MAX_ITEMS = 64
MAX_TEXT = 64 * 1024


class _Stop(Exception):
    pass


class Reader:
    """One reading of one program."""

    def __init__(self, call: Call, *, shadowed_from: str | None) -> None:
        """``shadowed_from``: the directory whose modules come before the standard library's; None = none does."""
        self.effects = Effects(call, self.opaque)
        self._call = call
        self._shadowed_from = shadowed_from
        self._steps = 0
        self._depth = 0
        self._printed: list[Piece] = []
        self._sure = True
        self._line = 0
        self._said: set[str] = set()

    def read(self, source: str) -> None:
        """Say everything that ``source`` would do."""
        if len(source) > MAX_TEXT:
            self._call.opaque("Python code that is too long to read")
            return
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # Another version of Python may read it.
            self._call.opaque("Python code that cannot be read")
            return
        scope: dict[str, object] = {"__name__": "__main__"}
        try:
            self._body(tree.body, scope)
        except _Stop:
            pass
        except RecursionError:
            self._call.opaque("Python code that is nested too deeply to read")
        self._call.output = tuple(self._printed)

    def opaque(self, reason: str) -> None:
        text = f"Python, line {self._line}: {reason}"
        if text not in self._said:
            self._said.add(text)
            self._call.opaque(text)

    def printed(self, text: str | None) -> None:
        """``None``: something that nobody can tell."""
        if text is None or not self._sure:
            self._printed.append(Hole("what Python prints"))
        else:
            self._printed.append(text)

    # ------------------------------------------------------------------ statements

    def _body(self, body: list[ast.stmt], scope: dict[str, object]) -> None:
        for statement in body:
            self._statement(statement, scope)

    def _statement(self, node: ast.stmt, scope: dict[str, object]) -> None:
        self._step(node)
        match node:
            case ast.Expr(value=value):
                self._value(value, scope)
            case ast.Assign(targets=targets, value=value):
                found = self._value(value, scope)
                for target in targets:
                    self._bind(target, found, scope)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self._bind(target, self._value(value, scope), scope)
            case ast.AugAssign(target=target, op=op, value=value):
                added = self._value(value, scope)
                before = self._value(ast.copy_location(_as_load(target), target), scope)
                self._bind(target, self._operation(op, before, added), scope)
            case ast.Import(names=names):
                for name in names:
                    self._import(name.name)
                    bound = name.asname or name.name.partition(".")[0]
                    scope[bound] = Named(name.name if name.asname else bound)
            case ast.ImportFrom(module=module, names=names, level=level):
                if level or module is None:
                    self.opaque("imports from its own package")
                    raise _Stop
                self._import(module)
                for name in names:
                    scope[name.asname or name.name] = Named(f"{module}.{name.name}")
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse, scope)
            case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
                self._for(target, self._value(iterable, scope), body, scope)
                self._maybe(orelse, scope)
            case ast.While(test=test, body=body, orelse=orelse):
                self._value(test, scope)
                self._forget(body, scope)
                self._maybe(body, scope)
                self._maybe([*body, *orelse], scope)
            case ast.With(items=items, body=body):
                for item in items:
                    entered = self._value(item.context_expr, scope)
                    if item.optional_vars is not None:
                        self._bind(item.optional_vars, entered, scope)
                self._body(body, scope)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                self._guarded(body, scope)
                for handler in handlers:
                    if handler.name:
                        scope[handler.name] = Data("an error")
                    self._maybe(handler.body, scope)
                self._maybe(orelse, scope)
                self._body(finalbody, scope)
            case ast.FunctionDef(name=name, decorator_list=decorators):
                for default in [*node.args.defaults, *[d for d in node.args.kw_defaults if d is not None]]:
                    self._value(default, scope)
                if decorators:
                    self.opaque("a function with decorators")
                scope[name] = Function(node, scope)
            case ast.Return(value=value):
                scope["return"] = self._value(value, scope) if value is not None else None
                raise _Stop
            case ast.Raise(exc=exc):
                if exc is not None:
                    self._value(exc, scope)
                raise _Stop
            case ast.Assert(test=test):
                self._value(test, scope)
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Nonlocal() | ast.Global():
                if isinstance(node, ast.Nonlocal | ast.Global):
                    self.opaque("changes names outside of a function")
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        scope.pop(target.id, None)
                    else:
                        self._value(_as_load(target), scope)
            case _:
                self.opaque(f"`{type(node).__name__}` is not followed")

    def _if(
        self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], scope: dict[str, object]
    ) -> None:
        chosen = self._value(test, scope)
        if is_known(chosen):
            self._body(body if chosen else orelse, scope)
            return
        before = dict(scope)
        self._maybe(body, scope)
        other = before
        self._maybe(orelse, other)
        for name in scope.keys() | other.keys():
            if scope.get(name) != other.get(name):
                scope[name] = _either(scope.get(name), other.get(name))

    def _maybe(self, body: list[ast.stmt], scope: dict[str, object]) -> None:
        """What may happen: an end of it is not the end of everything."""
        sure, self._sure = self._sure, False
        if body:
            self._printed.append(Hole("what Python prints"))
        try:
            self._body(body, scope)
        except _Stop:
            pass
        finally:
            self._sure = sure

    def _guarded(self, body: list[ast.stmt], scope: dict[str, object]) -> None:
        with suppress(_Stop):
            self._body(body, scope)

    def _for(self, target: ast.expr, values: object, body: list[ast.stmt], scope: dict[str, object]) -> None:
        if isinstance(values, list | tuple | set | dict | str) and len(values) <= MAX_ITEMS:
            for item in list(values):
                self._bind(target, item, scope)
                try:
                    self._body(body, scope)
                except _Stop:
                    return
            return
        self._forget(body, scope)
        for _ in range(2):
            self._bind(target, self.effects.item_of(values), scope)
            self._maybe(body, scope)

    def _forget(self, body: list[ast.stmt], scope: dict[str, object]) -> None:
        """What a loop assigns is not what it was before."""
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in scope:
                    scope[node.id] = _either(scope[node.id], Data())

    def _bind(self, target: ast.expr, value: object, scope: dict[str, object]) -> None:
        match target:
            case ast.Name(id=name):
                scope[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                known = list(value) if isinstance(value, list | tuple) else None
                for index, part in enumerate(parts):
                    exact = (
                        known is not None and len(known) == len(parts) and not isinstance(part, ast.Starred)
                    )
                    inner = part.value if isinstance(part, ast.Starred) else part
                    self._bind(
                        inner,
                        known[index] if exact and known is not None else self.effects.item_of(value),
                        scope,
                    )
            case ast.Subscript(value=holder):
                base = self._value(holder, scope)
                self._value(target.slice, scope)
                if isinstance(holder, ast.Name) and isinstance(base, list | dict):
                    scope[holder.id] = Data()
                elif isinstance(base, Named | Anything):
                    self.opaque(f"changes `{ast.unparse(holder)[:60]}`")
            case _:
                self.opaque(f"assigns to `{ast.unparse(target)[:60]}`")

    def _import(self, name: str) -> None:
        top = name.partition(".")[0]
        if top not in stdlib_module_names or top in _ACTS_WHEN_IMPORTED:
            self.opaque(f"`import {top}` runs code of others")
            return
        if top in PRELOADED or self._shadowed_from is None:
            return
        answer = self._call.evaluator.ask(LookModule(top, self._shadowed_from))
        if not isinstance(answer, ModuleFact) or answer.found:
            self.opaque(f"`import {top}` may find a module of this directory")

    # ------------------------------------------------------------------ expressions

    def _value(self, node: ast.expr, scope: dict[str, object]) -> object:
        self._step(node)
        match node:
            case ast.Constant():
                return node.value if node.value is not Ellipsis else Data()
            case ast.Name(id=name):
                if name in scope:
                    return scope[name]
                if name == "__file__":
                    return Data()
                return Named(name) if name in BUILTINS else Anything(f"`{name}` is not known")
            case ast.Attribute(value=holder, attr=name):
                return self.effects.attribute(self._value(holder, scope), name)
            case ast.Call():
                return self._called(node, scope)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(op, self._value(left, scope), self._value(right, scope))
            case ast.UnaryOp(op=op, operand=operand):
                value = self._value(operand, scope)
                if isinstance(op, ast.Not):
                    return (not value) if is_known(value) else Data()
                return -value if isinstance(op, ast.USub) and isinstance(value, int | float) else Data()
            case ast.BoolOp(values=values):
                found = [self._value(value, scope) for value in values]
                if len(found) == 2 and isinstance(node.op, ast.Or) and is_known(found[0]):
                    return found[0] or found[1]
                return _either(*found[:2])
            case ast.Compare(left=left, comparators=others):
                one = self._value(left, scope)
                two = [self._value(other, scope) for other in others]
                if len(two) == 1 and isinstance(node.ops[0], ast.Eq) and is_known(one) and is_known(two[0]):
                    return one == two[0]
                return Data()
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._value(test, scope)
                return _either(self._value(body, scope), self._value(orelse, scope))
            case ast.JoinedStr(values=values):
                return self._joined(values, scope)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                elements: list[object] = []
                for part in parts:
                    if isinstance(part, ast.Starred):
                        inner = self._value(part.value, scope)
                        elements += list(inner) if isinstance(inner, list | tuple) else [Data()]
                    else:
                        elements.append(self._value(part, scope))
                return tuple(elements) if isinstance(node, ast.Tuple) else elements
            case ast.Dict(keys=keys, values=values):
                pairs = [
                    (self._value(k, scope) if k is not None else None, self._value(v, scope))
                    for k, v in zip(keys, values, strict=True)
                ]
                return dict(pairs) if all(isinstance(k, str | int) for k, _ in pairs) else Data()
            case ast.Subscript(value=holder, slice=index):
                return self.effects.subscript(self._value(holder, scope), self._value(index, scope))
            case ast.Slice(lower=lower, upper=upper, step=step):
                ends = [
                    self._value(part, scope) if part is not None else None for part in (lower, upper, step)
                ]
                return slice(*ends) if all(part is None or isinstance(part, int) for part in ends) else Data()
            case ast.Lambda():
                return Function(node, scope)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, scope)
            case ast.NamedExpr(target=target, value=value):
                found_value = self._value(value, scope)
                self._bind(target, found_value, scope)
                return found_value
            case ast.FormattedValue(value=value):
                return self._value(value, scope)
            case _:
                self.opaque(f"`{type(node).__name__}` is not followed")
                return Anything("not followed")

    def _joined(self, values: list[ast.expr], scope: dict[str, object]) -> object:
        out: list[str] = []
        for part in values:
            value = self._value(part, scope)
            plain = isinstance(part, ast.Constant) or (
                isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None
            )
            if isinstance(value, PathValue) and plain:
                value = value.path
            if isinstance(value, Below) and plain:
                return value if "".join(out) == "" else Data()
            if not plain or not is_known(value):
                if isinstance(value, Data) and value.name and "".join(out).endswith("/"):
                    return Below("".join(out))
                return Data()
            out.append(str(value))
        return "".join(out)

    def _comprehension(self, node: Any, scope: dict[str, object]) -> object:
        inner = dict(scope)
        results: list[object] = []
        first = node.generators[0]
        values = self._value(first.iter, inner)
        items = (
            list(values)
            if isinstance(values, list | tuple | set | str)
            and len(values) <= MAX_ITEMS
            and len(node.generators) == 1
            else None
        )
        for item in items if items is not None else [self.effects.item_of(values)]:
            self._bind(first.target, item, inner)
            for generator in node.generators[1:]:
                self._bind(generator.target, self.effects.item_of(self._value(generator.iter, inner)), inner)
            unsure = any(
                not is_known(self._value(test, inner))
                for generator in node.generators
                for test in generator.ifs
            )
            made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            results.extend(self._value(part, inner) for part in made)
            if unsure:
                items = None
        if items is not None and not isinstance(node, ast.DictComp):
            return results
        paths = [value for value in results if isinstance(value, PathValue | Below)]
        return [paths[0]] if paths else Data()

    def _operation(self, op: ast.operator, left: object, right: object) -> object:
        if isinstance(op, ast.Div) and isinstance(left, PathValue):
            return PathValue(self.effects.joined([left.path, right]))
        try:
            match op:
                case ast.Add() if isinstance(left, str) and isinstance(right, str):
                    return (left + right)[:MAX_TEXT]
                case ast.Add() if isinstance(left, list) and isinstance(right, list):
                    return [*left, *right]
                case ast.Add() if isinstance(left, int) and isinstance(right, int):
                    return left + right
                case ast.Add() if (
                    isinstance(left, str) and left.endswith("/") and isinstance(right, Data) and right.name
                ):
                    return Below(left)
                case ast.Mult() if (
                    isinstance(left, str) and isinstance(right, int) and len(left) * right < MAX_TEXT
                ):
                    return left * right
                case ast.Mod() if isinstance(left, str) and is_known(right):
                    return left % (tuple(right) if isinstance(right, list) else right)
                case _:
                    pass
        except (TypeError, ValueError, KeyError):
            return Data()
        return (
            Data()
            if not isinstance(left, Anything) and not isinstance(right, Anything)
            else Anything("not known")
        )

    # ------------------------------------------------------------------ calls

    def _called(self, node: ast.Call, scope: dict[str, object]) -> object:
        target = self._value(node.func, scope)
        arguments: list[object] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                inner = self._value(argument.value, scope)
                arguments += (
                    list(inner) if isinstance(inner, list | tuple) else [Data("arguments that are not known")]
                )
            else:
                arguments.append(self._value(argument, scope))
        keywords = {keyword.arg or "**": self._value(keyword.value, scope) for keyword in node.keywords}
        self._line = node.lineno
        if isinstance(target, Function):
            return self._own(target, arguments, keywords)
        # A function that is handed over is called with something.
        for value in (*arguments, *keywords.values()):
            if isinstance(value, Function):
                self._own(value, [Data() for _ in _parameters(value.node)], {})
            elif isinstance(value, Named | Method):
                self._handed(value, [other for other in arguments if other is not value])
        code = arguments[0] if arguments else None
        if isinstance(code, bytes):
            code = code.decode(errors="replace")
        if isinstance(target, Named) and target.name in _CODE and isinstance(code, str):
            self._nested(code, scope)
            return Data()
        return self.effects.call(self, target, arguments, keywords)

    def _handed(self, function: Named | Method, others: list[object]) -> None:
        """``map(os.remove, names)``: a function of a module, or a method of a path, is called with what is in the rest."""
        if isinstance(function, Named):
            if self.effects.is_harmless(function.name):
                return
            self.effects.call(
                self, function, [self.effects.item_of(other) for other in others] or [Data()], {}
            )
        elif isinstance(function.of, PathValue):
            self.effects.call(self, function, [], {})

    def _nested(self, source: str, scope: dict[str, object]) -> None:
        try:
            self._guarded(ast.parse(source.strip()).body, scope)
        except (SyntaxError, ValueError):
            self.opaque("code that cannot be read")

    def _own(self, function: Function, arguments: list[object], keywords: dict[str, object]) -> object:
        if self._depth >= MAX_DEPTH:
            self.opaque("functions that call each other too deeply")
            return Data()
        self._depth += 1
        names = _parameters(function.node)
        # What a function sees is what stands there when it is called.
        inner = dict(function.scope)
        inner.pop("return", None)
        for index, name in enumerate(names):
            inner[name] = (
                arguments[index]
                if index < len(arguments)
                else keywords.get(name, _default(function.node, name))
            )
        node: Any = function.node
        try:
            if isinstance(node, ast.Lambda):
                return self._value(node.body, inner)
            with suppress(_Stop):
                self._body(node.body, inner)
            return inner.get("return")
        finally:
            self._depth -= 1

    def _step(self, node: ast.AST) -> None:
        self._line = getattr(node, "lineno", self._line)
        self._steps += 1
        if self._steps > MAX_STEPS:
            self.opaque("too much to follow")
            raise _Stop


def _parameters(node: Any) -> list[str]:
    given = node.args
    return [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)] + [
        argument.arg for argument in (given.vararg, given.kwarg) if argument is not None
    ]


def _default(node: Any, name: str) -> object:
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    for argument, default in zip(reversed(positional), reversed(given.defaults), strict=False):
        if argument.arg == name:
            return default.value if isinstance(default, ast.Constant) else Data()
    return Data()


def _as_load(node: ast.expr) -> ast.expr:
    match node:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node)
        case ast.Attribute(value=value, attr=attr):
            return ast.copy_location(ast.Attribute(value=value, attr=attr, ctx=ast.Load()), node)
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value=value, slice=index, ctx=ast.Load()), node)
        case _:
            return node


def _either(one: object, other: object) -> object:
    """A value that is one of two."""
    if one == other:
        return one
    for value in (one, other):
        if isinstance(value, Anything | Named | Function | Method):
            return Anything("one of two things")
    if isinstance(one, PathValue) or isinstance(other, PathValue):
        return PathValue(Data())
    if isinstance(one, FileValue) or isinstance(other, FileValue):
        return FileValue(Data())
    return Data()
