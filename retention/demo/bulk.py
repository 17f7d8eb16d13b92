"""Stays, purchases, charges, payments and consents of demo customers, written as rows (performance.md, load)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from core import bulk, bulk_writer, trail_rows
from core.actor import Actor
from core.bulk_writer import Load
from core.models import TrailEntry
from retention.demo import SOURCE, goods
from retention.demo.people import CALLED, HAPPY, MIDDLE, SILENT, UNHAPPY, Person, Stay, stays
from retention.demo.ticks import DAY, HOUR, text, tick
from retention.models import (
    Charge,
    Consent,
    ContactPoint,
    Customer,
    ExternalId,
    Payment,
    Purchase,
    PurchaseKind,
    PurchaseLine,
    Tenure,
)

CHUNK = 5_000  # customers
ORDERS_CHUNK = 50_000
MANY = 4_000
LOADED: tuple[type[models.Model], ...] = (Tenure, Purchase, PurchaseLine, Charge, Payment, Consent, TrailEntry)
CHARGED_FOR = 100 * DAY  # what was billed longer ago is not shown here
A_YEAR = (0.4, 0.4, 0.4, 0.4, 0.4, 1.1, 1.1, 1.1, 3.8, 3.8)  # orders of ten customers
AGAIN = {HAPPY: 0.55, MIDDLE: 0.35, SILENT: 0.25, UNHAPPY: 0.1, CALLED: 0.25}
INCENTIVE, CANCELLED, RETURNED, UNPAID = 0.16, 0.02, 0.04, 0.05
SHOP = trail_rows.Signature(Actor.system("shop"))

STAYS = bulk.Table(Tenure, keyless=True, source=SOURCE)
PURCHASES = bulk.Table(Purchase, source=SOURCE, currency=goods.CURRENCY)
LINES = bulk.Table(PurchaseLine, keyless=True)
CHARGES = bulk.Table(Charge, source=SOURCE, currency=goods.CURRENCY)
PAYMENTS = bulk.Table(Payment, keyless=True, source=SOURCE, currency=goods.CURRENCY)
CONSENTS = bulk.Table(Consent, keyless=True)
ORDER_OF = (
    "id", "customer_id", "order_number", "kind", "returns_id", "purchased_at", "amount", "valid_amount", "valid_lines",
    "incentive", "cancelled_at", "is_valid", "created_at", "updated_at",
)  # fmt: skip


def money(cents: int) -> str:
    """As exact decimal text, four places."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}00"


def seed(
    people: Sequence[Person], *, draw: random.Random, now: datetime, after_chunk: Callable[[int], None] = lambda n: None
) -> int:
    """Write what belongs to these customers; returns the number of orders. On PostgreSQL copied beside the making."""
    made, ending = 0, tick(now)
    whole = len(people) >= MANY and Purchase.objects.count() <= len(people)
    with bulk_writer.Writer(whole=whole, tables=LOADED) as writer:
        for start in range(0, len(people), CHUNK):
            batch = Batch(draw, ending)
            for person in people[start : start + CHUNK]:
                batch.person(person)
            made += len(batch.purchases)
            writer.write(batch.load())
            after_chunk(min(start + CHUNK, len(people)))
    trusted = LOADED if writer.whole else ()
    if broken := bulk.broken_references(*LOADED[:-1], trusted=trusted):
        raise RuntimeError(f"customers of the demo were deleted meanwhile: {', '.join(broken)}; purge_demo")
    bulk_writer.analyze(*LOADED)
    return made


class Batch:
    """The rows of some thousand customers, by table."""

    def __init__(self, draw: random.Random, now: int) -> None:
        self.draw, self.now = draw, now
        self.as_text = connection.vendor == "postgresql"
        as_text = self.as_text
        self.stay = STAYS.pen(
            "customer_id", "joined_on", "left_on", "reason", "plan", "monthly_amount", "currency", as_text=as_text
        )
        self.purchase = PURCHASES.pen(*ORDER_OF, as_text=as_text)
        self.line = LINES.pen(
            "purchase_id", "purchased_at", "sku", "description", "quantity", "unit_price", as_text=as_text
        )
        self.charge = CHARGES.pen(
            "id", "customer_id", "charged_on", "amount", "description", "order_number", "created_at", "updated_at",
            as_text=as_text,
        )  # fmt: skip
        self.payment = PAYMENTS.pen(
            "customer_id", "charge_id", "paid_on", "amount", "method", "created_at", "updated_at", as_text=as_text
        )
        self.consent = CONSENTS.pen("customer_id", "purpose", "given", "at", "how", as_text=as_text)
        self.stays: list[Any] = []
        self.purchases: list[Any] = []
        self.lines: list[Any] = []
        self.charges: list[Any] = []
        self.payments: list[Any] = []
        self.consents: list[Any] = []
        self.trail: list[Any] = []
        self._keys = _keys_of(Purchase)
        self._charge_keys = _keys_of(Charge)

    def load(self) -> Load:
        return [
            (Tenure, STAYS.columns, self.stays),
            (Purchase, PURCHASES.columns, self.purchases),
            (PurchaseLine, LINES.columns, self.lines),
            (Charge, CHARGES.columns, self.charges),
            (Payment, PAYMENTS.columns, self.payments),
            (Consent, CONSENTS.columns, self.consents),
            (TrailEntry, trail_rows.KEYLESS, self.trail),
        ]

    def person(self, person: Person) -> None:
        """All of one customer."""
        found = stays(person, self.draw, self.now)
        plan, cents = goods.PLANS[int(self.draw.random() * len(goods.PLANS))]
        for stay in found:
            self._stay(person, stay, plan, cents)
        for at in self._moments(person, found):
            self._order(person, at)
        if cents and found[-1].left is None:
            self._plan(person, plan, cents, found[-1].joined)
        if person.charged_twice:
            self._twice(person, *person.charged_twice)
        self._consents(person)

    def _stay(self, person: Person, stay: Stay, plan: str, cents: int) -> None:
        left, reason = None, ""
        if stay.left is not None:
            left = text(stay.left)[:10]
            reasons = (goods.REASONS_BAD if stay.is_angry else goods.REASONS)[person.language]
            reason = reasons[int(self.draw.random() * len(reasons))]
        amount, currency = (money(cents), goods.CURRENCY) if cents else (None, "")
        self.stays.append(self.stay((person.key, text(stay.joined)[:10], left, reason, plan, amount, currency)))

    def _moments(self, person: Person, found: Sequence[Stay]) -> list[int]:
        """When they buy: on joining, now and then, and again after a complaint settled well."""
        draw, now = self.draw, self.now
        pause = 365 * DAY / A_YEAR[int(draw.random() * 10)]
        moments = [min(person.joined + int(draw.random() * 3 * DAY), now - HOUR)]
        at = moments[0]
        while (at := at + int(-math.log(1 - draw.random()) * pause) + DAY) < now:
            moments.append(at)
        for settled, mood in person.moments:
            at = settled + int(draw.uniform(4, 75) * DAY)
            if draw.random() < AGAIN[mood] and at < now:
                moments.append(at)
        return sorted(at for at in moments if any(stay.holds(at) for stay in found) or at == moments[0])

    def _order(self, person: Person, at: int) -> None:
        draw = self.draw
        chance = draw.random()
        lines = []
        while True:
            article = goods.SHELF[int(draw.random() * len(goods.SHELF))]
            lines.append((article, 1 if article.cents > 3_000 or draw.random() < 0.6 else 2 + int(draw.random() * 3)))
            if len(lines) == 4 or draw.random() < 0.55:
                break
        cancelled = at + int(draw.uniform(1, 40) * HOUR) if chance < CANCELLED else None
        incentive = draw.random() < INCENTIVE
        key, number, total = self.order(person, at, lines, cancelled=cancelled, incentive=incentive)
        returned = at + int(draw.uniform(4, 25) * DAY)
        if CANCELLED <= chance < CANCELLED + RETURNED and returned < self.now:
            self.order(person, returned, [(lines[0][0], -lines[0][1])], returns=key)
        if cancelled is None and at > self.now - CHARGED_FOR:
            words = goods.AN_ORDER[person.language].format(number=number)
            self.bill(person, at, total, words, number, paid_at=at)

    def order(
        self,
        person: Person,
        at: int,
        lines: Sequence[tuple[goods.Article, int]],
        *,
        number: str = "",
        cancelled: int | None = None,
        incentive: bool = False,
        returns: int | None = None,
    ) -> tuple[int, str, int]:
        """One order with its lines; returns key, number and sum in cents."""
        key = next(self._keys)
        number = number or f"HM-{100_000 + key}"
        kind = PurchaseKind.ORDER if returns is None else PurchaseKind.RETURN
        total, when, valid = sum(article.cents * quantity for article, quantity in lines), text(at), len(lines)
        if returns is not None:
            valid = 0
        changed = text(min(cancelled, self.now)) if cancelled else when
        counts = valid > 0 and cancelled is None
        self.purchases.append(
            self.purchase(
                (
                    key, person.key, number, str(kind), returns, when, money(total), money(total if valid else 0),
                    valid, incentive, changed if cancelled else None, counts, when, changed,
                )
            )
        )  # fmt: skip
        for article, quantity in lines:
            words = article.names[person.language]
            self.lines.append(self.line((key, when, article.sku, words, f"{quantity}.000", money(article.cents))))
        said = f'"kind":"{kind}","order_number":"{number}","source":"{SOURCE}"'
        body = f'{{"amount":"{money(total)}","currency":"{goods.CURRENCY}",{said}}}'
        self._entry(key, person.key, "purchase.recorded", at, body)
        return key, number, total

    def bill(
        self, person: Person, at: int, cents: int, words: str, number: str = "", *, paid_at: int | None = None
    ) -> None:
        """A charge, and its payment when it was paid."""
        key, when = next(self._charge_keys), text(at)
        amount = money(cents)
        self.charges.append(self.charge((key, person.key, when[:10], amount, words, number, when, when)))
        if paid_at is not None:
            paid = text(paid_at)
            method = goods.METHODS[person.language][0 if self.draw.random() < 0.85 else 1]
            self.payments.append(self.payment((person.key, key, paid[:10], amount, method, paid, paid)))

    def _plan(self, person: Person, plan: str, cents: int, joined: int) -> None:
        """The contract's last three months."""
        words = goods.A_MONTH[person.language].format(plan=plan)
        last = self.now - int((2 + 27 * self.draw.random()) * DAY)
        for month in range(3):
            at = last - 30 * month * DAY
            if at > joined:
                paid_at = at + int(self.draw.random() * 3 * DAY)
                is_paid = paid_at < self.now and self.draw.random() > UNPAID
                self.bill(person, at, cents, words, paid_at=paid_at if is_paid else None)

    def _twice(self, person: Person, number: str, at: int) -> None:
        """One order, paid twice within a minute: the second charge has no order behind it (A7)."""
        article = goods.FILTER_PLAN
        self.order(person, at, [(article, 1)], number=number)
        for moment, its_order in ((at, number), (at + 47, "")):
            self.bill(person, moment, article.cents, article.names[person.language], its_order, paid_at=moment)

    def _consents(self, person: Person) -> None:
        draw, at = self.draw, text(person.joined)
        how = goods.HOW[person.language]
        for purpose, asked, given in (("offers", 0.6, 0.55), ("testimonial", 0.05, 0.8), ("calls", 0.1, 0.6)):
            if purpose not in person.refuses and draw.random() < asked:
                words = how[int(draw.random() * len(how))]
                self.consents.append(self.consent((person.key, purpose, draw.random() < given, at, words)))
        for purpose in person.refuses:
            self.consents.append(self.consent((person.key, purpose, False, at, how[0])))

    def _entry(self, key: int, customer: int, kind: str, at: int, body: str) -> None:
        chain = trail_rows.Chain("purchase", key, customer)
        if self.as_text:
            self.trail.append(chain.line(kind, SHOP, at * 1_000_000, text(at), body))
        else:
            self.trail.append(chain.seal(None, kind, SHOP, at * 1_000_000, text(at), body)[1:])


def _keys_of(model: type[models.Model], at_once: int = 4_000) -> Iterator[int]:
    """Keys as they are needed."""
    while True:
        yield from bulk.new_keys(model, at_once)


def orders(
    customers: int = 10_000, orders: int = 500_000, *, seed: int = 2026, now: datetime | None = None, years: int = 3
) -> int:
    """For measuring: so many customers with a stay each, and so many one-line orders among them; returns `orders`.

    Marked as the demo's, so that purge_demo takes them away. In the transaction that is open, else in one of its own.
    """
    from core import clock

    draw = random.Random(seed)  # noqa: S311  (for measuring, not secret)
    ending, as_text = tick(now or clock.now()), connection.vendor == "postgresql"
    first = ending - years * 365 * DAY
    table = bulk.Table(Customer, kind="person", language="en")
    person = table.pen("id", "name", "name_key", "created_at", "updated_at", as_text=as_text)
    external = bulk.Table(ExternalId, keyless=True, source=SOURCE)
    named = external.pen("customer_id", "external_id", as_text=as_text)
    stay = STAYS.pen("customer_id", "joined_on", "left_on", as_text=as_text)
    keys = bulk.new_keys(Customer, customers)
    joined = [first + int(draw.random() * (ending - first)) for _ in keys]
    people, ids, tenures = [], [], []
    for number, (key, since) in enumerate(zip(keys, joined, strict=True)):
        at, left = text(since), since + int(draw.expovariate(1 / (900 * DAY)))
        people.append(person((key, f"Buyer {number}", f"buyer {number}", at, at)))
        ids.append(named((key, f"O-{key}")))
        tenures.append(stay((key, at[:10], text(left)[:10] if left < ending else None)))
    pen = PURCHASES.pen(*ORDER_OF, as_text=as_text)
    tables: tuple[type[models.Model], ...] = (Customer, ExternalId, Tenure, Purchase)
    with bulk_writer.Writer(whole=Purchase.objects.count() <= orders, tables=tables) as writer:
        writer.write(
            [(Customer, table.columns, people), (ExternalId, external.columns, ids), (Tenure, STAYS.columns, tenures)]
        )
        for start in range(0, orders, ORDERS_CHUNK):
            rows = []
            for key in bulk.new_keys(Purchase, min(ORDERS_CHUNK, orders - start)):
                buyer = int(draw.random() ** 2 * customers)
                at = text(joined[buyer] + int(draw.random() * (ending - joined[buyer])))
                amount = money(1_000 + int(draw.random() * 9_000))
                sums, bribed = (amount, amount, 1), key % 7 == 0
                rows.append(pen((key, keys[buyer], f"O-{key}", "order", None, at, *sums, bribed, None, True, at, at)))
            writer.write([(Purchase, PURCHASES.columns, rows)])
    bulk_writer.analyze(*tables, ContactPoint)
    return orders
