"""Entries of the trail as outsiders read them: types of the public vocabulary, ids as text, instants with `Z`.

What is stored is sealed by its hash, so it stays as it was written; names and forms are put on on the way out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.instants import InstantError, iso, parse_instant
from core.models import TrailEntry
from core.webhooks import stream

COMPLAINT = "complaint"
# What numbers in `changes` are keys of records; other numbers (sizes, positions, scores) stay numbers.
IDS = frozenset({
    "action", "article", "article_version", "by", "calendar", "calendar_version", "cancelled", "capped", "charge",
    "clock", "copied", "copies", "customer", "decision", "default_calendar", "default_owner", "demand", "deputy",
    "edit", "entry", "escalation", "export", "followers", "from", "instead_of", "into", "keeper", "lead", "line",
    "macro", "manager", "message", "note", "of_charge", "offer", "owner", "owner_id", "owner_of_promises", "pack",
    "parent", "payment", "pending", "person", "playbook", "playbook_version", "policy", "promise", "referral",
    "referred", "referrer", "remedy", "snoozed_by", "team", "team_id", "themes", "to", "type", "update", "user",
    "watcher", "with_line",
})  # fmt: skip
_NUMBERED = ("authorityversion", "slaversion")  # their `from` is the number of a version


class SubjectShape(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="complaint, customer, purchase, followup, surveyresponse, …")
    id = serializers.CharField(help_text="As the API names it: a complaint by its reference.")


@extend_schema_field({"$ref": "#/components/schemas/EventType"})  # core.api.told
class TypeField(serializers.CharField):
    """A type of the vocabulary."""


class EventEntryShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="Stable and unique: what came twice is known by it.")
    type = TypeField(help_text="What happened.")
    subject = SubjectShape(help_text="What it happened to.")
    seq = serializers.IntegerField(help_text="1, 2, 3, … for each subject.")
    at = serializers.DateTimeField(help_text="When it happened.")
    recorded_at = serializers.DateTimeField(help_text="When it was written down.")
    actor = serializers.CharField(help_text="user:…, integration:… (the token's name), customer:… or system:…")
    user = serializers.CharField(allow_null=True, help_text="The id of the user who did it, or whose token did.")
    token = serializers.CharField(
        allow_null=True, help_text="The id of the token, for integrations; null in entries from before it was recorded."
    )
    changes = serializers.JSONField(help_text="Codes, instants and ids, [before, after] in pairs; no personal text.")
    hash = serializers.CharField(help_text="Seals it and everything before it about the same subject.")


def shown(entry: TrailEntry, references: Mapping[int, str]) -> dict[str, Any]:
    """One entry. `references`: of the complaints it is or tells about, by key; of others nothing is told. No query."""
    about_case = entry.subject_kind == COMPLAINT
    return {
        "id": str(entry.pk),
        "type": stream.type_of(entry.kind),
        "subject": {
            "kind": entry.subject_kind,
            "id": references[entry.subject_id] if about_case else str(entry.subject_id),
        },
        "seq": entry.seq,
        "at": iso(entry.at),
        "recorded_at": iso(entry.recorded_at),
        "actor": f"{entry.actor_kind}:{entry.actor_label}",
        "user": _text(entry.actor_id),
        "token": _text(entry.token_id),
        "changes": changes_of(entry, references),
        "hash": bytes(entry.hash).hex(),
    }


def changes_of(entry: TrailEntry, references: Mapping[int, str]) -> Any:
    """The open part of an entry: keys as ids, of complaints as references, instants with `Z`."""
    ids = IDS - {"from"} if entry.subject_kind in _NUMBERED else IDS
    return _outside("", json.loads(entry.body), ids, references)


def complaints_in(entry: TrailEntry) -> set[int]:
    """Keys of complaints that an entry about something else names."""
    if entry.subject_kind == COMPLAINT or f'"{COMPLAINT}":' not in entry.body:
        return set()
    named = json.loads(entry.body).get(COMPLAINT)
    return {named} if type(named) is int else set()


def _outside(name: str, value: Any, ids: frozenset[str], references: Mapping[int, str]) -> Any:
    """`value` as it stands under `name`; lists are pairs or several of what the name says."""
    if isinstance(value, dict):
        return {key: _outside(key, one, ids, references) for key, one in value.items()}
    if isinstance(value, list):
        return [_outside(name, one, ids, references) for one in value]
    if type(value) is int:
        if name == COMPLAINT:
            return references.get(value)
        return str(value) if name in ids else value
    return _instant(value) if isinstance(value, str) else value


def _instant(text: str) -> str:
    """An instant in the form of the API; anything else as it is."""
    if len(text) < 16 or text[10] not in "T " or not text[:4].isdigit():
        return text
    try:
        return iso(parse_instant(text)) or text
    except InstantError:
        return text


def _text(key: int | None) -> str | None:
    return None if key is None else str(key)
