"""Files of purchases: one shop's invoice lines (online-retail), and any other (generic)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from core import money
from core.importing import run
from core.importing.occurrences import Occurrences, digest_of
from core.importing.tally import Tally
from core.importing.values import Rejected, shortened
from core.models import ImportRun, TrailEntry
from retention.actions.record_purchases import BilledLine, record_purchases
from retention.importing.values import MOST_OF_A_LINE, Moment, currency, exact, limited, moment
from retention.models import Customer, ExternalId, Purchase, PurchaseKind, PurchaseLine

CHUNK = 5000
FURTHEST_AHEAD = timedelta(minutes=5)
SURELY_SMALL = 5  # characters: two such numbers never make too large a line
PLACES, PRICE_PLACES = money.QUANTITY_PLACES, money.PRICE_PLACES
ORDER, RETURN, ADJUSTMENT = (str(kind) for kind in PurchaseKind.values)


class _Lines:
    """What both presets do: check a line, and name it by what it says."""

    name = ""

    def __init__(self, source: str = "") -> None:
        self.source = source or self.name
        self._occurrences = Occurrences()

    def _line(self, said: tuple[str, ...], kind: str, when: Moment) -> BilledLine:
        """`said`: order, customer, article, description, quantity, price, currency, all in one spelling.

        The fingerprint begins with the minute, so that the lines of a file, which mostly come in the order of their
        time, are neighbours in every index: half the cost of an import.
        """
        order, customer, sku, description, quantity, price, code = said
        if len(quantity) + len(price) > 2 * SURELY_SMALL and abs(Decimal(quantity) * Decimal(price)) >= MOST_OF_A_LINE:
            raise Rejected(_("The line's amount is too large."))
        fingerprint = when.minutes + digest_of("\x1f".join((self.source, when.text, *said)))[len(when.minutes) :]
        return BilledLine(
            order, kind, customer, when.at, sku, shortened(description, 200) if len(description) > 200 else description,
            quantity, price, code, fingerprint, self._occurrences.count(fingerprint),
        )  # fmt: skip


class OnlineRetail(_Lines):
    """Preset `online-retail`: invoice lines of a UK shop (UCI, CC BY 4.0; Chen, Sain, Guo 2012). Local time
    Europe/London, GBP.

    An invoice number of digits is an order; with C before it a cancellation or return; with another letter (A) an
    adjustment. A line without a customer is kept without one.
    """

    name = "online-retail"
    required = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
    optional = ("Description", "Country")
    zone = ZoneInfo("Europe/London")

    def read(self, record: Mapping[str, str]) -> BilledLine:
        number = limited(record["InvoiceNo"], 80, "InvoiceNo")
        if not number:
            raise Rejected(_("%(column)s: blank.") % {"column": "InvoiceNo"})
        kind = ORDER if number.isdigit() else RETURN if number[0] in "Cc" else ADJUSTMENT
        said = (
            number,
            limited(record["CustomerID"], 120, "CustomerID"),
            limited(record["StockCode"], 80, "StockCode"),
            record["Description"].strip(),
            exact(record["Quantity"], PLACES, "Quantity"),
            exact(record["UnitPrice"], PRICE_PLACES, "UnitPrice"),
            "GBP",
        )
        return self._line(said, kind, moment(record["InvoiceDate"], self.zone, "InvoiceDate"))


class Generic(_Lines):
    """Preset `generic`: the columns of the README. Without an offset a moment is local time in TIME_ZONE.

    An order whose every line has a negative quantity is a return. An order in two currencies becomes two.
    """

    name = "generic"
    required = ("order_number", "purchased_at", "quantity", "unit_price", "currency")
    optional = ("customer_external_id", "sku", "description")

    def __init__(self, source: str = "") -> None:
        super().__init__(source)
        self.zone = ZoneInfo(settings.TIME_ZONE)

    def read(self, record: Mapping[str, str]) -> BilledLine:
        number = limited(record["order_number"], 80, "order_number")
        if not number:
            raise Rejected(_("%(column)s: blank.") % {"column": "order_number"})
        said = (
            number,
            limited(record["customer_external_id"], 120, "customer_external_id"),
            limited(record["sku"], 80, "sku"),
            record["description"].strip(),
            exact(record["quantity"], PLACES, "quantity"),
            exact(record["unit_price"], PRICE_PLACES, "unit_price"),
            currency(record["currency"], "currency"),
        )
        return self._line(said, "", moment(record["purchased_at"], self.zone, "purchased_at"))


PRESETS: dict[str, type[OnlineRetail] | type[Generic]] = {preset.name: preset for preset in (OnlineRetail, Generic)}


@dataclass(slots=True)
class Import(run.Import[BilledLine]):
    """Purchases from file to database."""

    kind: ClassVar[str] = "purchases"
    written: ClassVar[tuple[type[models.Model], ...]] = (Customer, ExternalId, Purchase, PurchaseLine, TrailEntry)

    chunk: int = CHUNK

    def record(self, batch: Sequence[BilledLine], run: ImportRun, at: datetime) -> Tally:
        return record_purchases(batch, by=self.by, at=at, source=self.source, since=run.started_at)

    def guard(self, row: BilledLine, at: datetime) -> None:
        if row.purchased_at > at + FURTHEST_AHEAD:
            raise Rejected(_("This instant lies in the future."))
