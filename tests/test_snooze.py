"""Cases put aside: out of the lists, still in hand, and back of themselves (ux, Agent's desk 8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from complaints import errors
from complaints.actions import converse, decide, manage, snooze, watch
from complaints.models import NEVER, Complaint, Workload
from complaints.reference import catalogue
from complaints.sla import sweep
from complaints.web.many import counting, snoozing
from core import cached, clock, trail
from core.actor import Actor
from core.models import Notification
from tests.cast import MONDAY, Cast, make_cast, make_complaint
from tests.doors import DOORS, Door

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(minutes=30)


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def kinds(complaint: Complaint) -> list[str]:
    return [entry.kind for entry in trail.of(complaint)][1:]


def listed(user, view="mine", **params) -> list[str]:
    client = Client()
    client.force_login(user)
    answer = client.get("/complaints/", {"view": view, **params})
    return [row.reference for group in answer.context["groups"] for row in group.rows]


def told(user) -> list[str]:
    return [row.words["what"] for row in Notification.objects.filter(user=user, event="woken")]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_snoozing_and_taking_back(door: Door, cast):
    complaint = cast.complaint()
    until = clock.now() + timedelta(hours=30)
    assert door(cast.agent, complaint, "snooze", until=until.isoformat()).status == 200
    complaint.refresh_from_db()
    assert (complaint.snoozed_until, complaint.snoozed_by, complaint.in_queue) == (until, cast.agent, True)
    assert door(cast.agent, complaint, "snooze", until=until.isoformat()).status == 409
    assert door(cast.agent, complaint, "snooze", undo=True).status == 200
    assert door(cast.agent, complaint, "snooze", undo=True).status == 409
    complaint.refresh_from_db()
    assert complaint.snoozed_until is None and complaint.snoozed_by is None
    assert kinds(complaint) == ["complaint.snoozed", "complaint.woken"]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_moment_that_makes_no_sense_is_refused(door: Door, cast):
    complaint = cast.complaint()
    for until in ("", "yesterday", (clock.now() - timedelta(hours=1)).isoformat(), "2199-01-01T00:00:00Z"):
        assert door(cast.agent, complaint, "snooze", until=until).status == 422, until
    assert door(cast.stranger, complaint, "snooze", until=(clock.now() + timedelta(hours=1)).isoformat()).status == 404
    assert kinds(complaint) == []


def test_an_ended_case_cannot_be_snoozed(cast):
    complaint = cast.complaint()
    decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="found it")
    with pytest.raises(errors.AlreadyEnded):
        snooze.snooze(complaint, by=Actor.person(cast.agent), at=clock.now(), until=None)
    kept = make_complaint(quarantine=True)
    with pytest.raises(errors.NotInHand):
        snooze.snooze(kept, by=Actor.person(cast.manager), at=clock.now(), until=None)


def test_it_leaves_the_lists_and_their_counts_but_not_the_work(cast):
    kept, aside = cast.complaint(), cast.complaint()
    with clock.frozen(clock.now()):
        snooze.snooze(aside, by=Actor.person(cast.agent), at=clock.now(), until=None)
        for person, view in ((cast.agent, "mine"), (cast.lead, "team"), (cast.manager, "all")):
            assert listed(person, view) == [kept.reference], view
            assert listed(person, "snoozed") == [aside.reference]
            assert listed(person, view, snoozed="yes") == [aside.reference]
            found = counting.counts(person, clock.now(), ("mine", "team", "all", "snoozed", "load"))
            assert (found["all"], found["snoozed"]) == (1, 1)
        found = counting.counts(cast.agent, clock.now(), ("mine", "load"))
        assert (found["mine"], found["load"]) == (1, 2)
    assert Workload.objects.get(agent=cast.agent).open_count == 2


def test_what_is_late_is_never_out_of_sight(cast):
    complaint = cast.complaint(received_at=clock.now() - timedelta(days=90))
    sweep.sweep()
    snooze.snooze(complaint, by=Actor.person(cast.agent), at=clock.now(), until=None)
    assert listed(cast.agent) == [] and listed(cast.agent, "breached") == [complaint.reference]


def test_it_comes_back_at_its_hour_once_and_says_so(cast):
    complaint = cast.complaint(at=MONDAY)
    snooze.snooze(complaint, by=Actor.person(cast.agent), at=MONDAY, until=LATER)
    version = Complaint.objects.get(pk=complaint.pk).version
    assert snooze.wake_due(at=LATER - timedelta(seconds=1)) == 0
    assert snooze.wake_due(at=LATER) == 1 and snooze.wake_due(at=LATER) == 0
    complaint.refresh_from_db()
    assert complaint.snoozed_until is None and complaint.version == version and complaint.updated_at == LATER
    assert told(cast.agent) == [""]
    assert trail.of(complaint).last().kind == "complaint.woken"


def test_until_the_customer_writes(cast):
    complaint = cast.complaint(at=MONDAY)
    snooze.snooze(complaint, by=Actor.person(cast.agent), at=MONDAY, until=None)
    complaint.refresh_from_db()
    assert complaint.snoozed_until == NEVER and snooze.wake_due(at=MONDAY + timedelta(days=9)) == 0
    converse.incoming(complaint, by=Actor.customer(), at=LATER, body="any news")
    complaint.refresh_from_db()
    assert complaint.snoozed_until is None and told(cast.agent) == ["answered"]


@pytest.mark.parametrize("until", [None, MONDAY + timedelta(days=60)], ids=["reply", "date"])
def test_a_deadline_that_rings_brings_it_back(cast, until):
    complaint = cast.complaint(at=MONDAY, received_at=MONDAY)
    snooze.snooze(complaint, by=Actor.person(cast.agent), at=MONDAY, until=until)
    rings = complaint.clocks.order_by("next_at").values_list("next_at", flat=True)[0]
    with clock.frozen(rings - timedelta(seconds=1)):
        sweep.sweep()
        assert snooze.wake_due() == 0
    with clock.frozen(rings + timedelta(seconds=1)):
        sweep.sweep()
        assert snooze.wake_due() == 1
    complaint.refresh_from_db()
    assert complaint.snoozed_until is None and told(cast.agent) == ["deadline"]


def test_others_doings_bring_it_back_and_ones_own_are_not_told(cast):
    agent, lead = Actor.person(cast.agent), Actor.person(cast.lead)
    given, taken, resolved = cast.complaint(), cast.complaint(), cast.complaint()
    for one in (given, taken, resolved):
        snooze.snooze(one, by=agent, at=clock.now(), until=None)
    manage.assign(given, by=lead, at=clock.now(), owner=cast.colleague)
    manage.assign(taken, by=agent, at=clock.now(), owner=cast.colleague)
    watch.watch(resolved, by=lead, at=clock.now(), watcher=cast.lead)  # following it changes nothing
    resolved.refresh_from_db()
    assert resolved.snoozed_until == NEVER
    cause = next(one for one in catalogue().causes.values() if one.code != "unclassified")
    decide.resolve(resolved, by=lead, at=clock.now(), outcome="upheld", root_cause=cause, summary="done")
    for one in (given, taken, resolved):
        one.refresh_from_db()
        assert one.snoozed_until is None and one.snoozed_by is None
    assert told(cast.agent) == ["owner"]
    assert '"woken":"owner"' in trail.of(given).last().body.replace(" ", "")


def test_a_note_and_a_reply_leave_it_aside(cast):
    complaint, by = cast.complaint(), Actor.person(cast.agent)
    snooze.snooze(complaint, by=by, at=clock.now(), until=None)
    converse.note(complaint, by=by, at=clock.now(), body="rang the shop")
    converse.message(complaint, by=by, at=clock.now(), body="The shop looks for your lamp.")
    complaint.refresh_from_db()
    assert complaint.snoozed_until == NEVER


def test_the_quick_choices_are_the_readers_own(settings):
    from django.utils import timezone

    with timezone.override("America/Sao_Paulo"):  # Monday 06:00 there
        found = snoozing.quick(MONDAY)
        assert [one.strftime("%a %H:%M") for one in found.values()] == ["Mon 15:00", "Tue 09:00", "Mon 09:00"]
        assert found["monday"] - MONDAY > timedelta(days=6)
    with timezone.override("Asia/Tokyo"):  # Monday 18:00
        assert list(snoozing.quick(MONDAY)) == ["tomorrow", "monday"]


def test_the_page_says_which_deadline_comes_before(cast):
    complaint = cast.complaint()
    client = Client()
    client.force_login(cast.agent)
    page = client.get(f"/complaints/{complaint.reference}/").content.decode()
    assert "Deadlines keep running: the next is" in page and 'id="act-snooze"' in page
    snooze.snooze(complaint, by=Actor.person(cast.agent), at=clock.now(), until=None)
    page = client.get(f"/complaints/{complaint.reference}/").content.decode()
    assert "Snoozed until the customer writes" in page and 'id="act-wake"' in page


def test_the_api_says_whether_it_is_aside(cast):
    from tests.tokens import bearer

    complaint = cast.complaint()
    client = Client(headers=bearer(cast.agent))
    path = f"/api/v1/complaints/{complaint.reference}/"
    assert client.get(path).json()["snoozed"] is None
    answer = client.post(f"{path}snooze/", '{"until": null}', content_type="application/json")
    assert answer.json()["snoozed"] == {"until": None}
