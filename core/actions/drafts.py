"""Texts somebody has not sent yet, the same on every device of theirs (ux, Agent's desk 4).

A device says which save it has seen (`revision`). A text another device saved since is never overwritten unseen: `save`
raises Changed with it, and the person chooses. Nobody else reads a draft, so it leaves nothing on the trail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidInput
from core.models import Draft, User

PLACE = re.compile(r"[a-z][a-z-]{0,19}(?::[A-Za-z0-9-]{1,40})?", re.ASCII)
LONGEST = 20_000  # characters
MOST_FIELDS = 40_000  # characters of JSON
MOST = 500  # drafts of one person
KEPT = timedelta(days=180)


class Changed(DomainError):
    """`draft`: what another device saved meanwhile."""

    code = "draft_changed"
    message = _("Another device saved a different text here in the meantime.")

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft


@transaction.atomic
def save(
    user: User,
    place: str,
    *,
    body: str,
    at: datetime,
    fields: Mapping[str, Any] | None = None,
    revision: int = 0,
    device: str = "",
) -> Draft | None:
    """Keep what is typed at `place` ("reply:AM-4F7K-2M9Q"); nothing typed clears it, and gives None.

    `revision`: the last save this device has seen (0: none); `device`: its name, so that an answer lost on the way is
    no quarrel with itself. Raises Changed, InvalidInput (unknown_place, too_long, too_many_drafts). Query cost: 3.
    """
    fields = dict(fields or {})
    _refuse_odd(place, body, fields)
    empty = not body.strip() and not any(fields.get(name) for name in fields if name != "seen")
    kept = Draft.objects.select_for_update().filter(user=user, place=place).first()
    if kept is None:
        if empty:
            return None
        if Draft.objects.filter(user=user).count() >= MOST:
            raise InvalidInput(
                _("There are too many drafts. Send or clear some."), code="too_many_drafts", field="body"
            )
        made = Draft(user=user, place=place, revision=revision + 1)
        try:
            with transaction.atomic():
                return _write(made, body, fields, device, at, new=True)
        except IntegrityError:  # another device was first
            kept = Draft.objects.select_for_update().get(user=user, place=place)
    if (kept.body, kept.fields) == (body, fields):
        return kept
    known = kept.revision == revision or (device and kept.device == device)
    if not known and kept.body.strip() != body.strip():
        raise Changed(kept)
    if empty:
        kept.delete()
        return None
    kept.revision += 1
    return _write(kept, body, fields, device, at)


def clear(user: User, place: str) -> None:
    """What was typed there was sent, or is not wanted any more. Query cost: 1."""
    Draft.objects.filter(user=user, place=place).delete()


@transaction.atomic
def put_back(user: User, place: str, *, body: str, fields: Mapping[str, Any] | None = None, at: datetime) -> Draft:
    """A text that was sent comes back to be worked on; what is typed there by now stays, behind it. Query cost: 2."""
    kept = Draft.objects.select_for_update().filter(user=user, place=place).first()
    if kept is None:
        made = Draft(user=user, place=place)
        return _write(made, body[:LONGEST], dict(fields or {}), "", at, new=True)
    if kept.body.strip():
        body = f"{body}\n\n{kept.body}"
    kept.revision += 1
    return _write(kept, body[:LONGEST], {**kept.fields, **(fields or {})}, "", at)


def tidy(*, at: datetime) -> int:
    """Let go of what nobody has touched for half a year. How many went."""
    return Draft.objects.filter(updated_at__lt=at - KEPT).delete()[0]


def _write(draft: Draft, body: str, fields: dict[str, Any], device: str, at: datetime, *, new: bool = False) -> Draft:
    draft.body, draft.fields, draft.device, draft.updated_at = body, fields, device[:40], at
    draft.save(force_insert=new)
    return draft


def _refuse_odd(place: str, body: str, fields: dict[str, Any]) -> None:
    if not PLACE.fullmatch(place):
        raise InvalidInput(_("There is no such place for a draft."), code="unknown_place", field="place")
    if len(body) > LONGEST:
        raise InvalidInput(_("This text is too long."), code="too_long", field="body")
    if len(json.dumps(fields)) > MOST_FIELDS:
        raise InvalidInput(_("This text is too long."), code="too_long", field="fields")
