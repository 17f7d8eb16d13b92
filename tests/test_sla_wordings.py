"""How the settings speak of deadlines: one wording for a duration, labels that say what happens (SLA 3, 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import policies as actions
from complaints.actions import sla_edits
from complaints.models import Clock, SlaVersion
from complaints.web.one import clockfacts
from core import clock
from core.actions import calendars
from core.actor import Actor
from core.models import Calendar
from tests.cast import MONDAY, Cast, make_cast, two_clocks_only
from tests.policies import DRAFT, of, path_of, press, text, worked
from tests.test_settings_people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    two_clocks_only()
    return make_cast()


@pytest.fixture
def ada(cast: Cast) -> Client:
    return signed_in(cast.admin)


@pytest.fixture
def who(cast: Cast) -> dict[str, Any]:
    return {"by": Actor.person(cast.admin), "at": clock.now()}


@pytest.fixture
def draft(who: dict[str, Any]) -> SlaVersion:
    return actions.begin_draft(**who)


def test_a_target_is_told_in_working_days_wherever_it_stands(cast, ada, who, draft):
    """The office is there nine hours a day: 45 hours are 5 days, in the settings as on their trail and in the hover."""
    last = of(draft)[-1]
    actions.change_policy(last, {"targets": {"acknowledge": worked(4), "resolve": worked(54)}}, **who)
    assert "Resolve: 5 d → 6 d" in text(ada, DRAFT)
    (line,) = _lines(ada, "changed in the draft")
    assert line[1:] == ("Acknowledge: 4 h, Resolve: 5 d", "Acknowledge: 4 h, Resolve: 6 d")
    actions.add_policy(draft, {"name": "Gold", "tier": "gold", "calendar": last.calendar,
                               "targets": {"resolve": worked(45)}}, **who)  # fmt: skip
    assert ("targets", "", "Resolve: 5 d") in _lines(ada, "added to the draft")
    with clock.frozen(MONDAY):
        case = cast.complaint(channel="email")
    at = MONDAY + timedelta(hours=1)
    with clock.frozen(at):
        edit = sla_edits.preview(sla_version=draft, mode="from_now", by=who["by"], at=at)
        sla_edits.apply(edit, by=who["by"], at=at)
    own = Clock.objects.get(complaint=case, kind="resolve")
    (changed,) = clockfacts._changes(list(own.events.order_by("pk")), {}, at)
    assert "6 d of working time instead of 5 d of working time" in changed


def test_the_trail_of_a_policy_with_another_calendar_counts_each_by_its_own(cast, ada, who, draft):
    half = {"tz": "Europe/Lisbon", "weekly": {"mon": [["09:00", "12:00"]]}, "holidays": []}
    mornings = calendars.create_calendar("Mornings", half, **who)
    sla_edits.apply(sla_edits.preview(calendar_version=calendars.draft_of(mornings), mode="new_only", **who), **who)
    given = {"targets": {"resolve": worked(9)}, "calendar": Calendar.objects.get(pk=mornings.pk)}
    actions.change_policy(of(draft)[-1], given, **who)
    assert ("targets", "Acknowledge: 4 h, Resolve: 5 d", "Resolve: 3 d") in _lines(ada, "changed in the draft")


def test_entries_that_do_not_say_by_which_calendar_are_told_in_hours(cast, ada, draft, who):
    actions._note(draft, "policy_changed", of(draft)[-1], {"targets": [
        {"resolve": worked(45)}, {"resolve": worked(54)},
    ]}, **who)  # fmt: skip
    assert ("targets", "Resolve: 45 h", "Resolve: 54 h") in _lines(ada, "changed in the draft")


def test_a_number_too_large_for_its_unit_is_refused_at_its_field(cast, ada, draft):
    one = of(draft)[0]
    shown = ada.get(path_of(one)).context["form"]
    sent = {field.html_name: field.value() for field in shown if field.value() not in (None, False)}
    for unit, most in (("hours", "888,888"), ("minutes", "53,333,333"), ("calendar_days", "36,600")):
        answer = press(ada, path_of(one), **{**sent, "resolve_amount": "1000000000", "resolve_unit": unit})
        form = answer.context["form"]
        assert answer.status_code == 422 and not form.non_field_errors()
        assert form.errors["resolve_amount"] == [f"At most {most}: a hundred years."], unit


def test_a_new_calendar_begins_in_the_zone_of_the_house(cast, ada, settings):
    settings.TIME_ZONE = "Europe/Lisbon"
    form = ada.get("/settings/calendars/new/").context["form"]
    assert form["tz"].value() == "Europe/Lisbon"
    page = text(ada, "/settings/calendars/new/")
    assert '<option value="Europe/Lisbon" selected' in page and '<option value="UTC" selected' not in page


def test_the_choices_say_what_happens_to_open_complaints(cast, ada, who, draft):
    edit = sla_edits.preview(sla_version=draft, mode="from_now", **who)
    told = [(option.value, option.label) for option in ada.get(f"/settings/sla/edits/{edit.pk}/").context["modes"]]
    assert told == [
        ("new_only", "New complaints only"), ("from_now", "Open complaints too, counted from their receipt"),
    ]  # fmt: skip
    office = Calendar.objects.get(name="Office hours")
    hours = {"tz": "Europe/Lisbon", "weekly": {"mon": [["09:00", "12:00"]]}, "holidays": []}
    calendars.save_draft(office, hours, **who)
    page = text(ada, f"/settings/calendars/{office.pk}/")
    for label in ("New complaints only", "Open complaints too, from now on",
                  "Open complaints too, counted from their receipt"):  # fmt: skip
        assert label in page


def _lines(client: Client, verb: str) -> list[tuple[str, str, str]]:
    """The lines about targets of the entries with this verb on the settings' trail."""
    changes = client.get("/settings/trail/?kind=slaversion").context["changes"]
    return [line for change in changes if change.verb == verb for line in change.lines if line[0] == "targets"]
