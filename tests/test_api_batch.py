"""`POST /api/v1/complaints/batch/`: many complaints in one call, an answer for each (interface, REST API)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import file as filing
from complaints.api import batch
from complaints.models import Clock, Complaint
from core import cached, clock, trail
from core.models import IdempotencyKey, OutboxMessage, User
from tests.cast import MONDAY, Cast, make_cast, make_complaint
from tests.tokens import bearer

URL = "/api/v1/complaints/batch/"


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def row(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"channel": "email", "subject": f"Late {number}", "description": "It never came.", **more}


def send(user: User, rows: Any, *, key: str = "", scope: str = "complaints:write", headers: Any = None) -> Any:
    headers = headers or bearer(user, scope)
    body = json.dumps({"complaints": rows} if isinstance(rows, list) else rows)
    more = {"Idempotency-Key": key} if key else {}
    return Client().post(URL, body, content_type="application/json", headers={**headers, **more})


def test_good_and_bad_rows_each_get_their_answer_in_order(cast: Cast) -> None:
    there = make_complaint(source="api", external_id="T-1", owner=cast.manager)
    before, mails = Complaint.objects.count(), OutboxMessage.objects.count()
    rows = [
        row(0, customer={"email": "dana@mail.example", "name": "Dana"}),
        row(1, channel="pigeon", colour="red"),
        row(2, external_id="T-1"),
        row(3, external_id="T-2"),
        row(4, external_id="T-2"),
        "nonsense",
        row(6, customer={"id": "999999"}),
        row(7, received_at="2026-03-01T09:00:00"),
        row(8, type="nothing-like-it"),
        row(9),
    ]
    answer = send(cast.manager, rows)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["created"], told["rejected"]) == (3, 7)
    assert [one["index"] for one in told["results"]] == list(range(10))
    assert [one["status"] for one in told["results"]] == [201, 400, 409, 201, 409, 400, 400, 400, 400, 201]
    assert Complaint.objects.count() == before + 3 and OutboxMessage.objects.count() == mails + 1, "its receipt"
    wrong = told["results"][1]["problem"]
    assert wrong["errors"] and {one["pointer"] for one in wrong["errors"]} == {"/channel", "/colour"}
    assert told["results"][5]["problem"]["code"] == "not_an_object"
    assert told["results"][7]["problem"]["code"] == "timezone_required"
    twice = told["results"][2]
    assert (twice["problem"]["code"], twice["complaint"]["reference"]) == ("duplicate_external_id", there.reference)
    assert told["results"][4]["complaint"]["reference"] == told["results"][3]["complaint"]["reference"]
    made = Complaint.objects.get(reference=told["results"][0]["complaint"]["reference"])
    assert made.owner_id and Clock.objects.filter(complaint=made).exists(), "routed, its clocks run"
    assert [one.kind for one in trail.of(made)] == ["complaint.filed"]
    assert Client().get(told["results"][0]["complaint"]["url"], headers=bearer(cast.manager)).status_code == 200


def test_a_foreign_complaint_is_not_named(cast: Cast) -> None:
    make_complaint(source="api", external_id="T-1", owner=cast.manager)
    told = send(cast.stranger, [row(external_id="T-1")]).json()["results"][0]
    assert (told["status"], told["complaint"]) == (409, None)


def test_all_refused_is_still_an_answer_for_each(cast: Cast) -> None:
    answer = send(cast.manager, [{}, []])
    assert answer.status_code == 200 and answer.json()["created"] == 0
    assert [one["status"] for one in answer.json()["results"]] == [400, 400]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"complaints": {}}, "not_a_list"),
        ({"complaints": []}, "empty"),
        ({"complaints": [{}] * 1001}, "too_many"),
        ({"complaints": [{}], "other": 1}, "unknown_field"),
    ],
)
def test_what_is_wrong_with_the_whole_is_400(cast: Cast, body: Any, code: str) -> None:
    answer = send(cast.manager, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Complaint.objects.exists()


def test_scopes_roles_and_methods(cast: Cast) -> None:
    assert send(cast.manager, [row()], scope="complaints:read").json()["code"] == "insufficient_scope"
    assert send(cast.admin, [row()]).status_code == 403
    assert Client().post(URL, "{}", content_type="application/json").status_code == 401
    assert Client().get(URL, headers=bearer(cast.manager)).status_code == 405


def test_five_megabytes_here_and_one_elsewhere(cast: Cast, settings: Any) -> None:
    large = [row(number, description="x" * 4_500) for number in range(300)]
    assert 1_000_000 < len(json.dumps({"complaints": large})) < settings.MAX_BATCH_BYTES
    assert send(cast.manager, large[:1] + [{"description": one["description"]} for one in large[1:]]).status_code == 200
    elsewhere = Client().post(
        "/api/v1/complaints/", json.dumps({"complaints": large}), content_type="application/json",
        headers=bearer(cast.manager),
    )  # fmt: skip
    assert elsewhere.status_code == 413
    settings.MAX_BATCH_BYTES = 10_000
    answer = send(cast.manager, large[:3])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_with_a_key_a_repetition_gets_the_same_answer(cast: Cast) -> None:
    headers = bearer(cast.manager)
    rows = [row(0), {}, row(2, external_id="T-1")]
    first = send(cast.manager, rows, key="k-1", headers=headers)
    again = send(cast.manager, rows, key="k-1", headers=headers)
    assert (again.status_code, again.content) == (200, first.content) and again["Idempotent-Replayed"] == "true"
    assert Complaint.objects.count() == 2
    other = send(cast.manager, rows[:1], key="k-1", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert send(cast.manager, rows[:1], key="k-2", headers=headers).json()["created"] == 1
    assert send(cast.manager, rows[:1], key="\x7f", headers=headers).status_code == 400


def test_what_was_cut_off_goes_on_where_it_was(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies at the fourth row; those before are there, and a repetition files only the others."""
    headers, rows = bearer(cast.manager), [row(number) for number in range(6)]
    whole, seen = batch.file, []

    def dies(one: Any, **who: Any) -> Any:
        if len(seen) == 3:
            raise SystemExit
        seen.append(one.subject)
        return whole(one, **who)

    monkeypatch.setattr(batch, "file", dies)
    with pytest.raises(SystemExit):
        send(cast.manager, rows, key="k-1", headers=headers)
    assert Complaint.objects.count() == 3
    monkeypatch.setattr(batch, "file", whole)
    told = send(cast.manager, rows, key="k-1", headers=headers).json()
    assert told["created"] == 6 and Complaint.objects.count() == 6
    references = [one["complaint"]["reference"] for one in told["results"]]
    subjects = dict(Complaint.objects.values_list("reference", "subject"))
    assert [subjects[reference] for reference in references] == [f"Late {number}" for number in range(6)]


def test_a_busy_database_spoils_one_row_and_the_repetition_mends_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, rows = bearer(cast.manager), [row(number) for number in range(3)]
    whole = batch.file

    def busy(one: Any, **who: Any) -> Any:
        if one.subject == "Late 1":
            raise OperationalError("database is locked")
        return whole(one, **who)

    monkeypatch.setattr(batch, "file", busy)
    told = send(cast.manager, rows, key="k-1", headers=headers).json()
    assert [one["status"] for one in told["results"]] == [201, 503, 201]
    monkeypatch.setattr(batch, "file", whole)
    again = send(cast.manager, rows, key="k-1", headers=headers).json()
    assert [one["status"] for one in again["results"]] == [201] * 3 and Complaint.objects.count() == 3
    assert again["results"][0] == told["results"][0]


def test_references_that_meet_are_drawn_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    there = make_complaint(owner=cast.manager)
    drawn = iter([there.reference, "AM-7777-7777"])
    monkeypatch.setattr(filing, "new_reference", lambda: next(drawn))
    told = send(cast.manager, [row()]).json()["results"][0]
    assert (told["status"], told["complaint"]["reference"]) == (201, "AM-7777-7777")


def test_a_row_costs_fewer_queries_than_a_call(cast: Cast, lasting_caches: None) -> None:
    headers = bearer(cast.manager)
    send(cast.manager, [row()], headers=headers)  # what is read once for ever

    def asked(work: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert work().status_code in (200, 201)
        return sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE")) for one in queries)  # those are the test's own

    single = asked(
        lambda: Client().post(
            "/api/v1/complaints/", json.dumps(row()), content_type="application/json", headers=headers
        )
    )
    few = asked(lambda: send(cast.manager, [row(number) for number in range(2)], headers=headers))
    many = asked(lambda: send(cast.manager, [row(number) for number in range(22)], headers=headers))
    a_row = round((many - few) / 20)  # now and then a block of keys is fetched
    assert a_row <= single - 1, "who calls is asked once for all"
    keyed = asked(lambda: send(cast.manager, [row(number) for number in range(22)], headers=headers, key="k-9"))
    assert keyed <= many + 22 + 6, "one more for each row, to know it again"


def test_a_thousand_rows_with_errors_and_their_replay(cast: Cast) -> None:
    headers = bearer(cast.manager)
    rows = [row(n, external_id=f"T-{n % 900}") if n % 6 == 0 else {"channel": "email"} for n in range(1000)]
    first = send(cast.manager, rows, key="k-1", headers=headers)
    told = first.json()
    expected = [400 if n % 6 else 409 if n >= 900 else 201 for n in range(1000)]
    assert [one["status"] for one in told["results"]] == expected
    assert told["created"] == expected.count(201) == Complaint.objects.count() == 150
    again = send(cast.manager, rows, key="k-1", headers=headers)
    assert again.content == first.content and Complaint.objects.count() == 150


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_same_call_many_times_at_once_files_every_row_once() -> None:
    made = make_cast()
    headers, rows = bearer(made.manager), [row(number, external_id=f"T-{number}") for number in range(8)]
    barrier = Barrier(4)

    def call(_number: int) -> Any:
        try:
            barrier.wait()
            return send(made.manager, rows, key="k-1", headers=headers).json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, range(4)))
    assert Complaint.objects.filter(source="api").count() == 8
    assert all(one == answers[0] for one in answers) and answers[0]["created"] == 8
    assert IdempotencyKey.objects.count() == 9


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_batches_at_once_with_the_same_new_customers_make_each_once() -> None:
    made = make_cast()
    headers, barrier = bearer(made.manager), Barrier(4)
    known = [{"name": "Ada", "external_id": f"C-{number}"} for number in range(8)]

    def call(turn: int) -> Any:
        rows = [row(number, external_id=f"T-{turn}-{number}", customer=known[number]) for number in range(8)]
        try:
            barrier.wait()
            return send(made.manager, rows, key=f"k-{turn}", headers=headers).json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, range(4)))
    assert [one["created"] for one in answers] == [8] * 4, answers
    filed = Complaint.objects.filter(source="api")
    assert (filed.count(), filed.values("customer").distinct().count()) == (32, 8)
