"""The stations in their order, up to the durable record. The one place where the order is written.

After it the hands (``carry``) permit, confine, judge what happened, apply or hold, and record again.
"""

import os

from guard.audit.canonical import Json, text_of
from guard.audit.log import Appended, AuditLog
from guard.audit.record import decision_record
from guard.audit.redact import Redactor
from guard.enforce.gitindex import git_directory, work_tree
from guard.enforce.judge import judge_changes, judge_proposal, judge_unproposed
from guard.enforce.levels import best_level
from guard.enforce.places import Places, home_of
from guard.engine.decide import FAILED_RULE, LOCKED_RULE
from guard.engine.stages import Decided
from guard.errors import AuditError, PolicyFileError
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Ask, Deny
from guard.model.facts import Facts
from guard.model.principal import Principal
from guard.model.proposal import Proposal
from guard.model.typed import TYPE_CHECKING, Mapping, MappingProxyType
from guard.model.verdict import Level, Verdict
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import PolicySources, sources
from guard.policy.files.restricted import restricted_policy
from guard.policy.layers import DEFAULT
from guard.policy.rule import Policy

if TYPE_CHECKING:
    from sandbox.changes import Changes

_SYSTEM = frozenset(
    ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")
)
_NEVER = frozenset(
    ("/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/var", "/var/tmp", "/Users")  # noqa: S108 - names
)
_NOT_COUNTED = frozenset({FAILED_RULE, LOCKED_RULE, DEFAULT, "reviewer"})
"""Our own failures, what no rule speaks of, and what a model thinks say nothing of what a session is after."""
_HOOK_REGISTRATIONS = (".claude/settings.json", ".claude/settings.local.json")
_OTHER_REGISTRATIONS = {
    ".codex": ("hooks.json", "config.toml"),
    ".gemini": ("settings.json",),
    ".qwen": ("settings.json",),
    ".copilot": ("hooks", "settings.json"),
    ".github": ("hooks", "copilot/settings.json", "copilot/settings.local.json"),
    ".cursor": ("hooks.json",),
    ".cline": ("hooks",),
    ".clinerules": ("hooks",),
    ".config/opencode": ("plugin/guard.js", "plugins/guard.js", "opencode.jsonc"),
    ".opencode": ("plugin/guard.js", "plugins/guard.js", "opencode.jsonc"),
    ".pi": ("agent/extensions/guard.ts", "extensions/guard.ts"),
    ".openhands": ("hooks.json",),
    ".agents": ("plugins/guard",),
    ".config/crush": ("crush.json",),
    ".codeium/windsurf": ("hooks.json",),
    ".windsurf": ("hooks.json",),
    ".kiro": ("hooks",),
    ".factory": ("hooks.json", "settings.json"),
}
"""Directories of other clients and what in them registers a hook, or switches it off. Looked for where the client is."""
_MOVED = {
    "CLAUDE_CONFIG_DIR": ".claude",
    "CODEX_HOME": ".codex",
    "COPILOT_HOME": ".copilot",
    "CLINE_DIR": ".cline",
    "XDG_CONFIG_HOME": ".config",
    "PI_CODING_AGENT_DIR": ".pi/agent",
}
"""Variables by which clients keep these directories elsewhere."""
_MANAGED = ("/etc/codex", "/etc/gemini-cli", "/etc/cursor", "/etc/github-copilot", "/etc/windsurf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Everything that does not change from one proposal to the next."""

    facts: Facts
    policy: Policy
    places: Places
    log: AuditLog
    problem: PolicyFileError | None = None
    """The policy file that could not be read; then everything is asked about."""
    crosscheck: bool = False
    """Whether a second reader must see the same commands."""
    seen: tuple[str, ...] = ()
    """What may be looked at for a decision, when it is for a session that sees no more; empty = everything."""

    @classmethod
    def open(
        cls,
        *,
        cwd: str,
        home: str | None = None,
        env: Mapping[str, str] | None = None,
        workspace: str | None = None,
        level: Level | None = None,
        places: Places | None = None,
    ) -> "Guard":
        """``cwd`` absolute. ``workspace``: default the work tree around ``cwd``. ``level``: default what can be had."""
        variables: Mapping[str, str] = dict(os.environ) if env is None else dict(env)
        own = places or Places.from_environment()
        home = home or home_of(variables)
        facts = base_facts(cwd=cwd, home=home, env=variables, workspace=workspace, places=own)
        facts = replace(facts, level=best_level(own) if level is None else level)
        policy, problem = policy_now(facts.workspace, own)
        facts = _with_forbidden(facts, policy, own)
        return cls(
            facts=facts,
            policy=policy,
            places=own,
            log=AuditLog(own.audit),
            problem=problem,
            crosscheck=os.environ.get("GUARD_CROSSCHECK") == "1",
        )

    @property
    def level(self) -> Level:
        return self.facts.level

    def at(self, *, cwd: str, home: str | None = None, env: Mapping[str, str] | None = None) -> "Guard":
        """The same guard for another place; reads the policy again only if the workspace is another."""
        facts = base_facts(
            cwd=cwd,
            home=home or self.facts.home,
            env=dict(env) if env is not None else self.facts.env,
            workspace=None,
            places=self.places,
        )
        facts = replace(facts, level=self.facts.level)
        policy, problem = self.policy, self.problem
        if facts.workspace != self.facts.workspace:
            policy, problem = policy_now(facts.workspace, self.places)
        facts = _with_forbidden(facts, policy, self.places)
        return replace(self, facts=facts, policy=policy, problem=problem)

    def for_session(self, principal: Principal) -> "Guard":
        """The same under the law that a session began under, where another one stands on the disk since. Raises AuditError."""
        if not principal.session:
            return self
        from guard.enforce.pins import session_policy  # noqa: PLC0415 - only where there are sessions

        policy, problem = session_policy(
            self.policy,
            self.problem,
            lambda: _sources(self.facts.workspace, self.places),
            principal,
            self.facts,
            self.places,
            self.log,
        )
        return self.under(policy, problem)

    def law(self) -> dict[str, Json]:
        """The identity of the policy in force and of each of its layers, for a record."""
        from guard.enforce.pins import layer_digests  # noqa: PLC0415 - once for a session

        try:
            return layer_digests(self.policy, _sources(self.facts.workspace, self.places))
        except PolicyFileError:
            return {"digest": self.policy.digest}

    def held_to(self, digest: str) -> "Guard":
        """The same, and no looser than the compiled policy with this digest."""
        if digest == self.policy.digest:
            return self
        from guard.enforce.pins import law_of  # noqa: PLC0415 - only where a policy has changed in a session
        from guard.policy.pinned import held_to  # noqa: PLC0415 - as above

        law, lost = law_of(digest, self.places)
        return self.under(held_to(law, self.policy), lost or self.problem)

    def under(self, policy: Policy, problem: PolicyFileError | None) -> "Guard":
        """The same under another policy."""
        if policy is self.policy:
            return self
        facts = _with_forbidden(self.facts, policy, self.places)
        return replace(self, facts=facts, policy=policy, problem=problem)

    def decide(self, proposal: Proposal, *, granted: bool = True) -> Decided:
        """Stations 2 to 6. Never raises for anything an agent can propose. ``granted``: what people have approved counts."""
        decided = judge_proposal(
            proposal, self._of_session(proposal), self.policy, crosscheck=self.crosscheck, seen=self.seen
        )
        if granted and isinstance(decided.decision, Ask) and os.path.isdir(self.places.granted):
            return self._with_grants(decided)
        return decided

    def read_again(self, decided: Decided) -> Decided:
        """A question with the second reading of the policy's reviewer, where there is one. Raises AuditError, OSError."""
        if not isinstance(decided.decision, Ask) or self.policy.reviewer is None:
            return decided
        from guard.enforce.reviewer.consult import read_again  # noqa: PLC0415 - only where a policy has a reviewer

        return read_again(decided, self.policy, self.places, self.log)

    def _with_grants(self, decided: Decided) -> Decided:
        """The same once more, with what a person has said to it elsewhere."""
        from guard.enforce.approvals import open_grants  # noqa: PLC0415 - only where something was ever approved
        from guard.engine.decide import judge_effects  # noqa: PLC0415 - as above

        digests = open_grants(decided, self.places)
        if not digests:
            return decided
        facts = replace(decided.facts, granted=digests)
        return judge_effects(decided.analysed, decided.effects, facts, self.policy)

    def _of_session(self, proposal: Proposal) -> Facts:
        if not proposal.principal.session or not self.policy.lock_after:
            return self.facts
        from guard.enforce.sessions import session_of  # noqa: PLC0415 - only where there are sessions

        try:
            locked_by = session_of(proposal.principal, self.places).locked_by(self.policy.lock_after)
        except OSError as error:
            locked_by = f"? ({error.strerror}: {error.filename})"
        return replace(self.facts, locked_by=locked_by) if locked_by else self.facts

    def judge_changes(self, decided: Decided, changes: "Changes") -> Decided:
        """Station 10. Before anything is applied."""
        return judge_changes(decided, changes, self.policy)

    def judge_unproposed(self, decided: Decided, paths: tuple[str, ...]) -> Decided:
        """What the policy says of changes that somebody made while the command ran."""
        return judge_unproposed(decided, paths, self.policy)

    def record(self, decided: Decided, **extra: Json) -> Appended:
        """Station 7: durable when it returns. Raises AuditError: then nothing may run."""
        self.places.make(self.places.state)
        if self.policy.identity:
            extra = {"policy_identity": self.policy.identity, **extra}
        if decided.facts.advice is not None:
            extra = {"review": decided.facts.advice.record, **extra}
        appended = self.log.append(decision_record(decided, Redactor.open(self.places.state), **extra))
        if isinstance(decided.decision, Deny):
            self._count(decided)
        return appended

    def _count(self, decided: Decided) -> None:
        """A denial by a rule, of a session that is open. Raises AuditError: what cannot be counted is denied as well."""
        principal, rule = decided.analysed.proposal.principal, decided.decision.reasons[0].rule
        limit = self.policy.lock_after
        if not limit or not principal.session or rule in _NOT_COUNTED:
            return
        from guard.enforce.sessions import note_denial  # noqa: PLC0415 - only for denials

        try:
            session = note_denial(principal, rule, limit, self.places)
        except OSError as error:
            raise AuditError(
                f"the denial cannot be counted: {(error.strerror or '').lower()}",
                help_=f"mend {self.places.sessions}",
            ) from error
        if session.denied.get(rule, 0) == limit:
            self.log.append(
                {
                    "type": "session.locked",
                    "agent": principal.agent,
                    "session": text_of(principal.session),
                    "rule": rule,
                    "denied": limit,
                }
            )


def base_facts(
    *, cwd: str, home: str, env: Mapping[str, str], workspace: str | None, places: Places
) -> Facts:
    """What is known before anything is proposed."""
    real_home = os.path.realpath(home)
    real_workspace = os.path.realpath(workspace) if workspace else workspace_of(cwd, real_home)
    temp = dict.fromkeys(("/tmp", "/var/tmp", env.get("TMPDIR", "")))  # noqa: S108 - names we judge, nothing is written
    return Facts(
        workspace=real_workspace,
        home=real_home,
        cwd=cwd,
        temp=tuple(os.path.realpath(path) for path in temp if path.startswith("/") and path.strip("/")),
        user=env.get("USER", "") or env.get("LOGNAME", ""),
        uid=os.getuid(),
        env=MappingProxyType(dict(env)),
        guard_paths=_guard_paths(places, real_home, real_workspace, env),
        today=_today(),
    )


def workspace_of(cwd: str, home: str) -> str:
    """The work tree around ``cwd``; ``cwd`` itself where there is none. Never a home, a system directory or ``/``."""
    real = os.path.realpath(cwd)
    root = work_tree(real) or real
    for candidate in (root, real):
        above_home = (home + "/").startswith(candidate.rstrip("/") + "/")
        if not above_home and candidate not in _NEVER and "/" + candidate.split("/")[1] not in _SYSTEM:
            return candidate
    return ""


def _guard_paths(places: Places, home: str, workspace: str, env: Mapping[str, str]) -> tuple[str, ...]:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    own = [
        package,
        os.path.join(os.path.dirname(package), "sandbox"),
        places.state,
        places.config,
        "/etc/guard",
        "/etc/claude-code",
        *_MANAGED,
        *(os.path.join(home, name) for name in _HOOK_REGISTRATIONS),
        *_other_registrations(home),
        *_moved_registrations(env),
    ]
    if workspace:
        own += [os.path.join(workspace, ".guard"), os.path.join(workspace, "policies", "guard.yaml")]
        own += [os.path.join(workspace, name) for name in _HOOK_REGISTRATIONS]
        own += _other_registrations(workspace)
    return tuple(dict.fromkeys(os.path.realpath(path) for path in own))


def _other_registrations(base: str) -> list[str]:
    """One look for each client: a directory that is not there is one that its name leads to, and not asked about further."""
    return [
        os.path.join(base, directory, name)
        for directory, names in _OTHER_REGISTRATIONS.items()
        if os.path.lexists(os.path.join(base, directory))
        for name in names
    ]


def _moved_registrations(env: Mapping[str, str]) -> list[str]:
    found = [(env[name], f"{usual}/") for name, usual in _MOVED.items() if env.get(name, "").startswith("/")]
    if not found:
        return []
    usually = [*_HOOK_REGISTRATIONS]
    usually += [f"{directory}/{name}" for directory, names in _OTHER_REGISTRATIONS.items() for name in names]
    return [
        os.path.join(elsewhere, path.removeprefix(usual))
        for elsewhere, usual in found
        for path in usually
        if path.startswith(usual)
    ]


def _with_forbidden(facts: Facts, policy: Policy, places: Places) -> Facts:
    if not policy.denied_programs and all(layer.default is not Verdict.DENY for layer in policy.layers):
        return facts
    from guard.enforce.forbidden import forbidden_programs  # noqa: PLC0415 - only for a policy that denies programs

    return replace(facts, forbidden=forbidden_programs(facts, policy, places))


def _sources(workspace: str, places: Places) -> PolicySources:
    """Raises PolicyFileError."""
    repo = None
    if workspace and git_directory(workspace):
        from guard.enforce.reviewed import reviewed_sources  # noqa: PLC0415 - only where there is a history

        repo = reviewed_sources(workspace, places.policy_cache)
    return sources(workspace, places.config, repo)


def policy_now(workspace: str, places: Places) -> tuple[Policy, PolicyFileError | None]:
    """What the files say that are law there; restricted mode, and what is wrong, where they cannot be read."""
    try:
        return load_policy(_sources(workspace, places), places.policy_cache), None
    except PolicyFileError as error:
        return restricted_policy(str(error)), error


def _today() -> str:
    from time import gmtime, strftime  # noqa: PLC0415 - the one clock the decision sees, taken at the edge

    return strftime("%Y-%m-%d", gmtime())
