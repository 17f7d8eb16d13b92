"""The reply in the browser: what comes with it, when it goes, and what its writer had seen (mission A8, A12; ux, desk).

Without JavaScript everything here is a form: quick times are buttons, a time of one's own is a field with its button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.actions import _base, converse, pending
from complaints.actions.pending import Content
from complaints.actions.promises import MOST_TEXT
from complaints.actions.speech import Acts, Refusal
from complaints.models import Complaint, MacroVersion, Message, Pending
from complaints.promises.given import Given
from complaints.web.one import statutory
from complaints.web.one.forms import MessageForm
from complaints.web.one.promise_forms import Hour
from core import languages
from core.actor import Actor
from core.clock import now
from core.instants import InstantError, parse_instant
from core.web.fields import Line, LocalInstant
from core.web.parts import Part

MORNING = time(9)
SOON = timedelta(hours=2)
MONDAY = 0


class ReplyForm(MessageForm):
    """A message to the customer. `later`: the button beside `send_on` was pressed; `send_at`: a quick time's."""

    thanks = django_forms.BooleanField(required=False)
    apology = django_forms.BooleanField(required=False)
    cannot = Line(label=gettext_lazy("We cannot"), required=False, max_length=2000)
    because = Line(label=gettext_lazy("because"), required=False, max_length=2000)
    instead = Line(label=gettext_lazy("Instead"), required=False, max_length=2000)
    send_at = django_forms.CharField(required=False, max_length=40)
    send_on = LocalInstant(label=gettext_lazy("Date and time"), future=True, required=False)
    later = django_forms.BooleanField(required=False)
    promise_text = Line(label=gettext_lazy("We promise"), required=False, max_length=MOST_TEXT)
    promise_due_at = Hour(required=False)
    promise_due_on = LocalInstant(label=gettext_lazy("Another date and time"), future=True, required=False)
    seen = django_forms.CharField(required=False, max_length=20)
    anyway = django_forms.BooleanField(required=False)

    def clean_send_at(self) -> datetime | None:
        text = self.cleaned_data["send_at"]
        try:
            return parse_instant(text) if text else None
        except InstantError:
            raise ValidationError(_("There is no such date."), code="invalid_datetime") from None

    def clean_seen(self) -> int | None:
        """What is no number comes from no page of ours: then nobody looks."""
        text = self.cleaned_data["seen"]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if found.get("later") and not found.get("send_on") and "send_on" not in self.errors:
            self.add_error("send_on", _("Say when it shall go out."))
        self._clean_promise(found)
        if not found.get("later"):
            self.errors.pop("send_on", None)  # the field stands there whatever button was pressed
        return found

    def _clean_promise(self, found: dict[str, Any]) -> None:
        """A promise has both, its text and its hour; neither is none."""
        text, due_at = found.get("promise_text"), found.get("promise_due_on") or found.get("promise_due_at")
        if text and due_at is None and not {"promise_due_at", "promise_due_on"} & set(self.errors):
            self.add_error("promise_due_at", _("Say by when: a promise needs its hour."))
        if due_at is not None and not text and "promise_text" not in self.errors:
            self.add_error("promise_text", _("Say what we promise."))


@transaction.atomic
def reply(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    texts: Sequence[str] = (),
    attachments: Sequence[str] = (),
    macro: MacroVersion | None = None,
    thanks: bool = False,
    apology: bool = False,
    cannot: str = "",
    because: str = "",
    instead: str = "",
    send_at: datetime | None = None,
    send_on: datetime | None = None,
    later: bool = False,
    promise_text: str = "",
    promise_due_at: datetime | None = None,
    promise_due_on: datetime | None = None,
    seen: int | None = None,
    anyway: bool = False,
) -> Message | Pending:
    """What the form says, as the actions take it. `anyway`: the writer was shown what was written up to `seen`."""
    refusal = Refusal(cannot, because, instead) if any(part.strip() for part in (cannot, because, instead)) else None
    acts = Acts(thanks, apology, refusal)
    due_at = promise_due_on or promise_due_at
    promise = Given(promise_text, due_at) if promise_text and due_at is not None else None
    if anyway and seen is not None:
        converse.refuse_if_answered(_base.locked(complaint), seen, by=by, leaving=False)
        seen = None
    return pending.reply(
        complaint,
        by=by,
        at=at,
        body=body,
        send_at=send_on if later else send_at,
        seen=seen,
        content=Content(texts=texts, acts=acts or None, macro=macro, attachments=attachments, promise=promise),
    )


def said(result: object, *, at: datetime) -> str:
    """What to tell whoever sent it; blank for anything but a message that waits."""
    if not isinstance(result, Pending):
        return ""
    if result.take_back:
        seconds = max(1, round((result.due_at - at).total_seconds()))
        return ngettext("Reply goes out in %(n)s second", "Reply goes out in %(n)s seconds", seconds) % {"n": seconds}
    return _("Goes out %(when)s") % {"when": languages.near(result.due_at, at)}


@dataclass(frozen=True, slots=True)
class Time(Part):
    """A time to choose. `value`: the instant for machines; `late`: it lies after a deadline the reply would meet."""

    value: str
    label: str
    when: str
    late: bool


@dataclass(frozen=True, slots=True)
class Later(Part):
    """Sending later: quick times, and the next deadline (ISO for the script, and in words)."""

    times: Sequence[Time]
    deadline: str
    deadline_words: str
    on: str = ""
    earliest: str = ""


def later(complaint: Complaint, typed: Any = None, kept: Mapping[str, Any] | None = None) -> Later:
    """What the menu offers, in the reader's zone, with the time that was typed or is `kept` with the draft.

    No query once the clocks of the case are read.
    """
    at = now()
    found = pending.deadlines(complaint, after=at, clocks=statutory.clocks(complaint))
    deadline = found[0] if found else None
    times = [
        Time(_iso(when), label, languages.near(when, at), deadline is not None and when > deadline)
        for label, when in _times(at)
    ]
    return Later(
        times,
        _iso(deadline) if deadline else "",
        languages.near(deadline, at) if deadline else "",
        typed.data.get("send_on", "") if typed else str((kept or {}).get("send_on") or ""),
        languages.local(at).strftime("%Y-%m-%dT%H:%M"),
    )


def _times(at: datetime) -> list[tuple[str, datetime]]:
    zone = timezone.get_current_timezone()
    today = languages.local(at).date()
    soon = (at + SOON).replace(minute=0, second=0, microsecond=0)
    tomorrow = datetime.combine(today + timedelta(days=1), MORNING, zone)
    found = [(_("In two hours"), soon), (_("Tomorrow morning"), tomorrow)]
    if tomorrow.weekday() != MONDAY:
        monday = today + timedelta(days=(MONDAY - today.weekday()) % 7 or 7)
        found.append((_("Monday morning"), datetime.combine(monday, MORNING, zone)))
    return found


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
