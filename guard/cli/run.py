"""``guard run``: a whole agent inside the sandbox, the guard outside. What it changed is looked at in the end."""

import argparse
import contextlib
import os
import sys
import termios
from collections.abc import Generator
from shlex import join

from guard.cli.exec import approver_of, ended_with, interrupts, limit_words
from guard.cli.exit_codes import DENY
from guard.cli.inside import registrations
from guard.cli.mend import mend
from guard.cli.output import complain, say, visible
from guard.cli.proposals import directory_of
from guard.cli.render import decision_lines
from guard.cli.review import review
from guard.enforce.agentstate import is_known, name_of
from guard.enforce.enclose import Session, Wanted, enclose
from guard.enforce.ending import apply_allowed, drop
from guard.enforce.inject.clients import inject
from guard.enforce.pipeline import Guard
from guard.errors import UsageError
from guard.model.outcome import LimitReached, NotStarted
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level
from sandbox.spec import Stdio

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run a whole agent inside the sandbox: whatever it does, asked or not, it does in there. It sees no home but\n"
        "its own, no network but what is granted, and a copy of the workspace; what it changed is judged, held, and\n"
        "looked at in the end. Claude Code, Codex, Gemini CLI, Qwen Code, OpenCode, Copilot CLI, Cline and Pi are given a\n"
        "hook, which asks the guard outside. docs/run.md says more.\n\n"
        "  guard run --env ANTHROPIC_API_KEY --host api.anthropic.com -- claude\n"
        "  guard run --at-end apply-allowed -- sh -c 'make fix'"
    )
    parser.epilog = (
        "exit codes: the agent's own; 10 a person has to be asked, 11 denied, or ended for what it changed,\n"
        "12 some of its changes wait to be looked at, 124 a limit ended it, 2 malformed input, 3 the guard failed, or it\n"
        "cannot be enclosed here (nothing was run)"
    )
    parser.add_argument("--cwd", metavar="D", help="the directory to run in (default: this one)")
    parser.add_argument(
        "--workspace",
        choices=("staged", "direct"),
        default="staged",
        help="a copy that is looked at in the end, or the files themselves, less protected ones (default: staged)",
    )
    parser.add_argument(
        "--at-end",
        choices=("review", "hold", "apply-allowed", "drop"),
        help="what becomes of a copy's changes (default: review at a terminal, else hold)",
    )
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="pass this variable on; may be repeated"
    )
    parser.add_argument(
        "--file", action="append", default=[], metavar="PATH", help="show this file of the home, read-only"
    )
    parser.add_argument(
        "--host", action="append", default=[], metavar="HOST[:PORT]", help="let it talk to this host"
    )
    parser.add_argument(
        "--port",
        action="append",
        default=[],
        type=int,
        metavar="N",
        help="let it talk to this port of 127.0.0.1",
    )
    parser.add_argument(
        "--ask",
        choices=("prompt", "wait", "deny"),
        default="prompt",
        help="what to do with a question: ask at the terminal, wait for `guard approve` in another one, or take it as no"
        " (default: prompt)",
    )
    parser.add_argument("words", nargs="*", metavar="-- AGENT...", help="the agent and its arguments")


def run(args: argparse.Namespace) -> int:
    if not args.words:
        raise UsageError("there is no agent", help_="put it after `--`, e.g. `guard run -- claude`")
    if args.workspace == "direct" and args.at_end:
        raise UsageError(
            "--at-end: in a workspace that is no copy everything has happened in the end",
            help_="leave it out, or use --workspace staged",
        )
    cwd = directory_of(args.cwd, "--cwd")
    if not os.path.isdir(cwd):
        raise UsageError(f"{cwd}: there is no such directory", help_="name one that exists with --cwd")
    name = name_of(args.words[0])
    injected = inject(tuple(args.words), name, tuple(args.env), registrations())
    wanted = Wanted(
        argv=tuple(args.words),
        agent=name,
        session=os.urandom(8).hex(),
        direct=args.workspace == "direct",
        environment=tuple(dict.fromkeys(args.env)),
        files=tuple(dict.fromkeys(args.file)),
        hosts=tuple(args.host),
        ports=tuple(args.port),
        injected=injected,
    )
    if injected.without:
        say(f"guard: {injected.without}", stream=sys.stderr)
    elif is_known(name) and not injected.agent:
        say(f"guard: `{name}` is given no hook: the walls alone hold it", stream=sys.stderr)
    guard = Guard.open(cwd=cwd, level=Level.ENCLOSED)
    mend(guard.places)
    principal = Principal(agent=wanted.agent, session=wanted.session)
    proposal = ShellProposal(principal=principal, cwd=cwd, command=join(args.words), call=wanted.session)
    with interrupts(), _as_it_was():
        session = enclose(guard, proposal, wanted, approver_of(args.ask, guard), Stdio())
    _tell(session, guard.places.config)
    at_end = args.at_end or ("review" if sys.stdin.isatty() and sys.stderr.isatty() else "hold")
    left = _settle(guard, session, at_end)
    return _status(session, left=left)


@contextlib.contextmanager
def _as_it_was() -> Generator[None]:
    """An agent that was killed leaves the terminal in whatever state it had put it."""
    try:
        before = termios.tcgetattr(0)
    except (termios.error, OSError):
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(0, termios.TCSADRAIN, before)


def _tell(session: Session, config: str) -> None:
    err = sys.stderr
    match session.outcome:
        case None:
            say(f"guard: not run: {visible(session.decided.decision.reasons[0].why)}", stream=err)
            for line in decision_lines(session.decided):
                say(f"  {line}", stream=err)
        case NotStarted(reason=reason):
            complain(f"not run: {reason}", "see `guard doctor`; an agent is never started outside instead")
        case LimitReached(limit=limit, set_by=set_by):
            complain(*limit_words(limit, set_by, config))
        case _:
            pass
    if session.ended_by:
        complain(
            f"the session was ended: it changed `{visible(session.ended_by)}`, which the policy does not let pass",
            "look at what it did there; the policy says `unproposed: end`",
        )
    if session.appeared:
        shown = ", ".join(f"`{visible(path)}`" for path in session.appeared[:_SHOWN])
        more = f" and {len(session.appeared) - _SHOWN} more" if len(session.appeared) > _SHOWN else ""
        complain(
            f"files came to be that agents, editors or git obey unasked: {shown}{more}",
            "look at them before anything reads them, and remove what nobody wanted",
        )
    elif session.unproposed_rule and not session.ended_by:
        shown = ", ".join(f"`{visible(path)}`" for path in session.unproposed[:_SHOWN])
        complain(
            f"{len(session.unproposed)} files of the workspace were changed meanwhile, and the policy asks about some"
            f" (rule `{session.unproposed_rule}`): {shown}"
        )


def _settle(guard: Guard, session: Session, at_end: str) -> bool:
    """Whether something is left that a person has to look at."""
    kept, err = session.kept, sys.stderr
    if kept.found is None:
        if kept.why:
            complain(kept.why)
        return bool(kept.why)
    match at_end:
        case "review":
            return review(guard, kept)
        case "drop":
            if not drop(guard, kept):
                complain(f"{kept.held} is worked on by somebody else", "look with `guard changes list`")
                return True
            say(f"guard: {kept.total} changes thrown away", stream=err)
            return False
        case "apply-allowed":
            count, undo, why = apply_allowed(guard, kept)
            if count:
                say(f"guard: {count} changes applied; put back with `guard undo {undo}`", stream=err)
            if count == kept.total:
                return False
        case _:
            count, why = 0, kept.why
    say(f"guard: {kept.total - count} changes are held", stream=err)
    if why:
        say(f"  why     {visible(why)}", stream=err)
    say(f"  look    guard changes show {kept.held}", stream=err)
    return True


def _status(session: Session, *, left: bool) -> int:
    if session.ended_by:
        return DENY
    return ended_with(session.decided.decision, session.outcome, held=left or bool(session.appeared))
