"""Follow-up calls through every door: planned, tried, made, handed on, put off, cancelled (mission B4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.test import Client

from complaints.actions import staff
from core import cached, clock, trail
from core.actor import Actor
from core.models import OutboxMessage, User
from retention.actions import follow_ups
from retention.calls_due import calls_due
from retention.models import Consent, FollowUp
from tests.cast import MONDAY, Cast, make_cast
from tests.surveyed import invited, link
from tests.tokens import bearer

DAY = timedelta(days=1)
TODAY = date(2026, 3, 2)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def planned(cast: Cast, *, owner: User | None = None, due_on: date = TODAY, **more: object) -> FollowUp:
    who = Actor.person(cast.manager)
    return follow_ups.plan(cast.customer, by=who, at=MONDAY, owner=owner or cast.agent, due_on=due_on, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Door:
    """The browser's form or the API: `status` 200 for done, 422 for wrong input, else as answered."""

    name: str

    def __str__(self) -> str:
        return self.name

    def plan(self, user: User, customer_id: int, **fields: object) -> int:
        if self.name == "api":
            return self._json(user, "follow-ups/", {"customer": str(customer_id), **fields})
        return self._form(user, f"/customers/{customer_id}/follow-ups/new/", {"owner": user.pk, **fields})

    def call(self, user: User, call: FollowUp, **fields: object) -> int:
        if self.name == "api":
            tail = "attempts" if "next_on" in fields else "completion"
            return self._json(user, f"follow-ups/{call.pk}/{tail}/", fields)
        return self._form(user, f"/follow-ups/{call.pk}/call/", fields)

    def change(self, user: User, call: FollowUp, **fields: object) -> int:
        if self.name == "api":
            client = Client(headers={**bearer(user), "If-Match": f'"{call.version}"'})
            path = f"/api/v1/follow-ups/{call.pk}/"
            return _seen(client.patch(path, json.dumps(fields), content_type="application/json").status_code)
        fields = {"owner": call.owner_id, "due_on": call.due_on.isoformat(), "about": call.about, **fields}
        return self._form(user, f"/follow-ups/{call.pk}/change/", fields)

    def cancel(self, user: User, call: FollowUp, **fields: object) -> int:
        if self.name == "api":
            return self._json(user, f"follow-ups/{call.pk}/cancellation/", fields)
        return self._form(user, f"/follow-ups/{call.pk}/cancellation/", fields)

    def _json(self, user: User, path: str, fields: dict[str, object]) -> int:
        client = Client(headers=bearer(user))
        return _seen(client.post(f"/api/v1/{path}", json.dumps(fields), content_type="application/json").status_code)

    def _form(self, user: User, path: str, fields: dict[str, object]) -> int:
        client = Client()
        client.force_login(user)
        return _seen(client.post(path, fields).status_code)


def _seen(status: int) -> int:
    return {201: 200, 302: 200, 400: 422}.get(status, status)


DOORS = pytest.mark.parametrize("door", [Door("browser"), Door("api")], ids=str)


@DOORS
def test_planning_by_hand(door: Door, cast: Cast) -> None:
    case = cast.complaint()
    pk = cast.customer.pk
    assert door.plan(cast.agent, pk, due_on="2026-03-05", about="The new lamp", complaint=case.reference) == 200
    call = FollowUp.objects.get()
    assert (call.owner, call.customer, call.due_on) == (cast.agent, cast.customer, date(2026, 3, 5))
    assert (call.about, call.complaint_reference, call.reason) == ("The new lamp", case.reference, "planned")
    entry = trail.of(call).get()
    assert entry.kind == "followup.planned" and entry.customer_id == pk and "lamp" not in entry.body
    assert not OutboxMessage.objects.filter(template="follow_up").exists()  # nobody is told of their own plan


@DOORS
def test_what_cannot_be_planned(door: Door, cast: Cast) -> None:
    pk, theirs = cast.customer.pk, cast.complaint(owner=cast.stranger)
    assert door.plan(cast.agent, pk, due_on="2026-03-01") == 422
    assert door.plan(cast.agent, pk, due_on="soon") == 422
    assert door.plan(cast.agent, pk, due_on="2026-03-05", complaint=theirs.reference) == 422
    assert door.plan(cast.agent, pk, due_on="2026-03-05", owner=str(cast.admin.pk)) in (409, 422)
    Consent.objects.create(customer=cast.customer, purpose="calls", given=False, at=MONDAY)
    assert door.plan(cast.agent, pk, due_on="2026-03-05") == 409
    assert not FollowUp.objects.exists()


@DOORS
def test_nobody_reached_it_is_tried_again(door: Door, cast: Cast) -> None:
    call = planned(cast)
    assert door.call(cast.agent, call, outcome="not_reached", next_on="2026-03-03", note="Engaged") == 200
    call.refresh_from_db()
    assert (call.attempts, call.due_on, call.done_at, call.outcome) == (1, date(2026, 3, 3), None, "")
    entry = trail.of(call).last()
    assert entry is not None and entry.kind == "followup.attempted" and json.loads(entry.private) == {"note": "Engaged"}
    assert door.call(cast.agent, call, outcome="not_reached", next_on="2026-03-01") == 422


@DOORS
def test_the_call_is_made_once(door: Door, cast: Cast) -> None:
    call = planned(cast)
    assert door.call(cast.agent, call, outcome="whatever") == 422
    assert door.call(cast.agent, call, outcome="reached", note="All is well now.") == 200
    call.refresh_from_db()
    assert (call.outcome, call.note, call.done_at, call.done_by) == ("reached", "All is well now.", MONDAY, cast.agent)
    assert door.call(cast.agent, call, outcome="reached") == 409
    assert [entry.kind for entry in trail.of(call)] == ["followup.planned", "followup.completed"]


@DOORS
def test_who_wants_no_calls_is_not_called_again(door: Door, cast: Cast) -> None:
    assert door.call(cast.agent, planned(cast), outcome="declined") == 200
    assert Consent.objects.get(customer=cast.customer, purpose="calls").given is False
    assert door.plan(cast.agent, cast.customer.pk, due_on="2026-03-05") == 409


@DOORS
def test_somebody_else_another_day(door: Door, cast: Cast) -> None:
    call = planned(cast, about="The lamp")
    mails = OutboxMessage.objects.filter(template="follow_up")
    before = mails.count()
    assert door.change(cast.agent, call, owner=str(cast.colleague.pk), due_on="2026-03-06") == 200
    call.refresh_from_db()
    assert (call.owner, call.due_on, call.about) == (cast.colleague, date(2026, 3, 6), "The lamp")
    assert mails.count() == before + 1 and mails.latest("pk").recipient == cast.colleague.email
    assert door.change(cast.agent, call, due_on="2026-03-07") == 404  # it is no longer theirs
    assert door.change(cast.colleague, call, owner=str(cast.admin.pk)) in (409, 422)


@DOORS
def test_no_longer_needed(door: Door, cast: Cast) -> None:
    call = planned(cast)
    assert door.cancel(cast.agent, call, reason=" ") == 422
    assert door.cancel(cast.agent, call, reason="They wrote already") == 200
    assert door.cancel(cast.agent, call, reason="Again") == 409
    call.refresh_from_db()
    assert call.outcome == "cancelled"


@DOORS
def test_only_who_may_see_a_call_can_touch_it(door: Door, cast: Cast) -> None:
    call = planned(cast)
    for user, status in ((cast.stranger, 404), (cast.colleague, 404)):
        assert door.call(user, call, outcome="reached") == status
        assert door.cancel(user, call, reason="x") == status
    assert door.change(cast.lead, call, due_on="2026-03-09") == 200  # leads see their team's calls
    call.refresh_from_db()
    assert door.call(cast.manager, call, outcome="reached") == 200


def test_the_same_key_plans_once(cast: Cast) -> None:
    first, second = planned(cast, key="purchase:7"), planned(cast, key="purchase:7", owner=cast.colleague)
    assert first.pk == second.pk and second.owner == cast.agent
    assert FollowUp.objects.count() == 1


def test_calls_go_with_the_cases_of_somebody_who_leaves(cast: Cast) -> None:
    call, done = planned(cast), planned(cast)
    follow_ups.complete(done, by=Actor.person(cast.agent), at=MONDAY, outcome="reached")
    staff.deactivate(cast.agent, by=Actor.person(cast.admin), at=MONDAY)
    call.refresh_from_db()
    done.refresh_from_db()
    assert call.owner == cast.lead and done.owner == cast.agent
    assert trail.of(call).last().kind == "followup.handed_over"  # type: ignore[union-attr]


def test_calls_go_with_the_cases_of_somebody_absent(cast: Cast) -> None:
    call = planned(cast)
    staff.go_absent(cast.agent, by=Actor.person(cast.admin), at=MONDAY, from_at=MONDAY, until_at=None)
    call.refresh_from_db()
    assert call.owner == cast.lead


def test_the_api_lists_and_guards(cast: Cast) -> None:
    mine, late = planned(cast, due_on=TODAY + DAY), planned(cast)
    planned(cast, owner=cast.stranger)
    client = Client(headers=bearer(cast.agent))

    def ids(query: str) -> list[int]:
        return [int(row["id"]) for row in client.get(f"/api/v1/follow-ups/?{query}").json()["results"]]

    assert ids("ordering=due_on") == [late.pk, mine.pk]
    assert ids("due_on_to=2026-03-02") == [late.pk] and ids("open=false") == []
    assert client.get("/api/v1/follow-ups/?colour=red").status_code == 400
    path = f"/api/v1/follow-ups/{mine.pk}/"
    read = client.get(path)
    assert read.json()["due_on"] == "2026-03-03" and read["ETag"].startswith('"1-')
    assert client.get(path, headers={"If-None-Match": read["ETag"]}).status_code == 304
    assert client.patch(path, "{}", content_type="application/json").status_code == 428
    stale = client.patch(path, "{}", content_type="application/json", headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    body = json.dumps({"customer": cast.customer.pk, "due_on": 5, "x": 1})
    refused = client.post("/api/v1/follow-ups/", body, content_type="application/json").json()
    found = {error["pointer"]: error["code"] for error in refused["errors"]}
    assert found == {"/customer": "not_a_string", "/due_on": "not_a_string", "/x": "unknown_field"}


# --- the page ---------------------------------------------------------------------------------------------------------


def page(user: User, query: str = "") -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(f"/follow-ups/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_has_late_ones_today_and_later(cast: Cast) -> None:
    one = invited(cast)
    Client().post(link(one), {"score": 3, "comment": "Still dark <b>"})
    planned(cast, about="A new lamp")
    assert calls_due() == {cast.agent.pk: 1}
    with clock.frozen(MONDAY + DAY):
        cached.clear_all()
        shown = page(cast.agent)
        assert calls_due() == {cast.agent.pk: 1}
    places = [shown.index(f'id="calls-{key}"') for key in ("overdue", "later")]
    assert places == sorted(places) and 'id="calls-today"' not in shown
    assert "Still dark &lt;b&gt;" in shown and "NPS 3" in shown and "Write, do not call" in shown
    assert one.complaint is not None and f"/complaints/{one.complaint.reference}/" in shown
    assert f"/customers/{cast.customer.pk}/" in shown and "tel:+351912345678" in shown
    assert "A new lamp" not in page(cast.stranger)


def test_leads_and_managers_choose_whose(cast: Cast) -> None:
    planned(cast, about="A new lamp")
    assert "A new lamp" not in page(cast.lead) and "A new lamp" in page(cast.lead, "?whose=team")
    assert "A new lamp" in page(cast.manager, "?whose=all")
    assert "A new lamp" not in page(cast.stranger, "?whose=all")


def test_done_ones_stand_apart(cast: Cast) -> None:
    call = planned(cast, about="A new lamp")
    assert "No call made yet" in page(cast.agent, "?view=done")
    follow_ups.complete(call, by=Actor.person(cast.agent), at=MONDAY, outcome="reached", note="Happy now")
    assert "No call to be made" in page(cast.agent)
    assert "Happy now" in page(cast.agent, "?view=done")


def test_a_long_list_goes_on(cast: Cast) -> None:
    for n in range(60):
        planned(cast, due_on=TODAY + n % 3 * DAY, about=f"call {n:02}")
    first = page(cast.agent)
    after = first.split('rel="next" href="/follow-ups/')[1].split('"')[0].replace("&amp;", "&")
    second = page(cast.agent, after)
    seen = [n for n in range(60) if (f"call {n:02}" in first) != (f"call {n:02}" in second)]
    assert len(seen) == 60


def test_the_list_asks_the_database_the_same_however_long(cast: Cast, django_assert_max_num_queries) -> None:
    client = Client()
    client.force_login(cast.agent)
    for n in range(30):
        planned(cast, about=str(n))
    client.get("/follow-ups/")
    with django_assert_max_num_queries(12):
        client.get("/follow-ups/")


def test_a_form_sent_twice_counts_once(cast: Cast) -> None:
    call = planned(cast)
    client = Client()
    client.force_login(cast.agent)
    fields = {"outcome": "not_reached", "next_on": "2026-03-03", "nonce": "n-1", "next": "list"}
    answers = [client.post(f"/follow-ups/{call.pk}/call/", fields) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/follow-ups/")] * 2
    call.refresh_from_db()
    assert call.attempts == 1


def test_the_page_of_one_call_tells_its_story(cast: Cast) -> None:
    call = planned(cast, about="A new lamp")
    follow_ups.attempt(call, by=Actor.person(cast.agent), at=MONDAY, next_on=TODAY + DAY, note="Engaged")
    client = Client()
    client.force_login(cast.agent)
    shown = client.get(f"/follow-ups/{call.pk}/").content.decode()
    assert "A new lamp" in shown and "Engaged" in shown and "1 try so far" in shown
    refused = client.post(f"/follow-ups/{call.pk}/cancellation/", {"reason": ""})
    assert refused.status_code == 422 and "Say why the call is not needed." in refused.content.decode()
    client.force_login(cast.stranger)
    assert client.get(f"/follow-ups/{call.pk}/").status_code == 404
