"""What a dashboard can be narrowed by: names as in the API, labels, choices from memory (interface, Metrics)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import (
    ChannelCode,
    LateReason,
    Macro,
    Outcome,
    RemedyKind,
    RulePack,
    Severity,
    SlaPolicy,
)
from complaints.reference import catalogue, themes
from complaints.sla import packs
from complaints.web.names import colleagues, teams
from metrics import periods
from metrics.figures.amends import AUTHORITIES, POINTS_GIVEN
from metrics.figures.dimensions import ALONE, NONE, SEVERAL, bucket_label
from metrics.figures.mending import PROMISE_NAMES, REMEDY_NAMES
from metrics.figures.recovery import SCORES

Text = str | Promise
Choices = list[tuple[str, str]]

# Those offered in the form, in its order; a figure page takes whatever its figure knows.
LABELS: Mapping[str, Text] = {
    "type": gettext_lazy("Type"),
    "channel": gettext_lazy("Channel"),
    "severity": gettext_lazy("Severity"),
    "team": gettext_lazy("Team"),
    "owner": gettext_lazy("Owner"),
    "tier": gettext_lazy("Tier"),
    "source": gettext_lazy("Source"),
    "source_channel": gettext_lazy("Channel, as the source says"),
    "main_type": gettext_lazy("Main type"),
    "outcome": gettext_lazy("Outcome"),
    "root_cause": gettext_lazy("Root cause"),
    "product": gettext_lazy("Product"),
    "lot": gettext_lazy("Lot"),
    "theme": gettext_lazy("Theme"),
    "survey": gettext_lazy("Survey"),
    "period_label": gettext_lazy("Period, as the source says"),
    "segment": gettext_lazy("Segment"),
    "plan": gettext_lazy("Contract"),
    "score": gettext_lazy("Score"),
    "acceptance": gettext_lazy("Acceptance"),
    "cohort": gettext_lazy("Cohort"),
    "policy": gettext_lazy("Policy"),
    "pack": gettext_lazy("Rule pack"),
    "late_reason": gettext_lazy("Why it was late"),
    "remedy": gettext_lazy("Remedy"),
    "promises": gettext_lazy("Promises"),
    "remedy_kind": gettext_lazy("Kind of remedy"),
    "currency": gettext_lazy("Currency"),
    "authority": gettext_lazy("Authority"),
    "agent": gettext_lazy("Written by"),
    "macro": gettext_lazy("Macro"),
}
CODED: Mapping[str, Mapping[str, Text]] = {
    "score": dict(SCORES.values()),
    "late_reason": dict(LateReason.choices),
    "outcome": dict(Outcome.choices),
    "remedy": REMEDY_NAMES,
    "promises": PROMISE_NAMES,
    "remedy_kind": dict(RemedyKind.choices),
    "authority": AUTHORITIES,
}
OFFERED = ("type", "channel", "severity", "team", "owner", "tier", "source", "source_channel")

# Names of groupings that are no filters.
GROUPINGS: Mapping[str, Text] = {
    **LABELS,
    "reason": gettext_lazy("Reason for leaving"),
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
    "quarter": gettext_lazy("Quarter"),
    "year": pgettext_lazy("unit of time", "Year"),
    "type_channel": gettext_lazy("Type and channel"),
    "main_type_channel": gettext_lazy("Main type and channel"),
    "main_type_score": gettext_lazy("Main type and score"),
    "currency_authority": gettext_lazy("Currency and authority"),
}


def label(name: str) -> str:
    """The words for a filter or grouping; an unknown one as it is called."""
    return str(GROUPINGS.get(name, name))


def choices() -> dict[str, Choices]:
    """The values of the filters that have a list. Query cost: none beside what memory renews every few seconds."""
    return {
        "type": [(one.code, one.path) for one in _by_path(catalogue().types.values())],
        "channel": [(str(code), str(words)) for code, words in ChannelCode.choices],
        "severity": [(str(code), str(words)) for code, words in Severity.choices],
        "team": [(str(pk), name) for pk, name in teams().items()],
        "owner": [(str(pk), one.name) for pk, one in colleagues().items() if one.takes_cases],
        "root_cause": [(one.code, one.path) for one in _by_path(catalogue().causes.values())],
        "theme": [(one.code, one.label) for one in themes().values()],
    }


def value_words(name: str, value: str) -> str:
    """A filter's value as people read it."""
    if value == NONE:
        return {"score": _("No answer"), "acceptance": _("No answer"), "currency": _("Without a value")}.get(
            name, _("Not stated")
        )
    if name in ("type", "main_type", "root_cause"):
        return ", ".join(_path(name, part) for part in value.split(SEVERAL))
    if name == "theme":
        found = themes().get(value)
        return found.label if found else value
    if name in CODED:
        return str(CODED[name].get(value, value))
    if name == "currency":
        return _("Points") if value == POINTS_GIVEN else value
    if name == "acceptance":
        return {"accepted": _("Accepted"), "declined": _("Declined")}.get(value, value)
    if name in ("policy", "pack"):
        return terms_words(name, value)
    if name == "agent":
        known = colleagues().get(int(value))
        return known.name if known else value
    if name == "macro":
        macro = Macro.objects.filter(pk=int(value)).first()
        return macro.label if macro else value
    if name == "cohort" and (month := periods.month_of(value)) is not None:
        return bucket_label(month.since, periods.MONTH)
    return dict(choices().get(name, [])).get(value, value)


def terms_words(name: str, value: str) -> str:
    """A policy with its version, or a pack with its edition; a number that is none as it stands. Query cost: 1."""
    rows: QuerySet[Any] = SlaPolicy.objects.select_related("version") if name == "policy" else RulePack.objects.all()
    found = rows.filter(pk=int(value)).first()
    if found is None:
        return value
    if isinstance(found, SlaPolicy):
        return f"{found.name} · {found.version}"
    return f"{packs.said(found.definition['name'])}, {found.edition}"


def _path(name: str, part: str) -> str:
    """A type or root cause by its names; alone where those below it are left out."""
    known = catalogue().causes if name == "root_cause" else catalogue().types
    found = known.get(part.removeprefix(ALONE))
    words = part if found is None else found.path
    has_below = found is not None and any(one.parent_id == found.pk for one in known.values())
    return _("%(name)s alone") % {"name": words} if part.startswith(ALONE) and has_below else words


def _by_path(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda one: one.path)
