"""The service's log: text or JSON, each record with the id of its request, none with what was sent."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Literal, TextIO, TypeAlias

from pythonjsonlogger.json import JsonFormatter

from backend.settings import Settings

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)
TEXT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
FIELDS = ["levelname", "name", "message", "request_id"]
NAMES = {"levelname": "level", "name": "logger"}

request_id: ContextVar[str] = ContextVar("request_id", default="-")


def set_up(settings: Settings) -> None:
    """Log to the standard error stream as the settings say; replaces what was set up before."""
    level = settings.log_level.upper()
    logging.raiseExceptions = (
        False  # or a record that cannot be written is printed with all it holds
    )
    logging.basicConfig(level=level, handlers=[handler(settings.log_format)], force=True)


def handler(form: Literal["text", "json"], stream: TextIO | None = None) -> logging.Handler:
    """Writes records to a stream, the standard error stream unless another is given."""
    made = logging.StreamHandler(stream)
    made.addFilter(_with_request_id)
    json = JsonLines(FIELDS, rename_fields=NAMES, timestamp="time")
    made.setFormatter(Discreet(TEXT) if form == "text" else json)
    return made


def _with_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True


class Discreet(logging.Formatter):
    """Tells of an error its type and where it came from: its message may hold what somebody sent."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # where another handler keeps the whole message
        return super().format(record)

    def formatException(self, ei: ExcInfo) -> str:
        return "\n".join(_origin(ei[1])) if ei[1] else ""


class JsonLines(Discreet, JsonFormatter):
    pass


def _origin(error: BaseException) -> Iterator[str]:
    """An error, the functions it went through, and the same of its cause."""
    yield type(error).__qualname__
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield f"  {frame.f_globals.get('__name__')}:{line} in {frame.f_code.co_qualname}"
    causes = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (*causes, error.__cause__ or error.__context__):
        if cause:
            yield from _origin(cause)
