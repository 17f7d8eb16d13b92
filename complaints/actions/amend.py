"""Put facts about a case right: what was told, what it is about, in which language (mission A8; case F24).

Two people may do so at once. Who says which values they saw (`seen`) loses nothing and overwrites nothing: fields the
other did not touch are written, fields both changed to different values refuse the whole, with both.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import _base
from complaints.actions.file import preview
from complaints.models import Complaint
from core.actor import Actor
from core.errors import InvalidInput

LONG = ("description", "expectation", "remedy_sought")  # of the narrative
AMENDABLE = ("subject", *LONG, "order_number", "product", "lot", "language")


@transaction.atomic
def amend(
    complaint: Complaint,
    values: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
    seen: Mapping[str, str] | None = None,
) -> Complaint:
    """Write `values`; what is personal or long stays out of the trail's hash. Allowed on ended cases too.

    `version`: the one the caller has seen. `seen`: what stood in each field then, as `seals`; a value that is still
    what was seen leaves its field alone. Raises Stale when the case has moved on, with `seen` only (AmendedMeanwhile)
    when somebody gave one of these fields another value; InvalidInput for a field that has an action of its own.
    """
    if unknown := set(values) - set(AMENDABLE):
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=sorted(unknown)[0])
    complaint = _base.locked(complaint)
    moved_on = version is not None and complaint.version != version
    if moved_on and seen is None:
        raise errors.Stale
    narrative = complaint.narrative
    if seen is not None:
        values = _touched(complaint, values, seen, moved_on=moved_on)
    before: dict[str, Any] = {}
    for name, value in values.items():
        row = narrative if name in LONG else complaint
        if getattr(row, name) != value:
            before[name] = getattr(row, name)
            setattr(row, name, value)
    if not before:
        return complaint
    long = [name for name in before if name in LONG]
    if long:
        narrative.save(update_fields=long)
    if "description" in before:
        complaint.preview = preview(narrative.description)
    return _base.finish(
        complaint,
        "complaint.amended",
        by=by,
        at=at,
        fields=[*(name for name in before if name not in long), "preview"],
        changes={"fields": sorted(before)},
        private={name: [str(old), str(values[name])] for name, old in before.items()},
    )


def facts(complaint: Complaint) -> dict[str, str]:
    """What may be amended, as it is now, in the order in which one reads it. Query cost: 1 without its narrative."""
    return {name: getattr(complaint.narrative if name in LONG else complaint, name) for name in AMENDABLE}


def seals(complaint: Complaint) -> dict[str, str]:
    """What stands in each field, as short as a form can carry it: 16 hexadecimal digits."""
    return {name: seal(value) for name, value in facts(complaint).items()}


def _touched(
    complaint: Complaint, values: Mapping[str, str], seen: Mapping[str, str], *, moved_on: bool
) -> dict[str, str]:
    """The values somebody changed. Raises AmendedMeanwhile when others changed the same fields to something else."""
    now = facts(complaint)
    touched = {name: value for name, value in values.items() if seal(value) != seen.get(name)}
    differing = {
        name: (now[name], value)
        for name, value in touched.items()
        if seal(now[name]) != seal(value) and (seal(now[name]) != seen[name] if name in seen else moved_on)
    }
    if differing:
        raise errors.AmendedMeanwhile(differing)
    return touched


def seal(value: str) -> str:
    """The same for texts that differ only in what a form changes by itself: line ends, blanks around it, NFC."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return hashlib.sha256(text.encode()).hexdigest()[:16]
