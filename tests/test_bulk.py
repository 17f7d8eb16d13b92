"""One action on many complaints: the same as on one, a reason for each that refuses, undo, two doors (ux, desk 7)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from complaints.actions import bulk, decide, handle, manage
from complaints.actions.bulk_acts import ACTS
from complaints.actions.macro_steps import STEPS
from complaints.api.act_values import OF_MANY, OF_STEPS
from complaints.models import BulkRow, BulkRun, BulkState, Complaint, Watch, Workload
from core import cached, clock, trail
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def call(user: User, method: str, path: str, body: object = None, **headers: str):
    client = Client(headers={**bearer(user), **headers})
    return client.generic(method, path, "" if body is None else json.dumps(body), content_type="application/json")


def by_page(user: User, cases: list[Complaint], action: str, **values) -> BulkRun:
    data = {"pick": [one.reference for one in cases], "action": action, "go": "1", "query": "view=all", **values}
    answer = signed_in(user).post("/complaints/bulk/", data)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return BulkRun.objects.latest("pk")


def by_api(user: User, cases: list[Complaint], action: str, **values) -> BulkRun:
    body = {"action": action, "references": [one.reference for one in cases], "values": values}
    answer = call(user, "POST", "/api/v1/complaints/bulk/", body)
    assert answer.status_code == 201, answer.content
    return BulkRun.objects.latest("pk")


def undo_by_page(user: User, run: BulkRun) -> int:
    return {302: 200}.get(status := signed_in(user).post(f"/complaints/bulk/{run.pk}/undo/").status_code, status)


def undo_by_api(user: User, run: BulkRun) -> int:
    return call(user, "DELETE", f"/api/v1/complaints/bulk/{run.pk}/").status_code


DOORS = [pytest.param(by_page, undo_by_page, id="page"), pytest.param(by_api, undo_by_api, id="api")]
both = pytest.mark.parametrize(("door", "undo"), DOORS)


def values_of(user: User) -> dict[str, dict[str, str]]:
    return {
        "assign": {"owner": str(user.pk), "reason": "holiday"},
        "take": {},
        "classify": {"type": "billing-overcharged", "severity": "serious", "reason": "listened again"},
        "snooze": {"until": (clock.now() + timedelta(days=1)).isoformat()},
        "note": {"body": "All of the same lot."},
        "wait": {"reason": "photo of the label"},
        "watch": {},
        "close": {},
    }


KINDS = {
    "assign": "complaint.assigned",
    "take": "complaint.assigned",
    "classify": "complaint.classified",
    "snooze": "complaint.snoozed",
    "note": "complaint.noted",
    "wait": "complaint.paused",
    "watch": "complaint.watched",
    "close": "complaint.closed",
}


@both
@pytest.mark.parametrize("action", sorted(KINDS))
def test_every_action_is_that_of_one_case_row_by_row(cast, door, undo, action):
    cases = [cast.complaint() for _ in range(3)]
    if action == "close":
        for one in cases:
            Complaint.objects.filter(pk=one.pk).update(status="resolved", resolved_at=clock.now())
    run = door(cast.colleague, cases, action, **values_of(cast.colleague)[action])
    assert (run.state, run.by, run.total) == (BulkState.DONE, cast.colleague, 3)
    assert bulk.progress(run) == bulk.Progress(3, 3, 0, 0, 0)
    for one in cases:
        last = trail.of(one).last()
        assert last.kind == KINDS[action] and last.actor_id == cast.colleague.pk
    undoable = action in ("assign", "take", "classify", "snooze", "watch")
    assert (run.undo_until is not None) == undoable == (ACTS[action].undo is not None)
    assert undo(cast.colleague, run) == (200 if undoable else 409)


@both
def test_one_that_refuses_does_not_stop_the_others(cast, door, undo):
    cases = [cast.complaint() for _ in range(4)]
    decide.withdraw(cases[1], by=Actor.person(cast.agent), at=clock.now(), reason="found it")
    manage.assign(cases[2], by=Actor.person(cast.agent), at=clock.now(), owner=cast.colleague)
    foreign = cast.complaint(owner=cast.stranger)
    run = door(cast.agent, [*cases, foreign], "assign", owner=str(cast.colleague.pk))
    assert bulk.progress(run) == bulk.Progress(5, 2, 3, 0, 0) and run.missing == [foreign.reference]
    refused = dict(BulkRow.objects.filter(run=run).exclude(code="").values_list("complaint__reference", "code"))
    assert refused == {cases[1].reference: "already_ended", cases[2].reference: "same_owner"}
    assert Workload.objects.get(agent=cast.colleague).open_count == 3
    page = signed_in(cast.agent).get(f"/complaints/bulk/{run.pk}/").content.decode()
    assert "3 were refused" in page and "This person already owns the complaint." in page
    for reference in (cases[1].reference, cases[2].reference, foreign.reference):
        assert reference in page
    assert f'/complaints/{foreign.reference}/"' not in page
    rows = call(cast.agent, "GET", f"/api/v1/complaints/bulk/{run.pk}/rows/").json()["results"]
    assert [row["state"] for row in rows] == ["done", "refused", "refused", "done"]


@both
def test_undo_puts_back_what_nobody_has_touched_since(cast, door, undo):
    cases = [cast.complaint() for _ in range(3)]
    run = door(cast.agent, cases, "assign", owner=str(cast.stranger.pk))
    moved = Complaint.objects.get(pk=cases[1].pk)
    assert (moved.owner, moved.team) == (cast.stranger, cast.other_team)
    handle.investigate(moved, by=Actor.person(cast.stranger), at=clock.now())
    assert undo(cast.agent, run) == 200
    run.refresh_from_db()
    assert run.state == BulkState.UNDONE and bulk.progress(run) == bulk.Progress(3, 3, 0, 2, 1)
    for one, owner, team in zip(
        cases, (cast.agent, cast.stranger, cast.agent), (cast.team, cast.other_team, cast.team), strict=True
    ):
        one.refresh_from_db()
        assert (one.owner, one.team) == (owner, team)
    kept = BulkRow.objects.get(run=run, complaint=moved)
    assert kept.undo_code == "changed" and kept.message
    assert Workload.objects.get(agent=cast.agent).open_count == 2
    assert undo(cast.agent, run) == 409
    page = signed_in(cast.agent).get(f"/complaints/bulk/{run.pk}/").content.decode()
    assert "1 was left as it is" in page and "2 cases are as they were" in page


def test_each_undo_restores_what_was(cast):
    aside, plain = cast.complaint(), cast.complaint(type="delivery-late", severity="minor")
    tomorrow = clock.now() + timedelta(days=1)
    by_api(cast.agent, [aside], "snooze", until=tomorrow.isoformat())
    week = (clock.now() + timedelta(days=7)).isoformat()
    undo_by_api(cast.agent, by_api(cast.agent, [aside, plain], "snooze", until=week))
    aside.refresh_from_db(), plain.refresh_from_db()
    assert (aside.snoozed_until, plain.snoozed_until) == (tomorrow, None)
    undo_by_api(cast.agent, by_api(cast.agent, [plain], "classify", severity="critical", reason="worse"))
    plain.refresh_from_db()
    assert (plain.severity, plain.type.code) == ("minor", "delivery-late")
    Watch.objects.create(complaint=aside, user=cast.agent)
    undo_by_api(cast.agent, by_api(cast.agent, [aside, plain], "watch"))
    assert list(Watch.objects.filter(user=cast.agent).values_list("complaint", flat=True)) == [aside.pk]


def test_undo_has_its_time_and_its_owner(cast):
    run = by_api(cast.agent, [cast.complaint()], "assign", owner=str(cast.colleague.pk))
    assert undo_by_page(cast.manager, run) == 404 and undo_by_api(cast.manager, run) == 404
    assert signed_in(cast.manager).get(f"/complaints/bulk/{run.pk}/").status_code == 404
    BulkRun.objects.update(undo_until=clock.now() - timedelta(seconds=1))
    assert undo_by_page(cast.agent, run) == 409 and undo_by_api(cast.agent, run) == 409
    assert Complaint.objects.get().owner == cast.colleague


def test_many_are_done_by_the_job_and_watched_meanwhile(cast, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    cases = [cast.complaint() for _ in range(5)]
    run = by_page(cast.agent, cases, "assign", owner=str(cast.colleague.pk))
    assert run.state == BulkState.WAITING and bulk.progress(run).looked == 0
    client = signed_in(cast.agent)
    page = client.get(f"/complaints/bulk/{run.pk}/")
    assert 'value="0"' in page.content.decode() and "0 of 5" in page.content.decode()
    since = page.context["since"]
    assert client.get(f"/complaints/bulk/{run.pk}/", {"since": since}).status_code == 204
    assert undo_by_api(cast.agent, run) == 409
    assert bulk.advance() == 5 and bulk.advance() == 0
    done = client.get(f"/complaints/bulk/{run.pk}/", {"since": since}).content.decode()
    assert "5 cases assigned" in done and "/undo/" in done and "<html" not in done
    assert undo_by_page(cast.agent, run) == 200
    assert bulk.advance() == 5
    run.refresh_from_db()
    assert run.state == BulkState.UNDONE
    assert set(Complaint.objects.values_list("owner", flat=True)) == {cast.agent.pk}


def test_a_run_that_is_held_is_left_to_its_worker_until_the_lease_ends(cast, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    run = by_api(cast.agent, [cast.complaint()], "take")
    BulkRun.objects.update(held_until=clock.now() + bulk.LEASE, state=BulkState.RUNNING)
    assert bulk.advance() == 0
    BulkRun.objects.update(held_until=clock.now() - timedelta(seconds=1))
    assert bulk.advance() == 1
    run.refresh_from_db()
    assert run.state == BulkState.DONE


def test_sent_twice_it_is_done_once(cast):
    case = cast.complaint()
    data = {"pick": [case.reference], "action": "note", "go": "1", "body": "once", "nonce": "n" * 22}
    client = signed_in(cast.agent)
    first, second = client.post("/complaints/bulk/", data), client.post("/complaints/bulk/", data)
    assert first.status_code == second.status_code == 302
    assert BulkRun.objects.count() == 1 and case.notes.count() == 1
    body = {"action": "note", "references": [case.reference], "values": {"body": "again"}}
    api = Client(headers={**bearer(cast.agent), "Idempotency-Key": "k1"})
    for _ in range(2):
        api.post("/api/v1/complaints/bulk/", json.dumps(body), content_type="application/json")
    assert BulkRun.objects.count() == 2 and case.notes.count() == 2


def test_what_the_action_lacks_is_pointed_at_where_it_belongs(cast):
    body = {"action": "resolve", "references": [cast.complaint().reference], "values": {}}
    told = call(cast.agent, "POST", "/api/v1/complaints/bulk/", body)
    assert (told.status_code, told.json()["errors"][0]["pointer"]) == (400, "/values/outcome")
    told = call(cast.agent, "POST", "/api/v1/complaints/bulk/", body | {"values": {"Ç": None}})
    assert "/values/Ç" in [error["pointer"] for error in told.json()["errors"]]
    told = call(cast.agent, "POST", "/api/v1/complaints/bulk/", {"action": "take", "references": []})
    assert (told.status_code, told.json()["errors"][0]["pointer"]) == (400, "/references")


def test_all_of_a_list_whatever_the_page_shows(cast, settings):
    settings.QUEUE_PAGE_SIZE = 2
    cases = [cast.complaint(channel="phone") for _ in range(5)]
    other = cast.complaint()
    cast.complaint(owner=cast.stranger, channel="phone")
    data = {"pick": [cases[0].reference], "all": "1", "query": "view=all&channel=phone", "action": "take", "go": "1"}
    answer = signed_in(cast.colleague).post("/complaints/bulk/", data)
    assert answer.headers["Location"] == "/complaints/?view=all&channel=phone"
    assert set(Complaint.objects.filter(owner=cast.colleague)) == set(cases)
    body = {"action": "take", "query": {"view": "team", "channel": "web"}}
    assert call(cast.colleague, "POST", "/api/v1/complaints/bulk/", body).json()["done"] == 1
    other.refresh_from_db()
    assert other.owner == cast.colleague


def test_what_an_action_needs_is_asked_for_first(cast):
    case = cast.complaint()
    client = signed_in(cast.agent)
    asked = client.post("/complaints/bulk/", {"pick": [case.reference], "action": "assign"})
    assert asked.status_code == 200 and 'name="owner"' in asked.content.decode() and not BulkRun.objects.exists()
    again = client.post("/complaints/bulk/", {"pick": [case.reference], "action": "assign", "go": "1"})
    assert again.status_code == 422 and "Choose somebody." in again.content.decode()
    fragment = client.post(
        "/complaints/bulk/", {"pick": [case.reference], "action": "snooze"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in fragment.content.decode() and 'id="bulk_form"' in fragment.content.decode()
    nothing = client.post("/complaints/bulk/", {"action": "take"})
    assert nothing.status_code == 422 and not BulkRun.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "take"}, "references_or_query"),
        ({"action": "take", "references": [], "query": {}}, "references_or_query"),
        ({"action": "take", "references": []}, "nothing_chosen"),
        ({"action": "take", "query": {"view": "nonsense"}}, "invalid_query"),
        ({"action": "assign", "references": ["AM-2222-2222"], "values": {"owner": "999999"}}, "unknown_owner"),
        ({"action": "assign", "references": ["AM-2222-2222"], "values": {"owner": "0"}}, "invalid_id"),
        ({"action": "classify", "references": ["AM-2222-2222"], "values": {"type": 0, "reason": "x"}}, "not_a_string"),
        ({"action": "assign", "references": ["AM-2222-2222"], "values": {"to": "3"}}, "unknown_field"),
        ({"action": "snooze", "references": ["AM-2222-2222"], "values": {"until": "soon"}}, "until_required"),
        ({"action": "fire", "references": ["AM-2222-2222"]}, "unknown_code"),
    ],
)
def test_nonsense_over_the_api(cast, body, code):
    answer = call(cast.agent, "POST", "/api/v1/complaints/bulk/", body)
    assert answer.status_code == 400 and code in answer.content.decode()
    assert not BulkRun.objects.exists()


def test_rules_of_the_action(cast, monkeypatch):
    by = Actor.person(cast.agent)
    monkeypatch.setattr(bulk, "MOST", 1)
    keys = [cast.complaint().pk for _ in range(2)]
    with pytest.raises(InvalidInput) as refused:
        bulk.begin(by=by, at=clock.now(), action="take", values={}, complaints=keys)
    assert refused.value.code == "too_many"
    run = bulk.begin(by=by, at=clock.now(), action="take", values={}, complaints=keys[:1] * 3)
    assert run.total == 1
    User.objects.filter(pk=cast.agent.pk).update(is_active=False)
    bulk.carry_on(BulkRun.objects.get(pk=run.pk))
    assert BulkRow.objects.get(run=run).code == "not_found"


def test_what_breaks_is_one_row_and_said(cast, monkeypatch):
    def breaks(*_args, **_more):
        raise RuntimeError("boom")

    from dataclasses import replace

    cases = [cast.complaint() for _ in range(2)]
    monkeypatch.setitem(ACTS, "take", replace(ACTS["take"], run=breaks))
    run = by_api(cast.colleague, cases, "take")
    assert bulk.progress(run).refused == 2
    assert set(BulkRow.objects.values_list("code", flat=True)) == {"failed"}


@pytest.mark.parametrize(("acts", "shapes"), [(ACTS, OF_MANY), (STEPS, OF_STEPS)], ids=["many", "macro"])
def test_the_document_names_exactly_the_values_an_action_takes(acts, shapes):
    told = {name: set(shape().fields) for name, shape in shapes.items()}
    assert told == {act.key: set(act.fields) for act in acts.values()}
