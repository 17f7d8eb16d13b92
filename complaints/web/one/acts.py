"""Which actions the case page offers, as forms.

The page offers what makes sense in the case's state; whether it is allowed is for the action to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from complaints.actions import (
    acceptance,
)
from complaints.models import OPEN, Complaint, Status
from complaints.web.many import snoozing
from complaints.web.one import forms, ownership, statutory
from complaints.web.one.act_table import ACTS, AND_NEXT, Act
from core.web.once import fresh
from core.web.parts import CaseForm


def offered(complaint: Complaint, *, user_id: int, watching: bool, own: ownership.Ownership | None = None) -> list[str]:
    """The keys of what makes sense now, what comes next first. `own`: what is open about who has the case."""
    status = complaint.status
    follow = "unwatch" if watching else "watch"
    if complaint.is_quarantined:
        return ["release", "withdraw", "incoming", "add_watcher", follow]
    accept = ["accept", "told"] if acceptance.may_be_said(complaint) else []
    if statutory.owes_late_reason(complaint):
        accept.append("explain_lateness")
    if status in (Status.CLOSED, Status.WITHDRAWN):
        asked = ["answer_escalation"] if own is not None and own.asked(user_id) is not None else []
        return [*asked, "reopen", *accept, "incoming", "add_watcher", follow]
    if status == Status.MERGED:
        return ["unmerge", "incoming", "add_watcher", follow]
    keys: list[str] = []
    if status == Status.RESOLVED:
        keys = ["close", *accept, "reopen", "incoming"]
    elif status in OPEN:
        if complaint.acknowledged_at is None:
            keys.append("acknowledge")
        if status == Status.WAITING:
            keys.append("resume")
        elif status != Status.INVESTIGATING:
            keys.append("investigate")
        keys.append("resolve")
        if statutory.extendable(complaint):
            keys.append("extend")
        keys += ["incoming", "said"]
        if status != Status.WAITING:
            keys.append("wait")
    if complaint.in_queue:
        keys.append("wake" if complaint.snoozed_until is not None else "snooze")
        keys.append("promise")
    if complaint.owner_id != user_id:
        keys.append("take")
    first, rest = ownership.offered(complaint, user_id, own) if own is not None else ([], [])
    last = ["merge", *(["withdraw"] if status != Status.RESOLVED else [])]
    return [*first, *keys, "assign", *rest, "classify", *last, follow]


def case_forms(
    request: HttpRequest, complaint: Complaint, *, watching: bool, bound: dict[str, forms.ActForm], query: str
) -> list[CaseForm]:
    """The actions as forms, those just refused with what was typed. Query cost: 1, none once the case's ownership is
    known; choices come from memory."""
    me = request.user.pk or 0
    keys = offered(complaint, user_id=me, watching=watching, own=ownership.of(complaint, me))
    keys += [key for key in bound if key not in keys and key not in ("message", "note")]
    language = get_language()
    shown = []
    for position, key in enumerate(keys):
        act, refused = ACTS[key], bound.get(key)
        title, button = _words(key, language)
        shown.append(
            CaseForm(
                key=key,
                title=title,
                url=address(act, complaint, query),
                button=button,
                form=refused or _blank(act, complaint),
                icon=act.icon,
                primary=position == 0,
                danger=act.danger,
                open=key in bound or (position == 0 and not bound and key in ("acknowledge", "resolve")),
                shortcut=act.shortcut,
                look=None if refused else act.form.look(complaint),
                version=str(complaint.version),
                hint=snoozing.hint(complaint) if key == "snooze" else "",
                and_next=str(AND_NEXT.get(key, "")),
            )
        )
    return shown


@lru_cache(maxsize=256)
def _words(key: str, _language: str | None) -> tuple[str, str]:
    return str(ACTS[key].title), str(ACTS[key].button)


def _blank(act: Act, complaint: Complaint) -> Any:
    """The unbound form, built when somebody looks into it: what it shows is mostly known (`ActForm.look`)."""
    return SimpleLazyObject(lambda: act.form(complaint=complaint, prefix=None, auto_id=f"id_{act.key}_%s"))


@dataclass(frozen=True, slots=True)
class CustomerDoor:
    """The form on the customer card. `known`: there is somebody to take away."""

    url: str
    find_url: str
    version: str
    nonce: str
    known: bool


def customer_door(complaint: Complaint, query: str) -> CustomerDoor:
    """Where one says whose complaint it is (complaints.web.one.customer). No query."""
    return CustomerDoor(
        url=f"{complaint.get_absolute_url()}customer/{query}",
        find_url=reverse("customer_find"),
        version=str(complaint.version),
        nonce=fresh(),
        known=complaint.customer_id is not None,
    )


def texts(complaint: Complaint, typed: Any = None, kept: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """What rule packs offer to add to a reply, with what was ticked before or is `kept` with the draft. No query once
    the clocks are read."""
    ticked = typed.data.getlist("texts") if typed else (kept or {}).get("texts") or ()
    return [
        {"key": text.key, "name": text.name, "checked": text.key in ticked, "body": text.body(complaint)}
        for text in statutory.texts(complaint, "message")
    ]


def address(act: Act, complaint: Complaint, query: str) -> str:
    return f"{complaint.get_absolute_url()}{act.name}/{query}"
