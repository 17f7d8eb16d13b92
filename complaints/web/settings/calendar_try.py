"""Try a calendar: so many working hours after an instant, when is it due, and which days count (domain, SLA 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.sla.policies import calendar_in
from complaints.sla.trial import tried
from core import languages, zones
from core.clock import now
from core.models import CalendarVersion
from core.web.fields import LocalInstant
from core.week_calendar import CalendarError, WeekCalendar


@dataclass(slots=True)
class Trial:
    """The answer: the deadline in the calendar's own zone, and the working time of each day up to it."""

    due: str
    days: list[tuple[str, str]]
    more: str = ""
    refusal: str = ""


class TryForm(forms.Form):
    """Working hours from an instant, as the calendar's own wall clock shows it."""

    version = forms.ChoiceField(label=gettext_lazy("Version"))
    start = LocalInstant(label=gettext_lazy("From"), future=True)
    hours = forms.DecimalField(
        label=gettext_lazy("Working hours"), min_value=Decimal(0), max_value=Decimal(10_000), decimal_places=2
    )

    def __init__(self, data: Any, versions: list[CalendarVersion]) -> None:
        self.versions = {str(one.number): one for one in versions}
        first = versions[0]
        self.zone = calendar_in(first).zone
        there = now().astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")
        initial = {"version": str(first.number), "start": there, "hours": Decimal(8)}
        super().__init__(data, auto_id="try_%s", initial=initial)
        self.fields["version"].choices = [  # type: ignore[attr-defined]
            (key, _("version %(number)s") % {"number": key} if one.published_at else _("draft"))
            for key, one in self.versions.items()
        ]
        self.fields["start"].help_text = _("%(city)s time") % {"city": zones.city(self.zone)}

    def answer(self) -> Trial:
        """Writes nothing. No query."""
        chosen = self.versions.get(self.data.get("version", ""))
        calendar = calendar_in(chosen) if chosen is not None else None
        with timezone.override(calendar.zone if calendar is not None else self.zone):
            valid = self.is_valid()
        if not valid or calendar is None:
            return Trial("", [], refusal=" ".join(str(said) for found in self.errors.values() for said in found))
        seconds = int(self.cleaned_data["hours"] * 3600)
        try:
            return _trial(calendar, self.cleaned_data["start"], seconds)
        except CalendarError:
            return Trial("", [], refusal=_("This lies too far away to be counted."))


def _trial(calendar: WeekCalendar, start: datetime, seconds: int) -> Trial:
    found = tried(calendar, start, seconds)
    if found.due is None:
        return Trial("", [], refusal=_("With this calendar it would never be due."))
    days = [
        (languages.day(day, weekday=True), languages.duration(done) if done else _("closed"))
        for day, done in found.days
    ]
    said = languages.moment(found.due, weekday=True, zone=calendar.zone)
    words = _("and %(n)s days more") % {"n": found.more} if found.more > 0 else ""
    return Trial(_("%(moment)s (%(city)s time)") % {"moment": said, "city": zones.city(calendar.zone)}, days, words)
