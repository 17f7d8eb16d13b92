"""The `values` of what is done to a case by its name: by a change of many (complaints/actions/bulk_acts.py) and by a
step of a macro (complaints/actions/macro_steps.py). Names and limits are theirs; a test compares.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field

from complaints.actions import bulk_acts, macro_steps
from complaints.actions.decide import DECISIONS
from complaints.api.bodies import CODE
from complaints.models import Severity
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Id, Text, Whole

REASON = bulk_acts.LONGEST_REASON
DECIDED = [(code.value, code.label) for code in DECISIONS]


@extend_schema_field(
    {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "enum": [bulk_acts.REPLY]}],
        "description": "An instant with its zone, or `reply`: until the customer writes.",
    }
)
class _Until(Text):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)


class ToOwner(Strict):
    """Of `assign`."""

    owner = Id()
    reason = Text(max_length=REASON, required=False, allow_blank=True)


class Sorting(Strict):
    """Of `classify`: a type, a severity or both."""

    type = Text(max_length=CODE, required=False)
    severity = Code(choices=Severity.choices, required=False)
    reason = Text(max_length=REASON)


class Waiting(Strict):
    """Of `wait`: what we wait for."""

    reason = Text(max_length=REASON)


class SnoozedUntil(Strict):
    """Of `snooze`, for many cases."""

    until = _Until()


class SnoozedFor(Strict):
    """Of `snooze`, in a macro: so many days; without or 0, until the customer writes."""

    days = Whole(min_value=0, max_value=macro_steps.MOST_DAYS, required=False)


class Noting(Strict):
    """Of `note`."""

    body = Text(max_length=bulk_acts.LONGEST_TEXT)


class UsedMacro(Strict):
    """Of `macro`."""

    macro = Id()


class Resolving(Strict):
    """Of `resolve`."""

    outcome = Code(choices=DECIDED)
    root_cause = Text(max_length=CODE)
    summary = Text(max_length=bulk_acts.LONGEST_TEXT)


class IntoIncident(Strict):
    """Of `incident`: its reference."""

    incident = Text(max_length=20)


OF_MANY: dict[str, type[Strict]] = {
    "assign": ToOwner,
    "take": Nothing,
    "classify": Sorting,
    "snooze": SnoozedUntil,
    "note": Noting,
    "macro": UsedMacro,
    "wait": Waiting,
    "watch": Nothing,
    "close": Nothing,
    "resolve": Resolving,
    "incident": IntoIncident,
}
OF_STEPS: dict[str, type[Strict]] = {
    "take": Nothing,
    "investigate": Nothing,
    "classify": Sorting,
    "assign": ToOwner,
    "wait": Waiting,
    "snooze": SnoozedFor,
    "watch": Nothing,
}
