"""Customers in bulk: name, address, the id that marks them as the demo's, one trail entry. Oldest first.

Their stays are written when it is known whether they left (retention.demo).
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from complaints.demo import SOURCE, cast
from complaints.demo.texts import BOOKS
from complaints.demo.texts.book import crowd
from core import bulk, trail_rows
from core.models import TrailEntry
from retention.demo import likes
from retention.demo.ticks import DAY, text, tick
from retention.models import ContactPoint, Customer, ExternalId
from retention.models.customers import key_of
from retention.names import search_key

CHUNK = 10_000
STRIDE = 101  # through a crowd: neighbours share no name
SPAN = 1_500 * DAY  # the newest joined yesterday
CUSTOMERS = bulk.Table(Customer, kind="person")
CONTACTS = bulk.Table(ContactPoint, keyless=True, kind="email", is_preferred=True)
PHONES = bulk.Table(ContactPoint, keyless=True, kind="phone", is_preferred=True)
NUMBERED = range(100, 1_000)  # who has a number: there are a thousand for examples, the first of them are taken
IDS = bulk.Table(ExternalId, keyless=True, source=SOURCE)
LANGUAGES = ("en", "pt", "es", "it", "ru", "en")
TIERS = ("", "", "", "", "Silver", "Silver", "Gold")
SEEDER = trail_rows.Signature(cast.SEEDER)
BODY = f'{{"source":"{SOURCE}"}}'


class Known:
    """The keys of all customers made, by language, in the order in which they came."""

    def __init__(self) -> None:
        self.by_language: dict[str, list[int]] = {language: [] for language in BOOKS}
        self.since: dict[str, list[int]] = {language: [] for language in BOOKS}

    def one(self, language: str, before: int, chance: float) -> int:
        """Some customer who was here before that second; the first of all if nobody was."""
        keys = self.by_language[language] or self.by_language["en"]
        there = bisect_left(self.since[language], before, 0, len(keys)) if self.by_language[language] else len(keys)
        return keys[int(chance * there)]


def seed(count: int, *, draw: random.Random, now: datetime, write: Callable[[Any], None]) -> Known:
    """Hand `count` customers to `write`, chunk by chunk; returns their keys."""
    known = Known()
    ending = tick(now)
    given = (
        "id", "name", "name_key", "language", "tier", "preferred_channel", "preferences", "created_at", "updated_at",
    )  # fmt: skip
    as_text = connection.vendor == "postgresql"
    customer = CUSTOMERS.pen(*given, as_text=as_text)
    contact = CONTACTS.pen("customer_id", "value", "value_key", as_text=as_text)
    phone = PHONES.pen("customer_id", "value", "value_key", as_text=as_text)
    external_id = IDS.pen("customer_id", "external_id", as_text=as_text)
    crowds = {language: crowd(book) for language, book in BOOKS.items()}
    names = {person.name: search_key(person.name) for found in crowds.values() for person in found}
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        keys = bulk.new_keys(Customer, size)
        people, contacts, ids, trail = [], [], [], []
        for number, key in zip(range(start, start + size), keys, strict=True):
            language = LANGUAGES[number % 6]
            book = BOOKS[language]
            person = crowds[language][number // 6 * STRIDE % len(crowds[language])]
            joined = ending - DAY - int(SPAN * (count - number - draw.random()) / count)
            at, address = text(joined), f"{person.mailbox}.{number}@{book.mail_domain}"
            tier = TIERS[draw.randrange(7)]
            channel, preferences = likes.some(draw, language)
            name = person.name
            people.append(customer((key, name, names[name], language, tier, channel, preferences, at, at)))
            contacts.append(contact((key, address, address)))
            if number in NUMBERED:
                call = book.phone.format(number)
                contacts.append(phone((key, call, key_of("phone", call))))
            ids.append(external_id((key, f"B-{key}")))
            chain = trail_rows.Chain("customer", key, key)
            trail.append(chain.seal(None, "customer.created", SEEDER, joined * 1_000_000, at, BODY)[1:])
            known.by_language[language].append(key)
            known.since[language].append(joined)
        write(
            [
                (Customer, CUSTOMERS.columns, people),
                (ContactPoint, CONTACTS.columns, contacts),
                (ExternalId, IDS.columns, ids),
                (TrailEntry, trail_rows.KEYLESS, trail),
            ]
        )
    return known
