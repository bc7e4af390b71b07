"""``guard policy export``: one reviewed policy for other engines, with what they cannot say of it. Changes no policy."""

import argparse
import json
import os

from guard.audit.canonical import text_of
from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import complain, say, visible
from guard.enforce.places import Places
from guard.enforce.revisions import contents, digest, layers
from guard.errors import PolicyFileError
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.policy.export.loss import Direction, Exported, Loss
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import PolicySources
from guard.policy.rule import Policy, PolicyLayer, policy_of

_ASKED = frozenset({"cedar", "rego"})
"""Those that are asked about effects, which we have to tell them."""
_SHOWN_RULES = 8


def run(args: argparse.Namespace, cwd: str, here: PolicySources, places: Places) -> int:
    if args.input is not None and args.to not in _ASKED:
        complain(
            f"--input: {args.to} reads commands itself", "leave --input out, or name --to rego or --to cedar"
        )
        return USAGE
    if args.schema and args.to != "cedar":
        complain(f"--schema: {args.to} has none", "leave --schema out, or name --to cedar")
        return USAGE
    try:
        policy = _policy(args.files, cwd) if args.files else load_policy(here, places.policy_cache)
    except PolicyFileError as error:
        complain(str(error), error.help)
        return USAGE if args.files else FINDINGS
    if args.input is not None:
        return _ask(args, cwd, policy)
    exported = _exported(policy, args.to)
    text = (exported.schema if args.schema else exported.text).rstrip("\n") + "\n"
    if args.output is not None and not _write(args.output, text):
        return USAGE
    if args.json:
        _say_json(args, policy, exported)
    else:
        if args.output is None:
            say(text.rstrip("\n"))
        for line in losses(exported):
            complain(line)
    return FINDINGS if args.fail_on and exported.worst(Direction.LOOSER) else OK


def _say_json(args: argparse.Namespace, policy: Policy, exported: Exported) -> None:
    said: dict[str, object] = {
        "to": args.to,
        "policy": policy.digest,
        "output": args.output,
        "text": exported.text,
        "lost": [_loss_json(loss) for loss in exported.lost],
    }
    if exported.schema:
        said["schema"] = exported.schema
    say(json.dumps(said))


def _policy(files: list[str], cwd: str) -> Policy:
    """Of these files alone, in the order of their layers."""
    out: list[PolicyLayer] = []
    found = [part for file in files for part in contents(file, cwd)]
    out += layers(found, [])
    if not out:
        raise PolicyFileError("there is no policy in it", place=", ".join(files), help_="name a policy file")
    return policy_of(tuple(out), digest(found))


def _exported(policy: Policy, target: str) -> Exported:
    match target:
        case "claude-settings":
            from guard.policy.export.claude import to_claude  # noqa: PLC0415 - only the chosen one

            return to_claude(policy)
        case "codex-rules":
            from guard.policy.export.codex import to_codex  # noqa: PLC0415 - as above

            return to_codex(policy)
        case "cedar":
            from guard.policy.export.cedar import to_cedar  # noqa: PLC0415 - as above

            return to_cedar(policy)
        case _:
            from guard.policy.export.rego import to_rego  # noqa: PLC0415 - as above

            return to_rego(policy)


def _ask(args: argparse.Namespace, cwd: str, policy: Policy) -> int:
    """The questions about a command, as this machine answers what they depend on."""
    from guard.enforce.pipeline import Guard  # noqa: PLC0415 - the whole engine
    from guard.engine.decide import touches_guard  # noqa: PLC0415 - as above
    from guard.policy.export.cedar_request import Asker  # noqa: PLC0415 - as above
    from guard.policy.export.request import document  # noqa: PLC0415 - as above

    guard = Guard.open(cwd=cwd)
    decided = guard.decide(ShellProposal(principal=Principal(agent="export"), cwd=cwd, command=args.input))
    facts = decided.facts
    effects = [(effect, touches_guard(effect, facts).name.lower()) for effect in decided.effects]
    if args.to == "rego":
        said: object = document(effects, facts)
    else:
        asker = Asker(policy)
        said = [asker.request(effect, facts, own=own) for effect, own in effects]
    say(json.dumps(said, indent=2))
    return OK


def _write(path: str, text: str) -> bool:
    from guard.policy.files.compiled import keep  # noqa: PLC0415 - only where a file is wanted

    try:
        keep(os.path.abspath(path), text)
    except OSError as error:
        complain(f"--output {path}: {error.strerror or error}", "name a file in a directory you can write to")
        return False
    return True


# ---------------------------------------------------------------------- what was lost


def losses(exported: Exported) -> list[str]:
    """A line for each kind of loss, with the rules that have it: what is looser first."""
    groups: dict[tuple[Direction, str], list[str]] = {}
    for direction in (Direction.LOOSER, Direction.STRICTER, Direction.SAME):
        for loss in exported.worst(direction):
            groups.setdefault((direction, loss.what), []).append(loss.rule)
    out: list[str] = []
    for (direction, what), rules in groups.items():
        word = {Direction.LOOSER: "LOOSER", Direction.STRICTER: "stricter", Direction.SAME: "not exported"}[
            direction
        ]
        named = [] if rules == ["*"] else list(dict.fromkeys(rules))
        more = f" and {len(named) - _SHOWN_RULES} more" if len(named) > _SHOWN_RULES else ""
        where = f": {', '.join(named[:_SHOWN_RULES])}{more}" if named else ""
        out.append(visible(f"{word}: {what}{where}"))
    return out


def _loss_json(loss: Loss) -> dict[str, object]:
    return {
        "rule": loss.rule,
        "what": loss.what,
        "direction": loss.direction.value,
        "source": text_of(loss.source),
    }
