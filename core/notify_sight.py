"""Whether somebody may still see what a notification is about: asked when it is shown, and when its mail leaves.

A floor above says so for its records, in its AppConfig.ready(): `register("complaint", sees)`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from core.models import Notification, OutboxMessage, User

Sees = Callable[[User, Collection[int]], set[int]]  # of these primary keys, those the user may see
Entry = dict[str, Any]
NOT_THEIRS = "not_theirs"  # why a mail is held back
GUARDED = ("notification", "notifications", "assigned", "customer_answered", "handed_over", "decision_declined")
_known: dict[str, Sees] = {}


def register(kind: str, sees: Sees) -> None:
    """Ask `sees` about records of this kind (the trail's name). What nobody registered everybody may see."""
    _known[kind] = sees


def hidden(user: User, rows: Iterable[Notification]) -> set[int]:
    """Primary keys of those notifications whose record `user` may not see (any more), or that is gone.

    Query cost: 1 for each kind of record.
    """
    rows = list(rows)
    found: set[int] = set()
    for kind, sees in _known.items():
        own = [row for row in rows if row.subject_kind == kind and row.subject_id is not None]
        if own:
            seen = sees(user, {int(row.subject_id) for row in own if row.subject_id is not None})
            found |= {row.pk for row in own if row.subject_id not in seen}
    return found


def guard(messages: Sequence[OutboxMessage]) -> dict[int, str]:
    """Mails to hold back: their reader (`user` of the context) has left, or may not see the record any more.

    From a bundle only the entries go that its reader may not see; it is held back when none is left. Query cost: 1, and
    those of the roles and 1 for each reader and kind of record.
    """
    readers = User.objects.in_bulk({key for one in messages if isinstance(key := one.context.get("user"), int)})
    asked: dict[tuple[int, str], list[OutboxMessage]] = {}
    found: dict[int, str] = {}
    for one in messages:
        key = one.context.get("user")
        if not isinstance(key, int):
            continue  # written before mails said whom they are for
        reader = readers.get(key)
        if reader is None or not reader.is_active:
            found[one.pk] = NOT_THEIRS
        elif "entries" in one.context:
            one.context = {**one.context, "entries": _seen_entries(reader, one.context["entries"])}
            if not one.context["entries"]:
                found[one.pk] = NOT_THEIRS
        elif one.subject_kind in _known and one.subject_id is not None:
            asked.setdefault((key, one.subject_kind), []).append(one)
    for (key, kind), own in asked.items():
        seen = _known[kind](readers[key], {int(one.subject_id) for one in own if one.subject_id is not None})
        found.update({one.pk: NOT_THEIRS for one in own if one.subject_id not in seen})
    return found


def _seen_entries(reader: User, entries: Sequence[Entry]) -> list[Entry]:
    """Those of a bundle's entries whose record the reader may see; `about` of each is [kind, primary key]."""
    seen = {
        kind: sees(reader, {key for entry in entries for of, key in [entry["about"]] if of == kind})
        for kind, sees in _known.items()
        if any(entry["about"][0] == kind for entry in entries)
    }
    return [entry for entry in entries if entry["about"][0] not in seen or entry["about"][1] in seen[entry["about"][0]]]
