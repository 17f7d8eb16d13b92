"""Final answers from templates: shipped in five languages, filled with the decision that is being made, finished by a
person before they go out (mission A8)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import Client

from complaints import decision_letter, macro_values, macros
from complaints.actions import decide
from complaints.actions import macros as actions
from complaints.actions.promises import promise
from complaints.decision_letter import Asked, Deciding
from complaints.models import Complaint, Decision, Macro, Message, Remedy, Status
from core import cached, clock
from core.actor import Actor
from core.models import Organisation
from tests.cast import MONDAY, Cast, make_cast, type_of
from tests.doors import DOORS, Door
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
LANGUAGES = ["en", "es", "pt", "it", "ru"]
CAUSE = "people-mistake"
YES = {"en": "yes", "es": "sí", "pt": "sim", "it": "sì", "ru": "да"}
RIGHT = {"en": "You are right", "es": "Tiene razón", "pt": "Você tem razão", "it": "Ha ragione", "ru": "Вы правы"}
PARTLY = {
    "en": "You are partly right",
    "es": "Tiene razón en parte",
    "pt": "Você tem razão em parte",
    "it": "Ha ragione in parte",
    "ru": "Частично вы правы",
}
NO = {
    "en": "we checked and cannot agree",
    "es": "no podemos darle la razón",
    "pt": "não podemos concordar",
    "it": "non possiamo darle ragione",
    "ru": "не можем согласиться",
}


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def final(number: int = 0) -> Macro:
    """Of those the installation starts with: upheld, partly, not upheld."""
    return list(Macro.objects.filter(current__purpose="final").order_by("position"))[number]


def refund(cast: Cast, case: Complaint) -> Remedy:
    """A row as a grant leaves it; whether it may be granted is another test's matter."""
    return Remedy(complaint=case, kind="refund", status="granted", amount=Decimal("12.30"), currency="EUR")


def put_in(cast: Cast, case: Complaint, macro: Macro, **fields: str) -> str:
    """The answer in the form after the button was pressed."""
    client = Client()
    client.force_login(cast.agent)
    typed = {"do": "template", "template": str(macro.pk), **fields}
    page = client.post(f"/complaints/{case.reference}/resolution/", typed)
    assert page.status_code == 200
    found = re.search(r'<textarea[^>]*name="answer"[^>]*>\s*(.*?)</textarea>', page.content.decode(), re.S)
    assert found
    return html.unescape(found.group(1))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("number", "words"), [(0, RIGHT), (1, PARTLY), (2, NO)], ids=["upheld", "partly", "not"])
def test_they_come_in_five_languages_and_say_nothing_where_there_is_nothing(
    language: str, number: int, words: dict[str, str], cast: Cast
) -> None:
    case = cast.complaint(language=language)
    version = final(number).current
    assert version is not None and not macros.faults(version.texts[language])
    rendered = macro_values.for_case(version, case, agent=cast.agent, deciding=Deciding("upheld", ()))
    text = macros.tidy(rendered.text)
    assert words[language] in text and case.reference in text
    assert rendered.missing == [] and rendered.personal  # a person writes what happened and why
    assert "\n\n\n" not in text and "decision." not in text and "{{" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_say_what_was_decided_about_each_demand_and_where_else_to_turn(language: str, cast: Cast) -> None:
    Organisation.objects.filter(pk=1).update(referral_text="Consumer Arbitration Centre, Lisbon")
    cached.clear_all()
    case = cast.complaint(language=language)
    asked = [Asked("A second lamp.", "granted", "It is on its way"), Asked("Money", "refused"), Asked("Open", "")]
    version = final(1).current
    assert version is not None
    deciding = Deciding("partly_upheld", asked)
    text = macro_values.for_case(version, case, agent=cast.agent, deciding=deciding).text
    assert f"– A second lamp: {YES[language]}. It is on its way.\n" in text and "– Money: " in text
    assert "Open" not in text and "Consumer Arbitration Centre, Lisbon" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_promises_are_named_with_their_day(language: str, cast: Cast) -> None:
    case = cast.complaint(language=language)
    by = Actor.person(cast.agent)
    promise(case, by=by, at=MONDAY, text="call you back", due_at=MONDAY.replace(day=6))
    promise(case, by=by, at=MONDAY, text="tell the carrier", due_at=MONDAY.replace(day=5), to_whom="the carrier")
    text = decision_letter.promises(case, language=language)
    assert "call you back" in text and "6" in text and "carrier" not in text and ".." not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_amount_is_written_as_the_language_does(language: str, cast: Cast) -> None:
    said = decision_letter.remedy(refund(cast, cast.complaint()), language=language)
    assert ("12.30" if language == "en" else "12,30") in said and "€" in said


def test_what_a_customer_wrote_cannot_become_ours(cast: Cast) -> None:
    version = final(0).current
    assert version is not None
    deciding = Deciding("upheld", [Asked("{{ agent.name }} [[ x ]]", "granted")])
    rendered = macro_values.for_case(version, cast.complaint(), agent=cast.agent, deciding=deciding)
    assert "{ agent.name } [ x ]" in rendered.text


def test_the_button_fills_the_answer_with_this_very_decision_and_decides_nothing(cast: Cast) -> None:
    case = cast.complaint()
    lamp = decide.demand(case, by=Actor.person(cast.agent), at=MONDAY, text="A second lamp")
    macro = final(0)
    typed = {f"demand_{lamp.pk}": "granted", f"demand_{lamp.pk}_answer": "Today", "outcome": "upheld"}
    answer = put_in(cast, case, macro, summary="sent <it>", **typed)
    assert "You are right" in answer and "– A second lamp: yes. Today." in answer and "[[ what went wrong" in answer
    case.refresh_from_db()
    assert case.status == Status.NEW and not Decision.objects.exists()
    client = Client()
    client.force_login(cast.agent)
    again = {"do": "template", "template": str(macro.pk), "summary": "sent <it>", "answer": "Mine first.", **typed}
    page = client.post(f"/complaints/{case.reference}/resolution/", again).content.decode()
    assert "sent &lt;it&gt;" in page and f'name="macro" value="{macro.current_id}"' in page
    assert "Mine first." in page and page.index("Mine first.") < page.index("You are right")
    assert "Name the root cause." not in page  # nothing was checked yet


def test_a_template_that_is_none_is_refused(cast: Cast) -> None:
    case, client = cast.complaint(), Client()
    client.force_login(cast.agent)
    for key in ("", "x", "999999", str(Macro.objects.filter(current__purpose="reply")[0].pk)):
        answer = client.post(f"/complaints/{case.reference}/resolution/", {"do": "template", "template": key})
        assert answer.status_code == 422, key
    final().__class__.objects.filter(current__purpose="final").update(is_active=False)
    cached.clear_all()
    assert "Prepared answer" not in client.get(f"/complaints/{case.reference}/").content.decode()


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_personal_part_has_to_be_written_before_it_goes_out(door: Door, cast: Cast) -> None:
    case, macro = cast.complaint(), final(0)
    key = str(macro.pk if str(door) == "api" else macro.current_id)
    fields = {"outcome": "upheld", "root_cause": CAUSE, "summary": "sent it", "macro": key}
    text = "You are right: [[ what went wrong ]]"
    assert door(cast.agent, case, "resolution", answer=text, **fields).status == 422
    assert door(cast.agent, case, "resolution", answer="{{ order_number }}", **fields).status == 422
    assert not Message.objects.filter(purpose="final_answer").exists()
    assert door(cast.agent, case, "resolution", answer="You are right: one was missing.", **fields).status == 200
    sent = Message.objects.get(purpose="final_answer")
    assert sent.macro == macro.current and Decision.objects.get(complaint=case).answer == sent


def test_a_final_answer_is_no_reply_and_not_offered_as_one(cast: Cast) -> None:
    case, client = cast.complaint(), Client()
    client.force_login(cast.agent)
    picker = client.get(f"/complaints/{case.reference}/macros/").content.decode()
    assert "Final answer: you are right" not in picker
    fields = {"body": "You are right.", "direction": "out", "macro": str(final().pk)}
    answer = Client(headers=bearer(cast.agent)).post(
        f"/api/v1/complaints/{case.reference}/messages/", fields, content_type="application/json"
    )
    assert answer.status_code == 400 and answer.json()["code"] == "wrong_purpose"


def test_the_api_previews_it_for_an_outcome(cast: Cast) -> None:
    case, macro = cast.complaint(type=type_of("unclassified")), final(0)
    path = f"/api/v1/macros/{macro.pk}/preview/?complaint={case.reference}"
    client = Client(headers=bearer(cast.agent))
    found = client.get(f"{path}&outcome=upheld").json()
    assert "You are right" in found["body"] and "\n\n\n" not in found["body"]
    assert client.get(f"{path}&outcome=maybe").status_code == 400


def test_the_settings_make_one(cast: Cast) -> None:
    draft = actions.Draft(
        names={"en": "Ours"}, texts={"en": "{{ decision.outcome }}: [[ why ]]"}, purpose="final", acts=["apology"]
    )
    made = actions.create(draft, by=Actor.person(cast.agent), at=MONDAY)
    assert made.current is not None and (made.current.purpose, made.current.acts) == ("final", [])
    cached.clear_all()
    assert put_in(cast, cast.complaint(), made, outcome="not_upheld") == "Not upheld: [[ why ]]"
    client = Client()
    client.force_login(cast.agent)
    assert "Final answer" in client.get("/settings/macros/new/").content.decode()
