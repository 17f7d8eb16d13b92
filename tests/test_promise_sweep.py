"""Promises by the hour: who is warned when, what is broken, once, however many sweeps (mission A12; SLA 6)."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from complaints.actions import merge, promises, snooze
from complaints.models import NEVER, Complaint, Promise
from complaints.promises import states, still_owed
from complaints.promises.sweep import Looked, sweep
from core import cached, clock, notify_words, trail
from core.actor import Actor
from core.mail import compose
from core.models import Notification, NotificationEvent, OutboxMessage
from tests.cast import MONDAY, Cast, make_cast, two_clocks_only

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SWEEPERS = 4


@pytest.fixture
def cast(db: None) -> Cast:
    cached.clear_all()
    two_clocks_only()
    return make_cast()


def promised(cast: Cast, *, within: timedelta = 4 * HOUR, complaint: Complaint | None = None, **said: Any) -> Promise:
    with clock.frozen(MONDAY):
        found = complaint or cast.complaint(at=MONDAY)
        said.setdefault("text", "Call back with the date of the delivery")
        return promises.promise(found, by=Actor.person(cast.agent), at=MONDAY, due_at=MONDAY + within, **said)


def swept(at: datetime, **how: Any) -> Looked:
    with clock.frozen(at):
        return sweep(**how)


def told(what: str) -> dict[str, int]:
    """Who was told of promises, and how often."""
    rows = Notification.objects.filter(event=NotificationEvent.PROMISE, words__what=what)
    found: dict[str, int] = {}
    for row in rows.select_related("user"):
        found[row.user.username] = found.get(row.user.username, 0) + 1
    return found


def kinds(complaint: Complaint) -> list[str]:
    return [one.kind for one in trail.of(complaint) if "promise" in one.kind]


def sound(complaint: Complaint) -> bool:
    return not list(trail.verify(trail.of(complaint)))


@pytest.mark.parametrize(
    ("within", "before"),
    [
        (timedelta(days=10), timedelta(hours=24)),
        (timedelta(hours=8), timedelta(hours=2)),
        (timedelta(minutes=40), timedelta(minutes=15)),
        (timedelta(minutes=10), None),
    ],
    ids=["a day at most", "a quarter of the time", "a quarter of an hour at least", "too short to warn"],
)
def test_when_to_look_first(within: timedelta, before: timedelta | None) -> None:
    due_at = MONDAY + within
    assert states.first_look(MONDAY, due_at) == (due_at - before if before is not None else due_at)


def test_its_owner_is_warned_once_before_it_falls_due(cast: Cast) -> None:
    one = promised(cast)
    assert swept(MONDAY + 3 * HOUR) == Looked()  # at that very second nobody is late yet
    assert swept(MONDAY + 3 * HOUR + timedelta(seconds=1)) == Looked(warned=1)
    assert swept(MONDAY + 3 * HOUR + timedelta(minutes=5)) == Looked()
    one.refresh_from_db()
    assert one.warned_at and one.next_at == one.due_at and one.broken_at is None
    assert told("near") == {"ana": 1} and told("broken") == {}
    assert kinds(one.complaint) == ["complaint.promised", "complaint.promise_warned"] and sound(one.complaint)


def test_broken_is_dated_at_its_hour_and_told_to_owner_and_lead(cast: Cast) -> None:
    one = promised(cast)
    version = one.complaint.version
    late = MONDAY + 4 * HOUR + timedelta(minutes=7)
    assert swept(MONDAY + 4 * HOUR, batch=1) == Looked(warned=1)
    assert swept(late) == Looked(broken=1)
    assert swept(late + DAY) == Looked()
    one.refresh_from_db()
    assert (one.broken_at, one.detected_at, one.next_at) == (one.due_at, late, None)
    assert one.settled_at is None and states.state_of(one, at=late) == states.BROKEN
    assert told("broken") == {"ana": 1, "lena": 1}
    entry = trail.of(one.complaint).get(kind="complaint.promise_broken")
    assert entry.at == one.due_at and json.loads(entry.private)["text"] == one.text and sound(one.complaint)
    case = Complaint.objects.get(pk=one.complaint_id)
    assert case.updated_at == late and case.version == version, "nobody's half-written answer becomes stale"
    assert case.promise_due_at == one.due_at and case.queue_at == one.due_at, "it is owed all the same"
    mails = OutboxMessage.objects.filter(template="promise_broken")
    assert sorted(mails.values_list("recipient", flat=True)) == ["ana@house.example", "lena@house.example"]


def test_after_downtime_it_is_told_once_that_it_is_broken(cast: Cast) -> None:
    one = promised(cast)
    assert swept(MONDAY + 30 * DAY) == Looked(broken=1)
    assert told("near") == {} and told("broken") == {"ana": 1, "lena": 1}
    assert kinds(one.complaint) == ["complaint.promised", "complaint.promise_broken"]


def test_what_is_kept_in_time_is_left_alone(cast: Cast) -> None:
    one = promised(cast)
    with clock.frozen(MONDAY + HOUR):
        promises.fulfil(one, by=Actor.person(cast.agent), at=MONDAY + HOUR)
    assert swept(MONDAY + DAY) == Looked() and told("near") == told("broken") == {}


def test_who_was_given_it_is_warned_and_the_owner_of_the_case_told(cast: Cast) -> None:
    promised(cast, owner=cast.stranger)
    swept(MONDAY + 3 * HOUR + timedelta(minutes=1))
    assert told("given") == {"sven": 1} and told("near") == {"sven": 1}
    swept(MONDAY + DAY)
    assert told("broken") == {"sven": 1, "ana": 1, "lena": 1}


def test_a_snoozed_case_comes_back(cast: Cast) -> None:
    one = promised(cast)
    with clock.frozen(MONDAY):
        snooze.snooze(one.complaint, by=Actor.person(cast.agent), at=MONDAY, until=None)
    at = MONDAY + 3 * HOUR + timedelta(minutes=1)
    swept(at)
    assert Complaint.objects.get(pk=one.complaint_id).snoozed_until == at
    assert snooze.wake_due(at=at) == 1
    assert json.loads(trail.of(one.complaint).get(kind="complaint.woken").body) == {"because": "promise"}
    assert Complaint.objects.get(pk=one.complaint_id).snoozed_until is None


def test_a_merged_case_s_promise_rings_on_the_joint_case(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        joint = cast.complaint(at=MONDAY, owner=cast.colleague)
    one = promised(cast)
    with clock.frozen(MONDAY + HOUR):
        merge.merge(one.complaint, by=Actor.person(cast.agent), at=MONDAY + HOUR, into=joint)
    joint.refresh_from_db()
    assert joint.promise_due_at == one.due_at and joint.queue_at == min(joint.queue_at, one.due_at)
    assert swept(MONDAY + DAY) == Looked(broken=1)
    assert told("broken") == {"cole": 1, "lena": 1}, "who answers for the joint case answers for its promises"
    assert "complaint.promise_broken" in kinds(joint) and "complaint.promise_broken" not in kinds(one.complaint)
    assert sound(joint) and sound(one.complaint)


def test_many_at_once_cost_what_one_costs_and_idle_costs_one_query(cast: Cast) -> None:
    def queries(at: datetime) -> int:
        with clock.frozen(at), CaptureQueriesContext(connection) as seen, transaction.atomic():
            sweep(batch=100)
        return len([q for q in seen if "SAVEPOINT" not in q["sql"] and "BEGIN" not in q["sql"]])

    promised(cast)
    one = queries(MONDAY + DAY)
    case = Complaint.objects.get()
    for number in range(20):
        promised(cast, complaint=case if number % 2 else None, text=f"Promise {number}")
    assert queries(MONDAY + DAY) <= one + 1 <= 15  # SQLite cuts long lists of values
    assert Promise.objects.filter(broken_at__isnull=False).count() == 21
    assert queries(MONDAY + 2 * DAY) == 1
    assert all(sound(complaint) for complaint in Complaint.objects.all())


def test_what_is_due_is_read_by_the_partial_index(cast: Cast) -> None:
    case = promised(cast).complaint
    Promise.objects.bulk_create(
        Promise(complaint=case, text="x", due_at=at, next_at=at, owner=cast.agent, made_at=MONDAY, updated_at=MONDAY)
        for at in (MONDAY + timedelta(minutes=number) for number in range(3000))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        found = Promise.objects.filter(next_at__lt=MONDAY + HOUR).order_by("next_at", "pk")[:100]
        sql, params = found.query.sql_with_params()
        cursor.execute(f"{explain} {sql}", params)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "promise_next" in plan, plan


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_mails_are_in_the_reader_s_language_and_say_by_when(cast: Cast, language: str) -> None:
    cast.agent.language = language
    cast.agent.save(update_fields=["language"])
    promised(cast)
    swept(MONDAY + 3 * HOUR + timedelta(minutes=1))
    mail = OutboxMessage.objects.get(template="promise_near")
    letter = compose(mail)
    subject, body = str(letter.subject), str(letter.body)
    assert mail.language == language and "Call back with the date of the delivery" in body and "13:00" in body
    assert mail.context["reference"] in subject and "{%" not in body


def test_a_warning_does_not_leave_once_it_is_done(cast: Cast) -> None:
    one = promised(cast)
    at = MONDAY + 3 * HOUR + timedelta(minutes=1)
    swept(at)
    mail = OutboxMessage.objects.get(template="promise_near")
    assert still_owed.guard([mail]) == {}
    with clock.frozen(at):
        promises.fulfil(one, by=Actor.person(cast.agent), at=at)
    assert still_owed.guard([mail]) == {mail.pk: still_owed.SETTLED}


def test_the_command_looks_at_promises_too(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    promised(cast)
    with clock.frozen(MONDAY + DAY):
        call_command("sweep_sla", "--once", "--json")
    done = json.loads(capsys.readouterr().out)
    assert (done["broken"], done["warned"]) == (1, 0)


def test_the_sentence_names_the_case() -> None:
    for what in ("near", "broken", "given"):
        words = {"what": what, "reference": "AM-4F7K-2M9Q", "who": "Ana"}
        assert "AM-4F7K-2M9Q" in notify_words.sentence(NotificationEvent.PROMISE, words)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_several_sweeps_at_once_tell_everybody_once() -> None:
    cached.clear_all()
    two_clocks_only()
    cast = make_cast()
    for number in range(60):
        promised(cast, text=f"Promise {number}", within=4 * HOUR if number % 2 else 400 * HOUR)
    gate, failed = threading.Barrier(SWEEPERS), []

    def run() -> None:
        try:
            gate.wait(20)
            with clock.frozen(MONDAY + 380 * HOUR):  # half is late, half is near
                sweep(batch=7)
        except Exception as error:  # noqa: BLE001  told below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(SWEEPERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with clock.frozen(MONDAY + 380 * HOUR):
        sweep()  # what one passed over because another had it locked
    assert failed == []
    assert told("near") == {"ana": 30} and told("broken") == {"ana": 30, "lena": 30}
    assert Promise.objects.filter(broken_at__isnull=False).count() == 30
    written = [one for case in Complaint.objects.all() for one in kinds(case)]
    assert written.count("complaint.promise_broken") == written.count("complaint.promise_warned") == 30
    assert all(sound(case) for case in Complaint.objects.all())
    mails = OutboxMessage.objects.filter(template__in=still_owed.GUARDED)
    assert mails.count() == 90 == mails.values("key").distinct().count()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_keeps_it_while_the_sweep_comes_by_finds_it_kept_or_broken_never_both() -> None:
    cached.clear_all()
    two_clocks_only()
    cast = make_cast()
    made = [promised(cast, text=f"Promise {number}") for number in range(12)]
    gate, failed = threading.Barrier(2), []
    late = MONDAY + 5 * HOUR

    def keep() -> None:
        with clock.frozen(late):
            for one in made:
                promises.fulfil(one, by=Actor.person(cast.agent), at=late)

    def look() -> None:
        with clock.frozen(late):
            for _ in range(6):
                sweep(batch=3)

    def run(work: Any) -> None:
        try:
            gate.wait(20)
            work()
        except Exception as error:  # noqa: BLE001  told below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in (keep, look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    for one in made:
        one.refresh_from_db()
        assert one.settled_as == "kept" and one.broken_at == one.due_at and one.next_at is None
        assert kinds(one.complaint).count("complaint.promise_broken") == 1 and sound(one.complaint)
        assert Complaint.objects.get(pk=one.complaint_id).promise_due_at is None
    assert told("broken")["lena"] == 12
    assert Complaint.objects.filter(queue_at=NEVER).count() == 0, "their clocks run on"
