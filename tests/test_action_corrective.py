"""Corrective actions over both doors: who may do what, in which order, and when it can be said whether it helped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import corrective, corrective_due
from complaints.models import CorrectiveAction, CorrectiveCase
from complaints.reference import catalogue
from core import cached, clock, trail
from core.actor import Actor
from core.models import Notification, User
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = date(2026, 3, 2)
FACTS = {
    "title": "Fit the seal the right way round",
    "root_cause": "product-production",
    "product": "Inlet seal",
    "lot": "October",
    "due_on": "2026-03-20",
    "window_days": 30,
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str


class Browser:
    name = "browser"
    paths = {"start": "begin"}

    def plan(self, user: User, **facts: Any) -> Answer:
        return self._post(user, "/learning/actions/new/", facts)

    def change(self, user: User, action: CorrectiveAction, **facts: Any) -> Answer:
        action.refresh_from_db()
        cause = catalogue().causes_by_id[action.root_cause_id].code
        known = {name: getattr(action, name) for name in ("title", "description", "product", "lot", "window_days")}
        known |= {"root_cause": cause, "owner": str(action.owner_id), "due_on": action.due_on.isoformat()}
        return self._post(user, f"/learning/actions/{action.pk}/edit/", known | {"version": action.version} | facts)

    def do(self, user: User, action: CorrectiveAction, what: str, **fields: Any) -> Answer:
        if what == "completion":
            fields = {"done_on": TODAY.isoformat(), **fields}
        if "effective" in fields:
            fields["effective"] = "yes" if fields["effective"] else "no"
        return self._post(user, f"/learning/actions/{action.pk}/{self.paths.get(what, what)}/", fields)

    def undo(self, user: User, action: CorrectiveAction) -> Answer:
        return self._post(user, f"/learning/actions/{action.pk}/completion/", {"undo": "1"})

    def unlink(self, user: User, action: CorrectiveAction, reference: str) -> Answer:
        return self._post(user, f"/learning/actions/{action.pk}/complaints/", {"complaint": reference, "undo": "1"})

    def _post(self, user: User, path: str, fields: dict[str, Any]) -> Answer:
        client = Client()
        client.force_login(user)
        answer = client.post(path, fields)
        return Answer(200 if answer.status_code == 302 else answer.status_code, answer.content.decode())


class Api:
    name = "api"

    def plan(self, user: User, **facts: Any) -> Answer:
        return self._send(user, "POST", "", facts)

    def change(self, user: User, action: CorrectiveAction, **facts: Any) -> Answer:
        action.refresh_from_db()
        return self._send(user, "PATCH", f"{action.pk}/", facts, headers={"If-Match": f'"{action.version}"'})

    def do(self, user: User, action: CorrectiveAction, what: str, **fields: Any) -> Answer:
        return self._send(user, "POST", f"{action.pk}/{what}/", fields)

    def undo(self, user: User, action: CorrectiveAction) -> Answer:
        return self._send(user, "DELETE", f"{action.pk}/completion/")

    def unlink(self, user: User, action: CorrectiveAction, reference: str) -> Answer:
        return self._send(user, "DELETE", f"{action.pk}/complaints/{reference}/")

    def _send(self, user: User, method: str, path: str, body: Any = None, headers: Any = None) -> Answer:
        client = Client(headers=bearer(user) | (headers or {}))
        said = "" if body is None else json.dumps(body)
        answer = client.generic(method, f"/api/v1/corrective-actions/{path}", said, content_type="application/json")
        status = {201: 200, 400: 422}.get(answer.status_code, answer.status_code)
        return Answer(status, answer.content.decode())


DOORS = pytest.mark.parametrize("door", [Browser(), Api()], ids=lambda door: door.name)


@pytest.fixture
def cast():
    cached.clear_all()
    with clock.frozen(NOON):
        yield make_cast()


def plan(cast: Cast, owner: User | None = None, **facts: Any) -> CorrectiveAction:
    known: dict[str, Any] = {**FACTS, "due_on": date(2026, 3, 20), **facts}
    known["root_cause"] = catalogue().causes[known["root_cause"]]
    return corrective.create(by=Actor.person(cast.lead), at=clock.now(), owner=owner or cast.agent, **known)


def done(cast: Cast, **facts: Any) -> CorrectiveAction:
    return corrective.done(plan(cast, **facts), by=Actor.person(cast.agent), at=clock.now())


# --- planning and changing --------------------------------------------------------------------------------------------


@DOORS
def test_leads_and_managers_plan_agents_do_not(door, cast):
    for user, status in ((cast.lead, 200), (cast.manager, 200), (cast.agent, 403), (cast.admin, 403)):
        assert door.plan(user, **FACTS, owner=str(cast.agent.pk)).status == status
    assert CorrectiveAction.objects.count() == 2
    row = CorrectiveAction.objects.first()
    assert (row.title, row.product, row.lot, row.window_days) == (FACTS["title"], "Inlet seal", "October", 30)
    assert (row.due_on, row.state, row.owner) == (date(2026, 3, 20), "planned", cast.agent)
    assert [entry.kind for entry in trail.of(row)] == ["corrective.created"]
    told = Notification.objects.filter(user=cast.agent, event="learning")
    assert told.count() == 2 and told.last().url == f"/learning/actions/{row.pk}/"


@DOORS
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": "  "}, "title"),
        ({"root_cause": "unclassified"}, "cause"),
        ({"due_on": "2026-03-01"}, "passed"),
        ({"due_on": "2026-02-30"}, "date"),
        ({"window_days": 0}, "1"),
        ({"window_days": 731}, "730"),
        ({"title": "x" * 161}, "160"),
    ],
    ids=["no title", "no cause", "past", "no date", "no window", "long window", "long title"],
)
def test_what_cannot_be_is_refused(door, cast, wrong, said):
    answer = door.plan(cast.lead, **{**FACTS, "owner": str(cast.agent.pk), **wrong})
    assert answer.status == 422
    assert CorrectiveAction.objects.count() == 0


@DOORS
def test_who_handles_no_cases_owns_none(door, cast):
    assert door.plan(cast.lead, **FACTS, owner=str(cast.admin.pk)).status in (409, 422)
    assert CorrectiveAction.objects.count() == 0


@DOORS
def test_facts_are_changed_until_it_is_done(door, cast):
    action = plan(cast)
    assert door.change(cast.agent, action, title="Mine").status == 403
    assert door.change(cast.lead, action, title="Another", owner=str(cast.colleague.pk)).status == 200
    action.refresh_from_db()
    assert (action.title, action.owner) == ("Another", cast.colleague)
    assert Notification.objects.filter(user=cast.colleague, event="learning").exists()
    corrective.done(action, by=Actor.person(cast.lead), at=clock.now())
    assert door.change(cast.lead, action, title="Too late").status == 409
    action.refresh_from_db()
    assert action.title == "Another"


def test_an_older_form_and_an_older_etag_are_refused(cast):
    action = plan(cast)
    corrective.edit(action, {"title": "Changed meanwhile"}, by=Actor.person(cast.manager), at=clock.now())
    assert Browser().change(cast.lead, action, title="Over it", version=1).status == 409
    client = Client(headers=bearer(cast.lead))
    path, body = f"/api/v1/corrective-actions/{action.pk}/", json.dumps({"title": "Over it"})
    assert client.patch(path, body, content_type="application/json").status_code == 428
    stale = client.patch(path, body, content_type="application/json", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    action.refresh_from_db()
    assert action.title == "Changed meanwhile"


# --- its course -------------------------------------------------------------------------------------------------------


@DOORS
def test_its_owner_begins_and_finishes_others_do_not(door, cast):
    action = plan(cast)
    assert door.do(cast.colleague, action, "start").status == 403
    assert door.do(cast.agent, action, "start").status == 200
    assert door.do(cast.agent, action, "start").status == 409
    assert door.do(cast.colleague, action, "completion").status == 403
    assert door.do(cast.agent, action, "completion", done_on="2026-03-03").status == 422  # tomorrow
    assert door.do(cast.agent, action, "completion", done_on="2026-02-27").status == 200
    assert door.do(cast.agent, action, "completion").status == 409
    action.refresh_from_db()
    assert (action.state, action.done_on) == ("done", date(2026, 2, 27))


@DOORS
def test_it_is_dropped_for_a_reason_and_taken_up_again(door, cast):
    action = plan(cast)
    assert door.do(cast.agent, action, "dropping", reason="No").status == 403
    assert door.do(cast.lead, action, "dropping", reason=" ").status == 422
    assert door.do(cast.lead, action, "dropping", reason="The supplier changed").status == 200
    action.refresh_from_db()
    assert (action.state, action.dropped_because) == ("dropped", "The supplier changed")
    assert door.do(cast.lead, action, "completion").status == 409
    assert door.undo(cast.agent, action).status == 403
    assert door.undo(cast.lead, action).status == 200
    assert door.undo(cast.lead, action).status == 409
    action.refresh_from_db()
    assert (action.state, action.dropped_because) == ("doing", "")


@DOORS
def test_a_verdict_waits_for_its_window_and_is_given_once(door, cast):
    action = plan(cast)
    assert door.do(cast.lead, action, "verdict", effective=True).status == 409
    corrective.done(action, by=Actor.person(cast.agent), at=clock.now())
    # done on 2 March, 30 days: 3 March to 1 April; from 2 April on, a local day that begins at 23:00 UTC in summer
    for at in (NOON, datetime(2026, 4, 1, 22, 59, tzinfo=UTC)):
        with clock.frozen(at):
            answer = door.do(cast.lead, action, "verdict", effective=True)
            assert answer.status == 409 and "2 April 2026" in answer.text
    with clock.frozen(datetime(2026, 4, 1, 23, 1, tzinfo=UTC)):
        assert door.do(cast.agent, action, "verdict", effective=True).status == 403
        assert door.do(cast.lead, action, "verdict", effective=False, note="As many as before").status == 200
        assert door.do(cast.lead, action, "verdict", effective=True).status == 409
        assert door.undo(cast.lead, action).status == 409
    action.refresh_from_db()
    assert (action.effective, action.verdict_note, action.verdict_by) == (False, "As many as before", cast.lead)


def test_the_code_of_too_early(cast):
    action = done(cast)
    answer = Api().do(cast.lead, action, "verdict", effective=True)
    assert json.loads(answer.text)["code"] == "too_early"


# --- its complaints ---------------------------------------------------------------------------------------------------


@DOORS
def test_a_complaint_is_linked_once_and_taken_out(door, cast):
    action, complaint = plan(cast), cast.complaint()
    assert door.do(cast.stranger, action, "complaints", complaint=complaint.reference).status == 422
    assert door.do(cast.agent, action, "complaints", complaint=complaint.reference).status == 200
    assert door.do(cast.agent, action, "complaints", complaint=complaint.reference).status == 409
    assert list(CorrectiveCase.objects.values_list("complaint", flat=True)) == [complaint.pk]
    assert "complaint.corrective_linked" in [entry.kind for entry in trail.of(complaint)]
    assert door.unlink(cast.agent, action, complaint.reference).status == 200
    assert door.unlink(cast.agent, action, complaint.reference).status == 409
    assert not CorrectiveCase.objects.exists()


def test_others_cases_are_a_bare_number(cast):
    action = plan(cast)
    mine, theirs = cast.complaint(subject="Mine leaks"), cast.complaint(subject="Theirs leaks", owner=cast.stranger)
    for complaint in (mine, theirs):
        corrective.link(action, complaint, by=Actor.person(cast.manager), at=clock.now())
    client = Client()
    client.force_login(cast.agent)
    page = client.get(f"/learning/actions/{action.pk}/").content.decode()
    assert "Mine leaks" in page and "Theirs leaks" not in page and "2 complaints it answers" in page
    listed = Client(headers=bearer(cast.agent)).get(f"/api/v1/corrective-actions/{action.pk}/complaints/").json()
    assert [row["reference"] for row in listed["results"]] == [mine.reference]


@DOORS
def test_a_missing_one_is_404(door, cast):
    ghost = plan(cast)
    ghost.delete()
    ghost.pk = 999_999
    assert door.do(cast.lead, ghost, "start").status == 404
    assert door.do(cast.lead, ghost, "verdict", effective=True).status == 404


# --- telling ----------------------------------------------------------------------------------------------------------


def told(user: User) -> list[str]:
    rows = Notification.objects.filter(user=user, event="learning").order_by("pk")
    return [row.words["what"] for row in rows]


def test_the_owner_is_told_once_that_it_is_overdue_and_again_for_another_date(cast):
    action = plan(cast)
    assert told(cast.agent) == ["owner"]
    for day, n in ((20, 1), (21, 2), (22, 2)):
        with clock.frozen(datetime(2026, 3, day, 12, tzinfo=UTC)):
            corrective_due.tell_due(at=clock.now())
            corrective_due.tell_due(at=clock.now())
            assert len(told(cast.agent)) == n
    with clock.frozen(datetime(2026, 3, 22, 13, tzinfo=UTC)):
        corrective.edit(action, {"due_on": date(2026, 3, 24)}, by=Actor.person(cast.lead), at=clock.now())
        assert corrective_due.tell_due(at=clock.now()) == 0
    with clock.frozen(datetime(2026, 3, 25, 13, tzinfo=UTC)):
        assert corrective_due.tell_due(at=clock.now()) == 1
    assert told(cast.agent) == ["owner", "overdue", "overdue"]


def test_the_owner_is_told_once_that_the_window_has_passed(cast):
    action = done(cast)
    for at, n in (
        (NOON + timedelta(days=29), 0),
        (datetime(2026, 4, 1, 22, 59, tzinfo=UTC), 0),
        (datetime(2026, 4, 1, 23, 1, tzinfo=UTC), 1),
        (datetime(2026, 4, 9, 12, tzinfo=UTC), 0),
    ):
        with clock.frozen(at):
            assert corrective_due.tell_due(at=clock.now()) == n, at
    assert told(cast.agent) == ["owner", "measurable"]
    client = Client()
    client.force_login(cast.agent)
    assert f"Whether the corrective action {action.title} helped" in client.get("/notifications/").content.decode()
