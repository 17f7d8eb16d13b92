"""What is handed to finance as CSV, and what finance sends back (mission A7; cases F15, F33).

The file of an export has three empty columns at its end; filled in, the same file is the confirmation. Read back, a
line counts by its `payout`; other columns are looked at only so far as an amount must not differ.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from complaints.models import PayoutExport, PayoutLine
from core import money, sheets
from core.errors import InvalidInput

COLUMNS = (
    "payout", "remedy", "case", "customer", "customer_name", "customer_external_id", "kind", "amount", "currency",
    "charge_external_id", "order_number",
)  # fmt: skip
ANSWERS = ("paid_on", "reference", "failure")
TYPE = "text/csv; charset=utf-8"
MOST_BYTES, MOST_LINES = 5_000_000, 20_000
_SIGNATURE = b"\xef\xbb\xbf"
_DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", re.ASCII)


def name_of(export: PayoutExport) -> str:
    return f"payouts-{export.number:04}.csv"


def lines_of(export: PayoutExport) -> list[PayoutLine]:
    """Query cost: 1."""
    return list(PayoutLine.objects.filter(export=export).select_related("payout").order_by("position"))


def written(lines: Sequence[PayoutLine]) -> Iterator[str]:
    """The file, a line at a time; amounts are exact decimals, other text is defused for spreadsheets."""
    yield from sheets.lines([[*COLUMNS, *ANSWERS]])
    yield from sheets.lines([*_cells(one), *("" for _name in ANSWERS)] for one in lines)


def _cells(one: PayoutLine) -> list[Any]:
    return [
        one.payout_id,
        one.payout.remedy_id,
        one.complaint_reference,
        one.customer_key,
        one.customer_name,
        one.customer_external_id,
        one.kind,
        money.shown(one.amount, one.currency),
        one.currency,
        one.charge_external_id,
        one.order_number,
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of finance's: `payout` was paid on a day under a reference, or failed; or `code`, `problem`: why it is of
    no use. With neither a day nor a failure nothing is said yet. `amount` blank where the file does not state it."""

    line: int
    payout: int = 0
    paid_on: date | None = None
    reference: str = ""
    failure: str = ""
    amount: str = ""
    currency: str = ""
    code: str = ""
    problem: str = ""

    @property
    def is_silent(self) -> bool:
        return not (self.problem or self.paid_on or self.failure)


def read(raw: bytes) -> list[Answer]:
    """The lines of a file, empty ones left out. Raises InvalidInput where the file as a whole is of no use."""
    if len(raw) > MOST_BYTES:
        raise InvalidInput(_("This file is too large."), code="too_large", field="file")
    try:
        text = raw.removeprefix(_SIGNATURE).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(_("This file is no text in UTF-8."), code="not_utf8", field="file") from None
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        header = [sheets.value_of(cell).strip().lower() for cell in next(rows, [])]
        if "payout" not in header or not {"paid_on", "failure"} & set(header):
            words = _("The first line has to name the columns payout, paid_on and reference, or payout and failure.")
            raise InvalidInput(words, code="columns_missing", field="file")
        found, begins = [], rows.line_num + 1
        for cells in rows:
            if any(cell.strip() for cell in cells):
                found.append(_answer(begins, header, cells))
            if len(found) > MOST_LINES:
                raise InvalidInput(_("This file has too many lines."), code="too_large", field="file")
            begins = rows.line_num + 1
    except csv.Error:
        words = _("Line %(line)s cannot be read as CSV.") % {"line": rows.line_num}
        raise InvalidInput(words, code="not_csv", field="file") from None
    return found


def _answer(line: int, header: Sequence[str], cells: Sequence[str]) -> Answer:
    if len(cells) > len(header):
        return Answer(line, code="too_many_cells", problem=_("This line has more cells than the first one."))
    row = {name: sheets.value_of(cell.strip()).strip() for name, cell in zip(header, cells, strict=False)}
    key = row.get("payout", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return Answer(line, code="invalid_id", problem=_("The payout is named by its number."))
    day, failure = row.get("paid_on", ""), row.get("failure", "")
    said = {"amount": row.get("amount", ""), "currency": row.get("currency", "")}
    if day and failure:
        problem = _("Either it was paid or it failed, not both.")
        return Answer(line, int(key), code="paid_and_failed", problem=problem)
    paid_on = _day(day)
    if day and paid_on is None:
        return Answer(line, int(key), code="invalid_date", problem=_("A date such as 2026-03-31 is expected."))
    return Answer(line, int(key), paid_on, row.get("reference", ""), failure, **said)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
