"""Search: the page for a rare, a common and an absent word, the beginning of one, two words, a phone fragment and a
fragment of a reference, as agent and manager.

Real pages from the real server, warm, one client; beside it the SQL of the page alone, and what the search takes of it
in our own process.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.db import transaction

from complaints import search
from complaints.models import Complaint, Narrative
from core import bulk
from core.models import User
from retention.models import ContactPoint, Customer
from retention.models.customers import PHONE
from tests.bench.figures import percentile
from tests.bench.pages import page
from tests.bench.queries import counted
from tests.bench.seed import Company
from tests.bench.web import Server

RARE, ABSENT, COMMON = "zeppelin", "hippopotamus", "parcel"
RARELY = 20  # complaints that say the rare word
RUNS = 30


def measure(people: Company, server: Server) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and result of one after the other: who asks, what for."""
    agent = people.agents[0]
    spread(agent)
    case = Complaint.objects.filter(owner=agent).latest("pk")
    number = ContactPoint.objects.filter(kind=PHONE, customer__complaints__owner=agent).order_by("-customer").first()
    asked = {"rare": RARE, "common": COMMON, "absent": ABSENT, "growing": COMMON[:4], "two words": f"{COMMON} {RARE}"}
    if number is not None:
        asked["phone"] = number.value_key[-7:]
    asked["reference"] = case.reference[4:10]
    for who, user in (("agent", agent), ("manager", people.manager)):
        for what, words in asked.items():
            found = page(f"/search/?{urlencode({'q': words})}", user, server)
            yield f"{what} as {who}", {**found, **alone(words, user)}


def spread(agent: User) -> None:
    """Give every customer a phone number, and say the rare word in a few complaints, half of them the agent's."""
    table = bulk.Table(ContactPoint, keyless=True, kind=PHONE)
    numbers = ((key, f"35191{key * 7_919 % 10_000_000:07}") for key in Customer.objects.values_list("pk", flat=True))
    with transaction.atomic():
        table.load([table.row(customer_id=key, value=f"+{number}", value_key=number) for key, number in numbers])
    bulk.analyze(ContactPoint)
    newest = Complaint.objects.latest("pk").pk
    step = max(newest // RARELY, 1)
    keys = list(range(newest, 0, -step))[:RARELY]
    own = list(Complaint.objects.filter(owner=agent).order_by("-pk").values_list("pk", flat=True)[: RARELY // 2])
    for narrative in Narrative.objects.filter(complaint__in=[*keys[: RARELY // 2], *own]):
        narrative.description += f" It was the {RARE}."
        narrative.save(update_fields=["description"])


def alone(words: str, user: User) -> dict[str, Any]:
    """The search without the page: milliseconds, queries, hits."""
    hits = search.find(words, user).hits
    took = []
    for _run in range(RUNS):
        started = time.perf_counter()
        search.find(words, user)
        took.append((time.perf_counter() - started) * 1000)
    with counted() as asked:
        search.find(words, user)
    return {
        "rows": len(hits),
        "search_ms": round(statistics.median(took), 1),
        "search_p95_ms": round(percentile(took, 95), 1),
        "search_sql": asked.summary()["sql"],
    }
