"""Promises through every door: given, kept, agreed anew, released, and what holds the closing back (mission A12)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from complaints.actions import promises
from complaints.errors import NotInHand
from complaints.models import Complaint, Promise
from core import cached, clock, trail
from core.actor import Actor
from core.models import Notification
from tests.cast import MONDAY, Cast, make_cast
from tests.doors import DOORS, Door
from tests.tokens import bearer

pytestmark = [pytest.mark.django_db]
every_door = pytest.mark.parametrize("door", DOORS, ids=str)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "Call back with the date of the delivery"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def ahead(**delta: float) -> str:
    """An hour ahead of the real clock, as both doors take it."""
    at = clock.now() + timedelta(**delta)
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def kinds(complaint: Complaint) -> list[str]:
    return [entry.kind for entry in trail.of(complaint) if "promise" in entry.kind]


def owed(cast: Cast, complaint: Complaint, *, due: timedelta = 4 * HOUR, at: datetime | None = None) -> Promise:
    at = at or clock.now()
    with clock.frozen(at):
        return promises.promise(complaint, by=Actor.person(cast.agent), at=at, text=TEXT, due_at=at + due)


@every_door
def test_a_promise_has_a_text_and_an_hour_and_decides_the_place_in_the_queue(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    due = ahead(minutes=30)
    assert door(cast.agent, complaint, "promises", text=f"  {TEXT} ", due_at=due).status == 200
    made = complaint.promises.get()
    complaint.refresh_from_db()
    assert (made.text, made.due_at.isoformat()) == (TEXT, due.replace("Z", "+00:00"))
    assert made.owner == made.made_by == cast.agent and made.next_at and made.settled_at is None
    assert complaint.promise_due_at == complaint.queue_at == made.due_at
    assert kinds(complaint) == ["complaint.promised"]
    entry = trail.of(complaint).get(kind="complaint.promised")
    assert json.loads(entry.private) == {"text": TEXT} and TEXT not in entry.body
    assert not list(trail.verify(trail.of(complaint)))


@every_door
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": TEXT}, 422),
        ({"due_at": "later"}, 422),
        ({"text": "  ", "due_at": "ahead"}, 422),
        ({"text": TEXT, "due_at": "2020-01-01T10:00:00Z"}, 422),
        ({"text": TEXT, "due_at": "2199-01-01T10:00:00Z"}, 422),
        ({"text": TEXT, "due_at": "soon"}, 422),
        ({"text": "x" * 501, "due_at": "ahead"}, 422),
        ({"text": TEXT, "due_at": "ahead", "channel": "pigeon"}, 422),
    ],
    ids=["no hour", "no text", "blank", "past", "too far", "no instant", "too long", "no such channel"],
)
def test_what_is_no_promise_is_refused(door: Door, cast: Cast, fields: dict[str, str], status: int) -> None:
    complaint = cast.complaint()
    fields = {name: ahead(hours=2) if value == "ahead" else value for name, value in fields.items()}
    assert door(cast.agent, complaint, "promises", **fields).status == status
    assert not Promise.objects.exists() and kinds(complaint) == []


@every_door
def test_given_to_somebody_else_they_see_the_case_and_are_told(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    given = {"text": TEXT, "due_at": ahead(hours=5), "owner": str(cast.stranger.pk), "to_whom": "the neighbour"}
    assert door(cast.agent, complaint, "promises", **given, channel="phone").status == 200
    made = complaint.promises.get()
    assert (made.owner, made.to_whom, made.channel) == (cast.stranger, "the neighbour", "phone")
    assert Complaint.objects.visible_to(cast.stranger).filter(pk=complaint.pk).exists()
    told = Notification.objects.get(user=cast.stranger, event="promise")
    assert told.words["what"] == "given" and told.words["who"] == str(cast.agent)
    refused = door(cast.agent, complaint, "promises", **{**given, "owner": str(cast.admin.pk)})
    assert refused.status == (409 if door.name == "api" else 422), "who handles no cases is not offered"


@every_door
def test_kept_in_time_nothing_is_owed_any_more(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    one = owed(cast, complaint)
    assert door(cast.colleague, complaint, f"promises/{one.pk}/fulfilment").status == 200
    one.refresh_from_db()
    complaint.refresh_from_db()
    assert (one.settled_as, one.settled_by, one.broken_at, one.next_at) == ("kept", cast.colleague, None, None)
    assert complaint.promise_due_at is None and kinds(complaint)[-1] == "complaint.promise_kept"
    assert door(cast.colleague, complaint, f"promises/{one.pk}/fulfilment").status == 409
    assert len(kinds(complaint)) == 2


@every_door
def test_kept_too_late_it_is_broken_all_the_same(door: Door, cast: Cast) -> None:
    with clock.frozen(MONDAY):
        complaint = cast.complaint(at=MONDAY)
    one = owed(cast, complaint, at=MONDAY)
    assert door(cast.agent, complaint, f"promises/{one.pk}/fulfilment").status == 200
    one.refresh_from_db()
    assert one.settled_as == "kept" and one.broken_at == one.due_at and one.detected_at > one.due_at
    assert kinds(complaint) == ["complaint.promised", "complaint.promise_broken", "complaint.promise_kept"]
    told = Notification.objects.filter(event="promise", words__what="broken")
    assert [row.user for row in told] == [cast.lead], "who does it now knows"


@every_door
def test_agreed_anew_there_is_another_in_its_place(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    one = owed(cast, complaint)
    path, due = f"promises/{one.pk}/renegotiation", ahead(days=3)
    assert door(cast.agent, complaint, path, due_at=due).status == 422, "a reason is due"
    assert door(cast.agent, complaint, path, reason="x").status == 422, "an hour is due"
    assert door(cast.agent, complaint, path, due_at=due, reason="The parts come on Thursday").status == 200
    one.refresh_from_db()
    complaint.refresh_from_db()
    new = one.renewed_as
    assert (one.settled_as, one.broken_at, one.settled_note) == ("renegotiated", None, "The parts come on Thursday")
    assert new is not None and (new.text, new.owner, new.settled_at) == (TEXT, cast.agent, None)
    assert complaint.promise_due_at == new.due_at and complaint.promises.count() == 2
    assert door(cast.agent, complaint, path, due_at=due, reason="again").status == 409


@every_door
def test_released_with_a_reason(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    one = owed(cast, complaint)
    assert door(cast.agent, complaint, f"promises/{one.pk}/release", reason=" ").status == 422
    assert door(cast.agent, complaint, f"promises/{one.pk}/release", reason="She has found it").status == 200
    one.refresh_from_db()
    assert (one.settled_as, one.settled_note) == ("released", "She has found it")
    assert kinds(complaint)[-1] == "complaint.promise_released"


@every_door
def test_an_open_promise_holds_the_closing_back_also_when_broken(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    one = owed(cast, complaint, due=HOUR, at=clock.now() - DAY)
    decided = {"outcome": "upheld", "root_cause": "people-mistake", "summary": "Sent again"}
    assert door(cast.agent, complaint, "resolution", **decided).status == 200
    refused = door(cast.agent, complaint, "closure")
    assert refused.status == 409 and (door.name != "api" or "open_promise" in refused.text)
    assert door(cast.agent, complaint, f"promises/{one.pk}/fulfilment").status == 200
    assert door(cast.agent, complaint, "closure").status == 200
    assert door(cast.agent, complaint, "promises", text=TEXT, due_at=ahead(hours=1)).status == 409


@every_door
def test_withdrawn_nothing_is_owed_for_that_reason_and_reopening_leaves_it(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    one = owed(cast, complaint)
    assert door(cast.agent, complaint, "withdrawal", reason="It came after all").status == 200
    one.refresh_from_db()
    complaint.refresh_from_db()
    assert (one.settled_as, one.settled_note) == ("released", "It came after all")
    assert complaint.promise_due_at is None
    assert door(cast.agent, complaint, "reopening", reason="It did not").status == 200
    one.refresh_from_db()
    assert one.settled_as == "released"


@every_door
def test_open_promises_follow_the_owner_of_the_case_unless_meant_for_another(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    mine = owed(cast, complaint)
    with clock.frozen(clock.now()):
        at = clock.now()
        by, due_at = Actor.person(cast.agent), at + DAY
        theirs = promises.promise(complaint, by=by, at=at, text="Look at it", due_at=due_at, owner=cast.lead)
    assert door(cast.agent, complaint, "owner", owner=str(cast.colleague.pk)).status == 200
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.owner, theirs.owner) == (cast.colleague, cast.lead)
    entry = trail.of(complaint).get(kind="complaint.assigned")
    assert json.loads(entry.body)["promises"] == 1


@every_door
def test_the_joint_case_owes_what_its_parts_owe_and_parted_each_its_own(door: Door, cast: Cast) -> None:
    complaint, joint = cast.complaint(), cast.complaint(owner=cast.colleague)
    one = owed(cast, complaint)
    assert door(cast.agent, complaint, "merge", into=joint.reference).status == 200
    complaint.refresh_from_db()
    joint.refresh_from_db()
    one.refresh_from_db()
    assert (complaint.promise_due_at, joint.promise_due_at, one.owner) == (None, one.due_at, cast.colleague)
    assert list(promises.open_ones(joint)) == [one] and list(promises.open_ones(complaint)) == [one]
    path = f"promises/{one.pk}/renegotiation"
    assert door(cast.agent, joint, path, due_at=ahead(days=2), reason="Both at once").status == 200
    assert kinds(joint) == ["complaint.promise_renegotiated"], "the joint case answers for it"
    assert door(cast.agent, complaint, "merge", undo=True).status == 200
    complaint.refresh_from_db()
    joint.refresh_from_db()
    new = Promise.objects.get(settled_at=None)
    assert new.complaint_id == complaint.pk and complaint.promise_due_at == new.due_at
    assert joint.promise_due_at is None and joint.queue_at != new.due_at


@every_door
def test_a_stranger_finds_nothing(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    one = owed(cast, complaint)
    other = cast.complaint(owner=cast.stranger)
    for resource in ("promises", f"promises/{one.pk}/fulfilment", f"promises/{one.pk}/release"):
        answer = door(cast.stranger, complaint, resource, text=TEXT, due_at=ahead(hours=1), reason="x")
        assert answer.status == 404, resource
    assert door(cast.manager, other, f"promises/{one.pk}/fulfilment").status == 404, "of another case"
    one.refresh_from_db()
    assert one.settled_at is None


def test_who_leaves_hands_on_what_they_promised_on_others_cases(cast: Cast) -> None:
    from complaints.actions import staff

    complaint = cast.complaint(owner=cast.colleague)
    own = cast.complaint()
    at = clock.now()
    by = Actor.person(cast.lead)
    theirs = promises.promise(complaint, by=by, at=at, text=TEXT, due_at=at + DAY, owner=cast.agent)
    mine = owed(cast, own)
    staff.deactivate(cast.agent, by=Actor.person(cast.admin), at=clock.now())
    theirs.refresh_from_db()
    mine.refresh_from_db()
    own.refresh_from_db()
    assert theirs.owner == cast.colleague and mine.owner == own.owner != cast.agent
    assert kinds(complaint)[-1] == "complaint.promises_passed_on"


def test_on_what_is_kept_apart_nothing_is_promised(cast: Cast) -> None:
    complaint = cast.complaint(quarantine=True, owner=None)
    with pytest.raises(NotInHand):
        owed(cast, complaint)


def test_the_list_over_the_api_with_its_filters(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        complaint = cast.complaint(at=MONDAY)
    broken = owed(cast, complaint, at=MONDAY)
    kept, opened = owed(cast, complaint), owed(cast, complaint, due=2 * DAY)
    promises.fulfil(kept, by=Actor.person(cast.agent), at=clock.now())
    owed(cast, cast.complaint(owner=cast.stranger))
    client = Client(headers=bearer(cast.agent))

    def asked(**query: str) -> list[str]:
        answer = client.get("/api/v1/promises/", query)
        assert answer.status_code == 200, answer.content
        return sorted(row["id"] for row in answer.json()["results"])

    def ids(*found: Promise) -> list[str]:
        return sorted(str(one.pk) for one in found)

    assert asked() == ids(broken, kept, opened), "a stranger's is not seen"
    assert asked(state="broken") == ids(broken), "also before the sweep has been by"
    assert asked(state="open") == ids(opened) and asked(state="kept") == ids(kept)
    assert asked(owed="true") == ids(broken, opened)
    assert asked(owner=str(cast.colleague.pk)) == []
    assert asked(complaint=complaint.reference, due_at_from=ahead(days=1)) == ids(opened)
    assert asked(updated_since=ahead(hours=-1)) == ids(kept, opened)
    assert client.get("/api/v1/promises/", {"colour": "red"}).status_code == 400
    one = client.get(f"/api/v1/promises/{broken.pk}/").json()
    assert (one["state"], one["owed"], one["complaint"]) == ("broken", True, complaint.reference)
    assert one["owner"]["id"] == str(cast.agent.pk) and one["due_at"].endswith("Z")
    assert Client(headers=bearer(cast.stranger)).get(f"/api/v1/promises/{broken.pk}/").status_code == 404


def test_once_however_often_it_is_sent(cast: Cast) -> None:
    complaint = cast.complaint()
    body = json.dumps({"text": TEXT, "due_at": ahead(hours=3)})
    client = Client(headers={**bearer(cast.agent), "Idempotency-Key": "promise-1"})
    path = f"/api/v1/complaints/{complaint.reference}/promises/"
    first, again = (client.post(path, body, content_type="application/json") for _ in range(2))
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    browser = Client()
    browser.force_login(cast.agent)
    form = {"text": "Another", "due_at": ahead(hours=3), "nonce": "one-form"}
    for _ in range(2):
        assert browser.post(f"/complaints/{complaint.reference}/promises/", form).status_code == 302
    assert sorted(complaint.promises.values_list("text", flat=True)) == ["Another", TEXT]


def test_words_that_name_no_hour_are_a_hint_and_never_a_refusal(cast: Cast) -> None:
    complaint = cast.complaint(language="pt")
    body = json.dumps({"text": "Ligamos o mais rápido possível", "due_at": ahead(hours=3)})
    path = f"/api/v1/complaints/{complaint.reference}/promises/"
    answer = Client(headers=bearer(cast.agent)).post(path, body, content_type="application/json")
    assert answer.status_code == 201 and answer.json()["vague"] == ["o mais rápido possível"]
