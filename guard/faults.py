"""The steps after which something outside of the process is another: where a test may end it. As in `sandbox.faults`.

Outside of a test ``hook`` is None, and no setting, variable or file makes it anything else.
"""

from guard.model.enums import Enum
from guard.model.typed import Callable


class Point(Enum):
    """Named for what has just happened; the value says it in words."""

    LOG_MADE = "the log's directory, its note or its first segment is made"
    LOG_LOCKED = "the log is locked"
    LOG_CUT = "what an interrupted write left at the log's end is cut off"
    LOG_CLOSED = "a full segment of the log has its own name"
    LOG_WRITTEN = "a record is written"
    LOG_SYNCED = "a record is on the disk"
    LOG_NOTED = "the note beside the log names the record"
    KEY_WRITTEN = "the key that hides secrets in records is written, under no name that counts"
    KEY_PLACED = "that key has its name"
    POLICY_WRITTEN = "the compiled policy is written, under no name that counts"
    POLICY_PLACED = "the compiled policy has its name"
    LEVEL_PLACED = "what this machine can enforce is remembered"
    DIGESTS_PLACED = "the digests of programs are remembered"
    PIN_WRITTEN = "which policy a session begins under is written, under no name that counts"
    PIN_PLACED = "it has its name"
    PIN_TOLD = "that the policy has changed since is noted as told"
    PIN_FORGOTTEN = "the policy of a session of long ago is forgotten"
    APPROVAL_WRITTEN = "an ask that waits, or a grant, is written, under no name that counts"
    APPROVAL_PLACED = "an ask that waits, or a grant, has its name"
    APPROVAL_TAKEN = "an ask that waited, or a grant, is removed: answered, used or expired"
    SUGGESTION_WRITTEN = "what a person wants remembered is in the workspace"

    DOOR_OPEN = "guard: the socket of an enclosed session listens"
    DOORKEEPER_FORKED = "guard: who answers an enclosed session is forked"
    DOORKEEPER_BORN = "doorkeeper: it runs, and has set nothing up"
    DOORKEEPER_ENDS = "doorkeeper: it has removed the socket"
    DOORKEEPER_BURIED = "guard: who answered an enclosed session is gone"
    WATCHER_FORKED = "who watches the workspace is forked"
    WATCHER_BORN = "watcher: it runs, and has set nothing up"
    WATCHER_WATCHES = "watcher: it watches"
    WATCHER_BURIED = "who watched is gone"
    RUN_MARKED = "a run is marked as begun"
    RUN_UNMARKED = "a run is marked as ended"
    ABSENT_PUT_AWAY = "an empty directory that a crash left in a workspace is removed"
    TEMPORARY_SWEPT = "a file that a crash left under no name that counts is removed"
    HOST_STARTED = "a command runs outside of any sandbox"
    AGENT_PLACED = "a directory for what an agent keeps is made"
    CACHE_NOTED = "a cache names its workspace"

    SET_MADE = "the directory of a change set is made and locked"
    SET_FILLED = "the content of a file is in a change set"
    SET_DESCRIBED = "a change set has its list"
    SET_LOCKED = "the workspace of a change set is locked"
    OLD_KEPT = "the content of a file that will go is in a change set"
    OLD_FORGOTTEN = "the content that was kept of a workspace is removed again"
    SET_SYNCED = "a change set is on the disk"
    SET_MOVED = "a change set has another place"
    SET_PLACED = "that it has is on the disk"
    OBJECT_PREPARED = "what takes the place of a file is ready, under no name that counts"
    OBJECT_GIVEN = "a file of a change set is in the workspace"
    OBJECT_MADE = "a directory, a link or a copied file is in the workspace"
    OBJECT_REMOVED = "something of the workspace is removed"
    OBJECT_TIMED = "a file of the workspace has its time"
    TREE_SYNCED = "the workspace is on the disk"
    OBJECT_TAKEN_BACK = "a file that had been given to the workspace is our own again"
    SET_DOOMED = "a change set is only still there to be removed"
    SET_ERASED = "a change set, or a part of it, is removed"
    REST_HELD = "a change set is without what was let in of it"


hook: Callable[[Point], object] | None = None


def reached(point: Point) -> None:
    if hook is not None:
        hook(point)
