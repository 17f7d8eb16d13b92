"""Cases under rule packs, through every door: texts, required fields, the longer time, why it came late (Regulated)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import decide, extend, handle
from complaints.models import Complaint, Message, Status
from complaints.reference import catalogue
from complaints.sla.rebuild import rebuild
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.models import OutboxMessage
from retention.models import Customer
from tests import packed
from tests.cast import MONDAY, Cast, make_cast, make_customer, two_clocks_only
from tests.doors import API, BROWSER, DOORS, HTMX, Door
from tests.packed import CFPB, DISP, EU, LGSCO

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DECISION = {"outcome": "partly_upheld", "root_cause": "people-mistake", "summary": "sent the second lamp"}
REPLY = f"{EU}.reply"
doors = pytest.mark.parametrize("door", DOORS, ids=str)


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def under(cast: Cast, *codes: str, **filing: Any) -> Complaint:
    """A case filed on Monday under packs installed just before."""
    with clock.frozen(MONDAY):
        for code in codes:
            packed.install(code, cast.admin, MONDAY)
        return cast.complaint(at=MONDAY, **filing)


def code_of(answer) -> str:
    return json.loads(answer.text).get("code", "")


# --- the longer time --------------------------------------------------------------------------------------------------


@doors
def test_a_legal_deadline_is_extended_once_with_a_reason_the_customer_reads(door: Door, cast: Cast) -> None:
    case = under(cast, EU, channel="email", language="ru")
    before = packed.clock(case, REPLY)
    asked = {"clock": REPLY, "reason": "Банк получателя молчит.", "tell": True}
    with clock.frozen(MONDAY + 10 * DAY):
        assert door(cast.agent, case, "extension", **{**asked, "reason": " "}).status == 422
        assert door(cast.agent, case, "extension", **{**asked, "clock": f"{EU}.none"}).status == 422
        assert door(cast.stranger, case, "extension", **asked).status == 404
        assert not trail.of(case).filter(kind="complaint.extended").exists()
        assert door(cast.agent, case, "extension", **asked).status == 200
        assert door(cast.agent, case, "extension", **asked).status == 409
    after = packed.clock(case, REPLY)
    assert (before.target_value, after.target_value) == (15, 35) and after.due_at > before.due_at + 20 * DAY
    entry = trail.of(case).get(kind="complaint.extended")
    body = json.loads(entry.body)
    assert body["deadline"] == [before.due_at.isoformat(), after.due_at.isoformat()] and body["told"] is True
    assert json.loads(entry.private) == {"reason": "Банк получателя молчит."}
    sent = Message.objects.get(complaint=case, direction="out")
    assert "Банк получателя молчит." in sent.body and "не позднее 20 апреля 2026 года" in sent.body
    assert OutboxMessage.objects.filter(template="message", key=f"message:{sent.pk}").exists()
    case.refresh_from_db()
    assert case.first_response_at == MONDAY + 10 * DAY, "the holding reply is a person's word"
    assert not list(trail.verify(trail.of(case)))


@doors
def test_only_what_runs_and_may_is_extended(door: Door, cast: Cast) -> None:
    case = under(cast, DISP, EU)
    with clock.frozen(MONDAY + DAY):
        refused = door(cast.agent, case, "extension", clock=f"{DISP}.final", reason="late", tell=False)
        assert refused.status == 409
        if door is API:
            assert code_of(refused) == "not_extendable"
    due = packed.clock(case, REPLY).due_at
    with clock.frozen(due + HOUR):
        refused = door(cast.agent, case, "extension", clock=REPLY, reason="late", tell=False)
        assert refused.status == 409
        if door is API:
            assert code_of(refused) == "clock_not_running"
    assert packed.clock(case, REPLY).target_value == 15
    with clock.frozen(due - HOUR):
        assert door(cast.agent, case, "extension", clock=REPLY, reason="rang them", tell=False).status == 200
    assert not Message.objects.filter(complaint=case).exists(), "told otherwise"
    assert packed.clock(case, REPLY).target_value == 35


def test_a_missed_deadline_is_not_undone_by_the_longer_time(cast: Cast) -> None:
    case = under(cast, EU)
    due = packed.clock(case, REPLY).due_at
    with clock.frozen(due + HOUR):
        sweep()
        with pytest.raises(extend.NotRunning):
            extend.extend(case, by=Actor.person(cast.agent), at=due + HOUR, clock=REPLY, reason="late")
    assert packed.clock(case, REPLY).breached_at == due


def test_a_clock_extended_is_the_one_its_events_tell(cast: Cast) -> None:
    case = under(cast, EU, LGSCO, CFPB)
    by = Actor.person(cast.agent)
    with clock.frozen(MONDAY + DAY):
        handle.acknowledge(case, by=by, at=MONDAY + DAY, message="We have your complaint.")
        for code in (REPLY, f"{LGSCO}.answer", f"{CFPB}.response"):
            extend.extend(case, by=by, at=MONDAY + DAY, clock=code, reason="a hard one", tell=False)
        assert rebuild(mend=False)["different"] == 0
    assert packed.clock(case, f"{LGSCO}.answer").target_value == 20
    assert packed.clock(case, f"{CFPB}.response").due_at == packed.clock(case, f"{CFPB}.final").due_at


def test_the_page_offers_the_longer_time_only_where_there_is_one(cast: Cast) -> None:
    plain = cast.complaint(at=MONDAY)
    case = under(cast, EU)
    client = Client()
    client.force_login(cast.agent)
    with clock.frozen(MONDAY + DAY):
        assert 'id="act-extend"' not in client.get(f"/complaints/{plain.reference}/").content.decode()
        assert 'id="act-extend"' in client.get(f"/complaints/{case.reference}/").content.decode()
        extend.extend(case, by=Actor.person(cast.agent), at=MONDAY + DAY, clock=REPLY, reason="bank", tell=False)
        text = client.get(f"/complaints/{case.reference}/").content.decode()
        assert 'id="act-extend"' not in text and "Legal deadline extended from" in text


# --- texts and required fields ----------------------------------------------------------------------------------------


@doors
def test_a_pack_demands_an_answer_and_its_referral(door: Door, cast: Cast) -> None:
    case = under(cast, DISP, language="es")
    referral = f"{DISP}.referral"
    with clock.frozen(MONDAY + HOUR):
        silent = door(cast.agent, case, "resolution", **DECISION)
        assert silent.status == 422 and "UK FCA DISP" in silent.text
        bare = door(cast.agent, case, "resolution", **DECISION, answer="Tiene razón.")
        assert bare.status == 422 and "Financial Ombudsman Service" in bare.text
        if door is API:
            assert code_of(silent) == code_of(bare) == "required_by_pack"
            places = [json.loads(one.text)["errors"][0]["pointer"] for one in (silent, bare)]
            assert places == ["/answer", "/texts"]
        strange = {"answer": "Tiene razón.", "texts": [f"{EU}.referral"]}
        assert door(cast.agent, case, "resolution", **DECISION, **strange).status == 422
        case.refresh_from_db()
        assert case.status == Status.NEW
        done = door(cast.agent, case, "resolution", **DECISION, answer="Tiene razón.", texts=[referral])
        assert done.status == 200
    sent = Message.objects.get(complaint=case, purpose="final_answer").body
    assert sent.startswith("Tiene razón.\n\nEsta es nuestra respuesta final") and case.reference in sent


def test_who_writes_the_text_into_the_answer_need_not_tick_it(cast: Cast) -> None:
    case = under(cast, DISP)
    said = next(one for one in packed.shipped(DISP).definition["texts"] if one["code"] == "summary")["body"]["en"]
    answer = "Settled on the phone.\n\n" + said.replace("{reference}", case.reference)
    with clock.frozen(MONDAY + DAY):
        by = Actor.person(cast.agent)
        cause = catalogue().causes["people-mistake"]
        given = {"outcome": "upheld", "root_cause": cause, "summary": "settled"}
        decide.resolve(case, by=by, at=MONDAY + DAY, **given, answer=answer, texts=[f"{DISP}.summary"])
    sent = Message.objects.get(complaint=case).body
    assert sent == answer, "not said twice"


@doors
def test_what_the_house_fills_in_stands_in_the_text(door: Door, cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(EU, cast.admin, MONDAY, given={"referral_body": "Arbitro Bancario Finanziario"})
        case = cast.complaint(at=MONDAY, language="it")
        other = cast.complaint(at=MONDAY, language="fr")
    asked = {"direction": "out", "texts": [f"{EU}.referral"]}
    with clock.frozen(MONDAY + DAY):
        assert door(cast.agent, case, "messages", body=" ", **asked).status == 422
        assert door(cast.agent, case, "messages", body="Ci scusi.", **{**asked, "texts": ["no.text"]}).status == 422
        assert door(cast.agent, case, "messages", body="Ci scusi.", **asked).status == 200
        assert door(cast.agent, other, "messages", body="Bonjour.", **asked).status == 200
    body = Message.objects.get(complaint=case).body
    assert body.startswith("Ci scusi.\n\nSe non è d'accordo") and "Arbitro Bancario Finanziario" in body
    assert "you can take your complaint" in Message.objects.get(complaint=other).body, "English where there is none"


def test_cases_without_a_pack_are_resolved_as_before(cast: Cast) -> None:
    old = cast.complaint(at=MONDAY - DAY)
    under(cast, DISP, LGSCO)
    with clock.frozen(MONDAY + DAY):
        assert API(cast.agent, old, "resolution", **DECISION).status == 200


def test_a_pack_may_ask_for_facts_about_the_case(cast: Cast, monkeypatch) -> None:
    definition = {**packed.shipped(EU).definition, "requires": {"resolve": ["remedy_sought", "customer"]}}
    monkeypatch.setattr(packed, "shipped", lambda code: packed.PackFile(definition))
    case = under(cast, EU)
    with clock.frozen(MONDAY + DAY):
        refused = API(cast.agent, case, "resolution", **DECISION)
        assert refused.status == 422 and "What the customer asks for" in refused.text
        case.narrative.remedy_sought = "the lamp"
        case.narrative.save()
        assert API(cast.agent, case, "resolution", **DECISION).status == 200
    nobody = under(cast, channel="web", customer=None, remedy_sought="the lamp")
    assert nobody.customer_id is None and Customer.objects.exists()
    with clock.frozen(MONDAY + DAY):
        assert "Customer" in API(cast.agent, nobody, "resolution", **DECISION).text


# --- late -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [BROWSER, HTMX], ids=str)
def test_the_form_asks_why_a_case_is_late(door: Door, cast: Cast) -> None:
    two_clocks_only()
    case = under(cast)
    with clock.frozen(MONDAY + 40 * DAY):  # nobody has swept: the form knows all the same
        asked = door(cast.agent, case, "resolution", **DECISION)
        assert asked.status == 422 and "Say why it came late." in asked.text
        why = {"late_reason": "supplier", "late_note": "the lamp maker was shut"}
        assert door(cast.agent, case, "resolution", **DECISION, **{**why, "late_reason": "mood"}).status == 422
        assert door(cast.agent, case, "resolution", **DECISION, **why).status == 200
    case.refresh_from_db()
    assert (case.late_reason, case.narrative.late_note) == ("supplier", "the lamp maker was shut")
    client = Client()
    client.force_login(cast.agent)
    with clock.frozen(MONDAY + 40 * DAY):
        text = client.get(f"/complaints/{case.reference}/").content.decode()
    assert "Why it came late: Waiting for a supplier or partner: the lamp maker was shut" in text


def test_over_the_api_the_reason_is_welcome_but_not_demanded(cast: Cast) -> None:
    first, second, third = (under(cast) for _ in range(3))
    with clock.frozen(MONDAY + 40 * DAY):
        assert API(cast.agent, first, "resolution", **DECISION).status == 200
        told = API(cast.agent, second, "resolution", **DECISION, late_reason="complex", late_note="two banks")
        assert API(cast.agent, third, "resolution", **DECISION, late_reason="mood").status == 422
    shown = json.loads(told.text)
    assert (shown["late_reason"], shown["late_note"]) == ("complex", "two banks")
    with clock.frozen(MONDAY):
        intime = cast.complaint(at=MONDAY)
        shown = json.loads(API(cast.agent, intime, "resolution", **DECISION, late_reason="complex").text)
    assert shown["late_reason"] is None, "it was not late"


@doors
def test_a_window_that_passed_makes_no_case_late(door: Door, cast: Cast) -> None:
    """The third business day is gone, the eight weeks are not: nobody is asked why."""
    two_clocks_only()
    with clock.frozen(MONDAY):
        packed.install(DISP, cast.admin, MONDAY)
        case = cast.complaint(at=MONDAY, channel="phone", by=Actor.person(cast.agent))
    case.clocks.filter(kind="resolve").delete()  # the house's own promise is not what this is about
    due = packed.clock(case, f"{DISP}.summary").due_at
    with clock.frozen(due + DAY):
        sweep()
        given = {**DECISION, "answer": "Settled.", "texts": [f"{DISP}.referral"]}
        assert door(cast.agent, case, "resolution", **given).status == 200
    case.refresh_from_db()
    assert case.late_reason == ""
    window = packed.clock(case, f"{DISP}.summary")
    assert (window.state, window.completed_at, window.breached_at) == ("cancelled", due, None)
    assert not OutboxMessage.objects.filter(template="sla_breach").exists()
    assert packed.clock(case, f"{DISP}.final").state == "met"


def test_reopened_it_is_asked_again_and_remembers(cast: Cast) -> None:
    two_clocks_only()
    case = under(cast)
    by = Actor.person(cast.agent)
    client = Client()
    client.force_login(cast.agent)
    with clock.frozen(MONDAY + 40 * DAY):
        BROWSER(cast.agent, case, "resolution", **DECISION, late_reason="workload")
        decide.reopen(case, by=by, at=clock.now(), reason="still dark")
        page = client.get(f"/complaints/{case.reference}/")
        form = next(one for one in page.context["actions"] if one.key == "resolve").form
        assert form["late_reason"].value() == "workload"


def test_a_customer_without_a_name_gets_texts_too(cast: Cast) -> None:
    case = under(cast, EU, customer=make_customer(name="", email="x@mail.example"))
    with clock.frozen(MONDAY + DAY):
        said = {**DECISION, "answer": "Yes.", "texts": [f"{EU}.referral"]}
        assert API(cast.agent, case, "resolution", **said).status == 200
    assert "named in your framework contract" in Message.objects.get(complaint=case).body
