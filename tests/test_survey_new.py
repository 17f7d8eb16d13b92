"""New surveys by every door (B1); whoever wants no more of them says so by the link in the mail (case F12)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from core import cached, clock, trail
from core.actions.outbox import drain
from core.models import OutboxMessage, TrailEntry
from metrics.actions.invite import invite
from metrics.models import Invitation, Survey, SurveyVersion
from metrics.models.surveys import Suppression
from metrics.survey_words import PARTS
from retention.models import Consent, Customer
from tests.cast import MONDAY, Cast, make_cast
from tests.surveyed import invited, link, settled
from tests.tokens import bearer

LANGUAGES = [code for code, _name in settings.LANGUAGES]
TEXTS = {code: {part: f"{part} {code}" for part in PARTS} for code in LANGUAGES}
SETTING = {"delay_seconds": 0, "expires_days": 20, "share_percent": 100}


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_web(user: Any, name: str, texts: dict[str, dict[str, str]], **changes: Any) -> int:
    """The form as it is shown, filled in."""
    client, path = browser(user), "/settings/surveys/new/"
    page = client.get(path)
    if page.status_code != 200:
        return page.status_code
    typed = {"name": name, "kind": "csat", "is_active": "on", "after_resolution": "on", "delay_hours": "0",
             "expires_days": "20", "share_percent": "100"}  # fmt: skip
    typed |= {f"{part}_{code}": text for code, parts in texts.items() for part, text in parts.items()} | changes
    assert set(typed) <= set(page.context["form"].fields)
    status = client.post(path, {**typed, "nonce": page.context["form"]["nonce"].value()}).status_code
    return {302: 201, 422: 400}.get(status, status)


def by_api(user: Any, name: str, texts: dict[str, dict[str, str]], **changes: Any) -> int:
    body = json.dumps({"name": name, "kind": "csat", "texts": texts, **SETTING, **changes})
    answer = Client().post("/api/v1/surveys/", body, content_type="application/json", headers=bearer(user))
    return answer.status_code


DOORS = pytest.mark.parametrize("door", [by_web, by_api])


@DOORS
def test_a_manager_makes_a_survey_that_asks_in_the_customers_language(door: Any, cast: Cast) -> None:
    Survey.objects.update(is_active=False)
    assert door(cast.manager, "Доставка", TEXTS) == 201
    made = Survey.objects.get(name="Доставка")
    assert (made.code, made.kind, made.is_active, made.delay_seconds) == ("dostavka", "csat", True, 0)
    version = SurveyVersion.objects.get(survey=made)
    assert version.number == 1 and version.texts == TEXTS
    assert [one.kind for one in trail.of(made)] == ["survey.created", "survey.published"]
    assert door(cast.manager, "Доставка", TEXTS) == 201
    assert Survey.objects.filter(code="dostavka-2").update(is_active=False) == 1
    with clock.frozen(MONDAY + timedelta(hours=1)):
        complaint = settled(cast, at=MONDAY + timedelta(hours=1), language="ru")
        assert invite(at=MONDAY + timedelta(hours=1))["sent"] == 1
    assert Invitation.objects.get(complaint=complaint).survey == made
    assert "question ru" in json.dumps(OutboxMessage.objects.get(template="survey").context, ensure_ascii=False)


@DOORS
def test_what_is_missing_or_wrong_makes_nothing(door: Any, cast: Cast) -> None:
    count = Survey.objects.count()
    lacking = {**TEXTS, "en": {**TEXTS["en"], "thanks": ""}}
    assert door(cast.manager, "Lacking", lacking) == 400
    assert door(cast.manager, "", TEXTS) == 400
    assert door(cast.manager, "Effort", TEXTS, kind="ces") == 400
    assert door(cast.manager, "Too rare", TEXTS, share_percent="0" if door is by_web else 0) == 400
    assert door(cast.agent, "Not mine", TEXTS) in (403, 404)
    assert Survey.objects.count() == count and not TrailEntry.objects.filter(kind="survey.created").exists()


def test_a_name_that_is_an_address_of_ours_gets_another_code(cast: Cast) -> None:
    assert by_web(cast.manager, "New", {"en": TEXTS["en"]}) == 201
    assert Survey.objects.get(name="New").code == "new-2"
    assert by_api(cast.manager, "Mine", {"en": TEXTS["en"]}, code="new") == 400
    assert by_api(cast.manager, "Mine", {"en": TEXTS["en"]}, code="nps") == 409


def test_the_form_starts_from_the_words_of_another_survey_and_the_list_leads_to_it(cast: Cast) -> None:
    client = browser(cast.manager)
    assert "/settings/surveys/new/" in client.get("/settings/surveys/").content.decode()
    form = client.get("/settings/surveys/new/?like=nps").context["form"]
    known = SurveyVersion.objects.get(survey__code="nps").texts
    assert form["question_ru"].value() == known["ru"]["question"] and form["kind"].value() == "nps"


def test_switched_off_in_the_browser_it_asks_no_more(cast: Cast) -> None:
    Survey.objects.update(is_active=False)
    assert by_web(cast.manager, "Delivery", TEXTS) == 201
    client, path = browser(cast.manager), "/settings/surveys/delivery/"
    form = client.get(path).context["form"]
    typed = {name: form[name].value() for name in form.fields if name not in ("is_active", "after_resolution")}
    assert client.post(path, typed).status_code == 302
    with clock.frozen(MONDAY + timedelta(hours=1)):
        settled(cast, at=MONDAY + timedelta(hours=1))
        assert invite(at=MONDAY + timedelta(hours=1))["sent"] == 0


# --- no more surveys --------------------------------------------------------------------------------------------------


def test_the_mail_carries_a_link_that_only_a_persons_post_makes_count(cast: Cast) -> None:
    invitation = invited(cast)
    drain(at=MONDAY)
    [sent] = [one for one in mail.outbox if "survey/" in one.body]
    url = f"{link(invitation)}stop/"
    assert url in sent.body and url in sent.alternatives[0][0]
    client = Client(enforce_csrf_checks=True)
    for look in (client.get, client.head, client.get):
        assert look(url).status_code == 200
    assert client.post(url, {"want": "stop"}).status_code == 403, "a post without the page's form is no person's"
    assert not Consent.objects.exists()
    token = client.get(url).context["csrf_token"]
    answer = client.post(url, {"want": "stop", "csrfmiddlewaretoken": str(token)})
    assert answer.status_code == 302 and answer["Location"] == url
    consent = Consent.objects.get()
    assert (consent.customer_id, consent.purpose, consent.given) == (invitation.customer_id, "surveys", False)
    entry = trail.of(invitation.customer).last()
    assert (entry.kind, entry.actor_kind) == ("customer.consented", "customer")
    page = client.get(url)
    assert "We ask you no more" in page.content.decode() and page["X-Robots-Tag"] == "noindex, nofollow"
    client.post(url, {"want": "again", "csrfmiddlewaretoken": str(token)})
    assert Consent.objects.get().given is True


def test_the_job_respects_it_and_the_customers_page_shows_it(cast: Cast) -> None:
    invitation = invited(cast)
    assert Client().post(f"{link(invitation)}stop/", {"want": "stop"}).status_code == 302
    later = MONDAY + timedelta(days=60)
    with clock.frozen(later):
        complaint = settled(cast, at=later)
        assert invite(at=later)["sent"] == 0
        assert Invitation.objects.get(complaint=complaint).suppressed == Suppression.NO_CONSENT
        page = browser(cast.agent).get(f"/customers/{invitation.customer_id}/").content.decode()
    assert "by the link in a survey mail" in page and "refused on" in page


def test_the_link_works_after_the_survey_closed_and_for_the_survivor_of_a_merge(cast: Cast) -> None:
    invitation = invited(cast)
    survivor = Customer.objects.create(name="Dana W.", created_at=MONDAY, updated_at=MONDAY)
    Customer.objects.filter(pk=invitation.customer_id).update(merged_into=survivor)
    with clock.frozen(MONDAY + timedelta(days=400)):
        assert Client().get(link(invitation)).status_code == 410
        assert Client().post(f"{link(invitation)}stop/", {"want": "stop"}).status_code == 302
    assert Consent.objects.get().customer == survivor


def test_altered_links_and_nonsense_change_nothing(cast: Cast) -> None:
    invitation = invited(cast)
    url = link(invitation)
    altered = url[:-2] + ("0" if url[-2] != "0" else "1") + "/stop/"
    assert Client().post(altered, {"want": "stop"}).status_code == 404
    assert Client().post(f"{url}stop/", {"want": "everything"}).status_code == 422
    assert not Consent.objects.exists()
    for code in LANGUAGES:
        assert Client().get(f"{url}stop/?language={code}").status_code == 200
