"""What complaints are searched by is right after every kind of write, and a fault is noticed and mended."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from complaints import search
from complaints.actions import converse
from complaints.actions.amend import amend
from complaints.actions.record_history import HistoricComplaint, record_history
from complaints.models import Complaint, Message, Narrative, Note, SearchText
from complaints.search import lite, upkeep
from core import cached
from core.actor import Actor
from core.clock import now
from retention.actions.edit import Profile, edit
from retention.models import Customer
from tests.cast import Cast, make_cast, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def case(cast: Cast) -> Complaint:
    return cast.complaint(subject="alfa", description="bravo", order_number="77120")


def finds(cast: Cast, text: str) -> bool:
    return bool(search.find(text, cast.manager).hits)


def is_right() -> bool:
    return list(upkeep.check()) == []


def test_nothing_is_missing_after_filing(case: Complaint) -> None:
    assert is_right()
    assert upkeep.missing_triggers() == []
    assert SearchText.objects.get(complaint=case).keys.split()[:3] == [
        case.reference,
        case.reference.replace("-", ""),
        "77120",
    ]


def test_an_amended_complaint(cast: Cast, case: Complaint) -> None:
    amend(
        case,
        {"subject": "yankee", "order_number": "88230"},
        by=Actor.person(cast.agent),
        at=now(),
        version=case.version,
    )
    assert finds(cast, "yankee")
    assert finds(cast, "88230")
    assert not finds(cast, "alfa")
    assert not finds(cast, "77120")
    assert is_right()


def test_messages_and_notes_added_changed_and_gone(cast: Cast, case: Complaint) -> None:
    by = Actor.person(cast.agent)
    first = converse.message(case, by=by, at=now(), body="kilo one")
    converse.incoming(case, by=Actor.customer(), at=now(), body="lima two")
    note = converse.note(case, by=by, at=now(), body="mike three")
    assert all(finds(cast, word) for word in ("kilo", "lima", "mike", "alfa lima mike"))
    assert is_right()
    Message.objects.filter(pk=first.pk).update(body="november")
    Note.objects.filter(pk=note.pk).delete()
    assert finds(cast, "november")
    assert not finds(cast, "kilo")
    assert not finds(cast, "mike")
    assert is_right()


def test_a_message_moved_to_another_case(cast: Cast, case: Complaint) -> None:
    other = cast.complaint(subject="other", description="other")
    message = converse.message(case, by=Actor.person(cast.agent), at=now(), body="kilo")
    Message.objects.filter(pk=message.pk).update(complaint=other)
    assert [hit.pk for hit in search.find("kilo", cast.manager).hits] == [other.pk]
    assert is_right()


def test_a_summary_and_a_reworded_narrative(cast: Cast, case: Complaint) -> None:
    Narrative.objects.filter(complaint=case).update(summary="oscar", description="papa")
    assert finds(cast, "oscar")
    assert not finds(cast, "bravo")
    assert is_right()


def test_a_renamed_customer_and_a_case_given_to_another(cast: Cast, case: Complaint) -> None:
    edit(cast.customer, Profile(name="Quentin Quebec"), by=Actor.person(cast.agent), at=now())
    assert finds(cast, "quebec alfa")
    assert not finds(cast, "whitlock alfa")
    other = make_customer("Romeo Sierra")
    Complaint.objects.filter(pk=case.pk).update(customer=other)
    assert finds(cast, "sierra alfa")
    assert not finds(cast, "quebec alfa")
    assert is_right()


def test_a_change_of_language(cast: Cast) -> None:
    case = cast.complaint(description="Las devoluciones", language="en")
    Complaint.objects.filter(pk=case.pk).update(language="es")
    assert finds(cast, "devolución ")
    assert is_right()


def test_a_deleted_complaint_leaves_nothing(cast: Cast, case: Complaint) -> None:
    Narrative.objects.filter(complaint=case).delete()
    assert not SearchText.objects.filter(complaint=case).exists()
    assert not finds(cast, "bravo")


def test_imported_history_new_and_changed(cast: Cast) -> None:
    at = now()

    def historic(number: int, text: str) -> HistoricComplaint:
        return HistoricComplaint(
            external_id=f"H{number}",
            channel="web",
            subject=f"tango {number}",
            description=text,
            received_at=at - timedelta(days=9),
            status="closed",
            summary="uniform",
            customer_name="Victor Whiskey",
        )

    by = Actor.system("import")
    record_history([historic(1, "xray"), historic(2, "zulu")], by=by, at=at, source="old", owner=cast.agent)
    assert finds(cast, "xray uniform")
    assert len(search.find("tango", cast.manager).hits) == 2
    assert is_right()
    record_history([historic(1, "changed")], by=by, at=at, source="old", owner=cast.agent)
    assert finds(cast, "changed")
    assert not finds(cast, "xray")
    assert is_right()


@pytest.mark.postgresql
def test_a_batch_is_read_by_key_though_the_statistics_know_of_no_row(cast: Cast) -> None:
    """As in the middle of a long load into a new house: nothing but its own rows is read for a batch."""
    at = now()
    for start in range(0, 900, 300):
        rows = (
            HistoricComplaint(
                external_id=f"H{number}",
                channel="web",
                subject="tango",
                description=f"uniform {number} " * 40,
                received_at=at,
                status="closed",
            )
            for number in range(start, start + 300)
        )
        record_history(rows, by=Actor.system("import"), at=at, source="old", owner=cast.agent)
    wanted = list(Complaint.objects.order_by("id").values_list("id", flat=True)[:200])
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM complaints_search_built(%s)", [wanted])
        [[[plan]]] = cursor.fetchall()
    read: dict[str, int] = {}
    waiting = [plan["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", ())
        if table := node.get("Relation Name"):
            rows_read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read[table] = read.get(table, 0) + rows_read * node["Actual Loops"]
    assert read["complaints_complaint"] == read["complaints_narrative"] == 200


def test_the_demo_in_bulk_is_found_and_goes() -> None:
    cached.clear_all()
    call_command("seed_demo", complaints=150, customers=30, stdout=io.StringIO())
    assert SearchText.objects.count() == Complaint.objects.count() >= 150
    assert is_right()
    call_command("purge_demo", stdout=io.StringIO())
    assert SearchText.objects.count() == Complaint.objects.count() == 0


FAULTS = {
    "postgresql": [
        "UPDATE complaints_searchtext SET words = 'nonsense' WHERE complaint_id = %s",
        "UPDATE complaints_searchtext SET keys = 'NONSENSE' WHERE complaint_id = %s",
        "DELETE FROM complaints_searchtext WHERE complaint_id = %s",
    ],
    "sqlite": [
        "UPDATE complaints_searchwords SET talk = 'nonsense' WHERE rowid = %s",
        "UPDATE complaints_searchkeys SET keys = 'NONSENSE' WHERE rowid = %s",
        "UPDATE complaints_searchtext SET keys = 'NONSENSE' WHERE complaint_id = %s",
        "DELETE FROM complaints_searchwords WHERE rowid = %s",
        "DELETE FROM complaints_searchtext WHERE complaint_id = %s",
    ],
}


@pytest.mark.parametrize("number", range(5))
def test_a_fault_is_noticed_and_mended(cast: Cast, case: Complaint, number: int) -> None:
    faults = FAULTS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(faults[number % len(faults)], [case.pk])
    out = io.StringIO()
    with pytest.raises(SystemExit) as raised:
        call_command("reindex_search", check=True, json=True, stdout=out)
    assert raised.value.code == 1
    told = json.loads(out.getvalue())
    assert (told["different"], told["references"]) == (1, [case.reference])
    call_command("reindex_search", stdout=io.StringIO())
    call_command("reindex_search", check=True, stdout=io.StringIO())
    assert finds(cast, "bravo")
    assert finds(cast, "77120")


@pytest.mark.sqlite
def test_on_sqlite_triggers_step_aside_for_migrations(cast: Cast, case: Complaint) -> None:
    upkeep.before_migrations(using="default")
    assert set(upkeep.missing_triggers()) == set(lite.TRIGGERS)
    cast.complaint(subject="written meanwhile")
    upkeep.after_migrations(using="default")
    assert upkeep.missing_triggers() == []
    assert finds(cast, "meanwhile")
    assert is_right()


# --- an independent oracle: the same question put to plain Python, word by word -----------------------------------

VOCABULARY = ("kettle", "lamp", "river", "stone", "window", "garden", "paper", "silver", "copper", "ladder")


def holds(words: list[str], terms: list[str]) -> bool:
    """Whether a text of plain words fits a question of plain words, quotes and minuses."""
    for term in terms:
        bare = term.removeprefix("-").strip('"').split()
        there = any(words[at : at + len(bare)] == bare for at in range(len(words)))
        if there is term.startswith("-"):
            return False
    return True


@pytest.mark.parametrize("seed", range(6))
def test_random_questions_find_what_a_slow_search_finds(cast: Cast, seed: int) -> None:
    draw = random.Random(seed)
    by = Actor.person(cast.agent)

    def text(most: int) -> str:
        return " ".join(draw.choice(VOCABULARY) for _ in range(draw.randint(1, most)))

    said: dict[int, list[str]] = {}
    writes: list[Callable[[Complaint, str], object]] = [
        lambda case, body: converse.message(case, by=by, at=now(), body=body),
        lambda case, body: converse.note(case, by=by, at=now(), body=body),
        lambda case, body: converse.incoming(case, by=Actor.customer(), at=now(), body=body),
    ]
    for _number in range(12):
        subject, body = text(2), text(4)
        case = cast.complaint(subject=subject, description=body)
        said[case.pk] = [subject, body]
        for _more in range(draw.randint(0, 3)):
            added = text(4)
            draw.choice(writes)(case, added)
            said[case.pk].append(added)
    for _question in range(25):
        terms = draw.sample(VOCABULARY, draw.randint(1, 3))
        if draw.random() < 0.4:
            terms.append("-" + draw.choice(VOCABULARY))
        if draw.random() < 0.4:
            terms.append(f'"{" ".join(draw.choices(VOCABULARY, k=2))}"')
        wanted = {
            pk
            for pk, texts in said.items()
            if all(
                any(holds(one.split(), [term]) for one in texts)
                if not term.startswith("-")
                else all(holds(one.split(), [term]) for one in texts)
                for term in terms
            )
        }
        question = " ".join(terms) + " "
        assert {hit.pk for hit in search.find(question, cast.manager, limit=100).hits} == wanted, question
    assert is_right()
    assert Customer.objects.filter(pk=cast.customer.pk).exists()
