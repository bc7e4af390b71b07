"""Start: ``guard hook`` goes its own short way, everything else through the table of subcommands."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Nothing that is not loaded anyway is imported before the path is in order.
    from collections.abc import Callable
    from typing import NoReturn

_PATH_VARIABLE = "PYTHONPATH"


def main(end_hook: "Callable[[int], NoReturn]" = sys.exit) -> "NoReturn":
    arguments = sys.argv[1:]
    _own_modules_first()
    if arguments[:1] == ["hook"]:
        # With PYTHONINSPECT an exit goes on, and ends with 0.
        _hook(arguments[1:], os._exit if sys.flags.inspect else end_hook)
    from guard.cli.main import main as command  # noqa: PLC0415 - the hook loads no argument parser

    sys.exit(command(arguments))


def _hook(arguments: list[str], end: "Callable[[int], NoReturn]") -> "NoReturn":
    status = 2
    try:
        import signal  # noqa: PLC0415 - inside the border

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        from guard.cli.hook import main as hook  # noqa: PLC0415 - inside the border

        status = hook(arguments)
    except BaseException as error:  # noqa: BLE001 - a hook that only crashes lets the call run
        # A defect of the installation, so nothing of ours is used to say it. Exit 2 is a deny without a word, too.
        why = f"denied: guard did not start: {type(error).__name__}: {error}\n"
        os.write(2, why.encode(errors="backslashreplace"))
    finally:
        end(status)


def _own_modules_first() -> None:
    """What the environment or the directory adds to the path comes last: no file of a workspace stands in for a module.

    This is for a start without ``-I``; ``sitecustomize`` has run by now.
    """
    if sys.flags.isolated:
        return
    try:
        places = os.environ.get(_PATH_VARIABLE, "").split(os.pathsep)
        added = {os.path.abspath(place) for place in places if place}
        added |= {"", os.getcwd()}
    except OSError:  # the directory is gone, and nothing is found in it
        return
    sys.path.sort(key=added.__contains__)


if __name__ == "__main__":
    # At once: nothing that an interpreter does at its end may change an answer.
    main(end_hook=os._exit)
