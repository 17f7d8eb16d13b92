"""Service levels kept (domain, Figures: sla-compliance; SLA). Each clock cycle counts once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from complaints.models import Clock, ClockKind, ClockState, Complaint, Kind, Status
from complaints.sla import packs
from complaints.sla.standing import KINDS
from metrics.figures import dimensions, facts
from metrics.figures.base import Figure, Group, Measure, Scope
from metrics.figures.facts import FactsFigure, share
from metrics.figures.sql import Row, count, flag

DUE, COMPLETED = "due", "completed"


def _pack(row: Row, place: int) -> tuple[str, str]:
    """A pack as it is called, with the edition installed; from memory."""
    key = row[f"g{place}"]
    if key is None:
        return dimensions.NONE, _("Not stated")
    pack = packs.pack(key)
    return str(key), f"{packs.said(pack.definition['name'])}, {pack.edition}"


# Under which policy of which version, or which pack, a clock was set: what the clock itself keeps, frozen.
_VERSION = Concat(
    F("policy__name"), Value(" · v"), Cast("policy__version__number", CharField()), output_field=CharField()
)
TERMS: Mapping[str, dimensions.Dimension] = {
    "policy": replace(dimensions.named("policy_id", "policy__name"), label=_VERSION),
    "pack": replace(dimensions.named("pack_id", "pack__code"), label=None, read=_pack),
}
CLOCK: Mapping[str, dimensions.Dimension] = {**dimensions.complaint("complaint__"), **TERMS}


class SlaCompliance(Figure):
    """The kinds kept on the complaint are read there, as of now, from one index; everything else from the clocks.

    Both ways give the same figure (`complaints.sla.standing`); `manage.py recount_standing --check` proves it.
    """

    code, row_kind = "sla-compliance", "clock"
    bases = (DUE, COMPLETED)
    kinds = (str(ClockKind.RESOLVE), str(ClockKind.ACKNOWLEDGE), str(ClockKind.UPDATE), str(ClockKind.STATUTORY))
    groupings = (*dimensions.COMPLAINT_GROUPINGS, *TERMS)
    filters = dimensions.COMPLAINT_FILTERS | frozenset(TERMS)
    parts = ("numerator", "breached", "overdue")

    def title(self, scope: Scope | None = None) -> str:
        if scope is None:
            return _("Within target")
        return {
            ClockKind.RESOLVE: _("Resolved within target"),
            ClockKind.ACKNOWLEDGE: _("Acknowledged within target"),
            ClockKind.UPDATE: _("Updated within target"),
            ClockKind.STATUTORY: _("Within the statutory limit"),
        }[ClockKind(self.kind(scope))]

    def definition(self, scope: Scope | None = None) -> str:
        if scope is not None and self.basis(scope) == COMPLETED:
            return _(
                "Of the finished clocks of complaints received in the period, the share that met their deadline. Each "
                "clock cycle counts once; cancelled ones do not. Merged complaints, enquiries and those in quarantine "
                "do not count."
            ) + self._windows(scope)
        return _(
            "Of the clocks of complaints received in the period that were met or missed their deadline, the share that "
            "met it; an open clock past its deadline has missed it. Each clock cycle counts once; cancelled ones and "
            "open ones not yet due do not. Merged complaints, enquiries and those in quarantine do not count."
        ) + self._windows(scope)

    def _windows(self, scope: Scope | None) -> str:
        if scope is None or self.kind(scope) != ClockKind.STATUTORY:
            return ""
        return " " + _("Windows that only keep an easier way open, such as a summary answer, do not count.")

    def measure(self, scope: Scope) -> Measure:
        return self._reader(scope).measure(scope)

    def groups(self, scope: Scope, by: str) -> list[Group]:
        return self._reader(scope, by).groups(scope, by)

    def both(self, scope: Scope, by: str) -> tuple[Measure, list[Group]]:
        return self._reader(scope, by).both(scope, by)

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        rows = clocks(scope, self.kind(scope)).annotate(met=flag(met(scope)), late=flag(late(scope)))
        rows = rows.annotate(overdue=flag(overdue(scope))).order_by("pk")
        chosen = {"numerator": Q(met=True), "breached": Q(late=True) | Q(overdue=True), "overdue": Q(overdue=True)}
        if self.basis(scope) == COMPLETED:
            chosen["breached"] = Q(late=True)
            return rows.filter(chosen[part] if part else Q(met=True) | Q(late=True))
        return rows.filter(chosen[part] if part else Q(met=True) | Q(late=True) | Q(overdue=True))

    def _reader(self, scope: Scope, by: str = "") -> FactsFigure:
        of_clocks = scope.as_of_given or by in TERMS or not TERMS.keys().isdisjoint(scope.filters)
        kept = self.kind(scope) in KINDS and not of_clocks
        return OnComplaints(self) if kept else OnClocks(self)


class _Reader(FactsFigure):
    code, adds_up = SlaCompliance.code, True
    groupings = SlaCompliance.groupings

    def __init__(self, figure: SlaCompliance) -> None:
        self.figure = figure

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("met", "late", "overdue", "running")

    def read(self, row: Row, scope: Scope) -> Measure:
        on_time, missed, past = count(row, "met"), count(row, "late"), count(row, "overdue")
        values = {"met": on_time, "late": missed, "overdue": past}
        if self.figure.basis(scope) == COMPLETED:
            return share(on_time, on_time + missed, values=values, immature=past + count(row, "running"))
        return share(on_time, on_time + missed + past, values=values, immature=count(row, "running"))


class OnComplaints(_Reader):
    """The cached columns of the complaint."""

    def facts(self, scope: Scope) -> QuerySet[Any]:
        kind = self.figure.kind(scope)
        due = f"{kind}_due_at"
        return facts.received(scope).annotate(
            met=F(f"{kind}_met"),
            late=F(f"{kind}_late"),
            overdue=flag(Q(**{f"{due}__lt": scope.as_of})),
            running=flag(Q(**{f"{due}__gte": scope.as_of})),
        )

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return (
            "sum(met) AS met",
            "sum(late) AS late",
            "count(*) FILTER (WHERE overdue) AS overdue",
            "count(*) FILTER (WHERE running) AS running",
        )


class OnClocks(_Reader):
    """The clocks themselves, joined with their complaints."""

    at = "complaint__received_at"

    def dimensions(self) -> Mapping[str, dimensions.Dimension]:
        return CLOCK

    def facts(self, scope: Scope) -> QuerySet[Any]:
        return clocks(scope, self.figure.kind(scope)).annotate(
            met=flag(met(scope)),
            late=flag(late(scope)),
            overdue=flag(overdue(scope)),
            running=flag(unfinished(scope) & ~Q(due_at__lt=scope.as_of)),
        )

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return tuple(f"count(*) FILTER (WHERE {name}) AS {name}" for name in self.columns(scope))


def clocks(scope: Scope, kind: str) -> QuerySet[Clock]:
    """The clocks of a kind, cancelled ones and statutory windows left out, of the complaints that count.

    A clock keeps the policy, pack and deadline it was set under, so that no later edit changes what it says here.
    """
    rows = Clock.objects.filter(kind=kind, complaint__kind=Kind.COMPLAINT, complaint__is_quarantined=False)
    rows = rows.exclude(complaint__status=Status.MERGED).exclude(state=ClockState.CANCELLED)
    rows = rows.filter(facts.within("complaint__received_at", scope))
    if kind == ClockKind.STATUTORY:
        rows = rows.exclude(windows())
    if scope.as_of_given:
        rows = rows.filter(started_at__lte=scope.as_of)
    if scope.filters:
        rows = rows.filter(dimensions.narrowed(CLOCK, scope.filters))
    if not scope.viewer.is_manager:
        rows = rows.filter(complaint__in=Complaint.objects.visible_to(scope.viewer))
    return rows


def windows() -> Q:
    """The clocks that break no rule when they pass."""
    found = Q(pk__in=[])
    for pack_id, code in sorted(packs.windows()):
        found |= Q(pack=pack_id, code=code)
    return found


# A stated verdict (an imported file without a deadline) has no instants: it holds whenever it is asked for.
STATED = Q(completed_at__isnull=True, due_at__isnull=True)


def _finished(scope: Scope) -> Q:
    return Q(completed_at__lte=scope.as_of) if scope.as_of_given else Q(completed_at__isnull=False)


def met(scope: Scope) -> Q:
    """Done in time."""
    return Q(state=ClockState.MET) & (_finished(scope) | STATED)


def late(scope: Scope) -> Q:
    """Done, but after the deadline."""
    return Q(state=ClockState.BREACHED) & (_finished(scope) | STATED)


def unfinished(scope: Scope) -> Q:
    """Still to be done as of the moment; paused ones have no deadline."""
    if not scope.as_of_given:
        return Q(completed_at__isnull=True, due_at__isnull=False) & ~Q(state=ClockState.MET)
    return Q(due_at__isnull=False) & (Q(completed_at__isnull=True) | Q(completed_at__gt=scope.as_of))


def overdue(scope: Scope) -> Q:
    """Still to be done, and past its deadline."""
    return unfinished(scope) & Q(due_at__lt=scope.as_of)
