"""``guard policy``: check the files that are law here, show what is in force, print the schema. Changes no policy."""

import argparse
import json
import os

from guard.cli import also, policy_arguments, policy_options
from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import complain, say, style, visible
from guard.cli.proposals import directory_of
from guard.enforce.places import Places, home_of
from guard.enforce.reviewed import UNREVIEWED, reviewed_sources
from guard.errors import PolicyFileError
from guard.model.profile import amount
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import PolicySources, sources
from guard.policy.rule import Policy, PolicyLayer, Profile, Reviewer, Rule

_COLOUR = {"allow": "green", "ask": "yellow", "deny": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Check the policy files, or show what is in force."
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check",
        help="read policy files strictly, run their examples and tests, and say what in them is not as it seems",
        description="Read policy files strictly, run their examples and tests, and say what in them is not as it seems. "
        "Exit code 0: fine; 1: findings; 2: usage.",
    )
    policy_arguments.check(check)
    test = actions.add_parser(
        "test",
        help="run what policy files say of themselves, and find mistakes that it would not notice",
        description="Run the examples, tests and cases of policy files. --coverage says what they leave untried, --mutate "
        "which mistakes they would not notice. Exit code 0: all pass; 1: not; 2: usage.",
    )
    policy_arguments.test(test)
    show = actions.add_parser(
        "show", help="the layers and rules in force", description="Show what is in force."
    )
    schema = actions.add_parser(
        "schema", help="the JSON schema of policy files", description="Print the JSON schema, for editors."
    )
    diff = actions.add_parser(
        "diff",
        help="what a change of policy files lets agents do",
        description="Compare two policies over every effect they tell apart, with a command for each change.",
    )
    _add_diff(diff)
    bench = actions.add_parser(
        "bench",
        help="what the policy in force costs: a decision, loading it, a hook call",
        description="Measure the policy in force beside what is known; exit code 1 when it costs more than a limit given.",
    )
    _add_bench(bench)
    replay = actions.add_parser(
        "replay",
        help="what another policy would have said of recorded decisions",
        description="Decide again what is in a log: which answers flip, by which rules, with the commands that people ran.",
    )
    from guard.cli import policy_replay_options  # noqa: PLC0415 - options only

    policy_replay_options.add_arguments(replay)
    export = actions.add_parser(
        "export",
        help="the policy for other engines, with what they cannot say of it",
        description="Write the policy in another engine's words; what is lost goes to standard error, the looser first.",
    )
    _add_export(export)
    fmt = actions.add_parser("fmt", help="write policy files in their canonical form, comments kept")
    policy_options.add_fmt(fmt)
    sign = actions.add_parser(
        "sign",
        help="sign an organisation's floor",
        description="Write FILE.sig: an Ed25519 signature over the floor's bytes and who approved them.",
    )
    policy_arguments.sign(sign)
    explain = actions.add_parser("explain", help="which rules hold a decision, and what would change it")
    policy_options.add_explain(explain)
    learn = actions.add_parser(
        "learn",
        help="propose rules from what people kept approving",
        description="Print a patch for the repository's policy file: rules for what people were asked and always approved.",
    )
    policy_replay_options.add_learn_arguments(learn)
    compiled = actions.add_parser("compile", help=argparse.SUPPRESS)
    for action in (check, test, show, bench, export, compiled):
        action.add_argument("--cwd", metavar="DIR", help="the workspace (default: where you are)")
    for action in (check, test, show, schema, bench, export, compiled):
        action.add_argument("--json", action="store_true", help="for machines")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: every file in force here")
    parser.add_argument(
        "--to",
        required=True,
        choices=["claude-settings", "codex-rules", "cedar", "rego"],
        help="whose words it is written in",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write there, whole or not at all, instead of standard output"
    )
    parser.add_argument(
        "--input", metavar="COMMAND", help="print instead what the export is to be asked about a command"
    )
    parser.add_argument(
        "--schema", action="store_true", help="print instead what questions are checked against (cedar)"
    )
    parser.add_argument(
        "--fail-on", choices=["looser"], help="exit 1 when the export lets pass what the policy stops"
    )


def _add_bench(parser: argparse.ArgumentParser) -> None:
    limits = (
        ("--max-us", "exit 1 when a decision costs more than N microseconds (p50)"),
        ("--max-load-ms", "the same for loading the policy from its cache"),
        ("--max-hook-ratio", "the same for a hook call, in starts of an interpreter"),
    )
    for name, text in limits:
        parser.add_argument(name, type=float, metavar="N", help=text)
    parser.add_argument(
        "--rounds", type=int, default=7, metavar="N", help="default: %(default)s; the best of each counts"
    )


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="BASE", help="a file, a directory, REVISION:PATH, or `none`")
    parser.add_argument("head", metavar="HEAD", help="the same, as it is to become")
    parser.add_argument(
        "--floor",
        action="append",
        default=[],
        metavar="FILE",
        help="a floor that stands above both; may be repeated",
    )
    parser.add_argument("--alone", action="store_true", help="without the built-in policies around them")
    parser.add_argument("--at", metavar="DATE", help="judge as on this day (default: today)")
    parser.add_argument(
        "--format",
        choices=["text", "markdown", "sarif", "github", "json"],
        default="text",
        help="default: text",
    )
    also.add_argument(parser, ("markdown", "sarif", "github", "json"))
    parser.add_argument(
        "--fail-on",
        choices=["looser"],
        help="exit 1 when something becomes looser, or that could not be ruled out",
    )
    parser.add_argument(
        "--accept",
        nargs="+",
        metavar="REASON",
        help="let looser rows pass, and record the reason in the audit log",
    )
    parser.add_argument(
        "--cwd", metavar="DIR", help="where BASE and HEAD are looked for (default: where you are)"
    )
    parser.add_argument("--json", action="store_true", help="the same as --format json")


def run(args: argparse.Namespace) -> int:
    if args.action == "schema":
        from guard.policy.files.schema import json_schema  # noqa: PLC0415 - pydantic only where it is needed

        say(json.dumps(json_schema(), indent=2, sort_keys=True))
        return OK
    if args.action == "sign":
        from guard.cli import policy_sign  # noqa: PLC0415 - an extra

        return policy_sign.run(args)
    cwd = directory_of(args.cwd, "--cwd")
    if not os.path.isdir(cwd):
        complain(f"{cwd}: there is no such directory", "name the workspace")
        return USAGE
    if args.action == "diff":
        from guard.cli import policy_diff  # noqa: PLC0415 - reads YAML, and the whole engine

        return policy_diff.run(args, cwd)
    if args.action == "replay":
        from guard.cli import policy_replay  # noqa: PLC0415 - the whole engine, and a database

        return policy_replay.run(args, cwd)
    if args.action == "explain":
        from guard.cli import policy_explain  # noqa: PLC0415 - the whole engine

        return policy_explain.run(args, cwd)
    if args.action == "fmt":
        from guard.cli import policy_fmt  # noqa: PLC0415 - reads YAML

        return policy_fmt.run(args, cwd, _workspace(cwd))
    if args.action == "learn":
        from guard.cli import policy_learn  # noqa: PLC0415 - as above

        return policy_learn.run(args, cwd)
    places = Places.from_environment()
    workspace = _workspace(cwd)
    if args.action == "check":
        # What lies in the work tree is what is about to be proposed.
        from guard.cli import policy_check  # noqa: PLC0415 - reads YAML, and the whole engine

        return policy_check.run(args, sources(workspace, places.config), workspace)
    if args.action == "test":
        from guard.cli import policy_test  # noqa: PLC0415 - as above

        return policy_test.run(args, sources(workspace, places.config))
    try:
        here = sources(workspace, places.config, reviewed_sources(workspace, places.policy_cache))
    except PolicyFileError as error:
        complain(str(error), error.help)
        return FINDINGS
    if args.action == "export":
        from guard.cli import policy_export  # noqa: PLC0415 - reads YAML

        return policy_export.run(args, cwd, here, places)
    match args.action:
        case "show":
            return _show(args, here, places)
        case "bench":
            from guard.cli import policy_bench  # noqa: PLC0415 - the whole engine

            policy = _loaded(here, places)
            return (
                policy
                if isinstance(policy, int)
                else policy_bench.run(args, here, policy, places.policy_cache, cwd)
            )
        case _:
            return _compile(args, here, places)


def _workspace(cwd: str) -> str:
    from guard.enforce.pipeline import workspace_of  # noqa: PLC0415 - one definition of what a workspace is

    return workspace_of(cwd, os.path.realpath(home_of(os.environ)))


# ---------------------------------------------------------------------- show and compile


def _loaded(here: PolicySources, places: Places) -> Policy | int:
    try:
        return load_policy(here, places.policy_cache)
    except PolicyFileError as error:
        complain(str(error), error.help)
        return FINDINGS


def _show(args: argparse.Namespace, here: PolicySources, places: Places) -> int:
    policy = _loaded(here, places)
    if isinstance(policy, int):
        return policy
    if args.json:
        say(json.dumps({"digest": policy.digest, "layers": [_layer_json(layer) for layer in policy.layers]}))
        return OK
    say(style(f"policy {policy.digest}", "dim"))
    for layer in policy.layers:
        say()
        host = "" if layer.permits_host else ", nothing on the host"
        host += "" if layer.permits_reviewer else ", nothing to a reviewer"
        host += "" if layer.reviewed else f"; {UNREVIEWED}"
        say(
            f"{style(layer.kind, 'bold')} {visible(layer.name)} ({visible(layer.source)}), "
            f"else {layer.default.value}{host}"
        )
        if layer.approved_by or layer.pr:
            say(f"  signed: approved by {visible(layer.approved_by) or '?'}, in {visible(layer.pr) or '?'}")
        if layer.reviewer is not None:
            used = "" if layer.reviewer == policy.reviewer else " (another layer's word counts)"
            say(f"  reviewer {visible(layer.reviewer.model)} at {visible(layer.reviewer.base_url)}{used}")
        for profile in layer.profiles:
            say(f"  profile {profile.id}: {profile_line(profile)}")
        for rule in layer.rules:
            where = "" if rule.verdict.value == "deny" else f" {rule.run}"
            shadow = " (shadow)" if rule.shadow else ""
            shadow += " (a reviewer may allow it)" if rule.may_allow else ""
            verdict = style(f"{rule.verdict.value:5}", _COLOUR[rule.verdict.value])
            say(f"  {verdict}{where:8} {rule.id}: {', '.join(rule.effects)}{_conditions(rule)}{shadow}")
        for exception in layer.exceptions:
            say(f"  exception {exception.id} to {exception.rule} until {exception.expires}")
    return OK


def profile_line(profile: Profile) -> str:
    """What a layer says of it, in a line."""
    parts = [f"{limit.name} {amount(limit.name, limit.value)}" for limit in profile.limits]
    for name, values in (
        ("network", profile.hosts),
        ("ports", profile.ports),
        ("caches", profile.caches),
        ("seen", profile.read_only),
        ("variables", profile.environment),
    ):
        if values is not None:
            parts.append(f"{name} {' '.join(map(str, values)) or 'none'}")
    if profile.requires:
        parts.append(f"requires {' '.join(profile.requires)}")
    return visible("; ".join(parts) or "nothing of its own", 300)


def _profile_json(profile: Profile) -> dict[str, object]:
    return {
        "id": profile.id,
        "why": profile.why,
        "hosts": profile.hosts,
        "ports": profile.ports,
        "caches": profile.caches,
        "read_only": profile.read_only,
        "environment": profile.environment,
        "requires": profile.requires,
        "limits": {limit.name: limit.value for limit in profile.limits},
        "source": profile.source,
    }


def _reviewer_json(reviewer: Reviewer | None) -> dict[str, object] | None:
    if reviewer is None:
        return None
    return {"model": reviewer.model, "base_url": reviewer.base_url, "send": list(reviewer.send)}


def _conditions(rule: Rule) -> str:
    parts = [
        f"{name} {', '.join(values)}"
        for name, values in (
            ("in", rule.zones),
            ("except", rule.except_zones),
            ("by", rule.programs),
            ("to", rule.hosts),
            ("except", rule.except_hosts),
            ("on", rule.branches),
        )
        if values
    ]
    return " " + "; ".join(parts) if parts else ""


def _layer_json(layer: PolicyLayer) -> dict[str, object]:
    return {
        "kind": layer.kind,
        "name": layer.name,
        "source": layer.source,
        "default": layer.default.value,
        "permits_host": layer.permits_host,
        "permits_reviewer": layer.permits_reviewer,
        "reviewer": _reviewer_json(layer.reviewer),
        "reviewed": layer.reviewed,
        "approved_by": layer.approved_by,
        "pr": layer.pr,
        "profiles": [_profile_json(profile) for profile in layer.profiles],
        "rules": [
            {
                "id": rule.id,
                "effects": list(rule.effects),
                "verdict": rule.verdict.value,
                "run": rule.run,
                "mode": "shadow" if rule.shadow else "enforce",
                "why": rule.why,
                "source": rule.source,
            }
            for rule in layer.rules
        ],
        "exceptions": [
            {"id": e.id, "rule": e.rule, "verdict": e.verdict.value, "expires": e.expires, "source": e.source}
            for e in layer.exceptions
        ],
    }


def _compile(args: argparse.Namespace, here: PolicySources, places: Places) -> int:
    policy = _loaded(here, places)
    if isinstance(policy, int):
        return policy
    say(json.dumps({"digest": policy.digest}) if args.json else policy.digest)
    return OK
