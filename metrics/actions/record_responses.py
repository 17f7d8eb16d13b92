"""Record survey answers that another system collected (mission B1, B2; interface.md, import_survey_responses).

One action for a batch. Answers are known by (source, external_id); a repeat changes nothing. Nobody is called about
them, and no survey of ours asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from core import bulk, rows, trail, trail_rows
from core.actor import Actor
from core.importing.tally import Tally, without_repeats
from core.models import TrailEntry
from metrics.models import SurveyResponse
from retention.actions import known

RECORDED, RECORD_CHANGED = "surveyresponse.recorded", "surveyresponse.record_changed"
SAID = ("kind", "score", "comment", "answered_at", "period_label", "segment", "language")
_RESPONSES = bulk.Table(SurveyResponse)


@dataclass(slots=True)
class HistoricResponse:
    """What a file states about one answer. `score` None: returned blank; `answered_at` None: it does not say (UTC).

    `period_label`, `segment`: when and by whom, where there is no date and no customer.
    """

    external_id: str
    kind: str
    score: int | None
    comment: str = ""
    answered_at: datetime | None = None
    period_label: str = ""
    segment: str = ""
    language: str = ""
    customer: str = ""


@transaction.atomic
def record_responses(batch: Iterable[HistoricResponse], *, by: Actor, at: datetime, source: str) -> Tally:
    """Write down a batch (a thousand or so) of answers known to `source`; customers nobody knows are made.

    Query cost: about eight, and four for each answer that reads differently now.
    """
    tally = Tally()
    for part in without_repeats(batch):
        named = [row.customer for row in part if row.customer]
        customers = known.find_or_make(source, named, by=by, at=at) if named else {}
        here = {
            one.external_id: one
            for one in SurveyResponse.objects.filter(source=source, external_id__in=[row.external_id for row in part])
        }
        fresh = [row for row in part if row.external_id not in here]
        _insert(fresh, customers, source, by=by, at=at)
        tally.created += len(fresh)
        for row in part:
            if (known_one := here.get(row.external_id)) is not None:
                changed = _update(known_one, row, customers.get(row.customer), by=by, at=at)
                tally.updated += changed
                tally.unchanged += not changed
    return tally


def _insert(
    part: Sequence[HistoricResponse], customers: dict[str, int], source: str, *, by: Actor, at: datetime
) -> None:
    if not part:
        return
    keys, entry_ids = rows.new_ids(SurveyResponse, len(part)), bulk.new_keys(TrailEntry, len(part))
    responses, entries = [], []
    for key, entry_id, row in zip(keys, entry_ids, part, strict=True):
        customer = customers.get(row.customer)
        said = {name: getattr(row, name) for name in SAID}
        responses.append(
            _RESPONSES.row(
                id=key, customer_id=customer, source=source, external_id=row.external_id, created_at=at, updated_at=at,
                **said,
            )
        )  # fmt: skip
        facts = {"source": source, "external_id": row.external_id, "kind": row.kind, "score": row.score}
        chain = trail_rows.Chain("surveyresponse", key, customer)
        entries.append(chain.add(entry_id, RECORDED, by=by, at=at, changes=facts))
    _RESPONSES.load(responses)
    bulk.load(TrailEntry, trail_rows.COLUMNS, entries)


def _update(response: SurveyResponse, row: HistoricResponse, customer: int | None, *, by: Actor, at: datetime) -> bool:
    """Take over what the file says differently now; an answer's customer only when it names one."""
    stated: dict[str, Any] = {name: getattr(row, name) for name in SAID}
    if customer is not None:
        stated["customer_id"] = customer
    if all(getattr(response, name) == value for name, value in stated.items()):
        return False
    response = SurveyResponse.objects.select_for_update().get(pk=response.pk)
    changes: dict[str, Any] = {}
    for name, value in stated.items():
        before = getattr(response, name)
        if before != value:
            setattr(response, name, value)
            changes[name] = [before, value] if name != "comment" else "changed"
    response.version += 1
    response.updated_at = at
    response.save(update_fields=[*stated, "version", "updated_at"])
    trail.append(response, RECORD_CHANGED, by=by, at=at, changes=changes)
    return True
