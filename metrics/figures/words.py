"""How often prepared words are sent as they were (mission A8): what asks for better words, not a mark for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from complaints.models import Complaint, Message
from complaints.models.conversation import OUT
from metrics import periods
from metrics.figures import dimensions, facts
from metrics.figures.base import Scope
from metrics.figures.dimensions import Dimension, named
from metrics.figures.facts import Rate
from metrics.figures.sql import flag

MESSAGES: Mapping[str, Dimension] = {
    **dimensions.complaint("complaint__"),
    "agent": named("author_id", "author__name"),
    "macro": named("macro__macro_id", "macro__macro__name"),
}


class WordForWord(Rate):
    """Neither direction is better as such: an acknowledgement may well go out as it stands."""

    code, row_kind, at, better = "word-for-word", "message", "at", ""
    groupings = (*MESSAGES, *dimensions.BY_CHANNEL, *periods.UNITS)
    filters = frozenset(MESSAGES)

    def dimensions(self) -> Mapping[str, Dimension]:
        return MESSAGES

    def title(self, scope: Scope | None = None) -> str:
        return _("Sent word for word")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the messages to customers written in the period that began with a macro, the share sent as the macro "
            "says it, with no word of one's own. Blanks and values typed in where they were missing are no words of "
            "one's own. Messages written without a macro, notes, and those of merged complaints, enquiries and "
            "complaints in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        cases = Complaint.objects.visible_to(scope.viewer).counted()
        rows = Message.objects.filter(direction=OUT, macro__isnull=False, complaint__in=cases)
        rows = rows.filter(facts.within("at", scope))
        if scope.as_of_given:
            rows = rows.filter(at__lte=scope.as_of)
        if scope.filters:
            rows = rows.filter(dimensions.narrowed(MESSAGES, scope.filters))
        return rows.annotate(hit=flag(Q(word_for_word=True)))

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("hit",)

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return ("count(*) AS n", "count(*) FILTER (WHERE hit) AS hits")
