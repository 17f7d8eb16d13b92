"""The demo: believable, complete, silent, and gone again when asked (issue 2, Demo data; interface.md, Demo logins)."""

from __future__ import annotations

import json
import re
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from complaints import routing
from complaints.demo import bulk, bulk_rows, cast, company, linking
from complaints.demo.texts import BOOKS
from complaints.models import (
    NEVER,
    Clock,
    ClockEvent,
    Complaint,
    Firing,
    Incident,
    Message,
    Note,
    Payout,
    PayoutExport,
    Status,
)
from complaints.sla import clocks as sla
from complaints.sla import policies, rebuild
from complaints.sla.sweep import sweep
from core import bulk as core_bulk
from core import bulk_writer, clock, trail, trail_rows, working_time
from core.actor import Actor
from core.models import Organisation, OutboxMessage, TrailEntry, User
from core.working_time import Target
from metrics.management.commands import seed_demo
from metrics.models import SurveyResponse
from retention.demo import bulk as customers_bulk
from retention.models import Customer, LoyaltyAccount, LoyaltyEntry, Payment, Purchase, Tenure
from tests.cast import make_agent, make_complaint, make_customer, make_manager, make_team

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 15, 20, tzinfo=UTC)  # a Wednesday afternoon
PAST = 260


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def demo(var: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default, with a shorter past."""
    monkeypatch.setattr(seed_demo, "PAST", PAST)
    monkeypatch.setattr(seed_demo, "ITS_CUSTOMERS", 200)
    with clock.frozen(NOW):
        call_command("seed_demo")
    return var


def test_the_demo_is_believable(demo: Path) -> None:
    """Seeding takes seconds, so one seeding serves all that only look at it."""
    for holds in (
        every_state_and_channel_is_there,
        some_are_late_and_some_nearly,
        the_past_holds_together,
        nobody_is_ever_written_to,
        texts_are_filled_in,
        the_incident_has_one_cause,
        finance_answered_some,
        logins_are_as_promised,
        once_means_once_and_keeps_the_passwords,
    ):
        holds(demo)


def finance_answered_some(demo: Path) -> None:
    """Two files, one payout that failed; every balance is the sum of its entries."""
    states = Counter(Payout.objects.values_list("state", flat=True))
    assert set(states) >= {"paid", "failed", "exported", "due"} and states["failed"] == 1
    assert PayoutExport.objects.count() == 2
    made = Payment.objects.filter(source="amends")
    known = Payout.objects.filter(state="paid", remedy__complaint__customer__isnull=False)
    assert made.count() == known.count() > 0 and not made.filter(amount__gte=0).exists()
    assert LoyaltyEntry.objects.filter(kind="goodwill").exists()
    for account in LoyaltyAccount.objects.all():
        assert account.balance == sum(one.points for one in LoyaltyEntry.objects.filter(customer=account.customer_id))


def every_state_and_channel_is_there(demo: Path) -> None:
    complaints = Complaint.objects.filter(source="demo")
    states = Counter(complaints.values_list("status", flat=True))
    assert company.LIVELY == 140 and sum(states.values()) == 140 + PAST
    assert set(states) == set(Status.values) - {Status.MERGED}
    assert set(complaints.values_list("channel", flat=True)) >= {"web", "email", "phone", "letter", "chat", "social"}
    assert set(complaints.values_list("language", flat=True)) == set(BOOKS)
    assert complaints.filter(is_quarantined=True).exists() and complaints.filter(kind="enquiry").exists()
    assert TrailEntry.objects.filter(kind="complaint.reopened").exists()
    assert len(set(complaints.values_list("owner", flat=True))) >= 10


def some_are_late_and_some_nearly(demo: Path) -> None:
    open_clocks = Clock.objects.filter(complaint__in_queue=True, completed_at__isnull=True)
    assert open_clocks.filter(state="breached").count() >= 5
    assert open_clocks.filter(state="running", due_at__range=(NOW, NOW + timedelta(hours=2))).exists()
    assert open_clocks.filter(state="paused").exists()
    assert not open_clocks.filter(state="running", due_at__lt=NOW).exists()
    assert Firing.objects.filter(rung="breach").count() == Clock.objects.filter(state="breached").count()
    assert rebuild.rebuild(mend=False)["different"] == 0, "every clock's row follows from its events"
    with clock.frozen(NOW):
        assert sweep(at=NOW).clocks == 0  # nothing is left for the first sweep to find


def the_past_holds_together(demo: Path) -> None:
    entries = TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")
    assert not list(trail.verify(entries))
    assert not TrailEntry.objects.filter(at__gt=NOW).exists()
    told = TrailEntry.objects.filter(pk__lte=TrailEntry.objects.filter(kind="complaint.reopened").latest("pk").pk)
    written = list(told.order_by("pk").values_list("recorded_at", flat=True))
    assert len(written) > 500 and written == sorted(written)
    assert routing.recount() == 0
    assert not Complaint.objects.filter(received_at__gt=F("created_at")).exists()


def nobody_is_ever_written_to(demo: Path) -> None:
    assert OutboxMessage.objects.exists()
    assert not OutboxMessage.objects.filter(sent_at__isnull=True).exists()
    assert all(address.endswith(".example") for address in OutboxMessage.objects.values_list("recipient", flat=True))


def texts_are_filled_in(demo: Path) -> None:
    words = [
        *Complaint.objects.values_list("subject", flat=True),
        *Complaint.objects.values_list("narrative__description", flat=True),
        *Message.objects.values_list("body", flat=True),
        *Note.objects.values_list("body", flat=True),
    ]
    assert not [text for text in words if "{" in text or not text.strip()]
    russian = Message.objects.filter(complaint__language="ru", direction="out")
    assert russian and all(any("а" <= sign <= "я" for sign in message.body) for message in russian)


def the_incident_has_one_cause(_demo: Path) -> None:
    incident = Incident.objects.get()
    cases = list(incident.complaints.select_related("type"))
    assert len(cases) >= 3
    assert all(any(word in one.subject for word in linking.LEAKS.values()) for one in cases)
    assert {(one.type.parent or one.type).code for one in cases} == {"product"}
    update = incident.updates.get()
    assert update.state == "draft" and {one.language for one in cases} <= set(update.texts)


def logins_are_as_promised(demo: Path) -> None:
    path = demo / "demo-logins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    logins = json.loads(path.read_text())
    assert [login["role"] for login in logins] == ["agent", "lead", "manager", "admin"]
    assert all(set(login) == {"username", "password", "role"} for login in logins)
    for login in logins:
        user = User.objects.get(username=login["username"])
        assert user.check_password(login["password"]) and login["role"] in user.roles
    assert Organisation.objects.get().name == "Halden & Moss"
    assert Tenure.objects.filter(left_on__isnull=False).exists()


def once_means_once_and_keeps_the_passwords(demo: Path) -> None:
    before = (demo / "demo-logins.json").read_text()
    call_command("seed_demo", once=True)
    call_command("seed_demo")
    assert Complaint.objects.count() == 140 + PAST
    assert (demo / "demo-logins.json").read_text() == before


@pytest.mark.sqlite  # what is told is drawn before it is written
def test_the_same_seed_tells_the_same(var: Path) -> None:
    def told() -> list[Any]:
        with clock.frozen(NOW):
            call_command("seed_demo", complaints=25, seed=7)
            found = list(
                Complaint.objects.order_by("pk").values_list("subject", "status", "received_at", "owner__username")
            )
            call_command("purge_demo")
        return found

    first = told()
    assert len(first) == 25 and told() == first


def test_names_already_taken_are_a_refusal(var: Path) -> None:
    make_manager(username="agent")
    with pytest.raises(CommandError, match="agent"):
        call_command("seed_demo")
    assert User.objects.count() == 1


def test_bulk_rows_are_what_the_actions_would_have_left(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "LIVELY", 15)
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=400, open_share=0.4)
    assert Complaint.objects.filter(source="demo").count() == 400
    assert Customer.objects.filter(external_ids__source="demo").count() == 84 + 385 // 5
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
    assert routing.recount() == 0
    for complaint in (
        Complaint.objects.filter(is_quarantined=False).prefetch_related("clocks").select_related("narrative")
    ):
        clocks = list(complaint.clocks.all())
        expected = sla.queue_at(clocks, complaint) if complaint.in_queue else NEVER
        assert complaint.queue_at == expected, complaint
        assert complaint.narrative.description
        kinds = {one.kind for one in clocks}
        assert kinds >= {"acknowledge", "resolve"}
        informed = complaint.is_open and complaint.acknowledged_at is not None
        assert "update" in kinds or not informed, complaint
        for one in clocks:
            _is_sound(one, complaint)
    with clock.frozen(NOW):
        assert sweep(at=NOW).clocks == 0
    newest = Complaint.objects.order_by("-received_at").first()
    assert newest is not None and newest.received_at <= NOW


def _is_sound(one: Clock, complaint: Complaint) -> None:
    target = Target(one.target_kind, one.target_value)
    due_at = working_time.due_at(policies.calendar_of(one.calendar_version_id), one.started_at, target)
    if one.state in ("met", "breached", "cancelled") and not one.events.filter(
        kind__in=("paused", "reopened", "retargeted")
    ):
        assert one.due_at == due_at
    assert (one.state == "breached") == (one.breached_at is not None) == one.firings.filter(rung="breach").exists()
    assert one.breached_at in (None, one.due_at)
    if one.state == "met":
        assert one.completed_at is not None and one.completed_at <= one.due_at
    first = one.events.order_by("pk").first()
    assert (first.kind, first.at) == ("started", one.started_at)
    assert ("completed" in {event.kind for event in one.events.all()}) or one.completed_at is None or one.state != "met"


def test_texts_hold_nothing_that_copy_would_escape() -> None:
    for book in BOOKS.values():
        for words in bulk_rows._words(book):
            said = (words.acknowledgement, words.answer, words.reply, words.text, words.summary, words.subject)
            assert not set("".join(said)) & set("\\\t\n\r\0\1")


NOTE = ("complaint_id", "author_id", "body", "mentions", "created_at")


@pytest.mark.postgresql
def test_copy_keeps_every_text_as_it_is() -> None:
    texts = ["plain", "tab\there", "line\nbreak\r\n", "back\\slash \\N", "\x01\x02", "ключ", "a\\tb", ""]
    complaints = [make_complaint() for _ in texts]
    for complaint, body in zip(complaints, texts, strict=True):
        values = (complaint.pk, None, body, "[]", NOW)
        core_bulk.load(Note, NOTE, [values])
        assert Note.objects.get(complaint=complaint).body == body


@pytest.mark.postgresql
def test_references_that_lead_nowhere_are_found() -> None:
    complaint = make_complaint()
    assert core_bulk.broken_references(Note, Message, Clock, Complaint) == []
    with connection.cursor() as cursor, core_bulk.references_checked_later():
        core_bulk.load(Note, NOTE, [(complaint.pk + 999, None, "x", "[]", NOW)])
        assert core_bulk.broken_references(Note) == ["complaints_note.complaint_id"]
        cursor.execute("DELETE FROM complaints_note")


def test_lines_for_copy_are_the_rows() -> None:
    rows = []
    for way in ("seal", "line"):
        chain, who = trail_rows.Chain("complaint", 5, 7), trail_rows.Signature(Actor.system("sla"))
        for kind in ("complaint.filed", "complaint.closed"):
            rest = (kind, who, 1_000_000, "1970-01-01 00:00:01", '{"a":1}')
            rows.append(chain.seal(None, *rest)[1:] if way == "seal" else chain.line(*rest))
    assert [core_bulk.copy_line(row) for row in rows[:2]] == rows[2:]


def test_bulk_references_never_meet() -> None:
    made = {bulk_rows.reference_of(key) for key in range(1, 200_000)}
    assert len(made) == 199_999
    assert all(len(reference) == 12 for reference in list(made)[:100])


def test_plain_trail_rows_carry_the_same_seal_as_the_trail() -> None:
    complaint = make_complaint()
    actor = Actor.person(complaint.owner)
    with clock.frozen(NOW):
        changes = {"status": ["new", "closed"], "where": "Lüneburg", "n": None}
        built = trail.build(complaint, "complaint.closed", by=actor, at=NOW, changes=changes)
    row = trail_rows.Chain("complaint", complaint.pk, complaint.customer_id).add(
        1, "complaint.closed", by=actor, at=NOW, changes=changes
    )
    assert dict(zip(trail_rows.COLUMNS, row, strict=True)) == {
        field.column: getattr(built, field.attname) if field.attname != "id" else 1
        for field in TrailEntry._meta.concrete_fields
    }


@pytest.fixture
def small(var: Path) -> Path:
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=20)
    return var


def test_purge_takes_the_demo_and_nothing_else(small: Path) -> None:
    agent = make_agent(make_team("Real desk"), "Real Agent")
    customer = make_customer("Real Customer")
    real = make_complaint(owner=agent, customer=customer)
    with clock.frozen(NOW + timedelta(hours=1)):
        trail.anchor(at=NOW + timedelta(hours=1))
        call_command("purge_demo")
    assert list(Complaint.objects.all()) == [real] and list(Customer.objects.all()) == [customer]
    assert not User.objects.filter(email__endswith=f"@{cast.MAIL_DOMAIN}").exists()
    assert not ClockEvent.objects.exclude(clock__complaint=real).exists()
    assert not OutboxMessage.objects.exclude(subject_id=real.pk).exists()
    assert not (small / "demo-logins.json").exists()
    assert Organisation.objects.get().name == "Amends"
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
    assert not list(trail.verify_anchors())
    left = TrailEntry.objects.filter(subject_kind__in=("complaint", "customer")).exclude(private="")
    assert not left.exclude(subject_id__in=[real.pk, customer.pk]).exists()
    assert TrailEntry.objects.filter(kind="demo.purged").exists()


def test_purge_leaves_no_real_complaint_without_an_owner(small: Path) -> None:
    real = make_complaint(owner=User.objects.get(username="ivo"), subject="A real one")
    with pytest.raises(CommandError, match="--to"):
        call_command("purge_demo")
    assert Complaint.objects.filter(source="demo").count() == 20
    heir = make_agent(make_team("Real desk"))
    call_command("purge_demo", to=heir.username)
    real.refresh_from_db()
    assert real.owner == heir and not Complaint.objects.filter(source="demo").exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=False)
def test_bulk_writes_beside_only_outside_a_transaction(var: Path) -> None:
    """Within a transaction another connection would not see the cast."""
    with clock.frozen(NOW):
        call_command("seed_demo", complaints=160)
    assert not bulk_writer.Writer().is_beside
    assert Complaint.objects.filter(source="demo").count() == 160
    assert project.DATABASES["default"]["ENGINE"].endswith("postgresql")


def test_a_pen_writes_what_a_row_says() -> None:
    names = ("complaint_id", "author_id", "body", "created_at")
    table = core_bulk.Table(Note, keyless=True)
    for author in (7, None):
        values = (5, author, "None of it, 100 %", "2026-03-04 15:20:00")
        row = table.row(**dict(zip(names, values, strict=True)))
        assert table.pen(*names, as_text=False)(values) == row
        assert table.pen(*names, as_text=True)(values) == core_bulk.copy_line(row)
        backwards = table.pen(*reversed(names), as_text=True)
        assert backwards(values[::-1]) == core_bulk.copy_line(row)
    with pytest.raises(KeyError, match="colour"):
        table.pen("colour", as_text=True)


def indexes() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
        )
        found = cursor.fetchall()
        cursor.execute("SELECT conrelid::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2")
        return [tuple(_without_casts(one) for one in row) for row in found + cursor.fetchall()]


def _without_casts(text: str) -> str:
    """A list of values is written with other casts and brackets once it has been read back; it means the same."""
    return re.sub(r"::(character varying|text)(\[\])?|[()]", "", text)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_large_load_leaves_the_indexes_as_they_were_or_nothing(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MANY", 50)
    monkeypatch.setattr(bulk, "CHUNK", 40)
    monkeypatch.setattr(company, "LIVELY", 15)
    before = indexes()
    chunk, made = bulk_rows.Generator.chunk, iter(range(100))

    def cut_off(self: bulk_rows.Generator, size: int) -> bulk_rows.Load:
        if next(made) == 2:
            raise KeyboardInterrupt
        return chunk(self, size)

    with clock.frozen(NOW):
        monkeypatch.setattr(bulk_rows.Generator, "chunk", cut_off)
        with pytest.raises(KeyboardInterrupt):
            call_command("seed_demo", complaints=200)
        assert (Complaint.objects.count(), indexes()) == (15, before)
        monkeypatch.setattr(bulk_rows.Generator, "chunk", chunk)
        call_command("seed_demo", complaints=200)
    assert (Complaint.objects.count(), indexes()) == (215, before)
    assert SurveyResponse.objects.exists() and Purchase.objects.exists()
    assert not core_bulk.broken_references(*bulk.LOADED, *customers_bulk.LOADED) and routing.recount() == 0
    assert not list(trail.verify(TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")))
