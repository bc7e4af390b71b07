"""What both guards of the library do, for one workspace: decide, record, ask, carry out. May be used from several threads."""

import os
import uuid
from typing import Any

from guard.agents.codec import HookCall
from guard.audit.record import effect_json
from guard.enforce.approvals import file_ask, grant
from guard.enforce.approve import Nobody, approve, mode_of, permitted
from guard.enforce.contained import contained_command
from guard.enforce.levels import best_level
from guard.enforce.observing import only_observed
from guard.enforce.permit import action_digest
from guard.enforce.pipeline import Guard as Pipeline
from guard.enforce.places import Places
from guard.engine.stages import Decided
from guard.errors import UsageError
from guard.library.answers import Answer, FileDone, Judged, Question, refusal_of, why_of
from guard.library.calls import Call, Edit, Read, Shell, Write, proposal_of, shown
from guard.library.files import FileProblem, carry_out
from guard.library.running import Asked, Running
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Deny, Sandbox
from guard.model.principal import Principal
from guard.model.proposal import Proposal
from guard.model.typed import Mapping, TypeAlias
from guard.model.verdict import Level

OUTPUT_BYTES = 1 << 20
Directory: TypeAlias = str | os.PathLike[str]


class Work:
    """Raises UsageError at construction for what cannot be."""

    def __init__(
        self,
        workspace: Directory | None,
        *,
        cwd: Directory | None,
        agent: str,
        session: str,
        level: str | None,
        backends: tuple[str, ...],
        env: Mapping[str, str] | None,
        home: str | None,
        watch: bool,
    ) -> None:
        if os.environ.get("GUARD_DOOR"):
            # The policy and the log are outside, and what is in here is no evidence.
            raise UsageError(
                "this program runs inside `guard run`, which guards the whole of it already",
                help_="run it without `guard run`, or without a guard of its own",
            )
        self.cwd = _directory(cwd if cwd is not None else workspace if workspace is not None else os.getcwd())
        self._workspace = _directory(workspace) if workspace is not None else None
        self.principal = Principal(agent=agent, session=session or f"library-{uuid.uuid4().hex}")
        try:
            self._level = Level(level) if level is not None else None
        except ValueError:
            raise UsageError(f"unknown level `{level}`", help_='use "advice" or "contained"') from None
        if self._level is Level.ENCLOSED:
            raise UsageError(
                "a library cannot enclose its program", help_="start the program with `guard run --`"
            )
        self._backends = tuple(backends)
        self._env = dict(os.environ if env is None else env)
        self._as_started = env is None and home is None
        self._places = Places.from_environment()
        self._watch = watch
        self._home = home
        self.open(self.cwd)  # what cannot be is said now

    def open(self, cwd: str, level: Level | None = Level.ADVICE) -> Pipeline:
        # Each time anew: a policy that was merged since, a branch that was switched.
        return self._opened(cwd, self._workspace or "", level)

    def _proposal(self, call: Call | str, cwd: Directory | None, id_: str) -> Proposal:
        return proposal_of(call, self.principal, self.cwd if cwd is None else _directory(cwd), id_)

    def decided(self, call: Call | str, cwd: Directory | None, id_: str) -> Decided:
        proposal = self._proposal(call, cwd, id_)
        guard = self.open(proposal.cwd).for_session(proposal.principal)
        # A person's yes is used once, by what carries it out, and who only asks does not.
        decided = guard.decide(proposal, granted=False)
        if not guard.policy.observes:
            decided = guard.read_again(decided)
        guard.record(decided)
        return decided

    def permitted(
        self, call: Call | str, cwd: Directory | None, id_: str, approve: Asked | None
    ) -> tuple[Decided, Answer]:
        proposal = self._proposal(call, cwd, id_)
        guard = self.open(proposal.cwd).for_session(proposal.principal)
        approver = Nobody() if approve is None else _Caller(approve)
        decided, record, permit = permitted(guard, proposal, approver)
        if permit is not None:
            permit.use(proposal)
        text = "" if permit is not None else refusal_of(decided.decision)
        return decided, Answer(
            permitted=permit is not None, decision=decided.decision, record=record, text=text
        )

    def judged(self, call: HookCall) -> Judged:
        """A call that a client is going to carry out itself, in the client's words; recorded when it returns."""
        proposal = replace(
            call.proposal, principal=replace(self.principal, subagent=call.proposal.principal.subagent)
        )
        # The directory follows wherever the model goes; the tree that it may change does not.
        workspace = self._workspace or self.open(self.cwd).facts.workspace
        guard = self._opened(proposal.cwd, workspace, self._walls() if call.rewrites else Level.ADVICE)
        if not guard.facts.workspace and guard.level is not Level.ADVICE:
            guard = self._opened(proposal.cwd, workspace, Level.ADVICE)
        guard = guard.for_session(proposal.principal)
        decided = guard.decide(proposal, granted=False)
        if not guard.policy.observes:
            decided = guard.read_again(decided)
        record = guard.record(decided, **mode_of(guard, decided)).seq
        if only_observed(guard.policy, decided):
            return Judged(guard=guard, decided=decided, record=record, permitted=True)
        contained = ""
        if (
            guard.level is Level.CONTAINED
            and not isinstance(decided.decision, Deny)
            and isinstance(decided.decision.placement, Sandbox)
        ):
            contained = contained_command(
                replace(call, proposal=proposal), guard.facts.workspace, guard.policy.held_to
            )
        return Judged(
            guard=guard,
            decided=decided,
            record=record,
            permitted=isinstance(decided.decision, Allow)
            and (bool(contained) or not isinstance(decided.decision.placement, Sandbox)),
            contained=contained,
        )

    def approved(self, judged: Judged, ask: Asked | None) -> bool:
        """Whether a person lets it run, with ``contained`` in its place where there is one. Raises GuardError, OSError."""
        if not isinstance(judged.decided.decision, Ask):
            return judged.permitted
        approver = Nobody() if ask is None else _Caller(ask)
        permit = approve(judged.decided, judged.record, approver, judged.guard)
        if permit is None:
            return False
        if not judged.contained:
            permit.use(judged.decided.analysed.proposal)
            return True
        # What runs in its place decides again, in a process of its own: it takes the yes from there, once.
        asked = file_ask(judged.decided, judged.record, self._places)
        if asked is None:
            return False
        grant(asked, self._places, judged.guard.log, by=approver.by, surface=approver.surface, session=False)
        return True

    def _opened(self, cwd: str, workspace: str, level: Level | None) -> Pipeline:
        return Pipeline.open(
            cwd=cwd,
            home=self._home,
            env=self._env,
            workspace=workspace or None,
            level=level,
            places=self._places,
        )

    def _walls(self) -> Level:
        """What runs contained is decided again by a process of the client's, which knows nothing of our home and variables."""
        if self._level is Level.ADVICE or not self._as_started:
            return Level.ADVICE
        return best_level(self._places)

    def file(
        self, call: Read | Write | Edit, cwd: Directory | None, id_: str, approve: Asked | None
    ) -> FileDone:
        decided, answer = self.permitted(call, cwd, id_, approve)
        if not answer.permitted:
            return FileDone(answer=answer, done=False)
        try:
            return FileDone(answer=answer, done=True, content=carry_out(call, decided))
        except FileProblem as problem:
            return FileDone(answer=answer, done=False, problem=str(problem))

    def running(
        self,
        command: str,
        cwd: Directory | None,
        given: bytes,
        output_bytes: int,
        id_: str,
        approve: Asked | None,
    ) -> Running:
        proposal = self._proposal(Shell(command), cwd, id_)
        asked: dict[str, Any] = {
            "command": command,
            "cwd": proposal.cwd,
            "call": id_,
            "workspace": self._workspace,
            "home": self._home,
            "env": self._env,
            "level": self._level.value if self._level is not None else "",
            "backends": list(self._backends),
            "principal": {"agent": self.principal.agent, "session": self.principal.session},
            "state": self._places.state,
            "config": self._places.config,
            "asks": approve is not None,
            "watch": self._watch,
        }
        return Running(asked, given=given, output_bytes=output_bytes, ask=approve and _careful(approve))


def _directory(path: Directory) -> str:
    text = os.path.abspath(str(os.fspath(path)))
    if not os.path.isdir(text):
        raise UsageError(f"{text}: there is no such directory", help_="name one that exists")
    return text


def _careful(approve: Asked) -> Asked:
    def asked(question: Question) -> bool:
        try:
            return approve(question) is True
        except Exception:  # noqa: BLE001 - who cannot answer has not said yes; the record says that nobody approved
            return False

    return asked


class _Caller:
    """The program, which knows a person to ask."""

    surface = "library"

    def __init__(self, approve: Asked) -> None:
        self.by = f"uid {os.getuid()}, by the program"
        self._approve = _careful(approve)

    def approves(self, decided: Decided, decision: int) -> bool:
        del decision
        proposal = decided.analysed.proposal
        return self._approve(
            Question(
                call=shown(proposal),
                cwd=proposal.cwd,
                text=why_of(decided),
                decision=decided.decision,
                effects=tuple(effect_json(effect) for effect in decided.effects),
                digest=action_digest(proposal),
            )
        )
