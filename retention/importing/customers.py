"""Files of customers: a telephone company's subscribers (telco), and any other (generic)."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext as _

from core import money
from core.importing import run
from core.importing.occurrences import Occurrences
from core.importing.tally import Tally
from core.importing.values import FIRST_YEAR, LAST_YEAR, Rejected, email, shortened
from core.models import ImportRun, TrailEntry
from retention.actions.record_customers import HistoricCustomer, record_customers
from retention.importing.values import exact, limited
from retention.models import Charge, Customer, Tenure
from retention.models.customers import PHONE, key_of

LONGEST_STAY = 12 * 150  # months
CHARGED_FOR = "All charges up to the snapshot"


class Telco:
    """Preset `telco`: IBM's fictional sample of subscribers, a snapshot as of a date that the file does not tell.

    They joined `tenure` months before that date; those with Churn=Yes left on it. TotalCharges is what they were
    charged up to then, in USD.
    """

    name = "telco"
    required = ("customerID", "tenure", "Contract", "MonthlyCharges", "TotalCharges", "Churn")
    optional = ("PaymentMethod",)

    def __init__(self, as_of: date) -> None:
        self.as_of = as_of

    def read(self, record: Mapping[str, str]) -> HistoricCustomer:
        name = limited(record["customerID"], 120, "customerID")
        if not name:
            raise Rejected(_("%(column)s: blank.") % {"column": "customerID"})
        left = _CHURN.get(record["Churn"].strip())
        if left is None:
            raise Rejected(
                _("%(column)s: “%(text)s” is not known.") % {"column": "Churn", "text": record["Churn"][:60]}
            )
        total = record["TotalCharges"].strip()
        return HistoricCustomer(
            external_id=name,
            stays=True,
            joined_on=months_before(self.as_of, _months(record["tenure"])),
            left_on=self.as_of if left else None,
            plan=limited(record["Contract"], 80, "Contract"),
            monthly_amount=Decimal(exact(record["MonthlyCharges"], money.PRICE_PLACES, "MonthlyCharges")),
            currency="USD",
            charged=Decimal(exact(total, 2, "TotalCharges")) if total else None,
            charged_on=self.as_of,
            charged_for=CHARGED_FOR,
        )


_CHURN = {"Yes": True, "No": False}


class Generic:
    """Preset `generic`: the columns of the README. Without a date of joining or leaving no stay is recorded."""

    name = "generic"
    required = ("external_id",)
    optional = ("name", "email", "phone", "joined_on", "left_on", "tier")

    def __init__(self, as_of: date) -> None:
        self._occurrences = Occurrences()

    def read(self, record: Mapping[str, str]) -> HistoricCustomer:
        joined, left = _day(record["joined_on"], "joined_on"), _day(record["left_on"], "left_on")
        if joined and left and left < joined:
            raise Rejected(_("%(column)s: before the day of joining.") % {"column": "left_on"})
        name, mail = shortened(record["name"], 200), email(record["email"], "email")
        phone = limited(record["phone"], 254, "phone")
        if phone and len(key_of(PHONE, phone)) < 3:
            raise Rejected(_("%(column)s: “%(text)s” is no phone number.") % {"column": "phone", "text": phone[:40]})
        external_id = limited(record["external_id"], 120, "external_id")
        if not (external_id or name or mail or phone):
            raise Rejected(_("A customer needs a name, an e-mail, a phone number or an id."))
        return HistoricCustomer(
            external_id=external_id or self._occurrences.name(record),
            name=name,
            email=mail,
            phone=phone,
            tier=limited(record["tier"], 40, "tier"),
            stays=bool(joined or left),
            joined_on=joined,
            left_on=left,
        )


PRESETS: dict[str, type[Telco] | type[Generic]] = {preset.name: preset for preset in (Telco, Generic)}


@dataclass(slots=True)
class Import(run.Import[HistoricCustomer]):
    """Customers from file to database. `as_of` decides what a snapshot means, so it belongs to the run."""

    kind: ClassVar[str] = "customers"
    written: ClassVar[tuple[type[models.Model], ...]] = (Customer, Tenure, Charge, TrailEntry)

    as_of: date | None = None

    def options(self, fingerprint: str) -> str:
        """Without a date given, a file that was read before keeps the date of that reading."""
        if not isinstance(self.preset, Telco):
            return ""
        if self.as_of is None:
            before = ImportRun.objects.filter(
                fingerprint=fingerprint, kind=self.kind, preset=self.preset.name, source=self.source
            ).order_by("-pk")
            last = before.values_list("options", flat=True).first()
            self.as_of = date.fromisoformat(last.removeprefix(_AS_OF)) if last else self.preset.as_of
        self.preset.as_of = self.as_of
        return f"{_AS_OF}{self.as_of.isoformat()}"

    def record(self, batch: Sequence[HistoricCustomer], run: ImportRun, at: datetime) -> Tally:
        return record_customers(batch, by=self.by, at=at, source=self.source)

    def guard(self, row: HistoricCustomer, at: datetime) -> None:
        tomorrow = at.date() + timedelta(days=1)  # somewhere it is tomorrow already
        for column, day in (("joined_on", row.joined_on), ("left_on", row.left_on)):
            if day is not None and day > tomorrow:
                raise Rejected(_("%(column)s: this day lies in the future.") % {"column": column})


_AS_OF = "as_of="


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last one of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _months(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= LONGEST_STAY):
        words = _("%(column)s: “%(text)s” is no number of months up to %(most)s.")
        raise Rejected(words % {"column": "tenure", "text": text[:40], "most": LONGEST_STAY})
    return int(text)


def _day(text: str, column: str) -> date | None:
    """A local date, or None for a blank. A moment's date is its first ten characters. Raises Rejected."""
    text = text.strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text[:10]) if len(text) == 10 else datetime.fromisoformat(text).date()
    except ValueError:
        words = _("%(column)s: “%(text)s” is no date (YYYY-MM-DD).")
        raise Rejected(words % {"column": column, "text": text[:40]}) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Rejected(_("%(column)s: the year %(year)s is not believable.") % {"column": column, "year": day.year})
    return day
