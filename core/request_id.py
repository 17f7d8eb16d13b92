"""The id of the request in hand: taken from the caller when sound, sent back, written into every log line."""

from __future__ import annotations

import logging
import re
import secrets
from contextvars import ContextVar

HEADER = "X-Request-ID"
_current: ContextVar[str] = ContextVar("request_id", default="-")
_SOUND = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

begin, end = _current.set, _current.reset


def current() -> str:
    """The id of the request this thread works on, "-" outside of one."""
    return _current.get()


def accept(offered: str) -> str:
    """`offered` when it is 1 to 64 of these harmless characters, else a new random id."""
    return offered if _SOUND.fullmatch(offered) else secrets.token_hex(12)


class RequestIdFilter(logging.Filter):
    """Gives every log record `request_id`, for the format string of a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current()
        return True
