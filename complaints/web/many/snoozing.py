"""Until when: the quick choices of a snooze, where the reader is, and a moment of one's own (ux, Agent's desk 8)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import NEVER, Complaint
from complaints.web.one.forms import ActForm, Key
from core import languages
from core.clock import now
from core.instants import InstantError, parse_instant
from core.web.fields import LocalInstant

AFTERNOON, MORNING = time(15), time(9)
LATEST_FOR_AFTERNOON = time(14)
REPLY, AT = "reply", "at"


def quick(at: datetime) -> dict[str, datetime]:
    """The quick choices by name, UTC-aware; this afternoon only while that lies ahead."""
    zone = timezone.get_current_timezone()
    here = at.astimezone(zone)
    today, monday = here.date(), here.date() + timedelta(days=7 - here.weekday())
    found = {}
    if here.time() < LATEST_FOR_AFTERNOON:
        found["afternoon"] = datetime.combine(today, AFTERNOON, zone)
    found["tomorrow"] = datetime.combine(today + timedelta(days=1), MORNING, zone)
    found["monday"] = datetime.combine(monday, MORNING, zone)
    return found


def choices(at: datetime) -> list[tuple[str, str]]:
    words = {
        "afternoon": _("This afternoon, %(time)s"),
        "tomorrow": _("Tomorrow, %(time)s"),
        "monday": _("Next Monday, %(time)s"),
    }
    found = [(name, words[name] % {"time": languages.clock_time(one)}) for name, one in quick(at).items()]
    return [*found, (REPLY, _("Until the customer writes")), (AT, _("Another moment"))]


class Until(forms.Form):
    """`until`: a quick choice, `reply`, `at` with the `moment` beside it, or an instant with its zone, as over the API.

    Cleaned to an instant, None for until the customer writes.
    """

    until = Key(
        label=gettext_lazy("Until"),
        widget=forms.RadioSelect,
        required=False,
    )
    moment = LocalInstant(label=gettext_lazy("Another moment"), future=True, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].choices = choices(now())  # type: ignore[attr-defined]
        self.fields["until"].initial = "tomorrow"

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        name, moment = cleaned.get("until", ""), cleaned.pop("moment", None)
        known = quick(now())
        if name in known:
            cleaned["until"] = known[name]
        elif name == REPLY:
            cleaned["until"] = None
        elif moment is not None and name in ("", AT):
            cleaned["until"] = moment
        else:
            try:
                cleaned["until"] = parse_instant(name)
            except InstantError:
                field = "moment" if name == AT else "until"
                if field not in self.errors:
                    self.add_error(field, _("Say until when."))
        return cleaned


class SnoozeForm(Until, ActForm):
    """On a case; the hint beside the choice says which deadline would bring it back before."""

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return tuple(choices(now()))


def hint(complaint: Complaint) -> str:
    """Deadlines go on; which is the next. No query."""
    due, at = complaint.queue_at, now()
    if due == NEVER:
        return _("No deadline runs now. A new one brings the case back when it comes near.")
    words = {"moment": languages.near(due, at)}
    if due <= at:
        return _("A deadline has passed (%(moment)s). The case stays among the breached ones.") % words
    return _("Deadlines keep running: the next is %(moment)s. When it comes near, the case comes back before.") % words
