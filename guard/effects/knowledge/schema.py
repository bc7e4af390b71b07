"""The one schema in which programs are described. Data only: `understand` gives it its meaning.

A row says what a program (or one of its subcommands) does with what it is given. What a row does not speak of is not
harmless: a subcommand that no row names is opaque, and so is an option that a closed list of ``flags`` lacks.

Options are space-separated words without dashes: one character is a short option, more a long one.
Subcommands of a key are space-separated too; a trailing ``*`` stands for any rest (``"list-* get-*"``).

An *action* is what happens to a value, or several joined by ``+``:

==============  ====================================================================
``skip``        nothing: a name, a pattern, a number
``read``        the file is read; ``read-deep`` with all below it
``write``       it is created or overwritten; ``write-deep`` with all below, ``append``
``edit``        it is rewritten where it lies, or every file below it; none is made
``delete``      it is removed; ``delete-deep`` with all below
``mode``        its mode, owner or attributes change; ``mode-deep``
``connect``     it names a host or an address that is fetched from; ``upload`` that is sent to
``listen``      it names an address or port that is listened on
``kill``        it names a process
``package``     it names a package to install
``code``        it is shell code that runs here
``argv``        it and all that follows is a command that runs here
``program``     likewise, of a program that the project keeps: what is known of its name is said, and no more
``config``      it is a file that can make the program run things: read, and opaque
``secret``      it is a file with key material; an option without an argument shows one
``opaque``      it makes the program run or load something
==============  ====================================================================

A *saying* is an effect of the whole call, its first word one of:

==========================  ====================================================================
``connect HOST``            it talks to HOST (a name, or a group of the policy such as ``cloud-provider``)
``upload HOST``             it sends something there
``cloud`` ``container``     it changes what others use; what engines run
``database WHAT``           it destroys data
``install``                 it installs the packages that operands name
``publish``                 it publishes a package
``privilege WHAT``          it changes the machine, or becomes somebody else
``persist WHAT``            it changes what later shells, jobs or sessions run
``secret WHAT``             it hands out a secret
``kill WHAT`` ``listen``    it ends processes; it listens
``rewrite WHAT``            it loses or changes history
``opaque WHAT``             it runs what nobody has read
``read|read-deep PATH``     it reads PATH without being told to; likewise ``write``, ``write-deep``,
                            ``edit``, ``append``, ``delete``, ``delete-deep``, ``mode``
==========================  ====================================================================
"""

from guard.model.typed import Mapping, TypedDict


class Row(TypedDict, total=False):
    """A program, or one of its subcommands. Every key may be left out."""

    about: str
    """What the program is for, in one sentence; for the page about it."""
    takes: str
    """Options with an argument that does nothing of its own."""
    optional: str
    """Options whose argument, if any, is attached."""
    flags: str
    """Closes the grammar: an option that is not listed anywhere in the row is opaque."""
    long: bool
    """``-name`` is one option (terraform, java, find)."""
    stops: bool
    """Options end at the first operand."""
    help: str
    """Options besides ``--help`` and ``--version`` that make it print and do nothing *whatever else is given*.

    ``shutdown -h``, ``ifconfig -v`` and ``mongod -v`` are none of those: only what the manual says ends there.
    """
    always: bool
    """It loads code of the project before it looks at its options: ``--help`` and ``--version`` promise nothing."""
    within: str
    """Options that name the directory in which it works (``git -C``, ``npm --prefix``)."""
    options: Mapping[str, str]
    """Options to the action on their argument."""
    operands: str
    """The action on operands."""
    first: str
    """The action on the first operand, when it is another."""
    last: str
    """The action on the last of at least two operands, when it is another."""
    does: tuple[str, ...]
    """Sayings: what it does whatever it is given."""
    when: Mapping[str, "Row"]
    """Options to what the call does besides when one of them is given."""
    tame: Mapping[str, "Row"]
    """Options to what the call does instead when one of them is given (``--dry-run``), unless it says ``=none`` or ``=false``.

    Beside ``verbs`` it is about options before the subcommand, whichever that is.
    """
    values: Mapping[str, Mapping[str, "Row"]]
    """Options to values of theirs to what the call does besides; ``*`` is any other value, ``?`` one that is not known."""
    verbs: Mapping[str, "Row"]
    """Subcommands. They know the options of the row around them too."""
    bare: "Row"
    """Without a subcommand. Left out: it prints its usage."""
    otherwise: "Row"
    """A subcommand that no key names. Left out: opaque."""
    whole: bool
    """Of a subcommand: its own name is its first operand (``yarn tsc``)."""
    fresh: bool
    """Options of the rows around it mean nothing here."""
    loads: str
    """Kinds of files, from :mod:`guard.effects.knowledge.settings`, that it reads where it works, whatever its options say."""
    python: str
    """``module:function`` for what data cannot say: called with the call and the parsed arguments, after all of the above."""


PRINTS: Row = {}
"""It only prints."""


def alike(names: str, row: Row) -> dict[str, Row]:
    """Programs that one row describes."""
    return dict.fromkeys(names.split(), row)
