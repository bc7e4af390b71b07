"""A process that appends and says so. Started by the torture tests; prints ``seq token`` after each acknowledgement."""

import os
import sys

from guard.audit.log import AuditLog


def main() -> None:
    directory, name, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    log = AuditLog(directory, lock_timeout_s=20)
    number = 0
    while count < 0 or number < count:
        token = f"{name}-{number}"
        appended = log.append({"type": "torture", "token": token, "padding": "x" * (size * (number % 7))})
        # One write: a line in the pipe is an acknowledgement, half a line is none.
        os.write(1, f"{appended.seq} {token}\n".encode())
        number += 1


if __name__ == "__main__":
    main()
