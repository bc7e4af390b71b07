"""The guard's own log about itself, for whoever operates it: a console for people, JSON for machines. Not the audit log.

Never loaded on the hook path.
"""

import logging
import os
import sys
from typing import TextIO

import structlog

from guard.model.typed import Any

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
LEVEL_VARIABLE = "GUARD_LOG"
"""``debug``, ``info``, ``warning`` or ``error``; default ``warning``."""
FORMAT_VARIABLE = "GUARD_LOG_FORMAT"
"""``console`` or ``json``; default console on a terminal, JSON elsewhere."""


def configure(stream: TextIO | None = None, *, level: str = "", form: str = "") -> None:
    """Send the log to ``stream`` (default standard error). Unknown settings fall back to the defaults."""
    out = stream or sys.stderr
    chosen = LEVELS.get(level or os.environ.get(LEVEL_VARIABLE, ""), logging.WARNING)
    form = form or os.environ.get(FORMAT_VARIABLE, "") or ("console" if out.isatty() else "json")
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if form == "console":
        colours = out.isatty() and not os.environ.get("NO_COLOR")
        shared.append(
            structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
        )
    else:
        shared.append(structlog.processors.JSONRenderer(sort_keys=True))
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


def get_logger(part: str) -> Any:
    """A logger that says which part of the guard speaks."""
    return structlog.get_logger().bind(part=part)
