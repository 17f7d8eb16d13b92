"""Customers in bulk: name, address, the id that marks them as the demo's, one stay each, one trail entry."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.demo import SOURCE, cast
from complaints.demo.texts import BOOKS
from complaints.demo.ticks import DAY, text, tick
from core import rows, trail_rows
from core.models import TrailEntry
from retention.models import ContactPoint, Customer, ExternalId, Tenure

CHUNK = 10_000
CUSTOMERS = (
    "id", "kind", "name", "name_key", "language", "tier", "merged_into_id", "created_at", "updated_at",
)  # fmt: skip
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
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        keys = rows.new_ids(Customer, size)
        entries = rows.new_ids(TrailEntry, size)
        people, contacts, ids, stays, trail = [], [], [], [], []
        for number, key, entry in zip(range(start, start + size), keys, entries, strict=True):
            language = LANGUAGES[number % 6]
            book = BOOKS[language]
            person = book.people[number % len(book.people)]
            joined = ending - draw.randrange(800 * DAY, 2600 * DAY)
            at, address = text(joined), f"{person.mailbox}.{number}@{book.mail_domain}"
            tier = TIERS[draw.randrange(7)]
            people.append((key, "person", person.name, person.name.lower(), language, tier, None, at, at))
            contacts.append((key, "email", address, address, True))
            ids.append((key, SOURCE, f"B-{key}"))
            left = None if draw.random() < 0.93 else text(joined + draw.randrange(90 * DAY, 700 * DAY))[:10]
            stays.append((key, at[:10], left, "", SOURCE, ""))
            chain = trail_rows.Chain("customer", key, key)
            trail.append(chain.seal(entry, "customer.created", SEEDER, joined * 1_000_000, at, BODY))
            known[language].append(key)
        write(
            [
                (Customer, CUSTOMERS, people),
                (ContactPoint, ("customer_id", "kind", "value", "value_key", "is_preferred"), contacts),
                (ExternalId, ("customer_id", "source", "external_id"), ids),
                (Tenure, ("customer_id", "joined_on", "left_on", "reason", "source", "external_id"), stays),
                (TrailEntry, trail_rows.COLUMNS, trail),
            ]
        )  # fmt: skip
    return Known(known)
