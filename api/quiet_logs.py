"""What a door's process may write about itself: our own words, and of everything else no more than a type and a place (A2).

A library's log line, and the text of an exception, may quote what it was working on, and that may be a child's words. So a line
of a logger that is not named here loses its message, whatever its level; and no exception is ever written with its text, whether
it is logged, ends a thread or ends the process. No line has a time or an address. What we say ourselves (loggers "bigask.…") is made of
constants and codes.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import threading
from types import TracebackType
from typing import Any

# Loggers of the servers whose messages are constants, about their own processes. Their children are not meant; all of ours are.
KNOWN = frozenset({"uvicorn.error", "_granian"})


def place(trace: TracebackType | None) -> str:
    """Where an exception came from: module and line of the innermost frame, without any value."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "nowhere"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


class QuietFormatter(logging.Formatter):
    """One line: level, logger, the message of a known logger or the place of the call, and the kind of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name in KNOWN or record.name.startswith("bigask.")
        said = record.getMessage() if ours else f"(something at {record.module}:{record.lineno})"
        line = f"{record.levelname} {record.name}: {said}"
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            line += f" [{record.exc_info[0].__name__} at {place(record.exc_info[2])}]"
        return " ".join(line.split())


# For `logging.config.dictConfig`, and for servers that take such a thing; whoever else logs is for `quieten` to deal with.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "api.quiet_logs.QuietFormatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "quiet", "stream": "ext://sys.stderr"},
        "nowhere": {"class": "logging.NullHandler"},  # a logger with none at all is heard by Python's last resort, in full
    },
    "loggers": {
        "bigask": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "uvicorn.access": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "granian.access": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
    },
}


def quieten() -> None:
    """Let this process write nothing else: its logs, and what Python says of an exception that nobody caught."""
    logging.config.dictConfig({**LOGGING, "root": {"handlers": ["stderr"], "level": "WARNING"}})
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(QuietFormatter())
    sys.excepthook = _process_ended
    threading.excepthook = _thread_ended
    sys.unraisablehook = _unraisable


def _process_ended(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(f"ERROR: {kind.__name__} at {place(trace)}\n")


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    sys.stderr.write(f"ERROR: {ended.exc_type.__name__} at {place(ended.exc_traceback)} in a thread\n")


def _unraisable(ended: Any) -> None:
    sys.stderr.write(f"ERROR: {ended.exc_type.__name__} at {place(ended.exc_traceback)}, which nobody could be told\n")
