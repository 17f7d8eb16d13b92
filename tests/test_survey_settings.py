"""Surveys in the settings and over the API: switches, times, published words (mission B1; cases F24, F25)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from core import cached, clock, trail
from core.models import User
from metrics.models import Survey, SurveySettings, SurveyVersion
from metrics.survey_words import PARTS, words
from tests.cast import MONDAY, Cast, make_cast
from tests.surveyed import invited, link
from tests.tokens import bearer

LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form_of(path: str, user: User) -> dict[str, str]:
    """The values of the page's form, as a browser would send them back."""
    form = browser(user).get(path).context["form"]
    found = {}
    for field in form:
        value = field.value()
        if value is not None and value is not False:
            found[field.html_name] = str(value() if callable(value) else value)
    return {name: ("on" if value == "True" else value) for name, value in found.items()}


def test_the_first_surveys_have_every_word_in_every_language(db: None) -> None:
    assert {s.code: s.is_active for s in Survey.objects.all()} == {"nps": True, "csat": False}
    for version in SurveyVersion.objects.all():
        assert sorted(version.texts) == sorted(LANGUAGES)
        for code in LANGUAGES:
            assert sorted(version.texts[code]) == sorted(PARTS) and all(version.texts[code].values())


def test_missing_words_are_said_in_the_houses_language(db: None) -> None:
    version = SurveyVersion.objects.filter(survey__code="nps").get()
    version.texts = {"en": version.texts["en"], "ru": {"question": "Да?"}}
    assert words(version, "ru")["question"] == "Да?"
    assert words(version, "ru")["thanks"] == words(version, "pt")["thanks"] == version.texts["en"]["thanks"]


@pytest.mark.parametrize("path", ["", "nps/", "nps/words/"])
def test_who_may_open_it(cast: Cast, path: str) -> None:
    for user, status in ((cast.manager, 200), (cast.admin, 200), (cast.agent, 403), (cast.lead, 403)):
        answer = browser(user).get(f"/settings/surveys/{path}")
        assert answer.status_code in ((200,) if status == 200 else (403, 404)), user
    assert browser(cast.manager).get("/settings/surveys/none/").status_code == 404


def test_a_manager_switches_and_sets_times(cast: Cast) -> None:
    path = "/settings/surveys/csat/"
    fields = {**form_of(path, cast.manager), "is_active": "on", "delay_hours": "1.5", "share_percent": "50"}
    assert browser(cast.manager).post(path, fields).status_code == 302
    survey = Survey.objects.get(code="csat")
    assert (survey.is_active, survey.delay_seconds, survey.share_percent) == (True, 5400, 50)
    entry = trail.of(survey).get()
    assert entry.kind == "survey.changed" and json.loads(entry.body)["is_active"] == [False, True]
    assert browser(cast.manager).post(path, {**fields, "nonce": "other", "share_percent": "0"}).status_code == 422
    stale = browser(cast.admin).post(path, {**fields, "nonce": "third", "share_percent": "9"})
    assert stale.status_code == 409 and "Somebody changed this" in stale.content.decode()


def test_what_holds_for_all(cast: Cast) -> None:
    path = "/settings/surveys/"
    fields = {**form_of(path, cast.manager), "contact_cap_days": "7", "follow_up_working_days": "1"}
    assert browser(cast.manager).post(path, fields).status_code == 302
    found = SurveySettings.objects.get()
    assert (found.contact_cap_days, found.follow_up_working_days) == (7, 1)
    assert trail.of(found).get().kind == "surveysettings.changed"


def test_words_are_looked_at_then_published_never_edited(cast: Cast) -> None:
    path = "/settings/surveys/nps/words/"
    fields = {**form_of(path, cast.manager), "question_en": "Would you tell a friend about us?"}
    looked = browser(cast.manager).post(path, {**fields, "do": "look"})
    assert looked.status_code == 200 and looked.content.decode().count("Would you tell a friend about us?") >= 2
    assert SurveyVersion.objects.filter(survey__code="nps").count() == 1
    first = browser(cast.manager).post(path, fields)
    second = browser(cast.manager).post(path, fields)
    assert [first.status_code, second.status_code] == [302, 302]
    versions = list(SurveyVersion.objects.filter(survey__code="nps").order_by("number"))
    assert [one.number for one in versions] == [1, 2]
    assert versions[0].texts["en"]["question"].startswith("How likely")
    assert versions[1].texts["en"]["question"].startswith("Would you") and versions[1].published_by == cast.manager
    assert versions[1].texts["ru"] == versions[0].texts["ru"]
    empty = {**form_of(path, cast.manager), "thanks_en": ""}
    assert browser(cast.manager).post(path, empty).status_code == 422
    assert browser(cast.manager).post(path, {**empty, "thanks_en": "x" * 301}).status_code == 422


def test_figures_of_sent_and_answered(cast: Cast) -> None:
    one = invited(cast)
    Client().post(link(one), {"score": 9})
    page = browser(cast.manager).get("/settings/surveys/nps/").content.decode()
    assert '<dt>Sent</dt><dd class="num">1</dd>' in page and '<dt>Answered</dt><dd class="num">1</dd>' in page
    listed = browser(cast.manager).get("/settings/surveys/").content.decode()
    assert "100" in listed and "–" in listed  # nothing sent: a dash, not 0 % (F34)


def test_over_the_api(cast: Cast) -> None:
    client = Client(headers=bearer(cast.manager))
    rows = client.get("/api/v1/surveys/").json()["results"]
    assert [row["code"] for row in rows] == ["csat", "nps"] and rows[1]["version"]["number"] == 1
    read = client.get("/api/v1/surveys/csat/")
    assert read["ETag"].startswith('"1-')
    patch = {"is_active": True, "delay_seconds": 60}
    asked = client.patch("/api/v1/surveys/csat/", patch, content_type="application/json")
    assert asked.status_code == 428
    done = client.patch(
        "/api/v1/surveys/csat/", patch, content_type="application/json", headers={"If-Match": read["ETag"]}
    )
    assert done.status_code == 200 and done.json()["delay_seconds"] == 60 and done["ETag"].startswith('"2-')
    stale = client.patch("/api/v1/surveys/csat/", patch, content_type="application/json", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    texts = read.json()["version"]["texts"]
    texts["pt"]["question"] = "E então?"
    made = client.post("/api/v1/surveys/csat/versions/", {"texts": texts}, content_type="application/json")
    assert made.status_code == 201 and made.json()["number"] == 2
    assert [one["number"] for one in client.get("/api/v1/surveys/csat/versions/").json()["results"]] == [2, 1]


def test_the_api_refuses(cast: Cast) -> None:
    agent, manager = Client(headers=bearer(cast.agent)), Client(headers=bearer(cast.manager))
    patch = agent.patch(
        "/api/v1/surveys/nps/", {"name": "x"}, content_type="application/json", headers={"If-Match": "*"}
    )
    assert patch.status_code == 403 and patch.json()["code"] == "manager_only"
    for texts, code in (
        ({"xx": {"question": "?"}}, "unknown_field"),
        ({"en": {"question": "?", "colour": "red"}}, "unknown_field"),
        ({"en": {"question": "?"}}, "text_required"),
        ({"pt": {"question": "?"}}, "text_required"),
    ):
        answer = manager.post("/api/v1/surveys/nps/versions/", {"texts": texts}, content_type="application/json")
        assert answer.status_code == 400 and code in json.dumps(answer.json()), texts
    assert SurveyVersion.objects.filter(survey__code="nps").count() == 1
