"""What can be done to many complaints at once: each the very same action as for one case (ux, Agent's desk 7).

Another area adds its own with an entry in `ACTS`: `read` turns what was typed (plain JSON) into what is kept, `run`
does it to one case, and where it can be taken back `remember` notes what `undo` needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints import errors, routing
from complaints.actions import _base, converse, decide, handle, incidents, macros, manage, snooze, watch
from complaints.models import NEVER, Complaint, Macro, Severity, Watch
from complaints.models.catalogue import UNCLASSIFIED
from complaints.reference import catalogue, cause_by_code, type_by_code
from core.actor import Actor
from core.errors import InvalidInput
from core.instants import InstantError, parse_instant
from core.models import User

LONGEST_REASON = 500
LONGEST_TEXT = 20_000
REPLY = "reply"  # a snooze without an hour: until the customer writes
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BulkAct:
    """`title`: of the button; `fields`: names of its values; `remember(complaint, by)` is asked before `run`, with the
    case locked. Without `undo` it cannot be taken back. `watches_version`: undone only where the case is as it left it.
    """

    key: str
    title: str | Promise
    fields: tuple[str, ...]
    read: Callable[[Values], dict[str, Any]]
    run: Callable[..., Any]
    remember: Callable[[Complaint, Actor], dict[str, Any]] | None = None
    undo: Callable[..., Any] | None = None
    watches_version: bool = True


def _text(values: Values, name: str, missing: str, *, code: str, longest: int = LONGEST_REASON) -> str:
    found = values.get(name, "")
    if not isinstance(found, str) or not found.strip():
        raise InvalidInput(missing, code=code, field=name)
    if len(found) > longest:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": longest}, code="too_long", field=name)
    return found.strip()


def _nothing(values: Values) -> dict[str, Any]:
    return {}


def _person(key: Any, field: str = "owner") -> User:
    text = str(key or "")
    known = text.isascii() and text.isdigit() and len(text) < 19
    found = User.objects.who_take_cases().filter(pk=int(text)).first() if known else None
    if found is None:
        raise InvalidInput(_("There is no such person."), code="unknown_owner", field=field)
    return found


def _read_assign(values: Values) -> dict[str, Any]:
    reason = values.get("reason") or ""
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": LONGEST_REASON}, code="too_long", field="reason")
    return {"owner": str(_person(values.get("owner")).pk), "reason": reason.strip()}


def _assign(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    owner = User.objects.filter(pk=int(values["owner"])).first()
    if owner is None:
        raise InvalidInput(_("There is no such person."), code="unknown_owner", field="owner")
    manage.assign(complaint, by=by, at=at, owner=owner, reason=values["reason"])


def _take(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    manage.assign(complaint, by=by, at=at, owner=by.user)


def _had(complaint: Complaint, by: Actor) -> dict[str, Any]:
    return {"owner": complaint.owner_id, "team": complaint.team_id}


def _give_back(complaint: Complaint, before: Values, *, by: Actor, at: datetime) -> None:
    """To the former owner and the former team. Raises OwnerUnavailable, AlreadyClosed or AlreadyEnded."""
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    owner = User.objects.filter(pk=before["owner"]).first()
    if owner is None or not routing.hold(owner):
        raise errors.OwnerUnavailable
    facts = {"team": [complaint.team_id, before["team"]], "undone": True}
    manage.change_owner(complaint, owner, by=by, at=at, reason="", facts=facts, team=before["team"])


def _read_classify(values: Values) -> dict[str, Any]:
    code, severity = values.get("type") or "", values.get("severity") or ""
    if code:
        type_by_code(str(code))
    if severity and severity not in Severity.values:
        raise InvalidInput(_("There is no such severity."), code="invalid_choice", field="severity")
    if not code and not severity:
        raise InvalidInput(_("Say as what it is to be sorted."), code="type_required", field="type")
    reason = _text(values, "reason", _("Say why it is sorted differently."), code="reason_required")
    return {"type": str(code), "severity": str(severity), "reason": reason}


def _classify(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    chosen = type_by_code(values["type"]) if values["type"] else None
    manage.classify(complaint, by=by, at=at, reason=values["reason"], type=chosen, severity=values["severity"])


def _was_sorted(complaint: Complaint, by: Actor) -> dict[str, Any]:
    return {"type": catalogue().types_by_id[complaint.type_id].code, "severity": complaint.severity}


def _sort_back(complaint: Complaint, before: Values, *, by: Actor, at: datetime) -> None:
    chosen = type_by_code(before["type"])
    manage.classify(complaint, by=by, at=at, reason=_("Undone"), type=chosen, severity=before["severity"])


def _read_snooze(values: Values) -> dict[str, Any]:
    until = values.get("until")
    if until == REPLY:
        return {"until": REPLY}
    try:
        at = parse_instant(until) if isinstance(until, str) else None
    except InstantError:
        at = None
    if at is None:
        raise InvalidInput(_("Say until when."), code="until_required", field="until")
    return {"until": at.isoformat()}


def _snooze(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    until = None if values["until"] == REPLY else datetime.fromisoformat(values["until"])
    snooze.snooze(complaint, by=by, at=at, until=until)


def _was_snoozed(complaint: Complaint, by: Actor) -> dict[str, Any]:
    until = complaint.snoozed_until
    return {"until": until.astimezone(UTC).isoformat() if until else None}


def _snooze_back(complaint: Complaint, before: Values, *, by: Actor, at: datetime) -> None:
    until = datetime.fromisoformat(before["until"]) if before["until"] else None
    if until is None or until <= at:
        snooze.wake(complaint, by=by, at=at)
    else:
        snooze.snooze(complaint, by=by, at=at, until=None if until == NEVER else until)


def _read_note(values: Values) -> dict[str, Any]:
    return {"body": _text(values, "body", _("Write something first."), code="body_required", longest=LONGEST_TEXT)}


def _note(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    converse.note(complaint, by=by, at=at, body=values["body"])


def _read_wait(values: Values) -> dict[str, Any]:
    return {"reason": _text(values, "reason", _("Say what you are waiting for."), code="reason_required")}


def _wait(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    handle.wait(complaint, by=by, at=at, reason=values["reason"])


def _close(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    decide.close(complaint, by=by, at=at)


def _watch(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    watch.watch(complaint, by=by, at=at, watcher=by.user)


def _followed(complaint: Complaint, by: Actor) -> dict[str, Any]:
    return {"watching": Watch.objects.filter(complaint=complaint, user=by.user).exists()}


def _unwatch(complaint: Complaint, before: Values, *, by: Actor, at: datetime) -> None:
    if not before["watching"]:
        watch.unwatch(complaint, by=by, at=at, watcher=by.user)


def _read_macro(values: Values) -> dict[str, Any]:
    key = str(values.get("macro") or "")
    known = key.isascii() and key.isdigit() and len(key) < 19
    if not known or not Macro.objects.filter(pk=int(key), current__isnull=False).exists():
        raise InvalidInput(_("There is no such macro."), code="unknown_macro", field="macro")
    return {"macro": key}


def _macro(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    """Its words for this very customer, and its steps; a case for which something is missing refuses."""
    macros.run(complaint, macros.taken(by.user, int(values["macro"])), by=by, at=at)


def _read_resolve(values: Values) -> dict[str, Any]:
    outcome = str(values.get("outcome") or "")
    if outcome not in decide.DECISIONS:
        raise InvalidInput(_("Choose upheld, partly upheld or not upheld."), code="invalid_choice", field="outcome")
    cause = cause_by_code(str(values.get("root_cause") or ""))
    if cause.code == UNCLASSIFIED:
        raise errors.CauseRequired(field="root_cause")
    summary = _text(values, "summary", _("Say what was done."), code="summary_required", longest=LONGEST_TEXT)
    return {"outcome": outcome, "root_cause": cause.code, "summary": summary}


def _resolve(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    """Without an answer of its own: the customers have been told, by an update to all of an incident perhaps."""
    cause = cause_by_code(values["root_cause"])
    outcome, summary = values["outcome"], values["summary"]
    decide.resolve(complaint, by=by, at=at, outcome=outcome, root_cause=cause, summary=summary)


def _read_incident(values: Values) -> dict[str, Any]:
    text = _text(values, "incident", _("Say which incident."), code="incident_required", longest=20)
    return {"incident": incidents.by_reference(text).reference}


def _incident(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> None:
    incidents.link(complaint, incident=incidents.by_reference(values["incident"]), by=by, at=at)


def _no_memory(complaint: Complaint, by: Actor) -> dict[str, Any]:
    return {}


def _out_of_incident(complaint: Complaint, before: Values, *, by: Actor, at: datetime) -> None:
    incidents.unlink(complaint, by=by, at=at)


ACTS = {
    act.key: act
    for act in (
        BulkAct(
            "assign",
            pgettext_lazy("many cases", "Assign"),
            ("owner", "reason"),
            _read_assign,
            _assign,
            _had,
            _give_back,
        ),
        BulkAct("take", pgettext_lazy("many cases", "Take"), (), _nothing, _take, _had, _give_back),
        BulkAct(
            "classify",
            pgettext_lazy("many cases", "Sort"),
            ("type", "severity", "reason"),
            _read_classify,
            _classify,
            _was_sorted,
            _sort_back,
        ),
        BulkAct("snooze", gettext_lazy("Snooze"), ("until",), _read_snooze, _snooze, _was_snoozed, _snooze_back),
        BulkAct("note", pgettext_lazy("many cases", "Note"), ("body",), _read_note, _note),
        BulkAct("macro", pgettext_lazy("many cases", "Macro"), ("macro",), _read_macro, _macro),
        BulkAct("wait", gettext_lazy("Wait on the customer"), ("reason",), _read_wait, _wait),
        BulkAct(
            "watch",
            gettext_lazy("Follow"),
            (),
            _nothing,
            _watch,
            _followed,
            _unwatch,
            watches_version=False,
        ),
        BulkAct("close", gettext_lazy("Close"), (), _nothing, _close),
        BulkAct("resolve", gettext_lazy("Resolve"), ("outcome", "root_cause", "summary"), _read_resolve, _resolve),
        BulkAct(
            "incident",
            gettext_lazy("Add to an incident"),
            ("incident",),
            _read_incident,
            _incident,
            _no_memory,
            _out_of_incident,
            watches_version=False,
        ),
    )
}
