"""Start: ``guard hook`` goes its own short way, everything else through the table of subcommands.

Run as a file (``python -I -S .../guard/__main__.py hook AGENT``) it finds its own package: the quickest way to start a hook.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Nothing that is not loaded anyway is imported before the path is in order.
    from typing import NoReturn

_PATH_VARIABLE = "PYTHONPATH"


def main() -> "NoReturn":
    # A run is short: looking for cycles in what it has just made is a tenth of a hook call, and finds nothing.
    gc.set_threshold(100_000, 50, 50)
    arguments = sys.argv[1:]
    _own_modules_first()
    if arguments[:1] == ["hook"]:
        _hook(arguments[1:])
    from guard.cli.main import main as command  # noqa: PLC0415 - the hook loads no argument parser

    sys.exit(command(arguments))


def _hook(arguments: list[str]) -> "NoReturn":
    status = 2
    try:
        if TYPE_CHECKING:
            import signal  # noqa: PLC0415 - inside the border
        else:
            import _signal as signal  # noqa: PLC0415 - as above; without the classes that `signal` makes

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        from guard.cli.hook import main as hook  # noqa: PLC0415 - inside the border

        status = hook(arguments)
        if sys.stdout is not None:
            # Only the help is written there; the answer went out on a descriptor of its own.
            sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - a hook that only crashes lets the call run
        # A defect of the installation, so nothing of ours is used to say it. Exit 2 is a deny without a word, too.
        why = f"denied: guard did not start: {type(error).__name__}: {error}\n"
        os.write(2, why.encode(errors="backslashreplace"))
    finally:
        # At once: nothing that an interpreter does at its end may change an answer, with PYTHONINSPECT it would even end
        # with 0, and taking itself apart takes it longer than the decision took.
        os._exit(status)


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
    if not __package__:
        # Behind the standard library: nothing that is installed next to us may stand for a part of it.
        sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    main()
