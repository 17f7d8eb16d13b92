"""The rejects file of an import: what could not be recorded, where it stands and why (case F32)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from core.importing.reader import Record, Unreadable


class Rejects:
    """Line number, reason, and the record as it came. Without a path: nowhere."""

    def __init__(self, path: Path | None, header: Sequence[str]) -> None:
        self._path, self._header = path, header
        self._file: TextIO | None = None

    def __enter__(self) -> Rejects:
        if self._path is not None:
            try:
                self._file = self._path.open("w", encoding="utf-8", newline="")
            except OSError as error:
                raise Unreadable(f"{self._path}: {error.strerror}") from error
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "reason", *self._header])
        return self

    def add(self, record: Record, reason: str) -> None:
        if self._file is not None:
            self._writer.writerow([record.line, reason, *record.cells])

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()
