"""Start: ``guard hook`` goes its own short way, everything else through the table of subcommands."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    arguments = sys.argv[1:]
    if arguments[:1] == ["hook"]:
        from guard.cli.hook import main as hook  # noqa: PLC0415 - the hook loads no argument parser

        status = hook(arguments[1:])
        sys.exit(status)
    from guard.cli.main import main as command  # noqa: PLC0415 - as above

    sys.exit(command(arguments))


if __name__ == "__main__":
    main()
