"""Rule packs: what the law sets, installed with one click (domain, Regulated handling)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import pack_calendars
from complaints.actions import packs as actions
from complaints.models import ChannelCode, RulePack
from complaints.reference import catalogue
from complaints.sla import pack_files, policies
from complaints.sla.pack_files import TEXTS, PackFile
from complaints.sla.pack_texts import FACTS
from complaints.sla.packs import said
from complaints.web.names import teams
from complaints.web.one import forms as case_forms
from complaints.web.one.clockfacts import target
from complaints.web.settings import choices
from complaints.web.settings.editing import SettingsForm, act, carry_out
from complaints.web.settings.frame import show
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.clock import now
from core.models import Calendar
from core.web.fields import Line, LocalInstant, PlainSelect
from core.web.parts import Chip
from core.week_calendar import WeekCalendar
from core.working_time import TargetKind

HERE = "settings_packs"
PLACE = "country:"  # before a place among the choices of a calendar


@dataclass(slots=True)
class PackRow:
    """One pack as `settings/packs.html` shows it. `form`: to install it, for administrators."""

    code: str
    name: str
    about: str
    where: str
    edition: str
    source: dict[str, str]
    clocks: list[tuple[str, str, str]]
    texts: list[tuple[str, str]]
    requires: list[str]
    chips: list[Chip] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    newer: str = ""
    form: InstallForm | None = None
    install_url: str = ""
    remove_url: str = ""
    update_url: str = ""


class InstallForm(SettingsForm):
    """The choices of an installation. As they stand, a click on the button is enough."""

    calendar = forms.ChoiceField(label=gettext_lazy("Business days by"), widget=PlainSelect)
    time_zone = Line(
        label=gettext_lazy("Time zone of a new calendar"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("left blank: that of its country; otherwise such as Europe/London"),
    )
    in_force_at = LocalInstant(
        label=gettext_lazy("For complaints received from"),
        required=False,
        future=True,
        help_text=gettext_lazy("the day from which the law holds, unless you choose a later moment"),
    )
    types = forms.MultipleChoiceField(
        label=gettext_lazy("Types"), required=False, widget=forms.SelectMultiple(attrs={"size": 4})
    )
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Channels"), required=False, widget=forms.CheckboxSelectMultiple, choices=ChannelCode.choices
    )
    tiers = Line(
        label=gettext_lazy("Tiers"), required=False, help_text=gettext_lazy("of the customer, separated by commas")
    )
    teams = forms.MultipleChoiceField(label=gettext_lazy("Teams"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Any = None, *, pack: PackFile) -> None:
        self.pack = pack
        self.ids = f"id_{pack.code}_%s"
        super().__init__(data)

    def build(self) -> None:
        newest = policies.book().newest
        known = [
            (str(pk), f"{name} ({pack_calendars.said_of(policies.calendar_of(newest[pk]))})")
            for pk, name in Calendar.objects.filter(is_active=True).values_list("pk", "name")
            if pk in newest
        ]
        made = [
            (PLACE + place, _made(name, self.pack.zones[place], place))
            for name, place in sorted((pack_calendars.country_name(one), one) for one in self.pack.countries)
        ]
        self.fields["calendar"].choices = [*known, *made]  # type: ignore[attr-defined]
        self.fields["calendar"].initial = str(pack_calendars.default().pk)
        self.fields["types"].choices = case_forms.type_choices()  # type: ignore[attr-defined]
        found = choices.teams()
        if found:
            self.fields["teams"].choices = found  # type: ignore[attr-defined]
        else:
            del self.fields["teams"]
        for name, value in self.pack.definition.get("values", {}).items():
            self.fields[f"given_{name}"] = Line(
                label=said(value["name"]), required=False, max_length=actions.LONGEST,
                help_text=_("in texts; left blank: %(default)s") % {"default": said(value["default"])},
            )  # fmt: skip

    @property
    def values(self) -> dict[str, Any]:
        given = super().values
        chosen: str = given["calendar"]
        place = chosen.removeprefix(PLACE) if chosen.startswith(PLACE) else ""
        tiers = [text.strip() for text in given["tiers"].split(",") if text.strip()]
        return {
            "calendar": None if place else Calendar.objects.get(pk=chosen),
            "country": place,
            "time_zone": given["time_zone"] if place else "",
            "in_force_at": given["in_force_at"],
            "conditions": {
                "types": given["types"],
                "channels": given["channels"],
                "tiers": tiers,
                "teams": [int(pk) for pk in given.get("teams", ())],
            },
            "given": {name.removeprefix("given_"): text for name, text in given.items() if name.startswith("given_")},
        }


def _made(country: str, tz: str, place: str) -> str:
    said = pack_calendars.zone_and_holidays(tz, _count(place, now().year))
    words = {"country": country, "zone_and_holidays": said}
    return _("a new one without the public holidays of %(country)s (%(zone_and_holidays)s)") % words


@lru_cache(maxsize=256)
def _count(place: str, year: int) -> int:
    """How many holidays a calendar made now would leave out."""
    return len(pack_calendars.holidays_in(place, year))


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """Packs that are shipped, those installed first. Query cost: 3 beside session and user, and 2 for each form."""
    return _page(request)


def _page(request: HttpRequest, refused: InstallForm | None = None) -> HttpResponse:
    installed = {one.code: one for one in RulePack.objects.filter(removed_at__isnull=True).select_related("calendar")}
    may_change = ADMIN in request.user.roles  # type: ignore[union-attr]
    rows = [_row(one, installed.get(one.code), may_change=may_change, refused=refused) for one in pack_files.shipped()]
    rows.sort(key=lambda row: (row.code not in installed, row.name.casefold()))
    context = {
        "packs": rows,
        "may_change": may_change,
        "form": refused,
        "lead": _(
            "A rule pack adds the deadlines of a law to complaints that are written down once it is installed, with "
            "the texts and fields it asks for; a letter that came in before has them from the day it came. No pause "
            "moves them. Complaints that are here already keep their clocks."
        ),
    }
    return show(request, "settings/packs.html", HERE, context, status=refused.http_status if refused else 200)


def _row(pack: PackFile, found: RulePack | None, *, may_change: bool, refused: InstallForm | None) -> PackRow:
    told = found.definition if found else pack.definition
    row = PackRow(
        code=pack.code,
        name=said(told["name"]),
        about=said(told["about"]),
        where=said(told["jurisdiction"]),
        edition=languages.day(date.fromisoformat(told["edition"])),
        source={**told["source"], "since": languages.day(date.fromisoformat(told["source"]["in_force_on"]))},
        clocks=[_clock(one) for one in told["rules"]],
        texts=[(said(one["name"]), said(one["body"])) for one in told.get("texts", ())],
        requires=_required(told),
    )
    if found is None:
        if may_change:
            mine = refused is not None and refused.pack.code == pack.code
            row.form = refused if mine else InstallForm(pack=pack)
            row.install_url = reverse("settings_pack_install", args=[pack.code])
        return row
    ahead = found.in_force_at > now()
    row.chips = [
        Chip(_("from %(when)s") % {"when": languages.moment(found.in_force_at)} if ahead else _("in force"), "ok")
    ]
    row.facts = _facts(found)
    if _without_holidays(found):
        row.chips.append(Chip(_("no public holidays in its calendar"), "risk"))
    if pack.edition > found.edition:
        row.newer = languages.day(date.fromisoformat(pack.edition))
        row.chips.append(Chip(_("newer edition"), "risk"))
    if may_change:
        row.remove_url = reverse("settings_pack_remove", args=[found.pk])
        row.update_url = reverse("settings_pack_update", args=[found.pk]) if row.newer else ""
    return row


def _clock(rule: dict[str, Any]) -> tuple[str, str, str]:
    """Name, target, and what is to be known beside."""
    start = _("from the acknowledgement") if rule.get("from") == "acknowledged" else _("from receipt")
    until = _("until it is acknowledged") if rule.get("until") == "acknowledged" else _("until it is resolved")
    notes = [f"{start}, {until}"]
    if extended := rule.get("extended"):
        notes.append(_("in exceptional cases %(target)s") % {"target": target(extended)})
    if rule.get("window"):
        notes.append(_("passing it breaks no rule"))
    return said(rule["name"]), target(rule["target"]), "; ".join(notes)


def _required(told: Mapping[str, Any]) -> list[str]:
    """What resolving demands, in words."""
    names = {one["code"]: said(one["name"]) for one in told.get("texts", ())}
    found = []
    for one in told.get("requires", {}).get("resolve", ()):
        if one.startswith(TEXTS):
            found.append(" / ".join(names[code] for code in one.removeprefix(TEXTS).split("|")))
        else:
            found.append(str(FACTS[one]))
    return found


def _facts(found: RulePack) -> list[tuple[str, str]]:
    facts = [
        (_("Installed"), languages.moment(found.installed_at)),
        (_("For complaints received from"), languages.moment(found.in_force_at)),
        (_("Business days by"), _calendar(found)),
        (_("Holds for"), _conditions(found.conditions)),
    ]
    values = found.definition.get("values", {})
    facts += [(said(values[name]["name"]), text) for name, text in found.definition.get("given", {}).items()]
    return facts


def _newest(found: RulePack) -> WeekCalendar:
    return policies.calendar_of(policies.book().newest[found.calendar_id])


def _calendar(found: RulePack) -> str:
    return f"{found.calendar.name} ({pack_calendars.said_of(_newest(found))})"


def _without_holidays(found: RulePack) -> bool:
    """Whether it counts business days in a calendar that leaves out none."""
    in_days = any(one["target"]["kind"] == TargetKind.WORKING_DAYS for one in found.definition["rules"])
    return in_days and not any(not rows for _day, rows in _newest(found).exceptions)


def _conditions(wanted: dict[str, Any]) -> str:
    known = catalogue().types
    named = {
        "types": (_("Types"), [known[one].path if one in known else one for one in wanted.get("types", ())]),
        "channels": (_("Channels"), [str(ChannelCode(one).label) for one in wanted.get("channels", ())]),
        "tiers": (_("Tiers"), list(wanted.get("tiers", ()))),
        "teams": (_("Teams"), [teams().get(one, str(one)) for one in wanted.get("teams", ())]),
    }
    parts = [f"{name}: {', '.join(values)}" for name, values in named.values() if values]
    return "; ".join(parts) or _("every complaint")


@require_POST
@allow(ADMIN)
def install(request: HttpRequest, code: str) -> HttpResponse:
    """Install a shipped pack with what was chosen."""
    pack = pack_files.find(code)
    if pack is None:
        raise Http404
    form = InstallForm(request.POST, pack=pack)

    def run(**who: Any) -> RulePack:
        return actions.install(pack, **form.values, **who)

    done = _("Installed. It holds for complaints written down from now on.")
    answer = carry_out(request, form, run, done=done, go=f"{reverse(HERE)}#pack-{code}")
    return answer or _page(request, form)


@require_POST
@allow(ADMIN)
def remove(request: HttpRequest, pack_id: int) -> HttpResponse:
    """No new clocks of a pack; those that run go on."""
    run = partial(actions.remove, _find(pack_id))
    return act(request, run, done=_("Removed. Clocks that run go on, no new ones begin."), go=reverse(HERE))


@require_POST
@allow(ADMIN)
def update(request: HttpRequest, pack_id: int) -> HttpResponse:
    """Replace a pack by the newest edition, for complaints received since that one holds."""
    found = _find(pack_id)
    newer = pack_files.find(found.code)
    if newer is None:
        raise Http404
    done = _("Updated. The new edition holds for complaints received since its day and written down from now on.")
    return act(request, partial(actions.update, found, newer), done=done, go=reverse(HERE))


def _find(pack_id: int) -> RulePack:
    found = RulePack.objects.filter(pk=pack_id).first()
    if found is None:
        raise Http404
    return found
