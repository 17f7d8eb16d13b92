"""CSV that is safe to open in a spreadsheet (case F15).

Text that a spreadsheet would take for a formula gets a `'` before it; numbers stay numbers. `value_of` takes it off
again, so that a file read back gives what was there. UTF-8, comma, CRLF as RFC 4180 has it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.instants import iso

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


class _Line:
    """What `csv.writer` writes into: hands the line back."""

    def write(self, text: str) -> str:
        return text


def lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV lines of rows of plain values, one at a time."""
    writer: Any = csv.writer(_Line(), quoting=csv.QUOTE_MINIMAL)
    quoted: Any = csv.writer(_Line(), quoting=csv.QUOTE_NONNUMERIC)
    for row in rows:
        cells = [cell(value) for value in row]
        risky = any(isinstance(value, str) and value.startswith("'") for value in cells)
        yield (quoted if risky else writer).writerow(cells)


def cell(value: Any) -> Any:
    """One value as it stands in a file: None is empty, instants are UTC with Z, risky text is defused."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return defused(str(value))


def defused(text: str) -> str:
    """Text that no spreadsheet computes."""
    return f"'{text}" if text.startswith(RISKY) else text


def value_of(text: str) -> str:
    """The text that `defused` was given."""
    return text[1:] if text.startswith("'") else text
