"""Messages that wait: to be taken back, or for a chosen time; sent once, not lost, not late through us (ux, desk)."""

import multiprocessing
import os
import signal
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client

from complaints.actions import converse, decide, pending
from complaints.actions.pending import Content
from complaints.actions.speech import Acts, Refusal
from complaints.errors import AnsweredMeanwhile
from complaints.models import Clock, ClockKind, ClockState, Complaint, Message, Pending, PendingState, RootCause
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.errors import InvalidInput
from core.models import Notification, OutboxMessage, User
from tests.cast import MONDAY, Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def patient(user: User, seconds: int = 8) -> User:
    User.objects.filter(pk=user.pk).update(take_back_seconds=seconds)
    user.take_back_seconds = seconds
    return user


def browser(user: User, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def say(cast: Cast, complaint: Complaint, body: str = "Hello", **more):
    return pending.reply(complaint, by=Actor.person(cast.agent), at=clock.now(), body=body, **more)


def outs(complaint: Complaint) -> list[str]:
    return [one.body for one in complaint.messages.filter(direction="out").exclude(purpose="receipt")]


def kinds(complaint: Complaint) -> list[str]:
    return [entry.kind for entry in trail.of(complaint)][1:]


def test_a_reply_waits_its_seconds_and_then_leaves_once_bearing_the_end_of_them(cast):
    patient(cast.agent)
    with clock.frozen(MONDAY):
        complaint = cast.complaint()
        answer = browser(cast.agent).post(f"/complaints/{complaint.reference}/messages/", {"body": "Hello"})
    assert answer.status_code == 302
    assert outs(complaint) == [] and kinds(complaint) == []
    assert not OutboxMessage.objects.filter(template="message").exists()
    assert pending.send_due(at=MONDAY + 7 * SECOND) == 0
    assert pending.send_due(at=MONDAY + 8 * SECOND) == 1
    assert pending.send_due(at=MONDAY + 9 * SECOND) == 0
    sent = complaint.messages.get(direction="out", purpose="reply")
    assert sent.at == MONDAY + 8 * SECOND and sent.author == cast.agent
    complaint.refresh_from_db()
    assert complaint.first_response_at == sent.at
    assert OutboxMessage.objects.filter(template="message").count() == 1


def test_the_seconds_end_before_the_deadline_the_reply_meets(cast):
    patient(cast.agent, 30)
    with clock.frozen(MONDAY):
        complaint = cast.complaint()
        due = complaint.clocks.get(kind=ClockKind.ACKNOWLEDGE).due_at
    with clock.frozen(due - 20 * SECOND):
        waits = say(cast, complaint)
        assert waits.due_at < due
    pending.send_due(at=due + 20 * SECOND)  # the job came late
    sweep(at=due + 21 * SECOND)
    assert complaint.clocks.get(kind=ClockKind.ACKNOWLEDGE).state == ClockState.MET
    other = cast.complaint(subject="Later one")
    due = other.clocks.get(kind=ClockKind.ACKNOWLEDGE).due_at
    with clock.frozen(due - 3 * SECOND):
        assert isinstance(say(cast, other), Message)  # too near to wait at all


def test_what_an_outage_held_up_was_said_when_it_left(cast):
    """Nobody was told anything in between: that is no promise kept, whichever job comes first."""
    patient(cast.agent, 30)
    with clock.frozen(MONDAY):
        complaint = cast.complaint()
        due = complaint.clocks.get(kind=ClockKind.ACKNOWLEDGE).due_at
    with clock.frozen(due - 50 * SECOND):
        say(cast, complaint)
    back = due + timedelta(hours=2)
    with clock.frozen(back):
        assert pending.send_due() == 1
        sweep()
    own = complaint.clocks.get(kind=ClockKind.ACKNOWLEDGE)
    assert (own.state, own.breached_at, own.completed_at) == (ClockState.BREACHED, due, back)
    assert complaint.messages.get(direction="out", purpose="reply").at == back


def test_a_passed_deadline_holds_nothing_up(cast):
    patient(cast.agent)
    with clock.frozen(MONDAY):
        complaint = cast.complaint()
    with clock.frozen(MONDAY + timedelta(days=30)):
        waits = say(cast, complaint)
        assert waits.due_at == clock.now() + 8 * SECOND


@pytest.mark.parametrize("end", ["resolve", "withdraw"])
def test_deciding_or_ending_the_case_sends_first_what_waits_to_be_taken_back(cast, end):
    patient(cast.agent)
    complaint = cast.complaint()
    say(cast, complaint, "Before the end")
    by, at = Actor.person(cast.agent), clock.now()
    if end == "resolve":
        cause = RootCause.objects.exclude(code="unclassified").first()
        decide.resolve(complaint, by=by, at=at, outcome="upheld", root_cause=cause, summary="done", answer="Our answer")
    else:
        decide.withdraw(complaint, by=by, at=at, reason="solved")
    assert outs(complaint)[0] == "Before the end"
    ended = "complaint.resolved" if end == "resolve" else "complaint.withdrawn"
    assert kinds(complaint)[:2] == ["complaint.message_sent", ended]
    assert pending.send_due(at=at + timedelta(minutes=1)) == 0
    assert len(outs(complaint)) == (2 if end == "resolve" else 1)
    complaint.refresh_from_db()
    assert complaint.first_response_at is not None and not trail_faults(complaint)


def trail_faults(complaint: Complaint) -> list:
    return list(trail.verify(trail.of(complaint)))


def test_a_message_for_later_waits_for_its_time_over_the_api(cast):
    complaint = cast.complaint()
    with clock.frozen(MONDAY):
        client, url = Client(headers=bearer(cast.agent)), f"/api/v1/complaints/{complaint.reference}/messages/"
        answer = client.post(
            url,
            {"body": "Tomorrow", "direction": "out", "send_at": "2026-03-03T09:00:00Z", "thanks": True},
            content_type="application/json",
        )
        assert answer.status_code == 201
        body = answer.json()
        assert body["state"] == "waiting" and body["send_at"] == "2026-03-03T09:00:00Z" and body["at"] is None
        assert answer["Location"].endswith(f"/messages/pending/{body['id']}/")
        assert [row["id"] for row in client.get(url + "pending/").json()["results"]] == [body["id"]]
        assert client.get(url).json()["results"] == []
    pending.send_due(at=MONDAY + timedelta(days=1, seconds=-1))
    assert outs(complaint) == []
    pending.send_due(at=MONDAY + timedelta(days=1, minutes=1))
    sent = client.get(url).json()["results"][0]
    assert sent["at"] == "2026-03-03T09:00:00Z" and sent["thanks"] is True and sent["state"] == "sent"
    assert client.get(url + "pending/").json()["results"] == []
    assert client.delete(f"{url}pending/{body['id']}/").status_code == 409
    assert kinds(complaint) == ["complaint.send_later", "complaint.message_sent", "complaint.thanked"]


@pytest.mark.parametrize(
    ("send_at", "code"), [("2026-03-02T08:59:59Z", "in_the_past"), ("2028-03-02T09:00:00Z", "too_far")]
)
def test_times_that_make_no_sense_are_refused_by_both_doors(cast, send_at, code):
    complaint = cast.complaint()
    with clock.frozen(MONDAY):
        url = f"/complaints/{complaint.reference}/messages/"
        body = {"body": "x", "direction": "out", "send_at": send_at}
        answer = Client(headers=bearer(cast.agent)).post("/api/v1" + url, body, content_type="application/json")
        assert answer.status_code == 400 and answer.json()["code"] == code
        assert browser(cast.agent).post(url, {"body": "x", "send_at": send_at}).status_code == 422
    assert not Pending.objects.exists()


def test_an_own_time_is_the_readers_wall_clock(cast):
    User.objects.filter(pk=cast.agent.pk).update(time_zone="America/Sao_Paulo")
    complaint = cast.complaint()
    with clock.frozen(MONDAY):
        url = f"/complaints/{complaint.reference}/messages/"
        client = browser(cast.agent)
        assert client.post(url, {"body": "x", "later": "1", "send_on": "2026-03-03T09:00"}).status_code == 302
        assert client.post(url, {"body": "x", "later": "1", "send_on": ""}).status_code == 422
    assert Pending.objects.get().due_at.isoformat() == "2026-03-03T12:00:00+00:00"


def test_the_customer_writes_before_and_it_is_held_back_and_its_author_told(cast):
    complaint = cast.complaint()
    later = say(cast, complaint, "Any news?", send_at=clock.now() + timedelta(hours=3))
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="It arrived")
    later.refresh_from_db()
    assert (later.state, later.code) == (PendingState.HELD, "customer_wrote")
    assert Notification.objects.filter(user=cast.agent, event="send_later").count() == 1
    assert pending.send_due(at=clock.now() + timedelta(days=1)) == 0 and outs(complaint) == []
    page = browser(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "Held back: the customer wrote meanwhile" in page and "Any news?" in page
    browser(cast.agent).post(f"/complaints/{complaint.reference}/messages/pending/{later.pk}/sending/", {"nonce": "s"})
    assert outs(complaint) == ["Any news?"]


def test_a_reply_to_be_taken_back_is_not_held_when_the_customer_writes(cast):
    patient(cast.agent)
    complaint = cast.complaint()
    say(cast, complaint)
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="One more thing")
    assert pending.send_due(at=clock.now() + timedelta(minutes=1)) == 1 and outs(complaint) == ["Hello"]


def test_the_case_is_decided_before_and_it_is_held_back(cast):
    complaint = cast.complaint()
    later = say(cast, complaint, send_at=clock.now() + timedelta(hours=3))
    decide.withdraw(complaint, by=Actor.person(cast.colleague), at=clock.now(), reason="solved")
    later.refresh_from_db()
    assert (later.state, later.code) == (PendingState.HELD, "case_ended")
    with pytest.raises(Exception) as refusal:
        pending.send_now(later, by=Actor.person(cast.agent), at=clock.now())
    assert refusal.value.code == "already_ended"
    later.refresh_from_db()
    assert later.state == PendingState.HELD


def test_acts_and_refusal_wait_with_the_message_and_come_once(cast):
    patient(cast.agent)
    complaint = cast.complaint(language="es")
    acts = Acts(thanks=True, refusal=Refusal("refund the postage", "it was used", "a voucher"))
    waits = say(cast, complaint, "We looked at it.", content=Content(acts=acts))
    assert waits.body.startswith("We looked at it.\n\n")
    pending.send_due(at=clock.now() + timedelta(minutes=1))
    assert outs(complaint) == [waits.body]
    assert sorted(act.kind for act in complaint.acts.all()) == ["refusal", "thanks"]


def test_a_colleague_who_is_sending_at_this_moment_is_noticed(cast):
    patient(cast.agent)
    complaint = cast.complaint()
    say(cast, complaint, "I am on it")
    with pytest.raises(AnsweredMeanwhile) as refusal:
        pending.reply(complaint, by=Actor.person(cast.colleague), at=clock.now(), body="Me too", seen=0)
    assert [one.body for one in refusal.value.leaving] == ["I am on it"]


def test_what_is_refused_when_it_is_written_does_not_wait(cast):
    patient(cast.agent)
    complaint = cast.complaint()
    for body, content in (("  ", None), ("x", Content(texts=["no.such"])), ("x", Content(attachments=["nothing"]))):
        with pytest.raises(InvalidInput):
            say(cast, complaint, body, content=content)
    assert not Pending.objects.exists()


def test_what_is_being_sent_is_not_sent_again_by_a_step_that_decides_the_case(cast, monkeypatch):
    patient(cast.agent)
    complaint = cast.complaint()
    say(cast, complaint, "once")
    whole = converse.say

    def deciding(complaint, **more):
        sent = whole(complaint, **more)
        assert not pending.flush(complaint, at=more["at"])  # as resolving does, which a macro may ask for
        return sent

    monkeypatch.setattr(converse, "say", deciding)
    assert pending.send_due(at=clock.now() + timedelta(minutes=1)) == 1
    assert outs(complaint) == ["once"] and Pending.objects.get().message is not None


def test_what_fails_holds_nobody_else_up(cast, monkeypatch):
    patient(cast.agent)
    first, second = cast.complaint(), cast.complaint(subject="Another")
    say(cast, first, "breaks")
    say(cast, second, "goes")
    whole = converse.say

    def breaking(complaint, **more):
        if more["body"] == "breaks":
            raise RuntimeError("a bug")
        return whole(complaint, **more)

    monkeypatch.setattr(converse, "say", breaking)
    assert pending.send_due(at=clock.now() + timedelta(minutes=1)) == 1
    assert outs(second) == ["goes"] and Pending.objects.get(complaint=first).state == PendingState.WAITING
    monkeypatch.undo()
    assert pending.send_due(at=clock.now() + timedelta(minutes=1)) == 1 and outs(first) == ["breaks"]


# --- more than one worker, and one that dies --------------------------------------------------------------------------


def _send_until_killed(delay: float) -> None:
    """A worker's child: it dies in the middle, by SIGKILL of itself."""
    import threading

    connections.close_all()
    threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    pending.send_due(at=clock.now() + timedelta(minutes=5))


def _send() -> None:
    connections.close_all()
    pending.send_due(at=clock.now() + timedelta(minutes=5))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.postgresql
def test_killed_workers_and_two_at_once_send_everything_exactly_once(cast):
    patient(cast.agent)
    cases = [cast.complaint(subject=f"case {n}") for n in range(40)]
    for complaint in cases:
        say(cast, complaint, f"for {complaint.reference}")
    connections.close_all()
    context = multiprocessing.get_context("fork")
    for delay in (0.05, 0.12, 0.2):
        dying = [context.Process(target=_send_until_killed, args=(delay,)) for _ in range(2)]
        for one in dying:
            one.start()
        for one in dying:
            one.join(30)
    living = [context.Process(target=_send) for _ in range(2)]
    for one in living:
        one.start()
    for one in living:
        one.join(60)
        assert one.exitcode == 0
    _send()
    for complaint in cases:
        assert outs(complaint) == [f"for {complaint.reference}"]
        assert kinds(complaint) == ["complaint.message_sent"]
        assert OutboxMessage.objects.filter(template="message", subject_id=complaint.pk).count() == 1
    assert not Pending.objects.exclude(state=PendingState.SENT).exists()
    assert Clock.objects.filter(kind=ClockKind.UPDATE, complaint__in=cases, cycle__gt=1).count() == 0
