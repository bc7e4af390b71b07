"""The steps of a run after which something outside of the process is another: where a test may end a process.

Nothing here decides or waits. Outside of a test ``hook`` is None, and no setting, variable or file makes it anything else.
"""

from collections.abc import Callable
from enum import Enum


class Point(Enum):
    """Named for what has just happened; the value says it in words, after the process in which it did."""

    LAUNCHER_FORKED = "guard: the first process of a run, launcher or keeper, is forked"
    LAUNCHER_BORN = "launcher: it runs, and has set nothing up"
    LAUNCHER_BOUND = "launcher: its life is bound to the guard's"
    LAUNCHER_APART = "launcher: it is in namespaces of its own"
    LAUNCHER_READY = "launcher: it is where the first process inside will be born"
    IDS_MAPPED = "guard: it has written the map of user ids"
    INIT_FORKED = "launcher: the first process inside is forked"
    INIT_BORN = "init: it runs, and has set nothing up"
    INIT_BOUND = "init: its life is bound to the launcher's"
    SCRATCH_MOUNTED = "init: the file system for what is written is mounted"
    ROOT_MOUNTED = "init: the root is mounted"
    SCRATCH_FILLED = "init: the directories of the writable layer are made"
    PLACE_MOUNTED = "init: one of the places that are shown is mounted"
    CACHES_MOUNTED = "init: the caches are mounted"
    GRANTS_MOUNTED = "init: what a session keeps is mounted"
    WORKSPACE_MOUNTED = "init: the view of the workspace is mounted"
    WORKSPACE_GUARDED = "init: what is masked, hidden or protected is covered"
    SYSTEM_MOUNTED = "init: /dev and /proc are mounted"
    ROOT_ENTERED = "init: the root is entered, the old one detached"
    LISTENING = "init: a socket for the proxy is handed out"
    TERMINAL_MADE = "init or keeper: the terminal is made"
    COMMAND_FORKED = "init: the process of the command is forked"
    COMMAND_BORN = "command: it runs, and has given nothing up"
    COMMAND_CONFINED = "command: all walls stand, it is about to become the program"
    STARTED_TOLD = "init: it has said that the command runs"
    STARTED_HEARD = "guard: it has heard that the command runs"
    COMMAND_ENDED = "init or keeper: the command has ended, others may live"
    EVERYBODY_ENDED = "init or keeper: nobody else lives"
    END_HEARD = "guard: it has heard how the command ended"
    LAUNCHER_BURIED = "guard: the first process of the run is gone"

    REMOVER_FORKED = "guard: who removes empty directories afterwards is forked"
    REMOVER_BORN = "remover: it runs, and has set nothing up"
    ABSENT_HELD = "guard: an empty directory stands where nothing may come to be"
    ABSENT_REMOVED = "remover: an empty directory is removed"
    REMOVER_BURIED = "guard: who removed empty directories is gone"

    PROXY_STARTED = "guard: the proxy's process is started"
    PROXY_SERVES = "guard: the proxy has the sockets"
    PROXY_ENDED = "guard: the proxy is gone"

    COPY_PLACED = "guard: a directory for a copy, or for a trial of one, is made"
    COPY_FILLED = "guard: the copy is complete"
    KEEPER_BORN = "keeper: it runs, and has set nothing up"
    KEEPER_BOUND = "keeper: it hears of the guard's death, and adopts orphans"
    KEPT_FORKED = "keeper: the process of the command is forked"
    KEPT_BORN = "kept: it runs, and has given nothing up"
    KEPT_CONFINED = "kept: all walls stand, it is about to become the program"
    KEPT_STARTED = "keeper: the command runs"
    KEPT_ENDED = "keeper: nobody of the run lives"
    KEEPER_BURIED = "guard: nobody of a run without namespaces is left"
    COPY_REMOVED = "the directory of the copy is removed, by whoever still could"

    LENDER_FORKED = "launcher: who lends a user namespace is forked"
    LENDER_BORN = "lender: it runs, and has set nothing up"
    LENDER_ENTERED = "launcher: it is in the user namespace that is lent"
    LENDER_BURIED = "launcher: who lent it is gone"

    CACHE_OPENED = "guard: the store of a cache is locked"
    CACHE_EMPTIED = "guard: a full cache is thrown away"
    CACHE_FILE_WRITTEN = "guard: a file for a cache is written, under no name that counts"
    CACHE_FILE_PLACED = "guard: a file of a cache has its name"


hook: Callable[[Point], object] | None = None


def reached(point: Point) -> None:
    if hook is not None:
        hook(point)
