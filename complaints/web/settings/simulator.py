"""What if it had arrived Friday 16:50 by phone? Policy, clocks and ladder of a complaint nobody files (SLA 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints.models import ChannelCode, ClockKind, Severity
from complaints.sla import drafts, policies, simulate
from complaints.sla.simulate import Forecast, Question
from complaints.web.settings import choices, policy_words, sla
from complaints.web.settings.frame import show
from complaints.web.settings.policy_words import Calendars
from core import languages, working_time, zones
from core.access import ADMIN, MANAGER, allow
from core.clock import now
from core.errors import DomainError
from core.web.account import time_zones
from core.web.fields import Line
from core.week_calendar import WeekCalendar, zone
from core.working_time import TargetKind

HERE = "settings_sla"
NO_TEAM = "none"
FRIDAY, HOUR, MINUTE = 4, 16, 50
WIDTH, EDGE, SAMPLES = 900, 24, 300  # of the timeline: units of its viewBox, and how finely closed hours are drawn
LONGEST_SHADED = timedelta(days=70)  # beyond that the hours of a day are too thin to be seen


@dataclass(slots=True)
class Mark:
    """A place on a timeline. `tone`: start, step, due or late."""

    x: int
    text: str
    tone: str


@dataclass(slots=True)
class ClockLine:
    """One clock of the answer: words, ladder (percent, instant, whom), and its timeline."""

    id: str
    name: str
    target: str
    calendar: str
    due: str
    note: str = ""
    ladder: list[tuple[str, str, str]] = field(default_factory=list)
    open: list[tuple[int, int]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    width: int = WIDTH


class SimulatorForm(forms.Form):
    """A complaint that nobody files."""

    type = forms.ChoiceField(label=gettext_lazy("Type"))
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=ChannelCode.choices)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)
    tier = Line(label=gettext_lazy("Customer tier"), max_length=40, required=False)
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    received = forms.CharField(
        label=gettext_lazy("Arrives"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), max_length=32
    )
    zone = forms.ChoiceField(label=gettext_lazy("On a clock in"))
    draft = forms.BooleanField(label=gettext_lazy("By the draft"), required=False)

    def __init__(self, data: Any = None, *, has_draft: bool, initial: dict[str, Any]) -> None:
        super().__init__(data, auto_id="sim_%s", initial=initial)
        fields: Any = self.fields
        fields["type"].choices = choices.types(blank="")[1:]
        fields["team"].choices = [("", _("as routing says")), (NO_TEAM, _("none")), *choices.teams()]
        fields["zone"].choices = time_zones()
        if not has_draft:
            del self.fields["draft"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "received" in given and "zone" in given:
            try:
                given["at"] = simulate.instant_of(given["received"], given["zone"], field="received")
            except DomainError as refusal:
                self.add_error("received", str(refusal))
        return given

    @property
    def question(self) -> Question:
        given = self.cleaned_data
        team = given["team"]
        return Question(
            type_id=int(given["type"]),
            channel=given["channel"],
            severity=given["severity"],
            received_at=given["at"],
            tier=given["tier"],
            team_id=int(team) if team.isdigit() else None,
            routed=team == "",
            language=(get_language() or "")[:2],
        )


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """The form and, once asked, the answer. Writes nothing. Query cost: at most 8 beside session and user."""
    found = drafts.versions()
    start = _start(request)
    asked = "received" in request.GET
    data = {**start, **request.GET.dict()} if asked else None
    form = SimulatorForm(data, has_draft=found.draft is not None, initial=start)
    result = None
    if asked and form.is_valid():
        by_draft = bool(form.cleaned_data.get("draft"))
        book = policies.book_of(found.draft) if by_draft else policies.book()
        result = answer(form.question, book, form.cleaned_data["zone"], by_draft=by_draft)
    context = {
        "form": form,
        "result": result,
        "refusal": " ".join(str(one) for said in form.errors.values() for one in said) if form.is_bound else "",
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "settings/_simulator.html", context)
    title = _("What if it arrived …")
    return show(request, "settings/simulator.html", HERE, context, title=title)


def answer(question: Question, book: policies.Book, zone_name: str, *, by_draft: bool) -> dict[str, Any]:
    """Policy, reason and clocks in words. Query cost: 1 beside what memory lacks."""
    calendars = Calendars([book])
    found = simulate.simulate(question, book)
    arrived = question.received_at
    there = zone(zone_name)
    return {
        "arrived": _sentence(arrived, there),
        "by_draft": by_draft,
        "why": sla.why(found.complaint, question.tier, book, calendars),
        "clocks": [_clock(number, one, calendars) for number, one in enumerate(found.clocks, start=1)],
    }


def _clock(number: int, one: Forecast, calendars: Calendars) -> ClockLine:
    calendar = policies.calendar_of(one.calendar_version_id)
    version = calendars.versions.get(one.calendar_version_id)
    name = version.calendar.name if version else ""
    line = ClockLine(
        id=f"clock-{number}",
        name=_name(one),
        target=policy_words.target_words(one.target, calendars.days.get(version.calendar_id) if version else None),
        calendar=_("%(name)s, version %(number)s") % {"name": name, "number": version.number} if version else "",
        due=_due(one, calendar),
        note=_assumed(one),
    )
    for told in one.ladder:
        whom = policy_words.people(told.to)
        if told.hand_over:
            whom = _("%(people)s; handed over if its owner does nothing") % {"people": whom}
        line.ladder.append((languages.percent(told.percent), _sentence(told.at, calendar.zone), whom))
    if one.due_at is not None and not one.met_at_once:
        _draw(line, one, one.due_at, calendar)
    return line


def _name(one: Forecast) -> str:
    if one.rule is None:
        return str(ClockKind(one.kind).label)
    return _("%(clock)s: %(rule)s") % {"clock": ClockKind(one.kind).label, "rule": one.rule.name}


def _due(one: Forecast, calendar: WeekCalendar) -> str:
    if one.met_at_once:
        return _("met at once: somebody takes it live")
    if one.due_at is None:
        return _("never: the calendar does not open long enough")
    return _sentence(one.due_at, calendar.zone)


def _assumed(one: Forecast) -> str:
    if one.rule is not None and one.rule.window:
        return _("Passing it breaks no rule; it only closes an easier way.")
    if one.assumed == simulate.IF_ACKNOWLEDGED:
        return _("Begins when the case is acknowledged; shown as if that happened at the last moment.")
    if one.kind == ClockKind.UPDATE:
        return _("Begins anew with each message a person sends to the customer.")
    return ""


def _sentence(at: datetime, of: Any) -> str:
    """Friday 4 December 2026, 16:50 (Lisbon time)."""
    there = languages.local(at, of)
    said = {"moment": languages.moment(there, weekday=True, zone=of), "city": zones.city(of)}
    return _("%(moment)s (%(city)s time)") % said


# --- the timeline -----------------------------------------------------------------------------------------------------


def _draw(line: ClockLine, one: Forecast, due_at: datetime, calendar: WeekCalendar) -> None:
    """Marks from the start to the last step; open hours as spans, as far as they can be told apart."""
    end = max([due_at, *(told.at for told in one.ladder)])
    length = max(end - one.started_at, timedelta(minutes=1))

    def place(at: datetime) -> int:
        return round((at - one.started_at) / length * (WIDTH - 2 * EDGE)) + EDGE

    line.marks.append(Mark(place(one.started_at), languages.moment(one.started_at, zone=calendar.zone), "start"))
    for told in one.ladder:
        tone = "due" if told.percent == 100 else "step" if told.percent < 100 else "late"
        line.marks.append(Mark(place(told.at), languages.percent(told.percent), tone))
    if not any(mark.tone == "due" for mark in line.marks):
        line.marks.append(Mark(place(due_at), languages.percent(100), "due"))
    if one.target.kind == TargetKind.CALENDAR_DAYS or length > LONGEST_SHADED:
        line.open = [(EDGE, WIDTH - 2 * EDGE)]
        return
    step, begun = length / SAMPLES, None
    for number in range(SAMPLES + 1):
        at = one.started_at + step * number
        is_open = number < SAMPLES and working_time.is_open(calendar, at)
        if is_open and begun is None:
            begun = place(at)
        elif not is_open and begun is not None:
            line.open.append((begun, max(1, place(at) - begun)))
            begun = None


def _start(request: HttpRequest) -> dict[str, Any]:
    """What the form begins with: by phone, next Friday at ten to five, on the clock of the usual calendar."""
    book = policies.book()
    calendar = policies.calendar_of(book.newest[book.policies[-1].calendar_id])
    today = languages.local(now(), calendar.zone).date()
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    start = {
        "type": (choices.types(blank="")[1:] or [("", "")])[0][0],
        "channel": ChannelCode.PHONE.value,
        "severity": Severity.MODERATE.value,
        "tier": "",
        "team": "",
        "received": f"{friday.isoformat()}T{HOUR:02}:{MINUTE:02}",
        "zone": calendar.tz,
    }
    asked = request.GET
    return {**start, **{name: asked[name] for name in (*start, "draft") if asked.get(name)}}
