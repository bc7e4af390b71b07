"""``guard exec``: decide, run where the decision says, judge the changes, apply or hold. Everything else passes through."""

import argparse
import json
import os
import signal
import sys
from fcntl import F_GETFL, fcntl
from types import FrameType

from guard.cli.check import CODES
from guard.cli.exit_codes import FAILED, HELD
from guard.cli.mend import mend
from guard.cli.output import complain, say, style, visible
from guard.cli.proposals import add_command, add_level, command_of, directory_of, level_of
from guard.cli.render import decision_lines, effect_line
from guard.enforce.approvals import TTL_S, PendingAsk
from guard.enforce.approve import Approver, Nobody
from guard.enforce.carry import Carried, carry
from guard.enforce.connections import asked_and_refused, needs
from guard.enforce.elsewhere import Elsewhere
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.report import report
from guard.enforce.undo import prune
from guard.enforce.walls import waiting
from guard.engine.stages import Decided
from guard.errors import UsageError
from guard.model.decision import Decision, Sandbox, verdict_of
from guard.model.outcome import Completed, Killed, LimitReached, NotStarted, Outcome
from guard.model.principal import Principal
from guard.model.profile import Limit, amount
from guard.model.proposal import ShellProposal
from sandbox.select import NAMES, keep_waiting
from sandbox.spec import Stdio

TIMEOUT_STATUS = 124
"""As ``timeout(1)`` has it, for a run that a limit ended."""
ASK_TIMEOUT_S = 120.0
_SHOWN_HOSTS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run one command under the guard: decided first, in a sandbox where the decision says so, and its changes\n"
        "judged before they reach the workspace. Standard input, output, error, signals and exit status pass through.\n"
        "What it asked of the network and was refused is told when it fails: docs/network.md.\n\n"
        "  guard exec -- make test\n"
        "  guard exec -- 'python build.py && ls dist'"
    )
    parser.epilog = (
        "exit codes: the command's own; 10 a person has to be asked, 11 denied, 12 its changes are held,\n"
        "124 a limit ended it, 2 malformed input, 3 the guard failed (nothing was run)"
    )
    parser.add_argument("--cwd", metavar="D", help="the directory to run in (default: this one)")
    parser.add_argument(
        "--workspace", metavar="D", help="the tree that the command may change (default: the one around D)"
    )
    parser.add_argument(
        "--call", default="", metavar="ID", help="the agent's id of this call, for the record"
    )
    parser.add_argument(
        "--held-to",
        default="",
        metavar="DIGEST",
        help="be no looser than this compiled policy, under which a session began; a hook says it",
    )
    parser.add_argument(
        "--ask",
        choices=("prompt", "wait", "deny"),
        default="prompt",
        help="what to do with a question: ask at the terminal, wait for `guard approve` in another one, or take it as no"
        " (default: prompt)",
    )
    parser.add_argument(
        "--json",
        type=int,
        metavar="FD",
        help="write a report to this descriptor: docs/schemas/exec.schema.json",
    )
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="say nothing on standard error unless something is held or refused",
    )
    parser.add_argument(
        "--backend",
        action="append",
        choices=NAMES,
        metavar="NAME",
        help="use this sandbox: local, bubblewrap, landlock or docker",
    )
    parser.add_argument("--no-watch", action="store_true", help="do not look for other writers meanwhile")
    add_level(parser)
    add_command(parser)


def run(args: argparse.Namespace) -> int:
    command = command_of(args.words, "exec")
    cwd = directory_of(args.cwd, "--cwd")
    if not os.path.isdir(cwd):
        raise UsageError(f"{cwd}: there is no such directory", help_="name one that exists with --cwd")
    if args.workspace is not None and not os.path.isdir(args.workspace):
        raise UsageError(
            f"{args.workspace}: there is no such directory", help_="name a work tree with --workspace"
        )
    report_to = _report(args.json)
    places = Places.from_environment()
    keep_waiting(waiting(places.config), places.waiting)
    guard = Guard.open(cwd=cwd, workspace=args.workspace, level=level_of(args))
    if args.held_to:
        guard = guard.held_to(args.held_to)
    mend(guard.places)
    proposal = ShellProposal(principal=Principal(agent="exec"), cwd=cwd, command=command, call=args.call)
    approver = approver_of(args.ask, guard)
    with interrupts():
        carried = carry(
            guard,
            proposal,
            approver,
            Stdio(),
            preferred=tuple(args.backend or ()),
            watch=not args.no_watch,
        )
    status = status_of(carried)
    _tell(carried, guard.places.config, quiet=args.quiet)
    if report_to is not None:
        with open(report_to, "w", encoding="utf-8") as stream:
            stream.write(json.dumps({"status": status, **report(carried)}) + "\n")
    _log(carried, status)
    if carried.applied and carried.decision % 16 == 0:
        prune(guard.places)
    return status


def _report(descriptor: int | None) -> int | None:
    if descriptor is None:
        return None
    help_ = "open it: `guard exec --json 3 ... 3> report`"
    try:
        report_to = os.dup(descriptor)
    except (OSError, OverflowError):
        raise UsageError(f"descriptor {descriptor} is not open", help_=help_) from None
    # Found out before anything runs.
    if fcntl(report_to, F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise UsageError(f"descriptor {descriptor} is open for reading only", help_=help_)
    return report_to


def _stay(_number: int, _frame: FrameType | None) -> None:
    """Not to be ignored: that, the command would inherit."""


class interrupts:  # noqa: N801 - reads as a statement
    """Ctrl-C reaches the command; we stay to clean up after it."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, _stay)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)


class Terminal:
    """A person at the controlling terminal: never the command's own input, which the agent writes."""

    by = "nobody"
    surface = "none"

    def __init__(self, elsewhere: Approver | None = None) -> None:
        """``elsewhere``: who is asked where there is no terminal."""
        self._elsewhere = elsewhere or Nobody()

    def approves(self, decided: Decided, decision: int) -> bool:
        try:
            terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            approved = self._elsewhere.approves(decided, decision)
            self.by, self.surface = self._elsewhere.by, self._elsewhere.surface
            return approved
        self.by, self.surface = f"uid {os.getuid()}", "terminal"
        try:
            lines = [*decision_lines(decided), "", f"run it? only `yes` runs it, {ASK_TIMEOUT_S:g} s: "]
            os.write(terminal, "\n".join(lines).encode(errors="backslashreplace"))
            return _answer(terminal) == "yes"
        except OSError:
            return False
        finally:
            os.close(terminal)


def approver_of(ask: str, guard: Guard) -> Approver:
    """Who answers a question: ``--ask``."""
    match ask:
        case "deny":
            return Nobody()
        case "wait":
            return Elsewhere(guard.places, guard.log, ASK_TIMEOUT_S, tell_where)
        case _:
            return Terminal(Elsewhere(guard.places, guard.log, 0.0, tell_where))


def tell_where(ask: PendingAsk, wait_s: float) -> None:
    """To whoever reads the command's messages; it is a person who has to do it."""
    when = f"within {wait_s:g} s" if wait_s else f"within {TTL_S // 60} minutes, and then run it again"
    say(
        f"guard: a person has to say yes, in a terminal of their own: `guard approve once {ask.id}` {when}",
        stream=sys.stderr,
    )


def _answer(terminal: int) -> str:
    import select  # noqa: PLC0415 - only when somebody is asked

    ready, _, _ = select.select([terminal], [], [], ASK_TIMEOUT_S)
    if not ready:
        os.write(terminal, b"\nno answer: not run\n")
        return ""
    return os.read(terminal, 100).decode(errors="replace").strip()


def status_of(carried: Carried) -> int:
    return ended_with(carried.decided.decision, carried.outcome, held=bool(carried.why_held))


def ended_with(decision: Decision, outcome: Outcome | None, *, held: bool) -> int:
    """``outcome``: None for what was not permitted. ``held``: something that it changed waits for a person."""
    match outcome:
        case None:
            return CODES[verdict_of(decision)]
        case NotStarted():
            return FAILED
        case LimitReached():
            return TIMEOUT_STATUS
        case Killed(signal=number):
            return 128 + number
        case Completed(status=status):
            return HELD if held else status


def limit_words(name: str, set_by: Limit | None, config: str) -> tuple[str, str]:
    """Which limit, its value, and who can raise it where."""
    if set_by is None:
        return f"ended by the limit on {name}", "make it smaller"
    key, where = name.replace("-", "_"), visible(set_by.source)
    # What is built in is not edited; whoever owns the machine writes what differs into a file of their own.
    raised = (
        f"raises `{key}` of the profile `{set_by.profile}` in {os.path.join(config, 'personal.yaml')}"
        if set_by.layer == "profile"
        else f"changes `{key}` at {where}"
    )
    return (
        f"ended by the limit on {name}: {amount(name, set_by.value)} (profile `{set_by.profile}`, {where})",
        f"make it smaller, or a person {raised}; see docs/profiles.md",
    )


def _tell(carried: Carried, config: str, *, quiet: bool) -> None:
    """To standard error, for whoever reads it: often a model."""
    err = sys.stderr
    if carried.outcome is None:
        say(f"guard: not run: {visible(carried.decided.decision.reasons[0].why)}", stream=err)
        for line in decision_lines(carried.decided):
            say(f"  {line}", stream=err)
        return
    match carried.outcome:
        case NotStarted(reason=reason):
            complain(f"not run: {reason}", "see `guard doctor`")
        case LimitReached(limit=limit, set_by=set_by):
            complain(*limit_words(limit, set_by, config))
        case _:
            pass
    if carried.observed and not quiet:
        complain(f"only observed: the policy would have stopped it (rule `{carried.observed}`)")
    missing = network_missing(carried)
    if missing:
        complain(missing)
    if carried.why_held:
        say(
            f"guard: it ran in a sandbox, and its changes are {style('held', 'yellow', stream=err)}",
            stream=err,
        )
        say(f"  why     {visible(carried.why_held)}", stream=err)
        for effect in (carried.judged.effects if carried.judged is not None else ())[:10]:
            say(f"  change  {effect_line(effect)}", stream=err)
        if carried.surprises:
            say(f"  note    {carried.surprises} of them not foreseen from the command", stream=err)
        if carried.held:
            say(f"  look    guard changes show {carried.held}", stream=err)
    elif carried.applied and not quiet and err.isatty():
        say(
            style(
                f"guard: {carried.applied} changes applied; put back with `guard undo {carried.undo}`",
                "dim",
                stream=err,
            ),
            stream=err,
        )
    if carried.unproposed and not quiet:
        rule = (
            f"; the policy asks about some (rule `{carried.unproposed_rule}`)"
            if carried.unproposed_rule
            else ""
        )
        complain(
            f"{len(carried.unproposed)} files of the workspace were changed by somebody else meanwhile{rule}"
        )


def network_missing(carried: Carried) -> str:
    """Of a contained command that failed: whom it asked for and was refused, and what would grant it."""
    if not isinstance(carried.decided.decision.placement, Sandbox) or carried.outcome is None:
        return ""
    if isinstance(carried.outcome, NotStarted) or carried.outcome == Completed(status=0):
        return ""
    refused = asked_and_refused(carried.connections)
    hosts, verb = refused or needs(carried.decided), "asked for" if refused else "needs"
    if not hosts:
        return ""
    shown = [visible(host, 100) for host in hosts[:_SHOWN_HOSTS]]
    more = f" and {len(hosts) - len(shown)} more" if len(hosts) > len(shown) else ""
    # Without a port a grant is for both of these.
    grant = dict.fromkeys(host.removesuffix(":443").removesuffix(":80") for host in shown)
    return (
        f"no network: the command {verb} {', '.join(shown)}{more}, which is not granted;"
        f" a person can grant it in a profile of the policy: `network: {{hosts: [{', '.join(grant)}]}}` (docs/profiles.md)"
    )


def _log(carried: Carried, status: int) -> None:
    """The operational log costs a library: only when it was asked for, or something went wrong."""
    failed = isinstance(carried.outcome, NotStarted) or bool(carried.why_held and not carried.held)
    if not failed and not os.environ.get("GUARD_LOG"):
        return
    from guard.enforce.oplog import configure, get_logger  # noqa: PLC0415 - as said above

    configure()
    logger = get_logger("exec")
    say_it = logger.warning if failed else logger.info
    say_it(
        "run ended",
        record=carried.decision,
        status=status,
        backend=carried.backend,
        held=carried.held,
        undo=carried.undo,
    )
