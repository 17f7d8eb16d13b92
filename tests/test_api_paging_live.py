"""Ten thousand rows paged while others are inserted, changed and deleted: each untouched one exactly once (interface,
REST API)."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from complaints.models import Complaint, Narrative
from core import cached, clock
from tests.cast import make_cast
from tests.tokens import bearer

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.postgresql,
    pytest.mark.slow,
]
ROWS, TOUCHABLE = 10_000, 2_500
RATE = 20  # insertions, changes and deletions a second, of each
PER_PAGE = 2  # of each between two pages, so that as much happens on a slow machine
ORDERS = ("received_at", "-received_at", "updated_at", "-updated_at")
_numbers = itertools.count(1)


def clone(count: int) -> None:
    """More complaints like the first one, of the hours before now; many came in the same second."""
    first = Complaint.objects.order_by("pk")[0]
    start = next(_numbers) * 1_000_000
    made = {
        "reference": f"'AM-' || lpad(({start} + n)::text, 10, '0')",
        "received_at": "date_trunc('second', now()) - mod(n, 900) * interval '1 second'",
        "updated_at": "date_trunc('second', now()) - mod(n * 7, 900) * interval '1 second'",
    }
    columns = [field.column for field in Complaint._meta.concrete_fields if not field.primary_key]
    of_text = [f.column for f in Narrative._meta.concrete_fields if not f.primary_key and f.name != "complaint"]
    key: Any = Narrative._meta.get_field("complaint")
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH made AS (INSERT INTO complaints_complaint ({', '.join(columns)}) "
            f"SELECT {', '.join(made.get(name, f'c.{name}') for name in columns)} "
            "FROM complaints_complaint c, generate_series(1, %s) n WHERE c.id = %s RETURNING id) "
            f"INSERT INTO {Narrative._meta.db_table} ({', '.join([key.column, *of_text])}) "
            f"SELECT made.id, {', '.join(f't.{name}' for name in of_text)} "
            f"FROM made, {Narrative._meta.db_table} t WHERE t.{key.column} = %s",
            [count, first.pk, first.pk],
        )


class Meanwhile(threading.Thread):
    """Inserts, changes and deletes, RATE of each a second, until told to stop."""

    def __init__(self, touchable: list[int]) -> None:
        super().__init__(daemon=True)
        self.left, self.done, self.stopped = touchable, 0, threading.Event()
        self.failure: BaseException | None = None

    def wait_for(self, count: int) -> None:
        """Until so many of each have happened; not beyond half a minute."""
        end = time.monotonic() + 30
        while self.done < count and self.failure is None and time.monotonic() < end:
            time.sleep(0.01)

    def run(self) -> None:
        try:
            due = time.monotonic()
            while not self.stopped.is_set():
                clone(1)
                at = clock.now() - timedelta(seconds=random.randint(0, 900))
                Complaint.objects.filter(pk=self.left.pop()).update(received_at=at, updated_at=clock.now())
                Complaint.objects.filter(pk=self.left.pop()).delete()
                self.done += 1
                due += 1 / RATE
                time.sleep(max(0.0, due - time.monotonic()))
        except BaseException as error:  # noqa: BLE001 - told by the test
            self.failure = error
        finally:
            connection.close()


def test_each_untouched_row_comes_exactly_once() -> None:
    cached.clear_all()
    cast = make_cast()
    cast.complaint()
    clone(ROWS)
    keys = list(Complaint.objects.order_by("pk").values_list("pk", flat=True)[1:])
    random.Random(7).shuffle(keys)
    touchable = keys[:TOUCHABLE]
    untouched = set(Complaint.objects.exclude(pk__in=touchable).values_list("reference", flat=True))
    api = Client(headers=bearer(cast.manager))
    for order in ORDERS:
        other = Meanwhile(touchable)
        other.start()
        seen: Counter[str] = Counter()
        url = f"/api/v1/complaints/?page_size=200&fields=reference&ordering={order}"
        while url:
            answer = api.get(url)
            assert answer.status_code == 200
            seen.update(row["reference"] for row in answer.json()["results"])
            url = answer.json()["next"]
            pages = sum(seen.values()) // 200
            other.wait_for(pages * PER_PAGE)
        other.stopped.set()
        other.join(10)
        assert other.failure is None, other.failure
        assert other.done >= len(untouched) // 200 * PER_PAGE
        assert {one: seen[one] for one in untouched if seen[one] != 1} == {}, order
