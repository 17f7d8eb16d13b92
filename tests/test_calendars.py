"""Calendars, the ground: a source and what follows of it, drafts, differences (SLA 3; E3)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.actions import sla_edits
from complaints.models import SlaEdit, SlaPolicy
from core import cached, clock, trail
from core.actions import calendars as actions
from core.actions.settings import Stale
from core.actor import Actor
from core.calendar_source import Source, SourceError, differences, hours, rows_of_text
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import Calendar, CalendarVersion
from core.week_calendar import WEEKDAYS, CalendarError, WeekCalendar
from core.working_time import Target, due_at, worked
from tests.cast import Cast, make_cast

OFFICE: dict[str, Any] = {
    "tz": "Europe/Madrid",
    "weekly": {day: [["09:00", "13:00"], ["14:00", "18:00"]] for day in WEEKDAYS[:5]},
}
SUMMER = {
    "name": "Summer",
    "from": "2027-07-01",
    "to": "2027-08-31",
    "weekly": {day: [["08:00", "15:00"]] for day in WEEKDAYS[:4]},
}
AUTUMN = {**SUMMER, "name": "Autumn", "from": "2027-08-31", "to": "2027-09-30"}
EVE = {"date": "2026-12-24", "name": "Christmas Eve", "intervals": [["09:00", "13:00"]]}
XMAS = {"date": "2026-12-25", "name": "Christmas", "intervals": []}


def source(**more: Any) -> dict[str, Any]:
    return {**OFFICE, **more}


# --- what follows of a source -----------------------------------------------------------------------------------------


def test_seasons_and_holidays_become_exceptions_and_holidays_win() -> None:
    feast = {"date": "2027-07-05", "name": "Feast", "intervals": []}
    read = Source.parse(source(seasons=[SUMMER], holidays=[XMAS, EVE, feast]))
    definition = read.definition()
    by_date = {one["date"]: one["intervals"] for one in definition["exceptions"]}
    assert by_date["2026-12-24"] == [["09:00", "13:00"]] and by_date["2026-12-25"] == []
    assert by_date["2027-07-01"] == [["08:00", "15:00"]]  # the first day is in it
    assert by_date["2027-08-31"] == [["08:00", "15:00"]]  # and the last
    assert by_date["2027-07-02"] == []  # a Friday: the season closes it
    assert by_date["2027-07-05"] == []  # a Monday, but a holiday
    assert "2027-07-03" not in by_date  # a Saturday, closed anyway
    assert "2027-06-30" not in by_date and "2027-09-01" not in by_date
    names = read.closed_names()
    assert (names["2027-07-02"], names["2027-07-05"], names["2026-12-24"]) == ("Summer", "Feast", "Christmas Eve")
    assert "2027-07-01" not in names
    assert WeekCalendar.parse(definition) == read.calendar()
    assert Source.parse(read.as_json()) == read


def test_the_arithmetic_follows_the_source() -> None:
    calendar = Source.parse(source(seasons=[SUMMER], holidays=[XMAS, EVE])).calendar()
    madrid = ZoneInfo("Europe/Madrid")
    start = datetime(2026, 12, 23, 17, 0, tzinfo=madrid)
    # One hour on Wednesday, four on the half-day, none on Christmas and the weekend, three on Monday.
    assert due_at(calendar, start, Target.seconds(8 * 3600)) == datetime(2026, 12, 28, 12, 0, tzinfo=madrid)
    week = datetime(2027, 7, 5, tzinfo=madrid)
    assert worked(calendar, week, week + timedelta(days=7)) == 4 * 7 * 3600


@pytest.mark.parametrize(
    ("bad", "code", "place"),
    [
        ([], "bad_calendar", ""),
        ({"tz": "Mars/Olympus", "weekly": {}}, "unknown_zone", "tz"),
        ({"tz": ["UTC"], "weekly": {}}, "unknown_zone", "tz"),
        ({"tz": "UTC"}, "never_opens", "weekly"),
        (source(weekly={}), "never_opens", "weekly"),
        (source(weekly={}, seasons=[SUMMER], holidays=[EVE]), "never_opens", "weekly"),
        (source(weekly={"mon": [["09:00", "09:00"]]}), "empty_interval", "weekly.mon"),
        (source(weekly={"mon": [["09:00", "12:00"], ["11:59", "13:00"]]}), "overlap", "weekly.mon"),
        (source(weekly={"mon": [["22:00", "06:00"], ["23:00", "23:30"]]}), "overlap", "weekly.mon"),
        (source(weekly={"mon": [["24:00", "01:00"]]}), "bad_reading", "weekly.mon"),
        (source(weekly={"mon": [["9:00", "12:00"]]}), "bad_reading", "weekly.mon"),
        (source(weekly={"mon": [["23:60", "23:70"]]}), "bad_reading", "weekly.mon"),
        (source(weekly={"mon": [[9, 12]]}), "bad_reading", "weekly.mon"),
        (source(weekly={"mon": [["09:00"]]}), "bad_interval", "weekly.mon"),
        (source(weekly={"mon": "09:00-12:00"}), "bad_interval", "weekly.mon"),
        (source(weekly={"mon": [[f"{h:02}:00", f"{h:02}:30"] for h in range(13)]}), "too_many_rows", "weekly.mon"),
        (source(weekly={"monday": []}), "unknown_field", "weekly.monday"),
        (source(weekly=[]), "bad_weekly", "weekly"),
        (source(closed=True), "unknown_field", "closed"),
        (source(seasons={}), "bad_seasons", "seasons"),
        (source(seasons=[{**SUMMER, "to": "2027-06-30"}]), "backwards", "seasons.0.to"),
        (source(seasons=[SUMMER, AUTUMN]), "seasons_overlap", "seasons.1.from"),
        (source(seasons=[{**SUMMER, "from": "2027-01-01", "to": "2037-01-02"}]), "seasons_too_long", "seasons.0.to"),
        (
            source(seasons=[{**SUMMER, "from": f"20{y}-01-01", "to": f"20{y + 9}-12-31"} for y in (30, 40)]),
            "seasons_too_long",
            "seasons",
        ),
        (source(seasons=[SUMMER] * 13), "too_many_seasons", "seasons"),
        (source(seasons=[{**SUMMER, "from": "2027-02-29"}]), "bad_date", "seasons.0.from"),
        (source(seasons=[{**SUMMER, "weekly": {"tue": [["8", "9"]]}}]), "bad_reading", "seasons.0.weekly.tue"),
        (source(holidays=[XMAS, XMAS]), "duplicate_date", "holidays.1.date"),
        (source(holidays=[{"name": "No date"}]), "bad_date", "holidays.0.date"),
        (source(holidays=[{**XMAS, "date": 20261225}]), "bad_date", "holidays.0.date"),
        (source(holidays=[{**XMAS, "name": "x" * 81}]), "bad_name", "holidays.0.name"),
        (source(holidays=[{**XMAS, "name": "a\x00b"}]), "bad_name", "holidays.0.name"),
        (source(holidays=[{**XMAS, "closed": True}]), "unknown_field", "holidays.0.closed"),
        (source(holidays=["2026-12-25"]), "bad_holidays", "holidays.0"),
        (source(holidays=[XMAS] * 251), "too_many_holidays", "holidays"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_place(bad: Any, code: str, place: str) -> None:
    with pytest.raises(SourceError) as refused:
        Source.parse(bad)
    assert (refused.value.code, refused.value.place) == (code, place)
    assert actions.words_of(refused.value)


def test_touching_rows_a_whole_day_and_a_night_shift_are_fine() -> None:
    weekly = {"mon": [["00:00", "24:00"]], "tue": [["09:00", "12:00"], ["12:00", "13:00"]], "wed": [["22:00", "06:00"]]}
    assert Source.parse(source(weekly=weekly)).as_json()["weekly"] == weekly


rows = st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=3).map(
    lambda found: [[f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}"] for a, b in found]
)


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(WEEKDAYS, rows)), rows, st.integers(0, 60))
def test_a_definition_without_a_source_is_shown_as_it_counts(weekly: Any, exception: Any, day: int) -> None:
    """Whatever SCHEMA.md allows, the editor's source of it opens at the same instants."""
    on = (date(2026, 3, 1) + timedelta(days=day)).isoformat()
    definition = {"tz": "Europe/Madrid", "weekly": weekly, "exceptions": [{"date": on, "intervals": exception}]}
    try:
        written = WeekCalendar.parse(definition)
    except CalendarError:
        return
    shown = Source.of_definition(definition, {on: "Fiesta"}).calendar()
    start = datetime(2026, 2, 20, tzinfo=UTC)
    for n in range(0, 80 * 24, 7):
        end = start + timedelta(hours=n)
        assert worked(written, start, end) == worked(shown, start, end)


names = ["tz", "weekly", "seasons", "holidays", "mon", "from", "to", "date", "name", "intervals"]
nonsense: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(nonsense)
def test_nothing_but_a_clear_refusal_comes_of_nonsense(data: Any) -> None:
    try:
        Source.parse(data)
    except SourceError as error:
        assert error.code and actions.words_of(error)
    if isinstance(data, dict):
        try:
            Source.parse({**OFFICE, **data})
        except SourceError as error:
            assert error.code


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("09:00-12:00, 13:00-18:00", [["09:00", "12:00"], ["13:00", "18:00"]]),
        (" 9 – 12 ; 13.30—18 ", [["09:00", "12:00"], ["13:30", "18:00"]]),
        ("22:00-06:00", [["22:00", "06:00"]]),
        ("0-24", [["00:00", "24:00"]]),
    ],
)
def test_hours_are_read_as_people_type_them(text: str, found: Any) -> None:
    assert rows_of_text(text, "mon") == found


@pytest.mark.parametrize("text", ["nine to five", "09:00", "09:00-12:00-13:00", "9:5-10", "-", "123-4"])
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(SourceError) as refused:
        rows_of_text(text, "mon")
    assert (refused.value.code, refused.value.place) == ("bad_reading", "mon")


def test_hours_are_written_as_they_are_read() -> None:
    read = Source.parse(source(weekly={"mon": [["00:00", "24:00"]], "tue": [["09:00", "12:00"], ["22:00", "06:00"]]}))
    for place, each in zip(WEEKDAYS, read.weekly, strict=True):
        assert rows_of_text(hours(each), place) == read.as_json()["weekly"].get(place, [])


def test_differences_name_what_changed_and_nothing_else() -> None:
    before = Source.parse(source(holidays=[XMAS]))
    after = Source.parse(
        {**source(holidays=[EVE], seasons=[SUMMER]), "weekly": {**OFFICE["weekly"], "sat": [["10:00", "12:00"]]}}
    )
    assert [place for place, _old, _new in differences(before, after)] == [
        "weekly.sat", "season.2027-07-01", "holiday.2026-12-24", "holiday.2026-12-25",
    ]  # fmt: skip
    assert ("weekly.sat", "", "10:00-12:00") in differences(before, after)
    assert differences(after, after) == []


# --- drafts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cast(db: Any) -> Cast:
    cached.clear_all()
    return make_cast()


def who(cast: Cast, at: datetime | None = None) -> dict[str, Any]:
    return {"by": Actor.person(cast.admin), "at": at or clock.now()}


def test_a_new_calendar_is_a_draft_that_governs_nothing(cast: Cast) -> None:
    made = actions.create_calendar("  Madrid   desk ", source(holidays=[EVE]), **who(cast))
    assert made.name == "Madrid desk"
    (version,) = CalendarVersion.objects.filter(calendar=made)
    assert (version.number, version.published_at) == (1, None)
    assert version.source == Source.parse(source(holidays=[EVE])).as_json()
    assert version.definition == Source.parse(source(holidays=[EVE])).definition()
    assert version.closed_names == {"2026-12-24": "Christmas Eve"}
    assert [entry.kind for entry in trail.of(made)] == ["calendar.created", "calendar.draft_saved"]
    assert actions.version_of(made) == 2
    with pytest.raises(InvalidInput) as refused:
        actions.create_calendar("Madrid desk", source(), **who(cast))
    assert refused.value.field == "name"


def test_an_edit_of_what_is_in_force_is_one_draft_beside_it(cast: Cast) -> None:
    office = (
        Calendar.objects.get(name="Office hours")
        if Calendar.objects.filter(name="Office hours")
        else Calendar.objects.first()
    )
    assert office is not None
    in_force = CalendarVersion.objects.get(calendar=office)
    before = json.dumps(in_force.definition)
    first = actions.save_draft(office, source(), **who(cast))
    again = actions.save_draft(office, source(holidays=[XMAS]), **who(cast))
    assert (first.pk, again.number) == (again.pk, in_force.number + 1)
    in_force.refresh_from_db()
    assert json.dumps(in_force.definition) == before and in_force.published_at is not None
    entries = list(trail.of(office))
    assert [entry.kind for entry in entries] == ["calendar.draft_saved"] * 2
    assert json.loads(entries[1].body) == {"holiday.2026-12-25": ["", "Christmas"], "number": again.number}
    assert actions.save_draft(office, source(holidays=[XMAS]), **who(cast)).pk == again.pk
    assert trail.of(office).count() == 2  # nothing changed, nothing is written


def test_a_stale_draft_is_refused_and_nothing_is_lost(cast: Cast) -> None:
    made = actions.create_calendar("Madrid", source(), **who(cast))
    seen = actions.version_of(made)
    actions.save_draft(made, source(holidays=[XMAS]), expected=seen, **who(cast))
    for late in (
        lambda: actions.save_draft(made, source(holidays=[EVE]), expected=seen, **who(cast)),
        lambda: actions.discard_draft(made, expected=seen, **who(cast)),
        lambda: actions.change_calendar(made, {"name": "Other"}, expected=seen, **who(cast)),
    ):
        with pytest.raises(Stale):
            late()
    draft = actions.draft_of(made)
    assert draft is not None and draft.closed_names == {"2026-12-25": "Christmas"}


def test_discarding_takes_the_draft_and_its_previews(cast: Cast) -> None:
    office = Calendar.objects.order_by("pk")[0]
    draft = actions.save_draft(office, source(), **who(cast))
    edit = sla_edits.preview(calendar_version=draft, mode="new_only", **who(cast))
    actions.discard_draft(office, **who(cast))
    assert actions.draft_of(office) is None and not SlaEdit.objects.filter(pk=edit.pk).exists()
    assert CalendarVersion.objects.filter(calendar=office, published_at__isnull=False).count() == 1
    assert [entry.kind for entry in trail.of(office)][-1] == "calendar.draft_discarded"
    with pytest.raises(actions.NoDraft):
        actions.discard_draft(office, **who(cast))


def test_a_published_draft_is_in_force_and_the_next_edit_is_a_new_one(cast: Cast) -> None:
    made = actions.create_calendar("Madrid", source(), **who(cast))
    draft = actions.draft_of(made)
    edit = sla_edits.preview(calendar_version=draft, mode="new_only", **who(cast))
    sla_edits.apply(edit, **who(cast))
    assert actions.draft_of(made) is None
    seen = actions.version_of(made)
    following = actions.save_draft(made, source(seasons=[SUMMER]), expected=seen, **who(cast))
    assert following.number == 2 and following.pk != draft.pk


def test_a_preview_of_what_was_edited_since_is_not_applied(cast: Cast) -> None:
    made = actions.create_calendar("Madrid", source(), **who(cast))
    edit = sla_edits.preview(calendar_version=actions.draft_of(made), mode="new_only", **who(cast))
    actions.save_draft(made, source(holidays=[XMAS]), **who(cast))
    with pytest.raises(sla_edits.DraftChanged):
        sla_edits.apply(edit, **who(cast))


def test_what_a_policy_counts_by_does_not_rest(cast: Cast) -> None:
    used = SlaPolicy.objects.select_related("calendar").order_by("-position")[0].calendar
    with pytest.raises(actions.StillUsed) as refused:
        actions.change_calendar(used, {"is_active": False}, **who(cast))
    assert refused.value.status == 409 and SlaPolicy.objects.filter(calendar=used)[0].name in str(refused.value)
    free = actions.create_calendar("Spare", source(), **who(cast))
    assert actions.change_calendar(free, {"is_active": False}, **who(cast)).is_active is False
    assert actions.change_calendar(free, {"is_active": True, "name": "Spare one"}, **who(cast)).name == "Spare one"
    assert [entry.kind for entry in trail.of(free)][-2:] == ["calendar.changed"] * 2


@pytest.mark.parametrize("role", ["agent", "lead", "manager"])
def test_only_administrators_write(cast: Cast, role: str) -> None:
    by = {"by": Actor.person(getattr(cast, role)), "at": clock.now()}
    office = Calendar.objects.order_by("pk")[0]
    for attempt in (
        lambda: actions.create_calendar("Mine", source(), **by),
        lambda: actions.save_draft(office, source(), **by),
        lambda: actions.discard_draft(office, **by),
        lambda: actions.change_calendar(office, {"name": "Mine"}, **by),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert CalendarVersion.objects.filter(published_at__isnull=True).count() == 0


def test_a_refused_source_writes_nothing(cast: Cast) -> None:
    before = Calendar.objects.count()
    with pytest.raises(DomainError) as refused:
        actions.create_calendar("Never", source(weekly={}), **who(cast))
    assert (refused.value.code, refused.value.status, refused.value.field) == ("never_opens", 400, "source.weekly")
    assert Calendar.objects.count() == before
