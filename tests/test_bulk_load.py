"""The demo's rows in bulk: what COPY writes is what rows and trail would say, and the indexes come back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.db import connection

from complaints import routing
from complaints.demo import bulk, bulk_rows, company
from complaints.demo.texts import BOOKS
from complaints.models import (
    Clock,
    Complaint,
    Message,
    Note,
)
from core import bulk as core_bulk
from core import bulk_writer, clock, trail, trail_rows
from core.actor import Actor
from core.models import TrailEntry
from metrics.models import SurveyResponse
from retention.demo import bulk as customers_bulk
from retention.models import Purchase
from tests.cast import make_complaint

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 15, 20, tzinfo=UTC)  # a Wednesday afternoon
NOTE = ("complaint_id", "author_id", "body", "mentions", "created_at")


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_texts_hold_nothing_that_copy_would_escape() -> None:
    for book in BOOKS.values():
        for words in bulk_rows._words(book):
            said = (words.acknowledgement, words.answer, words.reply, words.text, words.summary, words.subject)
            assert not set("".join(said)) & set("\\\t\n\r\0\1")


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


@pytest.mark.parametrize("by", [Actor.system("sla"), Actor("integration", "shop", None, 7)])
def test_lines_for_copy_are_the_rows(by: Actor) -> None:
    rows = []
    for way in ("seal", "line"):
        chain, who = trail_rows.Chain("complaint", 5, 7), trail_rows.Signature(by)
        for kind in ("complaint.filed", "complaint.closed"):
            rest = (kind, who, 1_000_000, "1970-01-01 00:00:01", '{"a":1}')
            rows.append(chain.seal(None, *rest)[1:] if way == "seal" else chain.line(*rest))
    assert [core_bulk.copy_line(row) for row in rows[:2]] == rows[2:]


def test_bulk_references_never_meet() -> None:
    made = {bulk_rows.reference_of(key) for key in range(1, 200_000)}
    assert len(made) == 199_999
    assert all(len(reference) == 12 for reference in list(made)[:100])


@pytest.mark.parametrize("token", [None, 7])
def test_plain_trail_rows_carry_the_same_seal_as_the_trail(token: int | None) -> None:
    complaint = make_complaint()
    actor = Actor("integration" if token else "user", "shop", complaint.owner, token)
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
