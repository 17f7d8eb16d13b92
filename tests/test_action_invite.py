"""Who is asked, when, and who is not (mission B1; domain, Complaint 4; cases F27 to F29)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from complaints.actions import decide
from complaints.models import Complaint
from core import cached, clock, trail
from core.actor import Actor
from core.mail import compose
from core.models import OutboxMessage
from metrics.actions import surveys
from metrics.actions.invite import TOO_LATE, invite
from metrics.models import Invitation, Survey, SurveySettings
from metrics.survey_links import token_of
from metrics.tasks import invite as job
from retention.models import Consent
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.surveyed import DAY, asking_since, invited, settle, settled

HOUR = timedelta(hours=1)
NOTHING = {"planned": 0, "sent": 0, "suppressed": 0}
FRIDAY_EVENING = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)  # an hour before the office closes, Lisbon


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        asking_since()
        yield make_cast()
    cached.clear_all()


def only() -> Invitation:
    return Invitation.objects.get()


def test_a_settled_complaint_is_asked_about_once(cast: Cast) -> None:
    case = settled(cast)
    assert invite(at=MONDAY) == {"planned": 1, "sent": 1, "suppressed": 0}
    assert invite(at=MONDAY) == invite(at=MONDAY + DAY) == NOTHING
    one = only()
    assert (one.complaint, one.customer, one.recipient) == (case, cast.customer, "dana@mail.example")
    assert one.expires_at == MONDAY + 30 * DAY and one.version.number == 1
    mail = OutboxMessage.objects.get(template="survey")
    assert mail.key == f"survey:{one.pk}" and mail.recipient == "dana@mail.example"
    assert [entry.kind for entry in trail.of(one)] == ["invitation.sent"]
    assert trail.of(one).get().customer_id == cast.customer.pk


def test_the_job_is_the_action(cast: Cast) -> None:
    settled(cast)
    assert job() == {"planned": 1, "sent": 1, "suppressed": 0}


def test_the_mail_waits_in_working_time(cast: Cast) -> None:
    """Four working hours after Friday, 17:00: Monday, 12:00."""
    Survey.objects.filter(code="nps").update(delay_seconds=4 * 3600)
    settled(cast, at=FRIDAY_EVENING)
    assert invite(at=FRIDAY_EVENING) == {"planned": 1, "sent": 0, "suppressed": 0}
    monday = datetime(2026, 3, 9, tzinfo=UTC)
    assert only().due_at == monday + 12 * HOUR
    assert invite(at=monday + 12 * HOUR - timedelta(seconds=1)) == NOTHING
    assert invite(at=monday + 12 * HOUR)["sent"] == 1


@pytest.mark.parametrize("filing", [{"kind": "enquiry"}, {"quarantine": True}], ids=["enquiry", "quarantine"])
def test_not_everything_is_asked_about(cast: Cast, filing: dict[str, object]) -> None:
    case = cast.complaint(at=MONDAY, **filing) if "kind" in filing else cast.complaint(at=MONDAY)
    settle(case)
    if "quarantine" in filing:
        Complaint.objects.filter(pk=case.pk).update(in_queue=False, is_quarantined=True)
    assert invite(at=MONDAY) == NOTHING


def test_history_withdrawn_and_old_cases_are_left_alone(cast: Cast) -> None:
    history = settled(cast)
    Complaint.objects.filter(pk=history.pk).update(in_queue=False, is_history=True)
    decide.withdraw(cast.complaint(at=MONDAY), by=Actor.customer(), at=MONDAY, reason="found it")
    settled(cast, at=MONDAY - TOO_LATE - HOUR)
    assert invite(at=MONDAY) == NOTHING


def test_nobody_is_asked_about_what_was_settled_before_the_survey(cast: Cast) -> None:
    asking_since(MONDAY + HOUR)
    settled(cast, at=MONDAY)
    later = settled(cast, at=MONDAY + 2 * HOUR)
    invite(at=MONDAY + 3 * HOUR)
    assert only().complaint == later


def test_switched_off_it_drops_what_has_not_left_and_on_again_it_begins_anew(cast: Cast) -> None:
    survey, me = Survey.objects.get(code="nps"), Actor.person(cast.manager)
    Survey.objects.filter(pk=survey.pk).update(delay_seconds=3600)
    settled(cast)
    invite(at=MONDAY)
    surveys.change(survey, {"is_active": False}, by=me, at=MONDAY + timedelta(minutes=5))
    assert not Invitation.objects.exists()
    surveys.change(survey, {"is_active": True}, by=me, at=MONDAY + timedelta(minutes=9))
    assert invite(at=MONDAY + 2 * HOUR) == NOTHING


def test_one_cap_over_all_surveys(cast: Cast) -> None:
    Survey.objects.filter(code="csat").update(is_active=True, delay_seconds=0)
    settled(cast)
    assert invite(at=MONDAY) == {"planned": 2, "sent": 1, "suppressed": 1}
    settled(cast, at=MONDAY + 29 * DAY)
    assert invite(at=MONDAY + 29 * DAY)["sent"] == 0
    settled(cast, at=MONDAY + 31 * DAY)
    assert invite(at=MONDAY + 31 * DAY)["sent"] == 1
    assert Invitation.objects.filter(suppressed="contact_cap").count() == 4
    reasons = [entry.kind for one in Invitation.objects.filter(suppressed="contact_cap") for entry in trail.of(one)]
    assert reasons == ["invitation.suppressed"] * 4


def test_without_a_cap_every_survey_asks(cast: Cast) -> None:
    SurveySettings.objects.update(contact_cap_days=0)
    Survey.objects.filter(code="csat").update(is_active=True, delay_seconds=0)
    settled(cast)
    assert invite(at=MONDAY)["sent"] == 2


def test_a_refusal_and_a_missing_address_are_kept_as_reasons(cast: Cast) -> None:
    Consent.objects.create(customer=cast.customer, purpose="surveys", given=False, at=MONDAY)
    settled(cast)
    settled(cast, customer=make_customer("Nobody", email=None, phone="+351 999 888"))
    assert invite(at=MONDAY) == {"planned": 2, "sent": 0, "suppressed": 2}
    assert sorted(Invitation.objects.values_list("suppressed", flat=True)) == ["no_address", "no_consent"]
    assert not OutboxMessage.objects.filter(template="survey").exists()


def test_a_share_is_drawn_the_same_everywhere(cast: Cast) -> None:
    Survey.objects.filter(code="nps").update(share_percent=1)
    for _ in range(4):
        settled(cast, customer=make_customer())
    invite(at=MONDAY)
    fates = list(Invitation.objects.order_by("pk").values_list("suppressed", flat=True))
    assert fates.count("not_drawn") >= 2
    assert invite(at=MONDAY + HOUR) == NOTHING


def test_reopened_meanwhile_it_is_not_asked_until_it_is_settled_again(cast: Cast) -> None:
    Survey.objects.filter(code="nps").update(delay_seconds=3600)
    case = settled(cast)
    invite(at=MONDAY)
    case = decide.reopen(case, by=Actor.person(cast.agent), at=MONDAY + HOUR / 2, reason="still dark")
    assert invite(at=MONDAY + HOUR) == {"planned": 0, "sent": 0, "suppressed": 1}
    assert only().suppressed == "reopened"
    settle(case, at=MONDAY + 2 * HOUR)
    assert invite(at=MONDAY + 2 * HOUR) == {"planned": 1, "sent": 0, "suppressed": 0}
    assert invite(at=MONDAY + 3 * HOUR)["sent"] == 1


def test_settled_again_before_its_time_it_waits_anew(cast: Cast) -> None:
    Survey.objects.filter(code="nps").update(delay_seconds=3600)
    case = settled(cast)
    invite(at=MONDAY)
    case = decide.reopen(case, by=Actor.person(cast.agent), at=MONDAY + HOUR / 4, reason="still dark")
    settle(case, at=MONDAY + HOUR / 2)
    assert invite(at=MONDAY + HOUR) == NOTHING
    assert only().due_at == MONDAY + 1.5 * HOUR


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["How likely are you to recommend us to a friend?", "10: certainly"]),
        ("es", ["¿Qué probabilidad hay de que nos recomiende a un amigo o familiar?", "10: muy probable"]),
        ("ru", ["Насколько вероятно, что вы порекомендуете нас друзьям или близким?", "обязательно порекомендую"]),
    ],
)
def test_the_mail_speaks_the_recipients_language_and_has_a_link_for_each_score(
    cast: Cast, language: str, words: list[str]
) -> None:
    one = invited(cast, language=language)
    mail = compose(OutboxMessage.objects.get(template="survey"))
    text, page = str(mail.body), str(mail.alternatives[0].content)  # type: ignore[attr-defined]
    url = f"/survey/{token_of(one.key)}/"
    for body in (text, page):
        assert all(word in body for word in words)
        assert all(f"{url}?score={score}" in body for score in range(11))
        assert not any(left in body for left in ("{{", "{%", "{#", "context:"))
    assert one.complaint is not None and one.complaint.reference in mail.subject
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    assert mail.extra_headers["Content-Language"] == language


def test_new_words_reach_whoever_is_asked_from_then_on(cast: Cast) -> None:
    survey = Survey.objects.get(code="nps")
    Survey.objects.filter(pk=survey.pk).update(delay_seconds=3600)
    settled(cast)
    invite(at=MONDAY)
    texts = survey.versions.get().texts
    changed = {**texts, "en": {**texts["en"], "question": "Would you tell a friend?"}}
    surveys.publish(survey, changed, by=Actor.person(cast.manager), at=MONDAY)
    invite(at=MONDAY + HOUR)
    assert only().version.number == 2
    assert OutboxMessage.objects.get(template="survey").context["question"] == "Would you tell a friend?"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_workers_ask_everybody_once() -> None:
    cached.clear_all()
    with clock.frozen(MONDAY):
        company = make_cast()
        asking_since()
        Survey.objects.filter(code="csat").update(is_active=True, delay_seconds=0)
        for _ in range(30):
            settled(company, customer=make_customer())
    start, troubles = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait()
            for _ in range(3):
                invite(at=MONDAY + HOUR)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            troubles.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    invite(at=MONDAY + HOUR)
    assert troubles == []
    assert Invitation.objects.count() == 60
    assert Invitation.objects.filter(sent_at__isnull=False).values("customer").distinct().count() == 30
    assert Invitation.objects.filter(sent_at__isnull=False).count() == 30
    assert Invitation.objects.filter(suppressed="contact_cap").count() == 30
    assert OutboxMessage.objects.filter(template="survey").count() == 30
    assert list(trail.verify(entry for one in Invitation.objects.order_by("pk") for entry in trail.of(one))) == []
