"""What a dashboard can be narrowed by: names as in the API, labels, choices from memory (interface, Metrics)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import ChannelCode, ComplaintType, Severity
from complaints.reference import catalogue
from complaints.web.names import colleagues, teams

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
    "survey": gettext_lazy("Survey"),
    "period_label": gettext_lazy("Period, as the source says"),
    "segment": gettext_lazy("Segment"),
    "plan": gettext_lazy("Contract"),
}
OFFERED = ("type", "channel", "severity", "team", "owner", "tier", "source", "source_channel")

# Names of groupings that are no filters.
GROUPINGS: Mapping[str, Text] = {
    **LABELS,
    "reason": gettext_lazy("Reason for leaving"),
    "score": gettext_lazy("Score"),
    "acceptance": gettext_lazy("Acceptance"),
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
    "quarter": gettext_lazy("Quarter"),
    "year": pgettext_lazy("unit of time", "Year"),
    "type_channel": gettext_lazy("Type and channel"),
    "main_type_channel": gettext_lazy("Main type and channel"),
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
    }


def value_words(name: str, value: str) -> str:
    """A filter's value as people read it."""
    if value == "-":
        return _("Not stated")
    return dict(choices().get(name, [])).get(value, value)


def _by_path(rows: Iterable[ComplaintType]) -> list[ComplaintType]:
    return sorted(rows, key=lambda one: one.path)
