"""Policies in words: conditions, targets, ladder, what a draft changes, and their trail. No query but where it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from complaints.models import ClockKind, SlaPolicy
from complaints.reference import catalogue
from complaints.sla import drafts, ladder, policies
from complaints.sla.covering import Covered
from complaints.sla.drafts import Difference
from complaints.sla.reading import day_length
from complaints.web.names import teams
from complaints.web.settings.edit_words import HOURS_ONLY, mode_name
from core import languages
from core.cached import Cached
from core.models import Calendar, CalendarVersion
from core.web.parts import Chip
from core.working_time import Target, TargetKind

KINDS = (ClockKind.ACKNOWLEDGE, ClockKind.UPDATE, ClockKind.RESOLVE)
FIELDS = {
    "name": pgettext_lazy("of a thing", "name"),
    "type": gettext_lazy("type"),
    "channel": gettext_lazy("channel"),
    "severity": gettext_lazy("severity"),
    "tier": gettext_lazy("tier"),
    "team": gettext_lazy("team"),
    "calendar": gettext_lazy("calendar"),
    "targets": pgettext_lazy("deadlines", "targets"),
    "ladder": pgettext_lazy("whom a deadline tells", "ladder"),
    "reopen_mode": gettext_lazy("when reopened"),
}


class Calendars:
    """Names and lengths of a working day of the calendars that policies name. Query cost: 1, when made."""

    def __init__(self, books: Iterable[policies.Book]) -> None:
        keys = {version for book in books for version in book.newest.values()}
        self.versions = {one.pk: one for one in CalendarVersion.objects.filter(pk__in=keys).select_related("calendar")}
        self.names = {one.calendar_id: one.calendar.name for one in self.versions.values()}
        self.days = {one.calendar_id: day_length(policies.calendar_of(one.pk)) for one in self.versions.values()}


def conditions(one: SlaPolicy) -> list[Chip]:
    """What has to be true, as chips."""
    return [Chip(text) for text in _conditions(one).values()]


def _conditions(one: SlaPolicy) -> dict[str, str]:
    found = {}
    if one.type_id is not None:
        found["type"] = _("Type: %(value)s") % {"value": catalogue().types_by_id[one.type_id].path}
    if one.channel:
        found["channel"] = _("Channel: %(value)s") % {"value": one.get_channel_display()}
    if one.severity:
        found["severity"] = _("Severity: %(value)s") % {"value": one.get_severity_display()}
    if one.tier:
        found["tier"] = _("Tier: %(value)s") % {"value": one.tier}
    if one.team_id is not None:
        found["team"] = _("Team: %(value)s") % {"value": teams().get(one.team_id, "")}
    return found


def named_conditions(one: SlaPolicy, names: Sequence[str]) -> str:
    """Some of its conditions in one line: Type: Billing, Channel: Phone."""
    found = _conditions(one)
    return ", ".join(found[name] for name in names if name in found)


def duration(policy: SlaPolicy, kind: str, days: Mapping[int, int]) -> str:
    """The target of one clock; a working day is as long as the calendar's. A dash where there is none."""
    target = policies.target_of(policy, kind)
    return target_words(target, days.get(policy.calendar_id)) if target else languages.DASH


def target_words(target: Target, day_seconds: int | None = None) -> str:
    if target.kind == TargetKind.WORKING_SECONDS:
        return languages.duration(target.value, day_seconds=day_seconds or languages.DAY)
    if target.kind == TargetKind.WORKING_DAYS:
        return ngettext("%(n)s working day", "%(n)s working days", target.value) % {"n": target.value}
    return ngettext("%(n)s calendar day", "%(n)s calendar days", target.value) % {"n": target.value}


def people(to: int) -> str:
    """owner, lead: those a step tells."""
    words = {
        ladder.OWNER: pgettext("a step of the ladder tells", "owner"),
        ladder.LEAD: pgettext("a step of the ladder tells", "lead"),
        ladder.MANAGER: pgettext("a step of the ladder tells", "manager"),
        ladder.DEPUTY: pgettext("a step of the ladder tells", "deputy"),
    }
    return ", ".join(word for bit, word in words.items() if to & bit)


def ladder_words(one: SlaPolicy) -> list[str]:
    """Each step: at 75 %: owner; one for certain clocks names them, one that hands over says so."""
    found = []
    for step in one.ladder:
        text = step_words(step["percent"], ladder.addressees(step["to"]), hand_over=bool(step.get("hand_over")))
        if "clocks" in step:
            kinds = ", ".join(str(ClockKind(kind).label) for kind in step["clocks"])
            text = _("%(step)s (%(clocks)s)") % {"step": text, "clocks": kinds}
        found.append(text)
    if not any(step["percent"] == 100 for step in one.ladder):
        found.append(step_words(100, ladder.DEADLINE.to))
    return found


def step_words(percent: int, to: int, *, hand_over: bool = False) -> str:
    words = {"percent": languages.percent(percent), "people": people(to)}
    if hand_over:
        return _("at %(percent)s: %(people)s; handed over if its owner does nothing") % words
    return _("at %(percent)s: %(people)s") % words


def covered_words(one: Covered) -> str:
    if one.by is None:
        return _("Never reached: those above take all its cases together.")
    return _("Never reached: “%(name)s” above takes all its cases.") % {"name": one.by.name}


def change_words(one: Difference, calendars: Calendars) -> list[str]:
    """What the draft changes of one policy, a line each: acknowledge: 4 h → 2 h."""
    if one.what != drafts.CHANGED or one.before is None or one.after is None:
        return []
    lines = []
    for name in one.fields:
        if name == "targets":
            pairs = [
                (str(kind.label), duration(one.before, kind, calendars.days), duration(one.after, kind, calendars.days))
                for kind in KINDS
                if one.before.targets.get(kind) != one.after.targets.get(kind)
            ]
        else:
            pairs = [(str(FIELDS[name]), _value(one.before, name, calendars), _value(one.after, name, calendars))]
        lines += [
            _("%(field)s: %(before)s → %(after)s") % {"field": field, "before": before, "after": after}
            for field, before, after in pairs
        ]
    return lines


def _value(one: SlaPolicy, name: str, calendars: Calendars) -> str:
    if name == "name":
        return one.name
    if name == "calendar":
        return calendars.names.get(one.calendar_id, languages.DASH)
    if name == "ladder":
        return "; ".join(ladder_words(one))
    if name == "reopen_mode":
        return str(one.get_reopen_mode_display())
    value = _conditions(one).get(name, "")
    return value.partition(": ")[2] if value else _("any")


# --- the trail --------------------------------------------------------------------------------------------------------


@Cached
def calendar_names() -> dict[int, str]:
    """Every calendar's name by key. Query cost: one every few seconds per process."""
    return dict(Calendar.objects.values_list("pk", "name"))


def trail_lines(kind: str, told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What an entry about the list of policies says: (what, before, after); before is empty but for changes."""
    paired = kind in ("slaversion.policy_changed", "slaversion.policy_moved")
    counted_by = told.get("calendar", told.get(drafts.COUNTED_BY))
    calendars = counted_by if paired and isinstance(counted_by, list) else [counted_by, counted_by]
    days = [_day_of(one) for one in calendars]
    lines = []
    for name, value in told.items():
        if name == drafts.COUNTED_BY:
            continue
        if paired and isinstance(value, list):
            before, after = (_trail_value(name, one, day) for one, day in zip(value, days, strict=True))
            lines.append((_trail_label(name), before, after))
        elif value not in ("", None, [], {}):
            lines.append((_trail_label(name), "", _trail_value(name, value, days[1])))
    return lines


def _day_of(calendar_id: Any) -> int:
    """How long a working day of a calendar is in seconds; endless where the entry does not say which calendar."""
    version = policies.book().newest.get(calendar_id) if isinstance(calendar_id, int) else None
    return day_length(policies.calendar_of(version)) if version is not None else HOURS_ONLY


def _trail_label(name: str) -> str:
    also = {
        "policy": _("policy"),
        "position": _("place"),
        "number": _("version"),
        "from": _("copied from version"),
        "policies": _("policies"),
        "mode": _("holds for"),
        "edit": _("change number"),
    }
    return also.get(name) or str(FIELDS.get(name, name))


def _trail_value(name: str, value: Any, day_seconds: int) -> str:
    if value in ("", None, [], {}):
        return languages.DASH
    if name == "targets":
        words = (
            (ClockKind(kind).label, target_words(Target(target["kind"], target["value"]), day_seconds))
            for kind, target in value.items()
        )
        return ", ".join(f"{kind}: {text}" for kind, text in words)
    if name == "ladder":
        return "; ".join(ladder_words(SlaPolicy(ladder=value)))
    looks: dict[str, Mapping[int, str]] = {
        "type": {pk: one.path for pk, one in catalogue().types_by_id.items()},
        "team": teams(),
        "calendar": calendar_names(),
    }
    if name in looks:
        return looks[name].get(value, str(value))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if name == "mode":
        return mode_name(str(value), is_policies=True)
    field = SlaPolicy._meta.get_field(name) if name in ("channel", "severity", "reopen_mode") else None
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))
