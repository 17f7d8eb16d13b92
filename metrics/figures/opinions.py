"""What customers say: recommendation, satisfaction, effort, and how many answer (mission B1, B2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext as _

from complaints.models import ChannelCode, Complaint
from metrics import nps, periods, rates
from metrics.figures import dimensions, facts
from metrics.figures.base import POINTS, SCORE, Measure, Scope
from metrics.figures.dimensions import Dimension, coded, named, text
from metrics.figures.facts import FactsFigure, share
from metrics.figures.sql import Row, count, flag
from metrics.models import Invitation, SurveyKind, SurveyResponse

SATISFIED = 4  # of 5


def _shared() -> dict[str, Dimension]:
    """What an answer and an invitation take from their complaint, survey and customer."""
    found = dimensions.complaint("complaint__")
    del found["source_channel"], found["outcome"], found["root_cause"], found["source"]
    found["tier"] = text("customer__tier", nullable=True)
    found["survey"] = named("survey_id", "survey__name")
    return found


def _of_answers() -> dict[str, Dimension]:
    channel = Coalesce(F("complaint__channel"), NullIf(F("channel"), Value("")))
    return {
        **_shared(),
        "channel": coded(channel, ChannelCode),
        "source": text("source"),
        "period_label": text("period_label"),
        "segment": text("segment"),
    }


ANSWERS = _of_answers()
ANSWERS["channel"] = Dimension(
    ANSWERS["channel"].expression,
    lambda value: (
        Q(complaint__isnull=True, channel="" if value == dimensions.NONE else value) | Q(complaint__channel=value)
    ),
    ANSWERS["channel"].read,
    order=ANSWERS["channel"].order,
)
INVITATIONS = _shared()


class _Answers(FactsFigure):
    """Scores of one kind. Blank scores are no answers; without a period undated answers count too."""

    at, row_kind, adds_up = "answered_at", "response", True
    groupings = (*ANSWERS, *dimensions.BY_CHANNEL, *periods.UNITS)
    filters = frozenset(ANSWERS)
    survey_kind: str

    def dimensions(self) -> Mapping[str, Dimension]:
        return ANSWERS

    def facts(self, scope: Scope) -> QuerySet[Any]:
        rows = SurveyResponse.objects.visible_to(scope.viewer).filter(kind=self.survey_kind, score__isnull=False)
        rows = rows.filter(facts.within("answered_at", scope))
        if scope.as_of_given:
            rows = rows.filter(Q(answered_at__isnull=True) | Q(answered_at__lte=scope.as_of))
        return rows.filter(dimensions.narrowed(ANSWERS, scope.filters)) if scope.filters else rows

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("score",)

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        found = self.facts(scope).order_by("pk")
        return found.filter(self.part(part)) if part else found

    def part(self, part: str) -> Q:
        raise NotImplementedError


class Nps(_Answers):
    code, unit, survey_kind = "nps", POINTS, str(SurveyKind.NPS)
    parts = ("promoters", "passives", "detractors")

    def title(self, scope: Scope | None = None) -> str:
        return _("Net Promoter Score")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the answers to “how likely are you to recommend us”, the percentage of promoters (9 and 10) less that "
            "of detractors (0 to 6), from -100 to 100. Blank scores are no answers. Without a period, answers without "
            "a date count too."
        )

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return (
            "count(*) AS n",
            f"count(*) FILTER (WHERE score >= {nps.LOWEST_PROMOTER}) AS promoters",
            f"count(*) FILTER (WHERE score <= {nps.HIGHEST_DETRACTOR}) AS detractors",
        )

    def read(self, row: Row, scope: Scope) -> Measure:
        n, promoters, detractors = count(row), count(row, "promoters"), count(row, "detractors")
        parts = (promoters, n - promoters - detractors, detractors)
        low, high = nps.interval(*parts) or (None, None)
        values = dict(zip(self.parts, parts, strict=True))
        return Measure(nps.score(*parts), n, promoters - detractors, n, values, low, high)

    def part(self, part: str) -> Q:
        return {
            "promoters": Q(score__gte=nps.LOWEST_PROMOTER),
            "detractors": Q(score__lte=nps.HIGHEST_DETRACTOR),
            "passives": Q(score__gt=nps.HIGHEST_DETRACTOR, score__lt=nps.LOWEST_PROMOTER),
        }[part]


class Csat(_Answers):
    code, survey_kind = "csat", str(SurveyKind.CSAT)
    parts = ("numerator",)

    def title(self, scope: Scope | None = None) -> str:
        return _("Satisfied customers")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the answers on a scale of 1 to 5, the share of 4 and 5. Blank scores are no answers. Without a period, "
            "answers without a date count too."
        )

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return ("count(*) AS n", f"count(*) FILTER (WHERE score >= {SATISFIED}) AS hits", "sum(score) AS total")

    def read(self, row: Row, scope: Scope) -> Measure:
        mean = rates.mean(count(row, "total"), count(row))
        return share(count(row, "hits"), count(row), values={"mean": mean})

    def part(self, part: str) -> Q:
        return Q(score__gte=SATISFIED)


class Ces(_Answers):
    code, unit, survey_kind = "ces", SCORE, str(SurveyKind.CES)
    parts = ()

    def title(self, scope: Scope | None = None) -> str:
        return _("Customer effort")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "The mean of the answers on how easy we made it, 1 to 7. Blank scores are no answers. Without a period, "
            "answers without a date count too."
        )

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return ("count(*) AS n", "sum(score) AS total")

    def read(self, row: Row, scope: Scope) -> Measure:
        n, total = count(row), count(row, "total")
        return Measure(rates.mean(total, n), n, numerator=total, denominator=n)


class ResponseRate(facts.Rate):
    code, row_kind, at = "response-rate", "invitation", "sent_at"
    groupings = (*INVITATIONS, *dimensions.BY_CHANNEL, *periods.UNITS)
    filters = frozenset(INVITATIONS)

    def title(self, scope: Scope | None = None) -> str:
        return _("Response rate")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the survey invitations sent in the period, the share answered with a score by now (or by the moment "
            "asked for). Invitations that were held back do not count."
        )

    def dimensions(self) -> Mapping[str, Dimension]:
        return INVITATIONS

    def facts(self, scope: Scope) -> QuerySet[Any]:
        rows = Invitation.objects.filter(sent_at__isnull=False).filter(facts.within("sent_at", scope))
        if not scope.viewer.is_manager:
            rows = rows.filter(complaint__in=Complaint.objects.visible_to(scope.viewer))
        if scope.filters:
            rows = rows.filter(dimensions.narrowed(INVITATIONS, scope.filters))
        answered = Q(response__score__isnull=False)
        if scope.as_of_given:
            answered &= Q(response__answered_at__lte=scope.as_of)
        pending = ~answered & (Q(expires_at__isnull=True) | Q(expires_at__gt=scope.as_of))
        return rows.annotate(hit=flag(answered), pending=flag(pending))
