"""Open incidents that a complaint looks like: same product or lot, the same kind of complaint, similar words (A8)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.duplicates import ALIKE, likeness, plain, trigrams
from complaints.models import Complaint, Incident

LATEST = 50  # open incidents looked at
ENOUGH = 50
LOT, PRODUCT, TYPE, WORDS = "lot", "product", "type", "similar_words"
REASONS: dict[str, tuple[int, str | Promise]] = {
    LOT: (50, _("same lot")),
    PRODUCT: (35, _("same product")),
    TYPE: (20, _("same type")),
    WORDS: (35, _("similar words")),
}


@dataclass(frozen=True, slots=True)
class Match:
    """An incident a case may belong to, with reasons in words. `score` of 100."""

    incident: Incident
    score: int
    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join(str(REASONS[one][1]) for one in self.reasons)


def of(complaint: Complaint, *, most: int = 2) -> list[Match]:
    """The likeliest first; none for a case that belongs to one. Query cost: at most 2."""
    if complaint.incident_id is not None:
        return []
    incidents = list(Incident.objects.filter(closed_at__isnull=True).order_by("-opened_at", "-pk")[:LATEST])
    if not incidents:
        return []
    types: dict[int, set[int]] = defaultdict(set)
    pairs = Complaint.objects.filter(incident__in=incidents).order_by().values_list("incident_id", "type_id").distinct()
    for incident_id, type_id in pairs:
        types[incident_id or 0].add(type_id)
    words = trigrams(f"{complaint.subject} {complaint.preview}")
    found = []
    for one in incidents:
        alike = max(likeness(words, trigrams(one.title)), likeness(words, trigrams(f"{one.title} {one.description}")))
        holds = {
            LOT: bool(one.lot) and plain(one.lot) == plain(complaint.lot),
            PRODUCT: bool(one.product) and plain(one.product) == plain(complaint.product),
            TYPE: complaint.type_id in types[one.pk],
            WORDS: alike >= ALIKE,
        }
        reasons = tuple(name for name in REASONS if holds[name])
        score = min(100, sum(REASONS[name][0] for name in reasons))
        if score >= ENOUGH:
            found.append(Match(one, score, reasons))
    return sorted(found, key=lambda one: (-one.score, -one.incident.pk))[:most]
