"""Holidays to tick: of a country, or of a calendar file; what is ticked goes into the draft (domain, SLA 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints.web.settings.calendar_form import newest_of
from complaints.web.settings.calendars import HERE, find
from complaints.web.settings.editing import SettingsForm, carry_out
from complaints.web.settings.frame import show
from core import holiday_files, holidays_of, languages
from core.access import ADMIN, allow
from core.actions import calendars as actions
from core.calendar_source import Source
from core.clock import now
from core.errors import InvalidInput
from core.holidays_of import FIRST_YEAR, LAST_YEAR, Found
from core.models import Calendar, CalendarVersion
from core.web.fields import PlainSelect, plain
from core.web.parts import Link
from core.week_calendar import CalendarError

_TAKEN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\|(.{0,80})")
WORDS: dict[str, Promise] = {
    "unknown_country": gettext_lazy("No holidays are known of this country."),
    "unknown_subdivision": gettext_lazy("No holidays are known of this part of the country."),
    "bad_years": gettext_lazy("Ten years at most, from 2000 to 2100, the first one not after the last."),
    "too_large": gettext_lazy("The file is too large: a calendar file has at most 1 MB."),
    "not_a_calendar": gettext_lazy("This is no calendar file. Export one as iCalendar (.ics)."),
    "too_many_entries": gettext_lazy("The file has more than 2000 entries. Export fewer years."),
    "too_many_days": gettext_lazy("The file has more than 500 days from this year on. Export fewer years."),
    "nothing_found": gettext_lazy("The file has no whole-day entries from this year on."),
}


class Days(forms.MultipleChoiceField):
    """Ticked days as date|name. What can be ticked is what was shown; what is sent need only be readable."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: Any) -> bool:
        return _read(str(value)) is not None


class TakeForm(SettingsForm):
    """The list to tick; `found` what is offered, ticked unless the draft has the date."""

    ids = "take_%s"
    take = Days(label=gettext_lazy("Days to add"))

    def __init__(self, data: Any = None, *, row: Calendar, found: Iterable[Found] = ()) -> None:
        self.found = list(found)
        super().__init__(data, row=row)

    def build(self) -> None:
        source = source_of(self.row)
        known = {one.day for one in source.holidays} if source else set()
        if self.is_bound:
            sent = self.data.getlist("take") if hasattr(self.data, "getlist") else []
            self.found = [one for one in (_read(text) for text in sent[:1000]) if one is not None]
        self.fields["take"].choices = [(f"{one.day.isoformat()}|{one.name}", _label(one, known)) for one in self.found]  # type: ignore[attr-defined]
        self.fresh = [f"{one.day.isoformat()}|{one.name}" for one in self.found if one.day not in known]

    def start(self, row: Any) -> dict[str, Any]:
        return {"take": self.fresh}

    def also(self) -> str:
        return str(actions.version_of(self.row)) if isinstance(self.row, Calendar) else ""

    def compare(self, stored: SettingsForm) -> None:
        """Days are added to whatever is stored: there is nothing to compare."""

    def joined(self) -> dict[str, Any]:
        """The draft's source with the ticked days; a date that it has keeps its hours and takes the name."""
        source = source_of(self.row)
        if source is None:
            raise InvalidInput(_("Write the hours of the week first."), code="no_hours")
        data = source.as_json()
        by_date = {one["date"]: one for one in data["holidays"]}
        for text in self.cleaned_data["take"]:
            if (one := _read(text)) is not None:
                day = one.day.isoformat()
                by_date[day] = {"intervals": [], **by_date.get(day, {}), "date": day, "name": one.name}
        return {**data, "holidays": [by_date[day] for day in sorted(by_date)]}


class CountryForm(forms.Form):
    """Which holidays: a country, a part of it once a country is chosen, and years."""

    country = forms.ChoiceField(label=gettext_lazy("Country"), widget=PlainSelect)
    part = forms.ChoiceField(label=gettext_lazy("Part of the country"), required=False, widget=PlainSelect)
    first = forms.IntegerField(label=gettext_lazy("First year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)
    last = forms.IntegerField(label=gettext_lazy("Last year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)

    def __init__(self, data: Any = None) -> None:
        year = languages.local(now()).year
        super().__init__(data, auto_id="of_%s", initial={"first": year, "last": year + 1})
        self.fields["country"].choices = [("", _("choose")), *holidays_of.countries()]  # type: ignore[attr-defined]
        chosen = self.data.get("country", "")
        parts = holidays_of.subdivisions(chosen) if chosen in dict(holidays_of.countries()) else []
        self.fields["part"].choices = [("", _("the whole country")), *parts]  # type: ignore[attr-defined]
        if not parts:
            del self.fields["part"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                given["found"] = holidays_of.public_holidays(
                    given["country"], given.get("part", ""), given["first"], given["last"]
                )
            except CalendarError as error:
                self.add_error("last" if error.code == "bad_years" else None, str(WORDS[error.code]))
        return given


class FileForm(forms.Form):
    """A calendar file to read."""

    file = forms.FileField(
        label=gettext_lazy("Calendar file"), max_length=200, allow_empty_file=True,
        help_text=gettext_lazy("iCalendar (.ics), at most 1 MB; whole-day entries only, yearly ones for ten years"),
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
    )  # fmt: skip


@require_safe
@allow(ADMIN)
def of_country(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """The public holidays of a country to tick. Writes nothing. Query cost: 4 beside session and user."""
    one = find(calendar_id)
    form = CountryForm(_asked(request) if "country" in request.GET else None)
    found: list[Found] = form.cleaned_data.get("found", []) if form.is_bound and form.is_valid() else []
    context = {"ask": form, "none": form.is_bound and form.is_valid() and not found}
    return _offer(request, one, found, context, "country")


@allow(ADMIN)
def of_file(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """The whole-day entries of a file to tick. Writes nothing."""
    one = find(calendar_id)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    reading, status = holiday_files.Reading(), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                file = form.cleaned_data["file"]
                reading = holiday_files.read(
                    file.read(holiday_files.MAX_BYTES + 1), today=languages.local(now()).date()
                )
                status = 200
            except CalendarError as error:
                form.add_error("file", str(WORDS[error.code]))
    context = {"upload": form, "left_out": _left_out(reading)}
    return _offer(request, one, reading.found, context, "file", status=status)


@require_POST
@allow(ADMIN)
def add(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """Put the ticked days into the draft, making it if there is none."""
    one = find(calendar_id)
    form = TakeForm(request.POST, row=one)

    def run(**who: Any) -> CalendarVersion:
        return actions.save_draft(one, form.joined(), **who)

    go = reverse("settings_calendar_draft", args=[one.pk]) + "#holidays"
    n = len(request.POST.getlist("take"))
    done = ngettext("%(n)s day added to the draft", "%(n)s days added to the draft", n) % {"n": n}
    if answer := carry_out(request, form, run, done=done, go=go):
        return answer
    return _show(request, one, form, {}, "", form.http_status)


def _offer(
    request: HttpRequest, one: Calendar, found: list[Found], context: dict[str, Any], tab: str, *, status: int = 200
) -> HttpResponse:
    return _show(request, one, TakeForm(row=one, found=found) if found else None, context, tab, status)


def _show(
    request: HttpRequest, one: Calendar, form: TakeForm | None, context: dict[str, Any], tab: str, status: int
) -> HttpResponse:
    tabs = [
        Link(_("Public holidays"), reverse("settings_calendar_holidays", args=[one.pk]), current=tab == "country"),
        Link(_("Calendar file"), reverse("settings_calendar_file", args=[one.pk]), current=tab == "file"),
    ]
    context = {
        **context,
        "form": form,
        "tabs": tabs,
        "add_url": reverse("settings_calendar_days", args=[one.pk]),
        "back": Link(_("Back to the draft"), reverse("settings_calendar_draft", args=[one.pk])),
    }
    title = _("Holidays for %(name)s") % {"name": one.name}
    return show(request, "settings/calendar_holidays.html", HERE, context, title=title, status=status)


def source_of(calendar: Any) -> Source | None:
    """What the draft holds, else what is in force. Query cost: 1 or 2."""
    version = actions.draft_of(calendar) or newest_of(calendar)
    return actions.source_of(version) if version is not None else None


def _label(one: Found, known: set[Any]) -> str:
    said = f"{languages.day(one.day, weekday=True)}, {one.name}" if one.name else languages.day(one.day, weekday=True)
    return f"{said} · {_('in the draft already')}" if one.day in known else said


def _left_out(reading: holiday_files.Reading) -> list[str]:
    found = []
    if reading.timed:
        words = ngettext(
            "%(n)s entry with a time of day was left out.", "%(n)s entries with a time of day were left out.",
            reading.timed,
        )  # fmt: skip
        found.append(words % {"n": reading.timed})
    if reading.unread:
        words = ngettext(
            "%(n)s entry could not be understood and was left out.",
            "%(n)s entries could not be understood and were left out.",
            reading.unread,
        )
        found.append(words % {"n": reading.unread})
    return found


def _asked(request: HttpRequest) -> dict[str, str]:
    """What was asked for; a part of the country chosen before is forgotten."""
    asked = {name: str(value) for name, value in request.GET.items()}
    known = asked["country"] in dict(holidays_of.countries())
    parts = dict(holidays_of.subdivisions(asked["country"])) if known else {}
    return {**asked, "part": asked.get("part", "") if asked.get("part") in parts else ""}


def _read(text: str) -> Found | None:
    """A ticked value; None for what none of our lists has."""
    found = _TAKEN.fullmatch(text)
    if found is None:
        return None
    try:
        return Found(date.fromisoformat(found[1]), plain(found[2], keep=""))
    except (ValueError, ValidationError):
        return None
