"""Programs whose arguments say all that they do: one table row each, one handler for all of them."""

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Field, Hole, plain
from guard.model.dataclass import dataclass
from guard.model.typed import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Options are space-separated, without dashes: one character short, more long."""

    takes: str = ""
    """Options that need an argument."""
    optional: str = ""
    """Options whose argument must be attached."""
    operands: str = "read"
    """What happens to operands: ``read``, ``write``, ``delete``, ``mode`` or ``skip``."""
    first: str = ""
    """What the first operand is, when it is something else: ``skip`` (a pattern, a mode)."""
    first_in: str = ""
    """Options that say what the first operand would: then all operands are alike (``grep -e``)."""
    reads: str = ""
    """Options whose argument is a file that is read."""
    names_from: str = ""
    """Options whose argument is a file with names of files that are read."""
    writes: str = ""
    """Options whose argument is a file that is written."""
    last_writes: bool = False
    """Whether a second operand names the output (``uniq IN OUT``)."""
    deep: str = ""
    """Options that make it recursive."""
    always_deep: bool = False
    default: str = ""
    """The operand when there is none."""
    opaque: str = ""
    """Options that make it run or load something."""
    why: str = "an option that runs or loads something"
    single_dash_long: bool = False


def shape(**kwargs: object) -> Callable[[Call], None]:
    """A handler for a program of this shape."""
    row = Shape(**kwargs)  # type: ignore[arg-type]
    rules = grammar(
        f"{row.takes} {row.reads} {row.writes} {row.names_from}",
        optional=row.optional,
        single_dash_long=row.single_dash_long,
    )
    names = {
        key: tuple(getattr(row, key).split())
        for key in ("first_in", "reads", "writes", "deep", "opaque", "names_from")
    }

    def handle(call: Call) -> None:
        if call.statics in (["--help"], ["--version"]):
            return
        parsed = call.parse(rules)
        if parsed.has(*names["opaque"]):
            call.opaque(row.why)
        elif parsed.uncertain and (names["opaque"] or names["writes"]):
            call.opaque("an argument that is not known before it runs may be an option")
        call.read(*parsed.values(*names["reads"], *names["names_from"]))
        if parsed.has(*names["names_from"]):
            call.read(Field((Hole("names from a file"),), call.span))
        call.write(*parsed.values(*names["writes"]))
        operands = parsed.operands
        if row.first and operands and not parsed.has(*names["first_in"]):
            operands = operands[1:]
        if not operands and row.default:
            operands = [plain(row.default, call.span)]
        deep = row.always_deep or parsed.has(*names["deep"])
        if row.last_writes and len(operands) > 1:
            call.write(*operands[1:])
            operands = operands[:1]
        act(call, row.operands, operands, deep=deep)

    return handle


def act(call: Call, what: str, fields: list[Field], *, deep: bool = False) -> None:
    """Say that ``what`` happens to each argument."""
    match what:
        case "read":
            call.read(*fields, recursive=deep)
        case "write":
            call.write(*fields, recursive=deep)
        case "delete":
            call.delete(*fields, recursive=deep)
        case "mode":
            call.mode(*fields, recursive=deep)
        case _:
            return
