"""Calendars in the browser without JavaScript: the editor, drafts, holidays to tick, files, history, a trial (E3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints.models import SlaEdit
from complaints.web.settings import calendar_words
from core import cached, clock, trail
from core.actions import calendars as actions
from core.actor import Actor
from core.models import Calendar, CalendarVersion, TrailEntry
from tests.cast import Cast, make_cast
from tests.test_calendars import EVE, SUMMER, XMAS, source
from tests.test_calendars_holidays import ics
from tests.test_settings_people import count, shown, signed_in

pytestmark = pytest.mark.django_db
NEW = "/settings/calendars/new/"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def ada(cast: Cast) -> Client:
    return signed_in(cast.admin)


def made(cast: Cast, name: str = "Madrid", **more: Any) -> Calendar:
    return actions.create_calendar(name, source(**more), by=Actor.person(cast.admin), at=clock.now())


def draft(row: Calendar) -> CalendarVersion:
    found = actions.draft_of(row)
    assert found is not None
    return found


def address(row: Calendar, place: str = "") -> str:
    return f"/settings/calendars/{row.pk}/{place}"


# --- the editor -------------------------------------------------------------------------------------------------------


def test_a_calendar_is_typed_with_a_lunch_break_a_night_shift_a_season_and_a_half_day(cast: Cast, ada: Client) -> None:
    sent = shown(ada, NEW) | {
        "name": "Madrid desk", "tz": "Europe/Madrid", "mon": "09:00-13:00, 14:00-18:00", "wed": "",
        "fri": "22:00–06:00",
        "season_0_name": "Summer", "season_0_from": "2027-07-01", "season_0_to": "2027-08-31", "season_0_mon": "8-15",
        "day_1_date": "2026-12-24", "day_1_name": "Christmas Eve", "day_1_hours": "9-13", "do": "save",
    }  # fmt: skip
    answer = ada.post(NEW, sent)
    row = Calendar.objects.get(name="Madrid desk")
    assert (answer.status_code, answer["Location"]) == (302, address(row))
    stored = draft(row)
    assert stored.source["weekly"]["mon"] == [["09:00", "13:00"], ["14:00", "18:00"]]
    assert stored.source["weekly"]["fri"] == [["22:00", "06:00"]] and "wed" not in stored.source["weekly"]
    assert stored.source["seasons"][0]["weekly"] == {"mon": [["08:00", "15:00"]]}
    assert stored.source["holidays"] == [
        {"date": "2026-12-24", "name": "Christmas Eve", "intervals": [["09:00", "13:00"]]}
    ]
    again = shown(ada, address(row, "draft/"))
    assert (again["mon"], again["fri"], again["day_0_hours"]) == (
        "09:00-13:00, 14:00-18:00",
        "22:00-06:00",
        "09:00-13:00",
    )
    assert ada.post(address(row, "draft/"), again).status_code == 302
    assert trail.of(row).count() == 2  # saved as it was: nothing written


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"mon": "nine to five"}, "mon"),
        ({"tue": "09:00-12:00, 11:00-13:00"}, "tue"),
        ({"mon": "10-10"}, "mon"),
        ({"tz": "Mars/Olympus"}, "tz"),
        (dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ""), "__all__"),
        ({"season_0_name": "Summer", "season_0_from": "2027-07-01", "season_0_to": "2027-06-01"}, "season_0_to"),
        ({"season_0_from": "2027-07-01", "season_0_to": "2027-08-01", "season_0_tue": "x"}, "season_0_tue"),
        ({"day_0_name": "No date"}, "day_0_date"),
        ({"day_0_date": "2026-12-25", "day_2_date": "2026-12-25"}, "day_2_date"),
        ({"day_1_date": "2026-12-25", "day_1_hours": "25-26"}, "day_1_hours"),
        ({"day_0_date": "2026-02-30"}, "day_0_date"),
        ({"name": ""}, "name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    cast: Cast, ada: Client, typed: dict[str, str], field: str
) -> None:
    sent = {**shown(ada, NEW), "name": "Madrid", **typed}
    answer = ada.post(NEW, {key: value for key, value in sent.items() if value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    for key, value in typed.items():
        assert (answer.context["form"][key].value() or "") == value
    assert not Calendar.objects.filter(name="Madrid").exists()


def test_looking_first_writes_nothing(cast: Cast, ada: Client) -> None:
    row = made(cast)
    before = TrailEntry.objects.count()
    sent = {**shown(ada, address(row, "draft/")), "mon": "07:00-08:00", "do": "look"}
    answer = ada.post(address(row, "draft/"), sent)
    assert answer.status_code == 200 and ("Monday", "07:00–08:00") in answer.context["looked"].facts
    assert answer.context["form"]["mon"].value() == "07:00-08:00"
    assert TrailEntry.objects.count() == before and draft(row).source == actions.source_of(draft(row)).as_json()
    assert ada.post(NEW, {**shown(ada, NEW), "name": "N", "do": "look"}).context["looked"].name == "N"


def test_a_stale_editor_overwrites_nothing_and_shows_both(cast: Cast, ada: Client) -> None:
    row = made(cast)
    sent = shown(ada, address(row, "draft/"))
    actions.save_draft(row, source(holidays=[XMAS]), by=Actor.person(cast.admin), at=clock.now())
    answer = ada.post(address(row, "draft/"), {**sent, "mon": "07:00-08:00"})
    assert answer.status_code == 409
    assert {(one.label, one.typed) for one in answer.context["form"].differences} == {
        ("Monday", "07:00–08:00"), ("25 December 2026", "–"),
    }  # fmt: skip
    assert "2026-12-25" in draft(row).closed_names
    again = {**sent, "mon": "07:00-08:00", "seen": answer.context["form"]["seen"].value(), "nonce": "another"}
    assert ada.post(address(row, "draft/"), again).status_code == 302  # knowingly
    assert draft(row).closed_names == {}


def test_the_same_form_twice_makes_one_calendar(cast: Cast, ada: Client) -> None:
    sent = {**shown(ada, NEW), "name": "Once"}
    first, second = ada.post(NEW, sent), ada.post(NEW, sent)
    assert first["Location"] == second["Location"]
    assert Calendar.objects.filter(name="Once").count() == 1


def test_a_field_that_does_not_exist_is_refused(cast: Cast, ada: Client) -> None:
    for name in ("published_at", "day_999_date", "season_99_name", "day_0_closed"):
        assert ada.post(NEW, {**shown(ada, NEW), "name": "Odd", name: "1"}).status_code == 400
    assert not Calendar.objects.filter(name="Odd").exists()


def test_buttons_for_more_save_first(cast: Cast, ada: Client) -> None:
    row = made(cast)
    for do, place in (("holidays", "draft/holidays/"), ("file", "draft/file/"), ("rows", "draft/#holidays")):
        sent = {**shown(ada, address(row, "draft/")), "sat": f"{len(do)}-12", "do": do}
        assert ada.post(address(row, "draft/"), sent)["Location"] == address(row, place)
        assert draft(row).source["weekly"]["sat"] == [[f"{len(do):02}:00", "12:00"]]


# --- one calendar -----------------------------------------------------------------------------------------------------


def test_the_page_shows_what_the_draft_changes_and_the_history(cast: Cast, ada: Client) -> None:
    office = Calendar.objects.order_by("pk")[0]
    actions.save_draft(office, source(holidays=[EVE], seasons=[SUMMER]), by=Actor.person(cast.admin), at=clock.now())
    page = ada.get(address(office))
    lines = {what: (before, after) for what, before, after in page.context["draft"].lines}
    assert lines["24 December 2026"] == ("–", "Christmas Eve: 09:00–13:00")
    assert lines["Time zone"][1] == "Europe/Madrid"
    assert lines["Monday"][1] == "09:00–13:00, 14:00–18:00"
    assert lines["Season from 1 July 2027"][1].startswith("Summer, 1 July 2027 to 31 August 2027: Monday, Tuesday")
    assert [one.is_draft for one in page.context["history"]] == [True, False]
    assert page.context["drawn"].name == office.name
    russian = signed_in(cast.admin, **{"Accept-Language": "ru"}).get(address(office)).context["draft"].lines
    assert "24 декабря 2026 года" in [what for what, _before, _after in russian]


def test_a_trial_says_when_and_which_days_count(cast: Cast, ada: Client) -> None:
    row = made(cast, holidays=[XMAS, EVE])
    query = "?try=1&version=1&start=2026-12-23T17:00&hours=8"
    trial = ada.get(address(row) + query).context["trial"]
    assert trial.due == "Monday 28 December 2026, 12:00 (Madrid time)"
    assert trial.days == [
        ("Wednesday 23 December 2026", "1 h"), ("Thursday 24 December 2026", "4 h"),
        ("Friday 25 December 2026", "closed"), ("Saturday 26 December 2026", "closed"),
        ("Sunday 27 December 2026", "closed"), ("Monday 28 December 2026", "3 h"),
    ]  # fmt: skip
    part = signed_in(cast.admin, **{"HX-Request": "true"}).get(address(row) + query)
    assert part.content.decode().lstrip().startswith("<div") and "12:00 (Madrid time)" in part.content.decode()
    far = ada.get(address(row) + "?try=1&version=1&start=2026-12-23T17:00&hours=200").context["trial"]
    assert len(far.days) == 14 and far.more


@pytest.mark.parametrize(
    "query",
    [
        "?try=1",
        "?try=1&version=9&start=x&hours=-1",
        "?try=1&version=1&start=2026-03-29T02:30&hours=1",
        "?try=1&version=1&start=2026-03-02T09:00&hours=1e9",
        "?try=1&version=1&start=2199-12-31T23:00&hours=9999",
        "?week=x",
    ],
)
def test_odd_questions_are_answered(cast: Cast, ada: Client, query: str) -> None:
    page = ada.get(address(made(cast)) + query)
    assert page.status_code == 200
    if "try=1" in query and "2199" not in query:
        assert page.context["trial"].refusal


def test_what_it_changes_is_shown_before_anything_does(cast: Cast, ada: Client) -> None:
    row = made(cast)
    sent = hidden(ada, row, "mode_form") | {"mode": "new_only"}
    answer = ada.post(address(row, "draft/preview/"), sent)
    edit = SlaEdit.objects.get()
    assert answer["Location"] == f"/settings/sla/edits/{edit.pk}/"
    assert (edit.calendar_version, edit.mode) == (draft(row), "new_only") and draft(row).published_at is None
    office = Calendar.objects.order_by("pk")[0]
    refused = ada.post(address(office, "draft/preview/"), hidden(ada, office, "mode_form") | {"mode": "from_now"})
    assert refused.status_code == 409 and SlaEdit.objects.count() == 1  # it has no draft


def hidden(client: Client, row: Calendar, name: str) -> dict[str, Any]:
    form = client.get(address(row)).context[name]
    return {field.html_name: field.value() for field in form.hidden_fields() if field.value()}


def test_the_draft_is_thrown_away_once_and_not_a_newer_one(cast: Cast, ada: Client) -> None:
    row = made(cast)
    sent = hidden(ada, row, "discard_form")
    actions.save_draft(row, source(holidays=[XMAS]), by=Actor.person(cast.admin), at=clock.now())
    ada.post(address(row, "draft/removal/"), sent)
    assert actions.draft_of(row) is not None
    ada.post(address(row, "draft/removal/"), hidden(ada, row, "discard_form"))
    assert actions.draft_of(row) is None
    assert ada.get(address(row)).status_code == 200 and ada.get("/settings/calendars/").status_code == 200


def test_it_is_renamed_and_rests_only_when_nothing_counts_by_it(cast: Cast, ada: Client) -> None:
    row, office = made(cast), Calendar.objects.order_by("pk")[0]
    sent = {**shown(ada, address(row)), "name": "Madrid and Lisbon"}
    sent.pop("is_active")
    assert ada.post(address(row), sent).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.is_active) == ("Madrid and Lisbon", False)
    sent = shown(ada, address(office))
    sent.pop("is_active")
    answer = ada.post(address(office), sent)
    assert answer.status_code == 409 and "is_active" in answer.context["form"].errors


# --- holidays ---------------------------------------------------------------------------------------------------------


def test_public_holidays_are_ticked_and_keep_the_hours_already_written(cast: Cast, ada: Client) -> None:
    row = made(cast, holidays=[{**XMAS, "intervals": [["09:00", "10:00"]]}])
    path = address(row, "draft/holidays/") + "?country=ES&part=MD&first=2026&last=2026"
    form = signed_in(cast.admin, **{"Accept-Language": "es"}).get(path).context["form"]
    values = dict(form.fields["take"].choices)
    assert "2026-05-02|Fiesta de la Comunidad de Madrid" in values and len(values) == 12
    assert "2026-12-25|Natividad del Señor" not in form["take"].value()  # it is there already
    sent = {field.html_name: field.value() for field in form.hidden_fields() if field.value()}
    sent["take"] = ["2026-05-02|Fiesta de la Comunidad de Madrid", "2026-12-25|Natividad del Señor"]
    answer = ada.post(address(row, "draft/days/"), sent)
    assert answer["Location"] == address(row, "draft/#holidays")
    assert draft(row).source["holidays"] == [
        {"date": "2026-05-02", "name": "Fiesta de la Comunidad de Madrid", "intervals": []},
        {"date": "2026-12-25", "name": "Natividad del Señor", "intervals": [["09:00", "10:00"]]},
    ]


@pytest.mark.parametrize(
    "query", ["?country=XX", "?country=", "?country=ES&part=XX&first=2026&last=2026", "?country=ES&first=x&last=2026",
              "?country=ES&first=2026&last=2040", "?country=ES&first=2027&last=2026", "?first=1", ""],
)  # fmt: skip
def test_odd_countries_and_years_are_answered(cast: Cast, ada: Client, query: str) -> None:
    assert ada.get(address(made(cast), f"draft/holidays/{query}")).status_code == 200


def test_a_file_is_read_ticked_and_added_without_losing_the_draft(cast: Cast, ada: Client) -> None:
    row = made(cast, holidays=[EVE])
    data = ics(
        "DTSTART;VALUE=DATE:20270106\r\nRRULE:FREQ=YEARLY;COUNT=2\r\nSUMMARY:Epiphany", "DTSTART:20270101T100000Z"
    )
    page = ada.post(address(row, "draft/file/"), {"file": SimpleUploadedFile("feasts.ics", data)})
    assert page.status_code == 200 and page.context["left_out"] == ["1 entry with a time of day was left out."]
    form = page.context["form"]
    sent = {field.html_name: field.value() for field in form.hidden_fields() if field.value()}
    assert form["take"].value() == ["2027-01-06|Epiphany", "2028-01-06|Epiphany"]
    ada.post(address(row, "draft/days/"), {**sent, "take": form["take"].value()})
    assert [one["date"] for one in draft(row).source["holidays"]] == ["2026-12-24", "2027-01-06", "2028-01-06"]


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"BEGIN:VCALENDAR", ics(*["SUMMARY:x"] * 2001)])
def test_a_hostile_file_is_refused_in_words(cast: Cast, ada: Client, data: bytes) -> None:
    row = made(cast, holidays=[EVE])
    page = ada.post(address(row, "draft/file/"), {"file": SimpleUploadedFile("x.ics", data)})
    assert page.status_code == 422 and page.context["upload"].errors["file"]
    assert draft(row).closed_names == {"2026-12-24": "Christmas Eve"}
    assert ada.post(address(row, "draft/file/"), {}).status_code == 422


@pytest.mark.parametrize("take", [[], ["x"], ["2026-13-01|X"], ["2026-01-01|a\nb"], ["2026-01-01|\u202e"]])
def test_ticks_that_no_list_has_are_refused(cast: Cast, ada: Client, take: list[str]) -> None:
    row = made(cast)
    form = ada.get(address(row, "draft/holidays/?country=ES&first=2026&last=2026")).context["form"]
    sent = {field.html_name: field.value() for field in form.hidden_fields() if field.value()}
    assert ada.post(address(row, "draft/days/"), {**sent, "take": take}).status_code == 422
    assert draft(row).closed_names == {}


def test_ticking_more_than_fits_says_so(cast: Cast, ada: Client) -> None:
    row = made(cast)
    form = ada.get(address(row, "draft/holidays/?country=ES&first=2026&last=2026")).context["form"]
    sent = {field.html_name: field.value() for field in form.hidden_fields() if field.value()}
    days = [f"20{y}-{m:02}-{d:02}|X" for y in (26, 27) for m in range(1, 13) for d in range(1, 13)][:260]
    answer = ada.post(address(row, "draft/days/"), {**sent, "take": days})
    assert answer.status_code == 422 and "250" in " ".join(answer.context["form"].non_field_errors())


# --- who, and how much ------------------------------------------------------------------------------------------------


def test_managers_read_and_administrators_edit(cast: Cast) -> None:
    row = made(cast)
    manager, agent = signed_in(cast.manager), signed_in(cast.agent)
    for path in ("/settings/calendars/", address(row)):
        page = manager.get(path)
        assert page.status_code == 200 and not page.context["tools"]
        assert agent.get(path).status_code in (403, 404)
    assert b"draft/removal" not in manager.get(address(row)).content
    seen = actions.version_of(row)
    for path in (
        NEW,
        *(address(row, f"draft/{end}") for end in ("", "removal/", "preview/", "holidays/", "file/", "days/")),
    ):
        assert manager.get(path).status_code in (403, 404, 405), path
        assert manager.post(path, {"name": "X", "mode": "new_only"}).status_code in (403, 404), path
    assert manager.post(address(row), {"name": "X"}).status_code in (403, 404)
    row.refresh_from_db()
    assert (row.name, actions.version_of(row)) == ("Madrid", seen)


def test_lists_and_pages_cost_the_same_for_many(cast: Cast, ada: Client) -> None:
    row = made(cast)
    few = [count(ada, path) for path in ("/settings/calendars/", address(row), address(row, "draft/"))]
    for n in range(4):
        made(cast, f"Desk {n}")
    assert [count(ada, path) for path in ("/settings/calendars/", address(row), address(row, "draft/"))] == few
    assert max(few) <= 12


def test_the_trail_names_the_calendar_and_what_changed(cast: Cast, ada: Client) -> None:
    row = made(cast)
    actions.save_draft(row, source(holidays=[XMAS]), by=Actor.person(cast.admin), at=clock.now())
    change = ada.get("/settings/trail/?kind=calendar").context["changes"][0]
    assert (change.subject, change.verb, change.url) == ("Madrid", "draft saved", address(row))
    assert ("25 December 2026", "–", "Christmas") in change.lines


def test_the_trail_says_the_hours_of_a_season_in_the_readers_language(cast: Cast) -> None:
    cast.admin.language = "pt"
    cast.admin.save(update_fields=["language"])
    row = made(cast)
    week = {"mon": [["08:00", "15:00"]], "tue": [["08:00", "15:00"]], "fri": [["09:00", "12:00"]]}
    summer = {"name": "mon 9: calm", "from": "2027-07-01", "to": "2027-08-31", "weekly": week}
    actions.save_draft(row, source(seasons=[summer]), by=Actor.person(cast.admin), at=clock.now())
    line = signed_in(cast.admin).get("/settings/trail/?kind=calendar").context["changes"][0].lines[-1]
    hours = "Segunda-feira, terça-feira 08:00–15:00; Sexta-feira 09:00–12:00"
    assert line[2] == f"mon 9: calm, de 1º de julho de 2027 a 31 de agosto de 2027: {hours}"
    assert calendar_words.from_trail("season.x", "→ odd") == "→ odd"


def test_no_calendar_is_not_found(cast: Cast, ada: Client) -> None:
    for place in ("", "draft/", "draft/holidays/", "draft/file/"):
        assert ada.get(f"/settings/calendars/999999/{place}").status_code == 404
