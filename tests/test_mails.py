"""The letters: what they say, in five languages, in a named time zone (E2; glossary, Sentences; domain, SLA 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.core.mail import EmailMultiAlternatives

from complaints.actions import converse, decide, handle, manage
from complaints.models import RulePack
from complaints.reference import catalogue
from complaints.sla import firings, packs
from complaints.sla.ladder import BREACH
from core import cached, clock, notify_words, outbox
from core.actor import Actor
from core.mail import compose
from core.models import OutboxMessage
from core.references import status_token
from tests import packed
from tests.cast import MONDAY, Cast, make_cast

TEMPLATES = Path(conf.BASE_DIR) / "templates" / "mail"
NAMES = ("receipt", "message", "sla_breach", "assigned", "customer_answered", "password_reset")
LANGUAGES = ("en", "es", "pt", "it", "ru")
MONTHS = {"en": "March", "es": "marzo", "pt": "março", "it": "marzo", "ru": "марта"}


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def mail(template: str) -> EmailMultiAlternatives:
    return compose(OutboxMessage.objects.filter(template=template).latest("pk"))


def sound(letter: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Nothing of the template shows, the subject is one line, signs are not escaped for HTML."""
    text = f"{letter.subject}\n{letter.body}"
    assert letter.subject.strip() and "\n" not in letter.subject
    assert not any(left in text for left in ("{{", "{%", "{#", "None", "&amp;", "&#", "context:"))
    return letter


def test_every_name_has_its_letter() -> None:
    for name in NAMES:
        assert (TEMPLATES / f"{name}.subject.txt").is_file() and (TEMPLATES / f"{name}.txt").is_file()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_receipt_says_reference_date_and_link(cast: Cast, language: str) -> None:
    case = cast.complaint(at=MONDAY, language=language, subject='R&D "lamps" <b>')
    letter = sound(mail("receipt"))
    body = str(letter.body)
    assert case.reference in letter.subject and case.reference in body
    assert MONTHS[language] in body and ", 13:00 (" in body
    assert f"{conf.BASE_URL}/status/{status_token(case.reference)}/" in body
    assert letter.extra_headers["Content-Language"] == language
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert letter.to == ["dana@mail.example"]


def test_the_receipt_promises_no_date_that_has_passed(cast: Cast) -> None:
    cast.complaint(at=MONDAY, received_at=MONDAY - timedelta(days=30))
    assert "A person will read it and reply.\n" in str(mail("receipt").body)


def test_the_words_of_the_glossary(cast: Cast) -> None:
    case = cast.complaint(at=MONDAY)
    body = str(mail("receipt").body)
    assert f"We have received your complaint {case.reference}." in body
    assert "A person will read it and reply by 2 March 2026, 13:00 (Lisbon time)." in body


def test_a_message_carries_the_agents_words_and_the_way_to_answer(cast: Cast) -> None:
    case = cast.complaint(at=MONDAY, subject="Lamps & bulbs")
    converse.message(case, by=Actor.person(cast.agent), at=MONDAY, body="Dear Dana,\n\nwe <look> & see.")
    letter = sound(mail("message"))
    assert letter.subject == f"Your complaint {case.reference}: Lamps & bulbs"
    assert str(letter.body).startswith("Dear Dana,\n\nwe <look> & see.\n\nAna Agent\n")
    assert f"/status/{status_token(case.reference)}/" in str(letter.body)
    assert "Auto-Submitted" not in letter.extra_headers


def test_the_final_answer_says_that_it_is_one(cast: Cast) -> None:
    case = cast.complaint(at=MONDAY)
    decide.resolve(
        case,
        by=Actor.person(cast.agent),
        at=MONDAY,
        outcome="upheld",
        root_cause=catalogue().causes["people-mistake"],
        summary="internal",
        answer="We refund it.",
    )
    body = str(sound(mail("message")).body)
    assert body.startswith(f"Our decision on your complaint {case.reference}:\n\nWe refund it.")
    assert "internal" not in body


@pytest.mark.parametrize(("kind", "called"), [("acknowledge", "Acknowledge"), ("resolve", "Resolve")])
def test_a_breach_names_clock_deadline_and_case(cast: Cast, kind: str, called: str) -> None:
    case = cast.complaint(at=MONDAY)
    ticking = case.clocks.get(kind=kind)
    cast.lead.time_zone = "America/Sao_Paulo"
    row = outbox.mail(
        "breach:test",
        to=cast.lead.email,
        language="en",
        template="sla_breach",
        context=firings.mail_context(case, firings.Fired(ticking, BREACH, ticking.due_at, 3), cast.lead),
        about=case,
        at=MONDAY,
    )
    letter = sound(compose(row))
    body = str(letter.body)
    assert case.reference in letter.subject
    assert f"Clock: {called}\n" in body
    due = {"acknowledge": "2 March 2026, 10:00", "resolve": "6 March 2026, 15:00"}[kind]
    assert f"Due: {due} (Sao Paulo time)" in body  # the reader's zone, named
    assert f"{conf.BASE_URL}/complaints/{case.reference}/" in body


def test_owners_hear_of_new_cases_and_answers(cast: Cast) -> None:
    case = manage.assign(cast.complaint(at=MONDAY), by=Actor.person(cast.lead), at=MONDAY, owner=cast.colleague)
    letter = sound(mail("assigned"))
    assert letter.to == [cast.colleague.email] and "Hello Cole Colleague," in str(letter.body)
    assert f"{conf.BASE_URL}/complaints/{case.reference}/" in str(letter.body)
    converse.incoming(case, by=Actor.customer(), at=MONDAY, body="Where is <it> & when?")
    letter = sound(mail("customer_answered"))
    assert "Where is <it> & when?" in str(letter.body)
    assert letter.to == [cast.colleague.email]


@pytest.mark.parametrize("template", ["sla_breach", "sla_warning", "sla_late"])
def test_a_statutory_clock_goes_by_the_name_of_its_rule(cast: Cast, template: str) -> None:
    packed.install(packed.DISP, cast.admin, MONDAY)
    words = {"reference": "AM-2222-2222", "subject": "x", "clock": "statutory", "name": "Ana"}
    rule = {one.code: one for one in packs.rules_of(RulePack.objects.get().pk)}["final"]

    def body(code: str) -> str:
        row = outbox.mail(
            f"t:{code}",
            to="a@b.example",
            language="en",
            template=template,
            context={**words, "code": code, "due_us": "1"},
            about=None,
            at=MONDAY,
        )
        return str(sound(compose(row)).body)

    assert f"Clock: Statutory, {rule.names['en']}\n" in body("fca-disp.final")
    assert "fca-disp" not in body("fca-disp.final")
    assert "Clock: Statutory, gone.rule\n" in body("gone.rule")  # of a pack that nobody knows any more
    told = {"what": "breach", "reference": "AM", "subject": "x", "clock": "statutory", "code": "fca-disp.final"}
    assert rule.names["en"] in notify_words.sentence("deadline", told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_letter_in_every_language(cast: Cast, name: str, language: str) -> None:
    context = {
        "reference": "AM-2222-2222",
        "subject": "Lamps",
        "status_url": "https://x.example/status/t/",
        "due_at": (MONDAY + timedelta(days=1)).isoformat(),
        "due_us": str(int(MONDAY.timestamp()) * 1_000_000),
        "clock": "resolve",
        "body": "Words",
        "author": "Ana",
        "purpose": "final_answer",
        "name": "Ana",
        "link": "https://x.example/password/a/b/",
        "time_zone": "Europe/Lisbon",
    }
    row = outbox.mail(
        f"t:{name}", to="a@b.example", language=language, template=name, context=context, about=None, at=MONDAY
    )
    sound(compose(row))


def test_handling_a_case_sends_no_template_that_is_missing(cast: Cast) -> None:
    me = Actor.person(cast.agent)
    case = handle.acknowledge(cast.complaint(at=MONDAY), by=me, at=MONDAY, message="I have it.")
    case = handle.wait(case, by=me, at=MONDAY, reason="the bill")
    converse.incoming(case, by=Actor.customer(), at=MONDAY, body="Here.")
    assert {row.template for row in OutboxMessage.objects.all()} <= set(NAMES)
    for row in OutboxMessage.objects.all():
        sound(compose(row))
