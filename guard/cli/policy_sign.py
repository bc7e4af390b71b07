"""``guard policy sign``: the signature of an organisation's floor, made where its private key is. Never on a guarded machine."""

import argparse
import os
import sys
from time import gmtime, strftime

from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.output import complain, say, visible
from guard.errors import PolicyFileError, UsageError
from guard.policy.files.build import read_builtin, read_layer
from guard.policy.files.compiled import keep, read_bytes, read_source
from guard.policy.files.locate import FLOOR, FLOOR_KEY, Source, builtin
from guard.policy.files.signature import sign


def run(args: argparse.Namespace) -> int:
    try:
        content = read_bytes(args.file)
        # What cannot be read as law must not look as if somebody had vouched for it.
        profiles = read_builtin([(source, read_source(source)) for source in builtin()])
        layer = read_layer(Source(kind="floor", path=args.file), content, list(profiles["balanced"]))
        private = read_bytes(args.key)
    except PolicyFileError as error:
        complain(str(error), error.help)
        return FINDINGS
    password = _password() if b"ENCRYPTED" in private else None
    try:
        bundle = sign(
            content,
            private,
            password,
            name=layer.name,
            approved_by=args.approved_by,
            pr=args.pr,
            signed_at=strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()),
        )
    except ValueError:
        raise UsageError(
            "--approved-by or --pr: longer than 300 characters, or with control characters in it",
            help_="say it in a line",
        ) from None
    target = f"{args.file}.sig"
    keep(os.path.abspath(target), bundle.model_dump_json(indent=2) + "\n")
    # For everybody to read, as the floor is.
    os.chmod(target, 0o644)
    say(f"signed: {visible(target)}, with the key {bundle.manifest.key}")
    say(f"  put both beside each other at {FLOOR}, and the public key at {FLOOR_KEY}")
    return OK


def _password() -> bytes | None:
    if not sys.stdin.isatty():
        raise UsageError(
            "the key is encrypted, and nobody can be asked for its password", help_="run it at a terminal"
        )
    from getpass import getpass  # noqa: PLC0415 - only for an encrypted key

    return getpass("password of the key: ").encode()
