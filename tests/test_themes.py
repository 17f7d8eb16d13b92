"""Themes: their settings, and tagging cases with them over both doors (mission A11)."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from complaints.actions import themes
from complaints.models import CaseTheme, Theme
from core import cached, clock, trail
from core.actor import Actor
from core.errors import InvalidInput
from tests.cast import Cast, make_cast, make_complaint
from tests.doors import DOORS
from tests.test_settings_people import shown, signed_in
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
NAMES = {"name_en": "Noise", "name_es": "Ruido", "name_pt": "Ruído", "name_it": "Rumore", "name_ru": "Шум"}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_house_starts_with_themes_in_five_languages(cast):
    rows = list(Theme.objects.all())
    assert len(rows) >= 10
    for row in rows:
        assert set(row.names) == {"en", "es", "pt", "it", "ru"} and all(row.names.values()), row.code


def test_a_theme_is_made_changed_moved_and_taken_out_of_use(cast):
    ada = signed_in(cast.admin)
    sent = shown(ada, "/settings/themes/new/") | NAMES | {"code": "noise"}
    assert "parent" not in sent
    assert ada.post("/settings/themes/new/", sent).status_code == 302
    row = Theme.objects.get(code="noise")
    assert row.names == {"en": "Noise", "es": "Ruido", "pt": "Ruído", "it": "Rumore", "ru": "Шум"}
    page = f"/settings/themes/{row.pk}/"
    assert ada.post(f"{page}position/", {"direction": "up"}).status_code == 302
    assert list(Theme.objects.order_by("position").values_list("code", flat=True))[-2] == "noise"
    sent = shown(ada, page)
    del sent["is_active"]
    assert ada.post(page, sent).status_code == 302
    row.refresh_from_db()
    assert not row.is_active
    assert "not in use" in ada.get("/settings/themes/").content.decode()
    kinds = [entry.kind for entry in trail.of(row)]
    assert kinds[0] == "theme.created" and set(kinds[1:]) == {"theme.changed"}
    assert "Noise" in ada.get("/settings/trail/").content.decode()


def test_only_administrators_change_themes(cast):
    for user in (cast.agent, cast.lead, cast.manager):
        assert signed_in(user).get("/settings/themes/").status_code == 403


# --- tagging ----------------------------------------------------------------------------------------------------------


def codes(complaint) -> list[str]:
    return sorted(CaseTheme.objects.filter(complaint=complaint).values_list("theme__code", flat=True))


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_case_is_tagged_with_several_themes_once_each(door, cast):
    complaint = make_complaint(owner=cast.agent, subject="Broken kettle")
    for code in ("packaging", "website", "packaging"):
        answer = door(cast.agent, complaint, "themes", theme=code)
        assert answer.status == 200, answer.text
    assert codes(complaint) == ["packaging", "website"]
    kinds = [entry.kind for entry in trail.of(complaint)]
    assert kinds.count("complaint.themes") == 2


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_what_is_no_theme_is_refused_and_nothing_is_written(door, cast):
    complaint = make_complaint(owner=cast.agent, subject="Broken kettle")
    Theme.objects.filter(code="privacy").update(is_active=False)
    cached.clear_all()
    for code in ("no-such-theme", "privacy"):
        assert door(cast.agent, complaint, "themes", theme=code).status == 422
    assert codes(complaint) == []


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_case_of_others_is_no_case(door, cast):
    complaint = make_complaint(owner=cast.agent, subject="Broken kettle")
    assert door(cast.stranger, complaint, "themes", theme="website").status == 404
    assert codes(complaint) == []


def test_a_theme_is_named_in_any_language_or_by_its_only_beginning(cast):
    for words in ("Packaging", "embalaje", "Упаковка", "PACKAGING", " packag "):
        assert themes.theme_by_words(words).code == "packaging"
    for words in ("", "emb", "p", "nothing of the kind"):  # Embalaje, Embalagem are one theme; "p" begins several
        if words == "emb":
            assert themes.theme_by_words(words).code == "packaging"
            continue
        with pytest.raises(InvalidInput):
            themes.theme_by_words(words)


def test_a_theme_out_of_use_stays_and_can_be_taken_away(cast):
    complaint = make_complaint(owner=cast.agent, subject="Broken kettle")
    by = Actor.person(cast.agent)
    themes.replace(complaint, ["website", "privacy"], by=by, at=clock.now())
    Theme.objects.filter(code="privacy").update(is_active=False)
    cached.clear_all()
    themes.replace(complaint, ["privacy", "packaging"], by=by, at=clock.now())
    assert codes(complaint) == ["packaging", "privacy"]
    page = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "Privacy" in page and 'value="Packaging"' not in page
    client = signed_in(cast.agent)
    assert client.post(f"/complaints/{complaint.reference}/themes/removal/", {"theme": "privacy"}).status_code == 302
    assert codes(complaint) == ["packaging"]


def test_the_api_reads_replaces_and_takes_away(cast):
    complaint = make_complaint(owner=cast.agent, subject="Broken kettle")
    client, path = Client(headers=bearer(cast.agent)), f"/api/v1/complaints/{complaint.reference}/themes/"

    def put(names: list[str]):
        return client.put(path, json.dumps({"themes": names}), content_type="application/json")

    assert [one["code"] for one in put(["website", "packaging"]).json()["themes"]] == ["packaging", "website"]
    assert put(["website", "nothing"]).status_code == 400
    assert [one["code"] for one in client.get(path).json()["themes"]] == ["packaging", "website"]
    assert client.delete(f"{path}website/").status_code == 200
    assert client.delete(f"{path}website/").status_code == 404
    assert codes(complaint) == ["packaging"]


def test_the_api_makes_and_changes_themes_for_administrators(cast):
    agent, admin = Client(headers=bearer(cast.agent)), Client(headers=bearer(cast.admin))
    new = json.dumps({"code": "noise", "names": {"en": "Noise", "ru": "Шум"}})
    assert agent.post("/api/v1/themes/", new, content_type="application/json").status_code == 403
    made = admin.post("/api/v1/themes/", new, content_type="application/json")
    assert made.status_code == 201 and made["Location"].endswith("/api/v1/themes/noise/")
    assert admin.post("/api/v1/themes/", new, content_type="application/json").status_code == 400
    bad = json.dumps({"code": "noise-2", "names": {"ru": "Шум"}})
    assert admin.post("/api/v1/themes/", bad, content_type="application/json").status_code == 400
    patch = json.dumps({"is_active": False})
    one = "/api/v1/themes/noise/"
    assert admin.patch(one, patch, content_type="application/json").status_code == 428
    etag = made["ETag"]
    changed = admin.patch(one, patch, content_type="application/json", headers={"If-Match": etag})
    assert changed.status_code == 200 and changed.json()["is_active"] is False
    stale = admin.patch(one, patch, content_type="application/json", headers={"If-Match": etag})
    assert stale.status_code == 412
    listed = agent.get("/api/v1/themes/?is_active=true&page_size=200").json()["results"]
    assert "noise" not in [row["code"] for row in listed]
