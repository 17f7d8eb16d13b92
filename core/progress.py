"""A progress bar for long commands: count, share, time left (ux.md, long work). Silent when nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

WIDTH = 28
REDRAW_EVERY = 0.2  # seconds
_ERASE = "\r\x1b[2K"


class Progress:
    """`with Progress("Reading", total=100) as bar: bar.to(40, count=12_000)`.

    `to(done, count)`: `done` of `total` is the share (any unit, bytes for instance), `count` what people count (rows);
    without `count` they are the same. Draws on `stream` (standard error) only if that is a terminal, five times a
    second at most; leaves the line empty at the end. `clock` gives seconds.
    """

    def __init__(
        self,
        label: str,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        show: bool | None = None,
    ) -> None:
        self.label, self.total = label, max(total, 0)
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._show = _is_terminal(self._stream) if show is None else show
        self._began_at = self._drawn_at = clock()
        self._began_with: int | None = None
        self._drawn = False

    def to(self, done: int, count: int | None = None) -> None:
        """Move to `done`; time left is measured from the first call on (a resumed run does not count what it skips)."""
        now = self._clock()
        if self._began_with is None:
            self._began_with, self._began_at = done, now
        if self._show and (not self._drawn or now - self._drawn_at >= REDRAW_EVERY or done >= self.total):
            self._drawn_at, self._drawn = now, True
            self._stream.write(_ERASE + self.line(done, done if count is None else count, now))
            self._stream.flush()

    def line(self, done: int, count: int, now: float) -> str:
        """`Reading  [#####.......]  41 %  25,488  0:12 left`"""
        share = min(done / self.total, 1.0) if self.total else 1.0
        filled = round(share * WIDTH)
        parts = [self.label, f"[{'#' * filled}{'.' * (WIDTH - filled)}]", f"{int(share * 100):3d} %", f"{count:,}"]
        moved = done - (self._began_with or 0)
        if moved > 0 and self.total > done:
            parts.append(f"{_clock_time((now - self._began_at) / moved * (self.total - done))} left")
        return "  ".join(parts)

    def close(self) -> None:
        """Wipe the line, so that what is printed next stands alone."""
        if self._show and self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _clock_time(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"
