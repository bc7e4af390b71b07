"""What Python expressions give, and the frames in which their names are looked up."""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import ast

from guard.effects.readers import python_tables as tables
from guard.effects.readers.python_calls import called
from guard.effects.readers.python_methods import attribute, method
from guard.effects.readers.python_paths import joined
from guard.effects.readers.python_values import (
    Anything,
    Below,
    Data,
    Function,
    Items,
    Method,
    Named,
    Opened,
    Partial,
    PathValue,
    Table,
    either,
    elements,
    hides,
    holds_environment,
    is_known,
    known,
)
from guard.model.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.effects.readers.python import Reader

MAX_DEPTH = 12
_MAX_TEXT = 64 * 1024
_MAX_ITEMS = 64
_CODE = frozenset({"exec", "eval", "builtins.exec", "builtins.eval"})


class Stop(Exception):
    """Nothing more can be followed, and that was said."""


class Frame:
    """The names of the module, or of one call of a function. ``outer``: the frame in which the function was made."""

    __slots__ = ("agains", "bound", "leaves", "names", "outer", "returns")

    def __init__(self, names: dict[str, object], outer: "Frame | None") -> None:
        self.names = names
        self.outer = outer
        self.bound: list[dict[str, list[object]]] = []
        """For every block that may be left half-way: what names were given in it."""
        self.leaves: list[dict[str, object]] = []
        self.agains: list[dict[str, object]] = []
        self.returns: list[object] = []

    def bind(self, name: str, value: object) -> None:
        self.names[name] = value
        if self.bound:
            self.bound[-1].setdefault(name, []).append(value)

    def note(self, bound: dict[str, list[object]]) -> None:
        """What was bound in an inner block was bound in the outer one too."""
        if self.bound:
            for name, values in bound.items():
                self.bound[-1].setdefault(name, []).extend(values)

    def join(self, other: dict[str, object]) -> None:
        """Either these names or those."""
        for name in self.names.keys() | other.keys():
            values = [*self.held(name), *(held(other, name))]
            self.names[name] = either(*values)

    def held(self, name: str) -> list[object]:
        return held(self.names, name)

    def look(self, name: str) -> object:
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.outer
        if name in tables.BUILTINS:
            return Named(name)
        return Data() if name == "__file__" else Anything(f"`{name}` is not known")


def held(names: dict[str, object], name: str) -> list[object]:
    """What a name holds; nothing where it has no value, since to read it there is an error, unless it is a builtin."""
    if name in names:
        return [names[name]]
    return [Named(name)] if name in tables.BUILTINS else []


class Expressions:
    """The half of the reader that evaluates."""

    def __init__(self) -> None:
        self.line = 0
        self._depth = 0
        self._perhaps = 0
        """How many expressions around this one may not be evaluated."""

    @property
    def _reader(self) -> "Reader":
        return self  # type: ignore[return-value]

    # ------------------------------------------------------------------ binding

    def bind(self, target: ast.expr, value: object, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                frame.bind(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._unpack(parts, value, frame)
            case ast.Subscript(value=holder):
                base = self.value(holder, frame)
                index = self.value(target.slice, frame)
                if isinstance(base, Items | Table):
                    exact = self._reader.steady and base.values is not None and isinstance(index, str | int)
                    if (
                        exact
                        and isinstance(base, Table)
                        and base.values is not None
                        and len(base.values) < 256
                    ):
                        base.values[index] = value
                    else:
                        base.forget(value)
                elif not isinstance(base, Data):
                    self._reader.opaque(f"changes `{ast.unparse(holder)[:60]}`")
            case _:
                self._reader.opaque(f"assigns to `{ast.unparse(target)[:60]}`")

    def _unpack(self, parts: list[ast.expr], value: object, frame: Frame) -> None:
        found = elements(value)
        exact = (
            found is not None
            and len(found) == len(parts)
            and not any(isinstance(p, ast.Starred) for p in parts)
        )
        star = next((index for index, part in enumerate(parts) if isinstance(part, ast.Starred)), None)
        if star is not None and found is not None and len(found) >= len(parts) - 1:
            end = len(found) - (len(parts) - star - 1)
            found = [*found[:star], Items(found[star:end]), *found[end:]]
            parts = [part.value if isinstance(part, ast.Starred) else part for part in parts]
            exact = True
        for index, part in enumerate(parts):
            if exact and found is not None:
                self.bind(part, found[index], frame)
            elif isinstance(part, ast.Starred):
                self.bind(part.value, Items(None, self._reader.paths.item_of(value)), frame)
            else:
                self.bind(part, self._reader.paths.item_of(value), frame)

    # ------------------------------------------------------------------ values

    def value(self, node: ast.expr, frame: Frame) -> object:
        reader = self._reader
        reader.step(node)
        match node:
            case ast.Constant():
                return node.value if node.value is not Ellipsis else Data()
            case ast.Name(id=name):
                return frame.look(name)
            case ast.Attribute(value=holder, attr=name):
                return self.attribute(self.value(holder, frame), name)
            case ast.Call():
                return self._called(node, frame)
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(op, self.value(left, frame), self.value(right, frame))
            case ast.UnaryOp(op=op, operand=operand):
                found = self.value(operand, frame)
                if isinstance(op, ast.Not):
                    return (not known(found)) if is_known(found) else Data()
                return -found if isinstance(op, ast.USub) and isinstance(found, int | float) else Data()
            case ast.BoolOp(op=op, values=values):
                return self._either_of(op, values, frame)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compared(
                    self.value(left, frame), ops, [self.value(other, frame) for other in others]
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                chosen = self.value(test, frame)
                if is_known(chosen):
                    return self.value(body if known(chosen) else orelse, frame)
                return either(self._maybe(body, frame), self._maybe(orelse, frame))
            case ast.JoinedStr(values=values):
                return self._joined(values, frame)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return self._list(node, parts, frame)
            case ast.Dict(keys=keys, values=values):
                pairs = [
                    (self.value(k, frame) if k is not None else None, self.value(v, frame))
                    for k, v in zip(keys, values, strict=True)
                ]
                if any(key is None and value == Named("os.environ") for key, value in pairs):
                    return Named("os.environ")
                if all(isinstance(key, str | int) for key, _ in pairs):
                    return Table(dict(pairs))
                return Table(None, hides(*[v for _, v in pairs]))
            case ast.Subscript(value=holder, slice=index):
                return reader.paths.subscript(self.value(holder, frame), self.value(index, frame))
            case ast.Slice(lower=lower, upper=upper, step=step):
                ends = [
                    self.value(part, frame) if part is not None else None for part in (lower, upper, step)
                ]
                return slice(*ends) if all(part is None or isinstance(part, int) for part in ends) else Data()
            case ast.Lambda(args=given):
                for default in (*given.defaults, *given.kw_defaults):
                    if default is not None:
                        self.value(default, frame)
                return Function(node, frame)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, frame)
            case ast.NamedExpr(target=target, value=value):
                found = self.value(value, frame)
                self.bind(target, either(frame.look(target.id), found) if self._perhaps else found, frame)
                return found
            case ast.FormattedValue(value=value):
                return self.value(value, frame)
            case _:
                reader.opaque(f"`{type(node).__name__}` is not followed")
                return Anything("not followed")

    def attribute(self, value: object, name: str) -> object:
        return attribute(value, name)

    def _maybe(self, node: ast.expr, frame: Frame) -> object:
        """An expression that may not be evaluated."""
        reader = self._reader
        sure, reader.sure = reader.sure, False
        self._perhaps += 1
        try:
            return self.value(node, frame)
        finally:
            self._perhaps -= 1
            reader.sure = sure

    def _either_of(self, op: ast.boolop, values: list[ast.expr], frame: Frame) -> object:
        found = [self.value(values[0], frame)]
        for value in values[1:]:
            last = found[-1]
            if len(found) == 1 and is_known(last):
                if bool(known(last)) is isinstance(op, ast.Or):
                    return last
                found = [self.value(value, frame)]
            else:
                found.append(self._maybe(value, frame))
        return either(*found)

    def _compared(self, one: object, ops: list[ast.cmpop], others: list[object]) -> object:
        if len(others) != 1 or not is_known(one) or not is_known(others[0]):
            return Data()
        left: Any = known(one)
        right: Any = known(others[0])
        try:
            match ops[0]:
                case ast.Eq():
                    return left == right
                case ast.NotEq():
                    return left != right
                case ast.Lt():
                    return left < right
                case ast.Gt():
                    return left > right
                case ast.LtE():
                    return left <= right
                case ast.GtE():
                    return left >= right
                case ast.In() if isinstance(right, str | list | tuple | dict):
                    return left in right
                case ast.NotIn() if isinstance(right, str | list | tuple | dict):
                    return left not in right
                case _:
                    return Data()
        except TypeError:
            return Data()

    def _list(self, node: ast.expr, parts: list[ast.expr], frame: Frame) -> object:
        found: list[object] = []
        exact = True
        for part in parts:
            if isinstance(part, ast.Starred):
                inner = self.value(part.value, frame)
                listed = elements(inner)
                exact = exact and listed is not None
                found += listed if listed is not None else [self._reader.paths.item_of(inner)]
            else:
                found.append(self.value(part, frame))
        if isinstance(node, ast.Set):
            exact = exact and len(found) < 2
        if isinstance(node, ast.Tuple) and exact:
            return tuple(found)
        return Items(found) if exact else Items(None, either(*found))

    def _joined(self, values: list[ast.expr], frame: Frame) -> object:
        out: list[str] = []
        for part in values:
            value = self.value(part, frame)
            if holds_environment(value):
                self._reader.call.secret("the environment of this session")
            if isinstance(part, ast.FormattedValue) and part.format_spec is not None:
                self.value(part.format_spec, frame)
            plain = isinstance(part, ast.Constant) or (
                isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None
            )
            if isinstance(value, PathValue) and plain:
                value = value.path
            below = (
                value.base
                if isinstance(value, Below)
                else ""
                if isinstance(value, Data) and value.name
                else None
            )
            if below is not None and plain:
                # Text after a name stays a part of it unless it holds a slash.
                rest = values[values.index(part) + 1 :]
                harmless = all(isinstance(r, ast.Constant) and ".." not in str(r.value) for r in rest)
                before = "".join(out)
                if (
                    harmless
                    and isinstance(value, Below)
                    and not before
                    and all("/" in str(r.value)[:1] for r in rest[:1] if isinstance(r, ast.Constant))
                ):
                    return value
                if harmless and not isinstance(value, Below) and before.endswith("/"):
                    return Below(before)
                return Data()
            if not plain or not isinstance(value, str | int | bool | None):
                return Data()
            out.append(str(value))
        return "".join(out)

    def _comprehension(self, node: Any, frame: Frame) -> object:
        inner = Frame({}, frame)
        first = node.generators[0]
        values = self.value(first.iter, frame)
        parts = elements(values)
        exact = parts is not None and len(parts) <= _MAX_ITEMS and len(node.generators) == 1
        results: list[object] = []
        reader = self._reader
        sure = reader.sure
        reader.sure = sure and exact
        try:
            for item in parts if exact and parts is not None else [reader.paths.item_of(values)]:
                self.bind(first.target, item, inner)
                for generator in node.generators[1:]:
                    self.bind(
                        generator.target, reader.paths.item_of(self.value(generator.iter, inner)), inner
                    )
                tests = [self.value(test, inner) for generator in node.generators for test in generator.ifs]
                if not all(is_known(test) for test in tests):
                    exact = reader.sure = False
                elif not all(known(test) for test in tests):
                    continue
                made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                results.extend([self.value(part, inner) for part in made][-1:])
        finally:
            reader.sure = sure
        for name in names_walrus(node):
            # `:=` inside binds outside, in some round or in none.
            frame.bind(name, either(frame.look(name), inner.names.get(name, Data()), Data()))
        if isinstance(node, ast.DictComp):
            return Table(None, hides(*results) if len(results) != 1 else results[0])
        if exact and not (isinstance(node, ast.SetComp) and len(results) > 1):
            return Items(results)
        return Items(None, either(*results))

    def operation(self, op: ast.operator, left: object, right: object) -> object:
        if isinstance(op, ast.Div) and (isinstance(left, PathValue) or isinstance(right, PathValue)):
            return PathValue(joined([left.path if isinstance(left, PathValue) else left, right]))
        if isinstance(op, ast.Mod) and holds_environment(right):
            self._reader.call.secret("the environment of this session")
        try:
            match op:
                case ast.Add() if isinstance(left, str) and isinstance(right, str):
                    return left + right if len(left) + len(right) < _MAX_TEXT else Data()
                case ast.Add() if isinstance(left, bytes) and isinstance(right, bytes):
                    return left + right if len(left) + len(right) < _MAX_TEXT else Data()
                case ast.Add() if isinstance(left, Items) and isinstance(right, Items):
                    one, two = elements(left), elements(right)
                    if one is not None and two is not None and len(one) + len(two) < 256:
                        return Items([*one, *two])
                    return Items(
                        None, either(self._reader.paths.item_of(left), self._reader.paths.item_of(right))
                    )
                case ast.Add() if isinstance(left, int) and isinstance(right, int):
                    return left + right
                case ast.Sub() if isinstance(left, int) and isinstance(right, int):
                    return left - right
                case ast.Add() if (
                    isinstance(left, str) and left.endswith("/") and isinstance(right, Data) and right.name
                ):
                    return Below(left)
                case ast.Add() if (
                    isinstance(left, Below)
                    and isinstance(right, str)
                    and right.startswith("/")
                    and ".." not in right
                ):
                    return left
                case ast.Mult() if (
                    isinstance(left, str)
                    and isinstance(right, int)
                    and right >= 0
                    and len(left) * right < _MAX_TEXT
                ):
                    return left * right
                case ast.Mult() if (
                    isinstance(right, str)
                    and isinstance(left, int)
                    and left >= 0
                    and len(right) * left < _MAX_TEXT
                ):
                    return left * right
                case ast.Mult() if (
                    isinstance(left, int)
                    and isinstance(right, int)
                    and abs(left) < 2**64
                    and abs(right) < 2**64
                ):
                    return left * right
                case ast.FloorDiv() if isinstance(left, int) and isinstance(right, int) and right:
                    return left // right
                case ast.Mod() if isinstance(left, int) and isinstance(right, int) and right:
                    return left % right
                case ast.Mod() if isinstance(left, str) and is_known(right):
                    return _formatted(left, known(right))
                case _:
                    pass
        except (TypeError, ValueError, KeyError):
            return Data()
        return hides(*[value for value in (left, right) if not isinstance(value, PathValue)])

    # ------------------------------------------------------------------ calls

    def _called(self, node: ast.Call, frame: Frame) -> object:
        reader = self._reader
        target = self.value(node.func, frame)
        arguments: list[object] = []
        exact = True
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                inner = self.value(argument.value, frame)
                listed = elements(inner)
                exact = exact and listed is not None
                arguments += listed if listed is not None else [reader.paths.item_of(inner)]
            else:
                arguments.append(self.value(argument, frame))
        keywords: dict[str, object] = {}
        for keyword in node.keywords:
            given = self.value(keyword.value, frame)
            if keyword.arg is not None:
                keywords[keyword.arg] = given
            elif (
                isinstance(given, Table)
                and given.values is not None
                and all(isinstance(k, str) for k in given.values)
            ):
                keywords.update({str(k): v for k, v in given.values.items()})
            else:
                exact = False
        self.line = node.lineno
        if not exact and not (isinstance(target, Named) and tables.is_harmless(target.name)):
            reader.opaque("a call with arguments that are not known")
        code = arguments[0] if arguments else None
        if isinstance(code, bytes):
            code = code.decode(errors="replace")
        if isinstance(target, Named) and target.name in _CODE and isinstance(code, str):
            return self._nested(code, frame, arguments[1:])
        return self.apply(target, arguments, keywords)

    def apply(self, target: object, arguments: list[object], keywords: dict[str, object]) -> object:
        if isinstance(target, Function):
            return self._own(target, arguments, keywords)
        if _only_shows(target):
            arguments = [Items(None) if _is_listing(value) else value for value in arguments]
        if not (isinstance(target, Named) and target.name in {"map", "functools.partial"}):
            # A function that is handed over is called with something.
            for value in (*arguments, *keywords.values()):
                self._handed(value, [other for other in arguments if other is not value])
        return called(self._reader, target, arguments, keywords)

    def mapped(self, arguments: list[object]) -> object:
        """``map(f, values)``."""
        if not arguments:
            return Data()
        function, rest = arguments[0], arguments[1:]
        lists = [elements(value) for value in rest]
        if rest and all(part is not None and len(part) <= _MAX_ITEMS for part in lists):
            rows = zip(*[part or [] for part in lists], strict=False)
            return Items([self.apply(function, list(row), {}) for row in rows])
        items = [self._reader.paths.item_of(value) for value in rest]
        reader = self._reader
        sure, reader.sure = reader.sure, False
        try:
            return Items(None, self.apply(function, items, {}))
        finally:
            reader.sure = sure

    def _handed(self, function: object, others: list[object]) -> None:
        """``sorted(names, key=os.remove)``: whatever is handed over may be called with what is in the rest."""
        reader = self._reader
        sure, reader.sure = reader.sure, False
        try:
            match function:
                case Function(node=node):
                    self._own(function, [Data() for _ in parameters(node)], {})
                case Named(name=name):
                    if (
                        name[:1].islower()
                        and "." not in name
                        and not tables.is_harmless(name)
                        and name not in tables.BUILTINS
                    ):
                        return
                    if not tables.is_harmless(name) and not _is_value(name):
                        items = [reader.paths.item_of(other) for other in others]
                        called(reader, function, items or [Data()], {})
                case Method(of=PathValue() as path, name=name):
                    method(reader, path, name, [Data()], {})
                case Method(of=Data() | Opened() as value, name=name):
                    if (
                        isinstance(value, Opened)
                        and value.kind not in {"document", "config"}
                        and name not in tables.DATA_METHODS
                    ):
                        reader.opaque(f"hands on `{name}`")
                case Partial():
                    self.apply(function, [reader.paths.item_of(other) for other in others], {})
                case Anything(why=why):
                    reader.opaque(f"hands on something that is not followed: {why}")
                case _:
                    pass
        finally:
            reader.sure = sure

    def _nested(self, source: str, frame: Frame, scopes: list[object]) -> object:
        reader = self._reader
        if scopes or len(source) > _MAX_TEXT:
            reader.opaque("code with names of its own")
        try:
            body = ast.parse(source.strip()).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            reader.opaque("code that cannot be read")
            return Data()
        if len(body) == 1 and isinstance(body[0], ast.Expr):
            return self.value(body[0].value, frame)
        reader.block(body, frame)
        return None

    def _own(self, function: Function, arguments: list[object], keywords: dict[str, object]) -> object:
        reader = self._reader
        if self._depth >= MAX_DEPTH:
            reader.opaque("functions that call each other too deeply")
            return Anything("a function that was not followed")
        node: Any = function.node
        given = node.args
        outer = function.frame if isinstance(function.frame, Frame) else None
        names: dict[str, object] = {}
        positional = [a.arg for a in (*given.posonlyargs, *given.args)]
        for index, name in enumerate(positional):
            names[name] = (
                arguments[index] if index < len(arguments) else keywords.get(name, _default(node, name))
            )
        for argument in given.kwonlyargs:
            names[argument.arg] = keywords.get(argument.arg, Data())
        if given.vararg is not None:
            names[given.vararg.arg] = tuple(arguments[len(positional) :])
        if given.kwarg is not None:
            names[given.kwarg.arg] = Table({k: v for k, v in keywords.items() if k not in names})
        frame = Frame(names, outer)
        self._depth += 1
        try:
            if isinstance(node, ast.Lambda):
                return self.value(node.body, frame)
            if reader.block(node.body, frame) & 1:
                frame.returns.append(None)
            return either(*frame.returns)
        finally:
            self._depth -= 1


def _formatted(text: str, value: object) -> object:
    """``%``, unless it asks for more than fits."""
    digits = 0
    for char in text:
        digits = digits + 1 if char.isdigit() or char == "*" else 0
        if digits > 3:
            return Data()
    if len(text) * (1 + len(str(value))) > _MAX_TEXT * 8:
        return Data()
    return text % (tuple(value) if isinstance(value, list) else value)


def _only_shows(target: object) -> bool:
    """Whether it looks at a list that it is given, and keeps no way to change it."""
    match target:
        case Named(name=name):
            return name in tables.READ_ONLY
        case Method(of=str(), name="join"):
            return True
        case _:
            return False


def _is_listing(value: object) -> bool:
    """A list of the interpreter's own that may be shown, not changed."""
    return value == Named("sys.path")


def _is_value(name: str) -> bool:
    """Names that are handed over as values, not as functions: streams, constants, classes of errors."""
    return (
        name in {"sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "os.environ", "sys.executable"}
        or name.rpartition(".")[2].isupper()
    )


def parameters(node: Any) -> list[str]:
    given = node.args
    return [argument.arg for argument in (*given.posonlyargs, *given.args)]


def _default(node: Any, name: str) -> object:
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    for argument, default in zip(reversed(positional), reversed(given.defaults), strict=False):
        if argument.arg == name:
            return (
                default.value
                if isinstance(default, ast.Constant)
                else Anything("a default that was made earlier")
            )
    return Data()


def names_bound(body: list[ast.stmt]) -> bool:
    """Whether these statements give any name a value."""
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        for statement in body
        for node in ast.walk(statement)
    )


def names_walrus(node: ast.AST) -> list[str]:
    return [inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
