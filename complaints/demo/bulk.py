"""Demo complaints by the hundred thousand, written as rows (performance.md, load): for measuring, and to see it full.

What each row says follows the actions: the same trail entries, clock events and states, as far as a list, a case
page, a figure or the sweep can tell.

Into a database that holds little, PostgreSQL takes it all in one transaction and builds the indexes afterwards, in a
third of the time: nobody can read complaints meanwhile, and cut off half-way it leaves nothing. Otherwise it is
committed in chunks beside everybody's work; cut off half-way, `purge_demo` and begin again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import models

from complaints import routing
from complaints.demo import bulk_customers, cast
from complaints.demo.bulk_rows import Generator, Span
from complaints.models import Clock, ClockEvent, Complaint, Firing, Message, Narrative, SearchText
from complaints.models import Workload as WorkloadModel
from complaints.search import upkeep
from core import bulk, bulk_writer, cached
from core.models import TrailEntry
from retention.models import ContactPoint, Customer, ExternalId

CHUNK = 5_000
MANY = 20_000  # from here on dropping and building indexes pays
LOADED: tuple[type[models.Model], ...] = (
    Customer, ContactPoint, ExternalId, Complaint, Narrative, Clock, ClockEvent, Firing, Message, TrailEntry,
)  # fmt: skip
WRITTEN: tuple[type[models.Model], ...] = (*LOADED, SearchText, WorkloadModel)
LARGE = (TrailEntry, ClockEvent, Clock)  # as much work to analyze as all the rest
CUSTOMERS_TO = 5  # complaints to a customer, unless said otherwise


def seed(
    count: int,
    *,
    customers: int | None = None,
    open_share: float,
    seed: int,
    now: datetime,
    span: Span | None = None,
    after_chunk: Callable[[int], None] = lambda done: None,
) -> int:
    """Write `count` complaints of the time before `now`, `open_share` of them open; returns `count`.

    `span`: when those that are over came in, by default within two years. On PostgreSQL the rows of one chunk are
    copied while the next is being thought of. The cast has to be there.
    """
    cached.clear_all()
    draw = random.Random(seed + 1)  # noqa: S311  (believable, not secret)
    whole = count >= MANY and Complaint.objects.count() <= count
    with bulk_writer.Writer(whole=whole, tables=LOADED, around=upkeep.put_afterwards) as writer:
        number = max(customers or count // CUSTOMERS_TO, 1)
        known = bulk_customers.seed(number, draw=draw, now=now, write=writer.write)
        generator = Generator(
            draw=draw, now=now, open_share=open_share, customers=known, members=cast.users(), span=span or Span()
        )
        for done, size in _sizes(count):
            writer.write(generator.chunk(size))
            after_chunk(done)
    trusted = LOADED if writer.whole else ()
    if broken := bulk.broken_references(*LOADED, trusted=trusted):
        raise RuntimeError(f"something the demo stands on was deleted meanwhile: {', '.join(broken)}; purge_demo")
    routing.recount()
    bulk_writer.analyze(*WRITTEN, large=LARGE)
    return count


def _sizes(count: int) -> Iterator[tuple[int, int]]:
    """(done behind it, size) of every chunk."""
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        yield start + size, size
