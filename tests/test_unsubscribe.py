"""Mails one may choose not to get say so to mail programs, and one press there is enough (RFC 2369, RFC 8058; F12)."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from core.actions.outbox import drain
from core.mail import compose
from core.models import OutboxMessage
from metrics.models import Invitation
from retention.models import Consent
from tests.cast import MONDAY, Cast
from tests.test_survey_new import cast, invited, link  # noqa: F401  cast: the fixture

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def at_once(invitation: Invitation) -> str:
    return f"{link(invitation)}stop/at-once/"


def test_a_survey_mail_names_it(cast: Cast, settings: object) -> None:  # noqa: F811
    settings.BASE_URL = "https://amends.example"  # type: ignore[attr-defined]
    invitation = invited(cast)
    drain(at=MONDAY)
    [sent] = [one for one in mail.outbox if "survey/" in one.body]
    headers = sent.message()
    assert headers["List-Unsubscribe"] == f"<https://amends.example{at_once(invitation)}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_without_https_no_press_is_promised_and_other_mails_name_nothing(cast: Cast, settings: object) -> None:  # noqa: F811
    settings.BASE_URL = "http://amends.example"  # type: ignore[attr-defined]
    invited(cast)
    found = {row.template: compose(row).message() for row in OutboxMessage.objects.all()}
    assert found["survey"]["List-Unsubscribe"].startswith("<http://amends.example/survey/")
    assert found["survey"]["List-Unsubscribe-Post"] is None
    others = [one for template, one in found.items() if template != "survey"]
    assert others and all(one["List-Unsubscribe"] is None for one in others)


def test_one_press_counts_once_without_cookie_or_page(cast: Cast) -> None:  # noqa: F811
    invitation = invited(cast)
    client, where = Client(enforce_csrf_checks=True), at_once(invitation)
    for look in (client.get, client.head):
        answer = look(where)
        assert (answer.status_code, answer["Location"]) == (302, f"{link(invitation)}stop/")
    for body in ({}, {"want": "stop"}, {"List-Unsubscribe": "yes"}):
        assert client.post(where, body).status_code == 422
    assert not Consent.objects.exists()
    for _time in (1, 2):  # mail programs try again
        answer = client.post(where, ONE_CLICK)
        assert (answer.status_code, answer.content) == (200, b"")
    consent = Consent.objects.get()
    assert (consent.customer_id, consent.purpose, consent.given) == (invitation.customer_id, "surveys", False)
    assert answer["X-Robots-Tag"] == "noindex, nofollow" and not answer.cookies


def test_an_altered_link_stops_nothing(cast: Cast) -> None:  # noqa: F811
    url = link(invited(cast))
    altered = url[:-2] + ("0" if url[-2] != "0" else "1") + "/stop/at-once/"
    assert Client().post(altered, ONE_CLICK).status_code == 404
    assert not Consent.objects.exists()
