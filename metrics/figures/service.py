"""Figures of complaints: how many, how many resolved and accepted, how fast, how old (mission A9, A10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from complaints.models import Clock, ClockKind, ClockState, Complaint, Status
from complaints.models.complaint import OPEN
from metrics.figures import compliance, facts
from metrics.figures.base import COUNT, DOWN, Group, Measure, Scope
from metrics.figures.facts import Duration, FactsFigure, Rate
from metrics.figures.sql import Row, count, elapsed, flag, hours

DONE = (Status.RESOLVED, Status.CLOSED)
REPEAT_DAYS = 90
NEVER = Q(received_at__isnull=True)
resolved_when = Coalesce(F("resolved_at"), F("closed_at"))  # history may know only when a case was closed


def resolved_by(scope: Scope) -> Q:
    """Resolved or closed as of the scope's instant; a case that ended without a date counts whenever."""
    if not scope.as_of_given:
        return Q(status__in=DONE)
    dated = Q(resolved_at__lte=scope.as_of) | Q(resolved_at__isnull=True, closed_at__lte=scope.as_of)
    return Q(status__in=DONE) & (dated | Q(resolved_at__isnull=True, closed_at__isnull=True))


class Received(FactsFigure):
    code, unit, better, parts, adds_up, grows = "complaints-received", COUNT, "", (), True, True

    def title(self, scope: Scope | None = None) -> str:
        return _("Complaints received")

    def definition(self, scope: Scope | None = None) -> str:
        return _("Complaints received in the period. Merged ones, enquiries and those in quarantine do not count.")

    def facts(self, scope: Scope) -> QuerySet[Any]:
        return facts.received(scope).annotate(one=Value(1))

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("one",)

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return ("count(*) AS n",)

    def read(self, row: Row, scope: Scope) -> Measure:
        return Measure(count(row), count(row))

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        return facts.received(scope).order_by("pk")


class ResolutionRate(Rate):
    code, bases = "resolution-rate", ("decision", "acceptance")

    def title(self, scope: Scope | None = None) -> str:
        if scope is not None and self.basis(scope) == "acceptance":
            return _("Accepted of received")
        return _("Resolution rate")

    def definition(self, scope: Scope | None = None) -> str:
        if scope is not None and self.basis(scope) == "acceptance":
            return _(
                "Of the complaints received in the period, the share whose answer the complainant accepted. Merged and "
                "withdrawn ones, enquiries and those in quarantine do not count."
            )
        return _(
            "Of the complaints received in the period, the share resolved or closed by now (or by the moment asked "
            "for). Merged and withdrawn ones, enquiries and those in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        rows = facts.received(scope).exclude(status=Status.WITHDRAWN)
        if self.basis(scope) == "acceptance":
            return rows.annotate(hit=flag(accepted_by(scope, Q(accepted=True))), pending=flag(Q(accepted__isnull=True)))
        return rows.annotate(hit=flag(resolved_by(scope)), pending=flag(~resolved_by(scope)))


class AcceptanceRate(Rate):
    code = "acceptance-rate"

    def title(self, scope: Scope | None = None) -> str:
        return _("Acceptance rate")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the complaints received in the period whose complainant accepted or declined the answer, the share "
            "that accepted. Merged ones, enquiries and those in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        answered = accepted_by(scope, Q(accepted__isnull=False))
        return facts.received(scope).filter(answered).annotate(hit=flag(Q(accepted=True)), pending=flag(NEVER))


def accepted_by(scope: Scope, condition: Q) -> Q:
    """A condition on the complainant's answer, as of the scope's instant; an undated answer counts whenever."""
    if not scope.as_of_given:
        return condition
    return condition & (Q(accepted_at__isnull=True) | Q(accepted_at__lte=scope.as_of))


class FirstResponseTime(Duration):
    code = "first-response-time"

    def title(self, scope: Scope | None = None) -> str:
        return _("Time to first response")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the complaints received in the period and answered by now (or by the moment asked for), the median "
            "time from receipt to the first message a person wrote; elapsed, and in working time. An automatic receipt "
            "is no answer. Merged ones, enquiries and those in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        answered = Q(first_response_at__isnull=False)
        if scope.as_of_given:
            answered &= Q(first_response_at__lte=scope.as_of)
        return facts.received(scope).annotate(
            elapsed=Case(When(answered, then=elapsed("received_at", "first_response_at"))),
            working=Case(When(answered, then=F("response_seconds"))),
        )


class TimeToResolve(Duration):
    code = "time-to-resolve"

    def title(self, scope: Scope | None = None) -> str:
        return _("Time to resolve")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the complaints received in the period and resolved or closed by now (or by the moment asked for), the "
            "median time from receipt to the resolution; elapsed, and in working time. Merged and withdrawn ones, "
            "enquiries and those in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        done = resolved_by(scope)
        return (
            facts.received(scope)
            .exclude(status=Status.WITHDRAWN)
            .annotate(
                elapsed=Case(When(done, then=elapsed("received_at", resolved_when))),
                working=Case(When(done, then=F("resolution_seconds"))),
            )
        )


AGES: Mapping[str, tuple[int, int | None]] = {
    "under_1_day": (0, 1),
    "1_to_3_days": (1, 3),
    "3_to_7_days": (3, 7),
    "7_to_30_days": (7, 30),
    "over_30_days": (30, None),
}
LATE, ON_TIME = "_late", "_on_time"
DAY = 86_400


class BacklogAge(FactsFigure):
    """Unlike the others it looks at a moment: the end of the period, or `as_of`. `from` plays no part."""

    code, unit, better, runs = "backlog-age", "hours", DOWN, False
    parts = (*AGES, *(f"{name}{which}" for which in (LATE, ON_TIME) for name in AGES), "late")

    def title(self, scope: Scope | None = None) -> str:
        return _("Age of the backlog")

    def definition(self, scope: Scope | None = None) -> str:
        words = _(
            "The median age of the complaints that were open at the end of the period (or at the moment asked for): "
            "received, but neither resolved nor closed nor withdrawn. The beginning of the period plays no part. "
            "Merged ones, enquiries and those in quarantine do not count."
        )
        return f"{words} {_('Late ones are past the deadline to resolve.')}"

    def moment(self, scope: Scope) -> Scope:
        """The scope as of the moment looked at."""
        if scope.as_of_given or scope.end_at is None or scope.end_at >= scope.as_of:
            return scope.replace(since=None, until=None)
        return scope.replace(since=None, until=None, as_of=scope.end_at, as_of_given=True)

    def seen_at(self, scope: Scope) -> datetime:
        return self.moment(scope).as_of

    def groups(self, scope: Scope, by: str) -> list[Group]:
        return super().groups(self.moment(scope), by)

    def facts(self, scope: Scope) -> QuerySet[Any]:
        scope = self.moment(scope)
        rows = facts.received(scope).filter(received_at__lte=scope.as_of)
        if scope.as_of_given:
            ended = Q(resolved_at__lte=scope.as_of) | Q(resolved_at__isnull=True, closed_at__lte=scope.as_of)
            undated = Q(resolved_at__isnull=True, closed_at__isnull=True)
            rows = rows.exclude(Q(status__in=(*DONE, Status.WITHDRAWN)) & (ended | undated))
        else:
            rows = rows.filter(status__in=OPEN)
        return rows.annotate(elapsed=elapsed("received_at", Value(scope.as_of)), late=overdue(scope))

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("elapsed", "late")

    def aggregates(self, scope: Scope) -> Sequence[str]:
        made = ["count(*) AS n"]
        for name, (low, high) in AGES.items():
            within = f"elapsed >= {low * DAY}" + (f" AND elapsed < {high * DAY}" if high else "")
            made.append(f"count(*) FILTER (WHERE {within}) AS band_{name}")
            made.append(f"count(*) FILTER (WHERE {within} AND late) AS band_{name}{LATE}")
        return made

    def quantiles(self, scope: Scope) -> Mapping[str, tuple[str, str]]:
        return {name: facts.QUANTILES[name] for name in ("median", "p90")}

    def read(self, row: Row, scope: Scope) -> Measure:
        values: dict[str, Decimal | int | None] = {name: hours(row.get(name)) for name in ("median", "p90")}
        values |= {name: count(row, f"band_{name}") for name in AGES}
        late = {f"{name}{LATE}": count(row, f"band_{name}{LATE}") for name in AGES}
        return Measure(values["median"], count(row), values={**values, **late, "late": sum(late.values())})

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        found = self.facts(scope).order_by("pk")
        if part.endswith("late"):
            found = found.filter(late=True)
        elif part.endswith(ON_TIME):
            found = found.exclude(late=True)
        low, high = AGES.get(part.removesuffix(LATE).removesuffix(ON_TIME), (None, None))
        if low is not None:
            found = found.filter(elapsed__gte=low * DAY)
        return found if high is None else found.filter(elapsed__lt=high * DAY)


def overdue(scope: Scope) -> Any:
    """Past the deadline to resolve: kept on the complaint for now; for an earlier moment its clocks are asked, unless
    its only one still runs."""
    if not scope.as_of_given:
        return flag(Q(resolve_due_at__isnull=False, resolve_due_at__lt=scope.as_of))
    resolving = Clock.objects.filter(complaint=OuterRef("pk"), kind=ClockKind.RESOLVE, started_at__lte=scope.as_of)
    asked = Exists(resolving.exclude(state=ClockState.CANCELLED).filter(compliance.overdue(scope)))
    only_one = Q(resolve_due_at__isnull=False, resolve_met=0, resolve_late=0)
    past = flag(Q(resolve_due_at__lt=scope.as_of))
    return Case(When(only_one, then=past), default=asked, output_field=BooleanField())


class EscalationRate(Rate):
    """Asking for help is no failure: more or less of it is neither good nor bad (domain, Figures: recognition)."""

    code, better = "escalation-rate", ""

    def title(self, scope: Scope | None = None) -> str:
        return _("Escalation rate")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the complaints received in the period, the share for which somebody asked a lead or manager for help "
            "by now (or by the moment asked for). Asking is never held against anybody: the figure says where help is "
            "needed. Merged ones, enquiries and those in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        escalated = Q(escalated_at__lte=scope.as_of) if scope.as_of_given else Q(escalated_at__isnull=False)
        return facts.received(scope).annotate(hit=flag(escalated), pending=flag(NEVER))


class RepeatComplaints(Rate):
    code, better = "repeat-complaints", DOWN

    def title(self, scope: Scope | None = None) -> str:
        return _("Repeat complaints")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "The share of the period's complaints whose customer had complained in the 90 days before. Complaints of "
            "people we do not know count as first ones. Merged ones, enquiries and those in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        # One bound on the column alone: with both the planner reads all complaints of 90 days for each, not the
        # customer's few.
        end = ExpressionWrapper(F("received_at") + timedelta(days=REPEAT_DAYS), DateTimeField())
        before = (
            Complaint.objects.counted()
            .filter(customer=OuterRef("customer"), received_at__lt=OuterRef("received_at"))
            .alias(end=end)
            .filter(end__gte=OuterRef("received_at"))
        )
        return facts.received(scope).annotate(hit=Exists(before), pending=flag(NEVER))
