"""Customers in bulk: name, address, the id that marks them as the demo's, one stay each, one trail entry."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from complaints.demo import SOURCE, cast
from complaints.demo.texts import BOOKS
from complaints.demo.ticks import DAY, text, tick
from core import bulk, trail_rows
from core.models import TrailEntry
from retention.models import ContactPoint, Customer, ExternalId, Tenure

CHUNK = 10_000
CUSTOMERS = bulk.Table(Customer, kind="person")
CONTACTS = bulk.Table(ContactPoint, keyless=True, kind="email", is_preferred=True)
IDS = bulk.Table(ExternalId, keyless=True, source=SOURCE)
STAYS = bulk.Table(Tenure, keyless=True, source=SOURCE)
LANGUAGES = ("en", "pt", "es", "it", "ru", "en")
TIERS = ("", "", "", "", "Silver", "Silver", "Gold")
SEEDER = trail_rows.Signature(cast.SEEDER)
BODY = f'{{"source":"{SOURCE}"}}'


@dataclass(frozen=True, slots=True)
class Known:
    """The keys of all customers made, by language."""

    by_language: dict[str, list[int]]


def seed(count: int, *, draw: random.Random, now: datetime, write: Callable[[Any], None]) -> Known:
    """Hand `count` customers to `write`, chunk by chunk; returns their keys."""
    known: dict[str, list[int]] = {language: [] for language in BOOKS}
    ending = tick(now)
    given = ("id", "name", "name_key", "language", "tier", "created_at", "updated_at")
    as_text = connection.vendor == "postgresql"
    customer = CUSTOMERS.pen(*given, as_text=as_text)
    contact = CONTACTS.pen("customer_id", "value", "value_key", as_text=as_text)
    external_id = IDS.pen("customer_id", "external_id", as_text=as_text)
    stay = STAYS.pen("customer_id", "joined_on", "left_on", as_text=as_text)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        keys = bulk.new_keys(Customer, size)
        people, contacts, ids, stays, trail = [], [], [], [], []
        for number, key in zip(range(start, start + size), keys, strict=True):
            language = LANGUAGES[number % 6]
            book = BOOKS[language]
            person = book.people[number % len(book.people)]
            joined = ending - draw.randrange(800 * DAY, 2600 * DAY)
            at, address = text(joined), f"{person.mailbox}.{number}@{book.mail_domain}"
            tier = TIERS[draw.randrange(7)]
            people.append(customer((key, person.name, person.name.lower(), language, tier, at, at)))
            contacts.append(contact((key, address, address)))
            ids.append(external_id((key, f"B-{key}")))
            left = None if draw.random() < 0.93 else text(joined + draw.randrange(90 * DAY, 700 * DAY))[:10]
            stays.append(stay((key, at[:10], left)))
            chain = trail_rows.Chain("customer", key, key)
            trail.append(chain.seal(None, "customer.created", SEEDER, joined * 1_000_000, at, BODY)[1:])
            known[language].append(key)
        write(
            [
                (Customer, CUSTOMERS.columns, people),
                (ContactPoint, CONTACTS.columns, contacts),
                (ExternalId, IDS.columns, ids),
                (Tenure, STAYS.columns, stays),
                (TrailEntry, trail_rows.KEYLESS, trail),
            ]
        )  # fmt: skip
    return Known(known)
