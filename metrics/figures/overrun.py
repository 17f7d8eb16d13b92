"""How late what is late was, and why (issue: reports on deadlines; domain, SLA 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.utils.translation import gettext as _

from complaints.models import Clock, ClockKind, ClockState, LateReason
from metrics.figures import compliance, dimensions, facts
from metrics.figures.base import COUNT, DOWN, Measure, Scope
from metrics.figures.compliance import SlaCompliance
from metrics.figures.facts import Duration, FactsFigure
from metrics.figures.service import resolved_by
from metrics.figures.sql import Row, count, elapsed

NOT_GIVEN = "not_given"
# A clock that was late already when the case was withdrawn never had its work done: it has no overrun.
DONE = Q(overrun_seconds__isnull=False) | Q(policy__isnull=True, pack__isnull=True)


class SlaOverrun(Duration):
    """By the clocks themselves, each cycle once, with the deadline and the working time frozen on them."""

    code, row_kind, at = "sla-overrun", "clock", "complaint__received_at"
    kinds = (str(ClockKind.RESOLVE), str(ClockKind.ACKNOWLEDGE), str(ClockKind.UPDATE), str(ClockKind.STATUTORY))
    groupings = SlaCompliance.groupings
    filters = SlaCompliance.filters

    def dimensions(self) -> Mapping[str, dimensions.Dimension]:
        return compliance.CLOCK

    def title(self, scope: Scope | None = None) -> str:
        if scope is None:
            return _("Overrun")
        return {
            ClockKind.RESOLVE: _("Overrun when resolving"),
            ClockKind.ACKNOWLEDGE: _("Overrun when acknowledging"),
            ClockKind.UPDATE: _("Overrun when updating"),
            ClockKind.STATUTORY: _("Overrun of statutory limits"),
        }[ClockKind(self.kind(scope))]

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the clocks of complaints received in the period that were finished too late, the median time from the "
            "deadline to the work done; elapsed, and in working time. Each clock cycle counts once; cancelled and open "
            "ones do not. Working time is known of clocks that ran here, not of imported history. Merged complaints, "
            "enquiries and those in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        late = compliance.late(scope) & DONE & Q(due_at__isnull=False, completed_at__gt=F("due_at"))
        rows = compliance.clocks(scope, self.kind(scope)).filter(late | compliance.overdue(scope))
        return rows.annotate(
            elapsed=Case(When(late, then=elapsed("due_at", "completed_at"))),
            working=Case(When(late, then=F("overrun_seconds"))),
        )


class LateReasons(FactsFigure):
    """Complaints, not clocks: the reason is asked once for the case, when it is resolved."""

    code, unit, better = "late-reasons", COUNT, DOWN
    groupings = (*dimensions.COMPLAINT_GROUPINGS, "late_reason")
    filters = dimensions.COMPLAINT_FILTERS | {"late_reason"}
    parts = (*LateReason.values, NOT_GIVEN)

    def dimensions(self) -> Mapping[str, dimensions.Dimension]:
        return REASONS

    def title(self, scope: Scope | None = None) -> str:
        return _("Reasons for lateness")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Complaints received in the period and resolved or closed by now (or by the moment asked for) that missed "
            "a deadline of any kind on the way, by the reason given when they were resolved. Windows that only keep an "
            "easier way open are no deadlines. Recorded history does not count, nor do merged complaints, enquiries "
            "and those in quarantine."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        missed = Clock.objects.filter(complaint=OuterRef("pk"), state=ClockState.BREACHED)
        missed = missed.exclude(compliance.windows())
        if scope.as_of_given:
            missed = missed.filter(breached_at__lte=scope.as_of)
        rows = facts.received(scope.only(dimensions.COMPLAINT_FILTERS)).filter(resolved_by(scope), is_history=False)
        own = {name: value for name, value in scope.filters.items() if name == "late_reason"}
        rows = rows.filter(Exists(missed)).filter(dimensions.narrowed(REASONS, own))
        return rows.annotate(why=F("late_reason"))

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("why",)

    def aggregates(self, scope: Scope) -> Sequence[str]:
        named = [f"count(*) FILTER (WHERE why = '{code}') AS why_{code}" for code in LateReason.values]
        return ("count(*) AS n", *named, f"count(*) FILTER (WHERE why = '') AS why_{NOT_GIVEN}")

    def read(self, row: Row, scope: Scope) -> Measure:
        n = count(row)
        return Measure(n, n, values={part: count(row, f"why_{part}") for part in self.parts})

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        found = self.facts(scope).order_by("pk")
        return found.filter(late_reason="" if part == NOT_GIVEN else part) if part else found


def _reason(row: Row, place: int) -> tuple[str, str]:
    key = row[f"g{place}"]
    return (str(key), str(LateReason(key).label)) if key else (dimensions.NONE, _("Not given"))


REASONS: Mapping[str, dimensions.Dimension] = {
    **dimensions.COMPLAINT,
    "late_reason": replace(dimensions.coded("late_reason", LateReason), read=_reason),
}
