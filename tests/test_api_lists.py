"""Lists of the API: pages by key, filters, order, sparse fields (interface, REST API)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from core.models import OutboxMessage, Team, User
from tests.cast import make_manager
from tests.test_api_access import refused
from tests.tokens import bearer

pytestmark = [pytest.mark.urls("tests.api_urls"), pytest.mark.django_db]
TEAMS, MAILS = "/api/v1/teams/", "/api/v1/mails/"
START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def manager(db: None) -> User:
    return make_manager()


class Caller:
    def __init__(self, user: User) -> None:
        self.headers = bearer(user)

    def get(self, url: str, **parameters: Any) -> Any:
        return Client().get(url, parameters or None, headers=self.headers)

    def walk(self, url: str, way: str = "next", between: Any = None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while url:
            parts = urlsplit(url)
            body = self.get(f"{parts.path}?{parts.query}").json()
            rows = rows + body["results"] if way == "next" else body["results"] + rows
            url = body[way]
            if between:
                between()
        return rows


@pytest.fixture
def caller(manager: User) -> Caller:
    return Caller(manager)


def make_mails(count: int) -> list[OutboxMessage]:
    """Mails of which many fall due in the same instant."""
    return OutboxMessage.objects.bulk_create(
        OutboxMessage(
            key=f"k{number}",
            message_id=f"<k{number}@house.example>",
            recipient="a@house.example",
            language="en",
            template="t",
            context={},
            created_at=START,
            due_at=START + timedelta(seconds=random.choice((1, 2, 2, 3, 5))),
        )
        for number in range(count)
    )


@pytest.mark.parametrize("ordering", ["due_at", "-due_at"])
def test_pages_have_every_row_once_in_both_directions(caller: Caller, ordering: str) -> None:
    mails = make_mails(57)
    expected = sorted(mails, key=lambda mail: (mail.due_at, mail.pk), reverse=ordering.startswith("-"))
    first = f"{MAILS}?ordering={ordering}&page_size=10"
    body = caller.get(first).json()
    assert body["previous"] is None
    assert body["next"].startswith("http://testserver/api/v1/mails/?")
    forth = caller.walk(first)
    assert [row["key"] for row in forth] == [mail.key for mail in expected]
    url = body["next"]
    while url:
        last, url = url, caller.get(url).json()["next"]
    previous = caller.get(last).json()["previous"]
    back = caller.walk(previous, "previous")
    assert [row["key"] for row in back] == [mail.key for mail in expected][: len(back)]
    assert len(back) == 50


def test_untouched_rows_come_exactly_once_while_others_change(caller: Caller) -> None:
    mails = make_mails(80)
    touched = {mail.pk for mail in mails[::4]}
    untouched = [mail.key for mail in mails if mail.pk not in touched]
    pool = [mail for mail in mails if mail.pk in touched]

    def change() -> None:
        make = OutboxMessage(
            key=f"new{random.random()}",
            message_id="<n@house.example>",
            recipient="a@house.example",
            language="en",
            template="t",
            context={},
            created_at=START,
            due_at=START + timedelta(seconds=random.randint(0, 6)),
        )
        make.save()
        if pool:
            mail = pool.pop()
            mail.delete() if len(pool) % 2 else OutboxMessage.objects.filter(pk=mail.pk).update(due_at=START)

    seen = [row["key"] for row in caller.walk(f"{MAILS}?page_size=7", between=change)]
    assert sorted(key for key in seen if key in set(untouched)) == sorted(untouched)


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "A" * 40, "=" * 8, "WyJkdWVfYXQiLDEsMSwxXQ", "%00", "../..", "null", "A" * 5000]
)
def test_forged_cursors_are_refused(caller: Caller, cursor: str) -> None:
    make_mails(3)
    response = caller.get(MAILS, cursor=cursor)
    assert response.status_code == 400
    assert response.json()["code"] in ("invalid_cursor", "invalid_characters", "bad_request")


def test_a_cursor_belongs_to_its_list_and_order(caller: Caller, manager: User) -> None:
    make_mails(5)
    cursor = urlsplit(caller.get(MAILS, page_size=2).json()["next"]).query.split("cursor=")[1].split("&")[0]
    assert caller.get(MAILS, cursor=cursor).status_code == 200
    altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for url, parameters in [
        (MAILS, {"cursor": altered}),
        (TEAMS, {"cursor": cursor}),
        (MAILS, {"cursor": cursor, "ordering": "due_at"}),
    ]:
        assert refused(caller.get(url, **parameters), 400, "invalid_cursor"), parameters


@pytest.mark.parametrize("size", ["0", "-1", "201", "x", "1e2", "", "99999999999999999999", "²"])
def test_page_size_has_its_bounds(caller: Caller, size: str) -> None:
    assert refused(caller.get(MAILS, page_size=size), 400, "invalid_page_size")


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ("colour=red", "unknown_parameter", "?colour"),
        ("ordering=key", "unknown_ordering", "?ordering"),
        ("ordering=--due_at", "unknown_ordering", "?ordering"),
        ("ordering=due_at&ordering=-due_at", "repeated_parameter", "?ordering"),
        ("channel=fax", "unknown_code", "?channel"),
        ("channel=", "invalid", "?channel"),
        ("due_at_from=2026-03-02T00:00:00", "timezone_required", "?due_at_from"),
        ("due_at_from=2026-02-30", "invalid_datetime", "?due_at_from"),
        ("due_at_from=2026-03-03&due_at_to=2026-03-01", "from_after_to", "?due_at_from"),
        ("due_at_from=2026-03-03&due_at_from=2026-03-04", "repeated_parameter", "?due_at_from"),
        ("updated_since=yesterday", "invalid_datetime", "?updated_since"),
        ("fields=key,secret", "unknown_field", "?fields"),
        ("channel=ma%00il", "invalid_characters", "?channel"),
    ],
)
def test_bad_parameters_are_named(caller: Caller, query: str, code: str, pointer: str | None) -> None:
    make_mails(1)
    response = caller.get(f"{MAILS}?{query}")
    assert refused(response, 400, code)
    if pointer:
        assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_ranges_take_dates_and_instants(caller: Caller) -> None:
    make_mails(10)
    for query, found in [
        ("due_at_from=2026-03-02&due_at_to=2026-03-02", 10),
        ("due_at_from=2026-03-03", 0),
        ("due_at_from=2026-03-02T00:00:00Z&due_at_to=2026-03-02T01:00:00%2B00:00", 10),
        ("due_at_from=2026-03-02T02:00:00+02:00", 10),
        ("due_at_to=2026-03-02T00:00:00Z", 0),
        ("channel=mail&channel=sms", 10),
        ("channel=sms", 0),
    ]:
        response = caller.get(f"{MAILS}?{query}")
        assert response.status_code == 200, response.content
        assert len(response.json()["results"]) == found, query


def test_filters_and_sparse_fields(caller: Caller, manager: User) -> None:
    for name in ("Lisboa", "Café"):
        Team.objects.create(name=name, lead=manager)
    assert [row["name"] for row in caller.get(TEAMS).json()["results"]] == ["Café", "Lisboa"]
    assert [row["name"] for row in caller.get(TEAMS, ordering="-name").json()["results"]] == [
        "Lisboa",
        "Café",
    ]
    assert caller.get(TEAMS, fields="name", name="Cafe\u0301").json()["results"] == [{"name": "Café"}]
    assert len(caller.get(TEAMS, lead=str(manager.pk), is_active="true").json()["results"]) == 2
    assert caller.get(TEAMS, is_active="false").json() == {"results": [], "next": None, "previous": None}
    assert refused(caller.get(TEAMS, is_active="1"), 400, "not_a_boolean")
    assert refused(caller.get(TEAMS, lead="one"), 400, "invalid_id")


def test_two_queries_whatever_the_size(caller: Caller, django_assert_num_queries: Any) -> None:
    make_mails(60)
    caller.get(MAILS)
    with django_assert_num_queries(2):  # token, page
        assert len(caller.get(MAILS).json()["results"]) == 50
