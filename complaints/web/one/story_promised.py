"""What a case page tells of promises: its own and those of the cases merged into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import JSONObject

from complaints.models import Promise
from complaints.web import composed
from complaints.web.one.story_parts import Row, part_of
from complaints.web.one.told import Promised, Story

PROMISE = "promise"
PROMISES = 60
FACTS = {
    "of": "complaint__reference",
    "made_by": "made_by_id",
    "settled_at": "settled_at",
    "note": "settled_note",
    "renewed_as": "renewed_as_id",
}


def parts() -> list[QuerySet[Any, Any]]:
    own = Promise.objects.filter(complaint=composed.CASE)
    of_parts = Promise.objects.filter(complaint__merged_into=composed.CASE)
    words = "to_whom", "channel", "settled_as", JSONObject(**FACTS)
    when = {"sent_at": "made_at", "failed_at": "broken_at", "number": "version"}
    return [
        part_of(one.order_by("-due_at", "-pk"), PROMISE, "due_at", "text", "owner_id", *words, **when)[:PROMISES]
        for one in (own, of_parts)
    ]


def _promise(story: Story, row: Row) -> None:
    facts = json.loads(row.d)
    if row.at is None or row.who is None or row.sent_at is None:
        return  # none of a promise's, but the columns are those of every part
    row_ = Promise(
        pk=row.id, text=row.text, due_at=row.at, owner_id=row.who, to_whom=row.a, channel=row.b, settled_as=row.c,
        made_at=row.sent_at, broken_at=row.failed_at, settled_at=_instant(facts["settled_at"]),
        settled_note=facts["note"] or "", made_by_id=facts["made_by"], version=row.number,
    )  # fmt: skip
    story.promises.append(Promised(row_, facts["of"], facts["renewed_as"]))


def _instant(text: str | None) -> datetime | None:
    """PostgreSQL writes ISO 8601 with an offset, SQLite the naive text it stores, which is UTC."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


PLACES = {PROMISE: _promise}
