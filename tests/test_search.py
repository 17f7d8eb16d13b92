"""Search: five languages, accents, fragments, phrases, who sees what, and the order of what is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from complaints import search
from complaints.actions import converse
from complaints.actions.decide import resolve
from complaints.actions.watch import watch
from complaints.models import Complaint
from complaints.reference import catalogue
from complaints.search import postgres
from complaints.search.snippets import Piece, best
from complaints.search.words import Matcher, Question, Term, read
from core import cached, clock
from core.actor import Actor
from core.clock import now
from core.models import User
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def found(text: str, user: User, **more: object) -> list[str]:
    hits = search.find(text, user, **more).hits  # type: ignore[arg-type]
    names = dict(Complaint.objects.values_list("pk", "reference"))
    return [names[hit.pk] for hit in hits]


STEMS = [
    ("en", "The kettles were leaking and nobody replied", ["kettle", "leaks", "leaked", "reply", "KETTLE"]),
    ("es", "Las devoluciones llegaron tarde y los teléfonos rotos", ["devolución", "teléfono", "roto", "llegar"]),
    ("pt", "As reclamações sobre os cartões bloqueados", ["reclamação", "bloqueado", "reclamacao"]),
    ("it", "I rimborsi promessi e le città sbagliate", ["rimborso", "promesso", "citta", "sbagliata"]),
    ("ru", "Чёрные чайники не греют, нужен возврат", ["чайник", "чайника", "возврата", "черный", "ЧЁРНЫЙ"]),
]


@pytest.mark.parametrize(("language", "text", "words"), STEMS, ids=[language for language, _text, _words in STEMS])
def test_other_forms_of_a_word_find_it(cast: Cast, language: str, text: str, words: list[str]) -> None:
    wanted = cast.complaint(subject="One", description=text, language=language)
    cast.complaint(subject="Other", description="Nothing of that kind at all", language=language)
    assert {word: found(word, cast.agent) for word in words} == {word: [wanted.reference] for word in words}


@pytest.mark.parametrize(
    "typed", ["telefono", "TELÉFONO", "teléf", "telefonos", "te\u0301le\u0301fono"[:0] + "tele\u0301fono"]
)
def test_accents_and_capitals_do_not_matter(cast: Cast, typed: str) -> None:
    wanted = cast.complaint(description="El TELÉFONO no suena", language="es")
    assert found(typed, cast.agent) == [wanted.reference]


def test_text_sent_in_decomposed_letters_is_found(cast: Cast) -> None:
    wanted = cast.complaint(description="El tele\u0301fono no suena", language="es")
    assert found("teléfono", cast.agent) == [wanted.reference]


def test_every_place_is_searched(cast: Cast) -> None:
    complaint = cast.complaint(
        subject="alfa",
        description="bravo",
        expectation="charlie",
        remedy_sought="delta",
        product="echo",
        lot="LOT-4711",
    )
    by = Actor.person(cast.agent)
    converse.message(complaint, by=by, at=now(), body="foxtrot")
    converse.incoming(complaint, by=Actor.customer(), at=now(), body="golf")
    converse.note(complaint, by=by, at=now(), body="hotel")
    cause = next(one for one in catalogue().causes.values() if one.code != "unclassified")
    resolve(complaint, by=by, at=now(), outcome="upheld", root_cause=cause, summary="india", answer="juliett")
    words = [
        "alfa",
        "bravo",
        "charlie",
        "delta",
        "echo",
        "foxtrot",
        "golf",
        "hotel",
        "india",
        "juliett",
        "whitlock",
        "4711",
    ]
    assert {word: found(word, cast.agent) for word in words} == {word: [complaint.reference] for word in words}
    assert found("alfa hotel whitlock", cast.agent) == [complaint.reference]


def test_the_place_found_is_told(cast: Cast) -> None:
    complaint = cast.complaint(subject="alfa", description="bravo")
    converse.note(complaint, by=Actor.person(cast.agent), at=now(), body="hotel rooms")
    (hit,) = search.find("hotels", cast.agent).hits
    assert hit.snippet is not None
    assert (hit.snippet.place, hit.snippet.html) == ("note", "<mark>hotel</mark> rooms")


def test_numbers_and_parts_of_them(cast: Cast) -> None:
    complaint = cast.complaint(order_number="SO-77120/B", external_id="ZD_998877", source="zendesk")
    other = cast.complaint(subject="Order of 2024", description="one of 12 lamps")
    reference = complaint.reference
    parts = ["77120", "so-77120/b", "998877", "zd_9988", reference, reference.lower(), reference[3:], reference[5:10]]
    parts.append(reference.replace("-", ""))
    assert {part: found(part, cast.agent)[:1] for part in parts} == {part: [reference] for part in parts}
    assert found("%", cast.agent) == found("_", cast.agent) == []
    assert other.reference not in found("7_1", cast.agent)


def test_phones_and_addresses_and_parts_of_them(cast: Cast) -> None:
    other = cast.complaint(customer=make_customer("Olga Kim", email="olga@post.example", phone="+7 495 100 20 30"))
    wanted = cast.complaint()
    for part in (
        "+351 912 345 678",
        "00351912345678",
        "912345678",
        "345 678",
        "(912) 345-6",
        "dana@mail.example",
        "@mail.exa",
        "DANA@",
    ):
        assert found(part, cast.agent) == [wanted.reference], part
    assert found("1002030", cast.agent) == [other.reference]
    assert found("9999999", cast.agent) == []


def test_names_by_beginnings_and_by_sound(cast: Cast) -> None:
    wanted = cast.complaint(customer=make_customer("Ольга Ким", email="o@post.example"))
    cast.complaint()
    for typed in ("ольга", "Olga Kim", "оль ки", "ким"):
        assert found(typed, cast.agent) == [wanted.reference], typed


def test_quotes_keep_words_together_and_a_minus_leaves_out(cast: Cast) -> None:
    near = cast.complaint(subject="One", description="The red kettle leaks")
    apart = cast.complaint(subject="Two", description="A kettle, red as fire, broke")
    assert set(found("red kettle", cast.agent)) == {near.reference, apart.reference}
    assert found('"red kettle"', cast.agent) == [near.reference]
    assert found("kettle -fire", cast.agent) == [near.reference]
    assert found('kettle -"red kettle"', cast.agent) == [apart.reference]
    assert found("-kettle", cast.agent) == []


def test_no_phrase_reaches_from_one_text_into_the_next(cast: Cast) -> None:
    complaint = cast.complaint(subject="red", description="kettle", expectation="money", remedy_sought="back")
    by = Actor.person(cast.agent)
    for body in ("green", "lamp"):
        converse.message(complaint, by=by, at=now(), body=body)
        converse.note(complaint, by=by, at=now(), body=body)
    for phrase in ('"red kettle"', '"kettle money"', '"money back"', '"green lamp"', '"lamp green"', '"lamp lamp"'):
        assert found(phrase, cast.agent) == [], phrase
    assert found("red kettle money back green lamp ", cast.agent) == [complaint.reference]


def test_the_last_word_may_still_be_typed_the_others_not(cast: Cast) -> None:
    wanted = cast.complaint(description="The refrigerator hums")
    assert found("refri", cast.agent) == found("hums refri", cast.agent) == [wanted.reference]
    assert found("re", cast.agent) == []


def test_everybody_finds_what_they_may_see(cast: Cast) -> None:
    complaint = cast.complaint(description="The zeppelin did not fly", order_number="77120")
    watcher = make_agent(cast.other_team)
    watch(complaint, by=Actor.person(cast.agent), at=now(), watcher=watcher)
    for text in ("zeppelin", "77120", complaint.reference, "dana@mail", "912345", "whitlock"):
        seen = {name: found(text, user) for name, user in cast.people().items()}
        assert seen == {
            "agent": [complaint.reference],
            "colleague": [complaint.reference],
            "lead": [complaint.reference],
            "manager": [complaint.reference],
            "stranger": [],
            "admin": [],
        }
        assert found(text, watcher) == [complaint.reference]


def test_a_number_meant_comes_before_a_number_said(cast: Cast) -> None:
    meant = cast.complaint(order_number="77120")
    said = cast.complaint(description="It was order 77120, I believe")
    assert found("77120", cast.agent) == [meant.reference, said.reference]


def test_the_subject_counts_more_and_old_cases_less(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        body = cast.complaint(subject="Something", description="A kettle among many other words of the same letter")
        old = cast.complaint(subject="kettle", description="It", received_at=MONDAY - timedelta(days=2000))
        subject = cast.complaint(subject="kettle", description="It")
        order = found("kettle", cast.agent)
    assert order[0] == subject.reference
    assert set(order) == {subject.reference, body.reference, old.reference}
    assert order.index(subject.reference) < order.index(old.reference)


@pytest.mark.postgresql
@pytest.mark.parametrize("enough", [True, False])
def test_a_common_word_is_found_among_the_newest(cast: Cast, monkeypatch: pytest.MonkeyPatch, enough: bool) -> None:
    monkeypatch.setattr(postgres, "COMMON", -1)  # every word is
    monkeypatch.setattr(postgres, "NEWEST", 3)
    everything = [cast.complaint(subject=f"kettle {number}").reference for number in range(6)]
    cast.complaint(subject="kettle", owner=cast.stranger)
    limit = 1 if enough else 10
    for user in (cast.agent, cast.lead, cast.colleague):
        seen = found("kettle", user, limit=limit)
        assert set(seen) <= set(everything)
        assert len(seen) == (1 if enough else 6)
    assert len(found("kettle", cast.manager, limit=limit)) == (1 if enough else 7)


@pytest.mark.postgresql
def test_the_statistics_tell_common_words_from_rare_ones(cast: Cast) -> None:
    for number in range(12):
        cast.complaint(subject="kettle", description="rare zeppelin" if number == 0 else "kettle")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE complaints_searchtext")
    postgres._read.clear()
    try:
        assert postgres.estimate(read("kettle ")) > 6
        assert postgres.estimate(read("kett")) > 6
        assert postgres.estimate(read("zeppelin")) < 6
        assert postgres.estimate(read("kettle zeppelin")) < 6
        assert postgres.estimate(read("hippopotamus")) == 0
    finally:
        postgres._read.clear()


def test_conditions_narrow_what_is_searched(cast: Cast) -> None:
    phone = cast.complaint(channel="phone", description="kettle")
    cast.complaint(channel="web", description="kettle")
    assert found("kettle", cast.agent, among=Complaint.objects.filter(channel="phone")) == [phone.reference]
    assert found("kettle", cast.agent, among=Complaint.objects.none()) == []


def test_pages_follow_each_other(cast: Cast) -> None:
    everything = {cast.complaint(subject=f"kettle {number}").pk for number in range(7)}
    seen: list[int] = []
    cursor: int | None = None
    for _page in range(3):
        page = search.find("kettle", cast.agent, limit=3, cursor=cursor)
        seen += [hit.pk for hit in page.hits]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == everything
    assert cursor is None


def test_reading_a_question() -> None:
    assert read('red "big kettle" -fire lam') == Question(
        'red "big kettle" -fire lam',
        (Term(("red",)), Term(("big", "kettle")), Term(("fire",), exclude=True), Term(("lam",), prefix=True)),
    )
    assert not read('  - "" ')
    assert read("+351 912").digits == "351912"
    assert read("am-4f7k").fragment == "AM-4F7K"
    assert read("4F7K 2M").fragment == read("kettle").fragment == ""
    for part in ("hzms", "HZMS-KTPW", "zms-kt", "HZMSKTPW", "AMHZMSKTPW"):
        assert read(part).fragment == part.upper()
    assert read("am-").fragment == read("2024x ").fragment[:0] == ""


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("<b>kettle</b> & co", "kettle", "&lt;b&gt;<mark>kettle</mark>&lt;/b&gt; &amp; co"),
        ("<mark>kettle</mark>", "mark", "&lt;<mark>mark</mark>&gt;kettle&lt;/<mark>mark</mark>&gt;"),
        ("a\n\n  kettle\tboils", "kettle boil", "a <mark>kettle</mark> <mark>boils</mark>"),
        ("&lt;kettle&gt;", "lt", "&amp;<mark>lt</mark>;kettle&amp;gt;"),
    ],
)
def test_marks_are_ours_alone(text: str, words: str, shown: str) -> None:
    snippet = best([Piece("description", text, "en")], Matcher(read(words + " ").wanted))
    assert snippet is not None
    assert snippet.html == shown


def test_a_long_text_is_cut_around_the_word() -> None:
    text = "word " * 200 + "kettle " + "tail " * 200
    snippet = best([Piece("description", text, "en")], Matcher(read("kettle").wanted))
    assert snippet is not None
    assert snippet.html.startswith("… word")
    assert "<mark>kettle</mark>" in snippet.html
    assert snippet.html.endswith("tail …")
    assert len(snippet.html) < 250
