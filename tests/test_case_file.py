"""The whole case as one file: what stands in it, who gets it, and what the complainant's edition must never tell."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator
from pypdf import PdfReader

from complaints.actions import converse, merge
from complaints.casefile import collect, making, pdf, wording
from complaints.casefile.editions import Edition
from complaints.models import Complaint, Message
from core import cached, clock, trail
from core.actor import Actor
from core.models import TrailEntry
from core.rows import insert
from retention.models import ContactPoint, Customer
from tests.case_files import DAY, LATER, OURS, facts_of, in_browser, over_api, pages_of, text_of, whole_case
from tests.cast import MONDAY, Cast, make_cast, make_complaint, make_customer
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db
THEIRS = ("QSOUGHT", "QEXPECT", "QACKNOWLEDGED", "QDEMAND", "QREPLY", "QPROMISE", "QANSWER", "QGRANTED", "QPHOTO")
MADE = "complaint.case_file_made"


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        found = make_cast()
    with clock.frozen(LATER + 2 * DAY):
        yield found
    cached.clear_all()


@pytest.fixture
def case(cast: Cast) -> Complaint:
    return whole_case(cast)


def noted(case: Complaint) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in trail.of(case).filter(kind=MADE)]


def test_the_internal_pdf_tells_everything(cast: Cast, case: Complaint) -> None:
    answer = over_api(cast.agent, case, accept="application/pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    pages = pages_of(answer.content)
    told = " ".join(pages)
    for words in (*THEIRS, *OURS.values(), case.reference, case.subject, "€12.30", "Ana Agent", "Dana Whitlock"):
        assert words in told, words
    last = list(trail.of(case).exclude(kind=MADE))[-1]
    assert bytes(last.hash).hex() in told.replace(" ", "")
    assert "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" in told.replace(" ", "")  # of "hello"
    assert "The record is unbroken" in told
    assert f"Page 1 of {len(pages)}" in pages[0] and f"Page {len(pages)} of {len(pages)}" in pages[-1]
    assert b"pdfaid" in answer.content and b"/MarkInfo" in answer.content  # kept for years, read aloud


@pytest.mark.parametrize("language", ["en", "es", "pt", "it", "ru"])
def test_the_edition_for_the_complainant_leaks_nothing(cast: Cast, case: Complaint, language: str) -> None:
    query = {"edition": "complainant", "language": language}
    facts = over_api(cast.agent, case, format="json", **query).content.decode()
    document = text_of(over_api(cast.agent, case, format="pdf", **query).content)
    for told in (facts, document):
        for where, words in OURS.items():
            assert words not in told, where
        for words in ("Lisbon desk", "people-mistake", "workload", "Everything else"):
            assert words not in told, words
        for words in THEIRS:
            assert words in told, words
    staff_only = {"severity", "team", "root_cause", "late_reason", "late_note", "themes", "source"}
    assert not staff_only & set(json.loads(facts)["complaint"])


def test_each_edition_speaks_the_language_of_its_reader(cast: Cast, case: Complaint) -> None:
    assert facts_of(cast.agent, case)["language"] == "en"
    told = facts_of(cast.agent, case, edition="complainant")
    assert (told["language"], told["complaint"]["type_name"]) == ("ru", "Без категории")
    russian = text_of(in_browser(cast.agent, case, edition="complainant").content)
    assert "Лампа не горит" in russian and "Сроки" in russian


def test_facts_have_stable_keys_instants_and_amounts(cast: Cast, case: Complaint) -> None:
    told = facts_of(cast.manager, case)
    assert (told["format"], told["version"], told["produced_by"]) == ("amends-case-file", 1, "Maria Manager (test)")
    assert told["complaint"]["received_at"] == "2026-03-02T09:00:00Z"
    given, asked = told["remedies"]
    assert (given["amount"], given["currency"], given["status"]) == ("12.30", "EUR", "granted")
    assert given["authority"]["per_complaint"] == "100.00" and given["within_authority"] is True
    assert (given["payout"]["state"], asked["status"]) == ("due", "withdrawn")
    assert told["demands"][0]["remedy"] == given["id"]
    assert [one["state"] for one in told["promises"]] == ["kept", "kept"]
    decision = told["decisions"][0]
    assert (decision["outcome"], decision["accepted"], decision["delivery"]["told_how"]) == ("upheld", False, "phone")
    late = next(one for one in told["deadlines"] if one["kind"] == "resolve")
    assert (late["verdict"], late["policy"]) == ("missed", "Everything else")
    assert told["attachments"][0]["name"] == "QPHOTO bill.txt"
    assert told["trail"]["intact"] and told["trail"]["entries"] == trail.of(case).exclude(kind=MADE).count()
    at = [one["at"] for one in told["timeline"]]
    assert at == sorted(at)


@pytest.mark.parametrize("edition", Edition.values)
def test_the_json_edition_is_what_the_schema_says(cast: Cast, case: Complaint, edition: str) -> None:
    schema = json.loads((ROOT / "docs" / "api" / "openapi.json").read_text())  # another test: it is what is served
    path = schema["paths"]["/api/v1/complaints/{reference}/case-file/"]["get"]
    assert {one["name"] for one in path["parameters"]} == {"reference", "edition", "language", "format"}
    assert set(path["responses"]["200"]["content"]) == {"application/json", "application/pdf"}
    shape = {"$ref": "#/components/schemas/CaseFile", "components": schema["components"]}
    closed = json.loads(json.dumps(shape))
    for name, one in closed["components"]["schemas"].items():
        if name.startswith("CaseFile") and one.get("type") == "object":
            one["additionalProperties"] = False
    problems = list(Draft202012Validator(closed).iter_errors(facts_of(cast.agent, case, edition=edition)))
    assert not problems, [(list(one.absolute_path), one.message) for one in problems[:5]]


def test_who_sees_the_case_gets_its_file_and_nobody_else(cast: Cast) -> None:
    case = cast.complaint()
    for role, person in cast.people().items():
        expected = {"stranger": 404, "admin": 403}.get(role, 200)
        browser, api = in_browser(person, case, format="json"), over_api(person, case)
        assert (browser.status_code, api.status_code) == (expected, expected), role
    assert Client().get(f"/complaints/{case.reference}/case-file/").status_code == 302
    missing = over_api(cast.agent, Complaint(reference="AM-2222-2222"))
    assert missing.status_code == 404


def test_each_download_is_noted_once(cast: Cast, case: Complaint) -> None:
    version = case.version
    answer = in_browser(cast.agent, case, edition="complainant", format="json")
    assert answer["Content-Disposition"] == f'attachment; filename="{case.reference}-complainant-ru.json"'
    assert answer["Cache-Control"] == "private, no-store"
    assert noted(case) == [{"edition": "complainant", "language": "ru", "form": "json"}]
    over_api(cast.manager, case)
    assert noted(case)[1:] == [{"edition": "internal", "language": "en", "form": "json"}]
    entry = trail.of(case).filter(kind=MADE).last()
    assert entry is not None and entry.actor_id == cast.manager.pk
    client = Client()
    client.force_login(cast.agent)
    assert client.head(f"/complaints/{case.reference}/case-file/download/?edition=internal&format=json").content == b""
    assert client.get(f"/complaints/{case.reference}/case-file/download/?edition=x&format=pdf").status_code == 422
    assert over_api(cast.agent, case, edition="x").status_code == 400
    assert over_api(cast.agent, case, language="xx").status_code == 400
    assert over_api(cast.agent, case, accept="text/html").status_code == 406
    assert len(noted(case)) == 2
    case.refresh_from_db()
    assert case.version == version
    page = client.get(f"/complaints/{case.reference}/").content.decode()
    assert f"/complaints/{case.reference}/case-file/" in page and "Case file taken along as JSON" in page
    choice = client.get(f"/complaints/{case.reference}/case-file/")
    assert choice.status_code == 200 and "For the complainant" in choice.content.decode()


def test_hostile_text_is_text(cast: Cast) -> None:
    hostile = [
        '#import "@preview/tablex:0.0.8": *',
        '#read("/etc/passwd")',
        "$ x^2 $ \\ * _ ` <label> @ref // /* ",
        "]#panic()[",
        "=head",
        "שלום عالم \u202eabc\u202c",
        "👍🏽 ❤\ufe0f 日本語",
        "bell\x07 end\x1b[31m",
    ]
    word = "Donaudampfschifffahrt" * 20
    case = cast.complaint(subject="#panic() $", description="\n".join([*hostile, word]))
    converse.note(case, by=Actor.person(cast.agent), at=clock.now(), body="\n\n".join(hostile))
    Message.objects.create(complaint=case, direction="in", channel="web", body="#(", at=LATER, created_at=LATER)
    told = text_of(over_api(cast.agent, case, format="pdf").content)
    for words in (*hostile[:5], "#panic() $", "שלום", "[thumbs up sign]", "bell"):
        assert words in told or words[::-1] in told, words
    assert word in told.replace(" ", "")
    assert "root:" not in told
    assert over_api(cast.agent, case).json()["statement"]["description"].startswith("\n".join(hostile[:6]))


def test_no_text_is_too_odd_for_the_page() -> None:
    assert pdf.printable("a\x00b\ud800c\r\nd") == "a\ufffdb\ufffdc\nd"
    assert pdf.printable("x" * 60).split("\u200b") == ["x" * 28, "x" * 28, "x" * 4]
    assert pdf.printable("f" * 64) == "f" * 64  # a hash stays whole
    assert pdf.printable("👩\u200d👧!") == "[woman, girl]!"


def test_a_joint_case_has_what_its_parts_said(cast: Cast) -> None:
    me = Actor.person(cast.agent)
    case = cast.complaint()
    part = cast.complaint(description="QPARTOPENING")
    foreign = make_complaint(owner=cast.agent, customer=make_customer("Somebody Else"), description="QFOREIGN")
    converse.message(part, by=me, at=clock.now(), body="QPARTMESSAGE")
    for one in (part, foreign):
        one.refresh_from_db()
        merge.merge(one, by=me, at=clock.now(), into=case, confirm=True, reason="QWHYMERGED")
    inside, outside = (json.dumps(facts_of(cast.agent, case, edition=one)) for one in Edition.values)
    for words in ("QPARTOPENING", "QPARTMESSAGE", "QFOREIGN", "QWHYMERGED"):
        assert words in inside, words
    assert "QPARTOPENING" in outside and "QPARTMESSAGE" in outside
    for words in ("QFOREIGN", "Somebody Else", "QWHYMERGED", foreign.reference):
        assert words not in outside, words
    chains = facts_of(cast.agent, case)["trail"]["chains"]
    assert [one["complaint"] for one in chains] == [case.reference, part.reference, foreign.reference]
    assert "QPARTMESSAGE" in text_of(over_api(cast.agent, case, format="pdf").content)


def test_unknown_and_erased_customers(cast: Cast) -> None:
    nobody = make_complaint(owner=cast.agent)
    Complaint.objects.filter(pk=nobody.pk).update(customer=None)
    assert facts_of(cast.agent, nobody)["complaint"]["customer"] is None
    assert "Customer unknown" in text_of(over_api(cast.agent, nobody, format="pdf").content)
    case = cast.complaint()
    Customer.objects.filter(pk=cast.customer.pk).update(name="", name_key="")
    ContactPoint.objects.filter(customer=cast.customer).delete()
    TrailEntry.objects.exclude(private="").update(private="", salt="")
    told = text_of(over_api(cast.agent, case, format="pdf").content)
    assert "Customer without a name" in told and "The record is unbroken" in told


def test_an_altered_record_says_so(cast: Cast, case: Complaint) -> None:
    TrailEntry.objects.filter(pk=trail.of(case).get(seq=2).pk).update(body='{"status":["new","closed"]}')
    told = facts_of(cast.agent, case)["trail"]
    assert not told["intact"] and told["chains"][0]["fault"] == {"entry": 2, "code": "altered", "problem": "altered"}
    assert "The record was altered" in text_of(over_api(cast.agent, case, format="pdf").content)


@pytest.mark.parametrize(
    ("change", "fault", "words"),
    [
        ({"body": '{"n":9}'}, "altered", "it was altered"),
        ({"private": '{"text": "else"}'}, "text_altered", "its text was altered"),
        (None, "missing", "one before it is missing"),
    ],
)
def test_a_fault_is_told_in_the_readers_language(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, change: dict[str, str] | None, fault: str, words: str
) -> None:
    case = cast.complaint()
    for number in range(3):
        by = Actor.person(cast.agent)
        trail.append(case, "complaint.noted", by=by, at=clock.now(), private={"text": f"Called {number}"})
    rows = TrailEntry.objects.filter(pk=list(trail.of(case))[-2].pk)
    rows.delete() if change is None else rows.update(**change)
    told = facts_of(cast.agent, case)
    assert told["trail"]["chains"][0]["fault"]["code"] == fault
    monkeypatch.setattr(wording, "_", lambda text: f"<{text}>")
    [card] = wording._trail(told["trail"])
    shown = str(card["rows"][-1][1])
    assert shown.startswith("<entry ") and shown.endswith(f": <{words}>>")


def test_what_an_anchor_covers(cast: Cast, case: Complaint) -> None:
    with clock.frozen(LATER + 9 * DAY):
        made = trail.anchor(at=clock.now())
    assert made is not None
    told = facts_of(cast.agent, case)["trail"]
    assert told["anchor"] == {"number": made.pk, "at": "2026-04-20T09:00:00Z", "hash": bytes(made.hash).hex()}
    assert told["sealed"] == told["entries"]
    assert facts_of(cast.agent, case)["trail"]["sealed"] == told["sealed"] < told["entries"] + 1  # the note is newer


def test_refusals_note_nothing(cast: Cast, case: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0)
    with pdf._places, pdf._places:
        busy = over_api(cast.agent, case, format="pdf")
    assert (busy.status_code, busy.json()["code"]) == (503, "case_file_busy")
    monkeypatch.setattr(pdf, "TEMPLATE", pdf.TEMPLATE.with_name("none.typ"))
    failed = in_browser(cast.agent, case)
    assert failed.status_code == 503 and "could not be made" in failed.content.decode()
    assert over_api(cast.agent, case, format="json").status_code == 200
    monkeypatch.setattr(collect, "MOST_ROWS", 3)
    large = over_api(cast.agent, case)
    assert (large.status_code, large.json()["code"]) == (409, "case_file_too_large")
    assert len(noted(case)) == 1


def queries(cast: Cast, case: Complaint, form: str) -> int:
    making.make(case, by=Actor.person(cast.agent), at=clock.now(), edition="internal", language="en", form=form)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        making.make(case, by=Actor.person(cast.agent), at=clock.now(), edition="internal", language="en", form=form)
    return len(seen)


@pytest.mark.slow
@pytest.mark.sqlite  # a count of queries and the typesetter's work
def test_a_huge_case_costs_no_more_queries(cast: Cast, case: Complaint) -> None:
    before = queries(cast, case, "json")
    text = "We looked into it again. Мы ещё раз проверили заказ. " * 10
    at = [MONDAY + n * DAY / 200 for n in range(1000)]
    Message.objects.bulk_create(
        Message(complaint=case, direction="out" if n % 2 else "in", channel="email", body=f"{n} {text}", at=one,
                created_at=one, author=cast.agent if n % 2 else None)
        for n, one in enumerate(at)
    )  # fmt: skip
    (seq, head), by = trail.ends("complaint", [case.pk])[case.pk], Actor.person(cast.agent)
    entries = []
    for n in range(5000):
        seq += 1
        changes = {"status": ["new", "acknowledged"]}
        entry = trail.build(
            case, "complaint.investigating", by=by, at=at[n // 5], changes=changes, seq=seq, previous=head
        )
        entries.append(entry)
        head = bytes(entry.hash)
    for start in range(0, 5000, 500):
        insert(entries[start : start + 500])
    assert queries(cast, case, "json") == before <= 26
    reader = PdfReader(io.BytesIO(over_api(cast.agent, case, format="pdf").content))
    assert len(reader.pages) > 150
    assert "The record is unbroken" in reader.pages[-1].extract_text()
