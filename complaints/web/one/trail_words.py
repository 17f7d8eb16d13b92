"""The entries of a complaint's trail in words: what was done, by whom and why (mission A8; ux, desk 9)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.actions.declining import DECLINED
from complaints.actions.holding import CASE_ENDED, CUSTOMER_WROTE
from complaints.actions.silence import ABSENT, SILENT
from complaints.casefile.editions import Edition
from complaints.models import ClockKind, LateReason, Outcome, Severity, Status
from complaints.playbooks.memory import step_title
from complaints.reference import catalogue
from complaints.sla.ladder import percent_of
from complaints.sla.reading import DAY_SECONDS
from complaints.web.names import name_of
from complaints.web.one import decision_words, detail_words, learning_words, linking_words, promise_words, remedy_words
from complaints.web.one.clockfacts import span
from complaints.web.one.told import Step
from core import languages
from core.models import TrailEntry

QUIET = {
    "complaint.message_sent",
    "complaint.message_received",
    "complaint.noted",
    "complaint.filed",
    "sla.breached",  # the clock events and mails tell it
}


def words_of(entry: Step | TrailEntry) -> tuple[str, str, str, str] | None:
    """An entry of a complaint's trail as (icon, tone, title, text); None for what the timeline shows otherwise."""
    body = json.loads(entry.body)
    if entry.kind == "complaint.message_received" and body.get("status", [""])[0] == Status.WAITING:
        return ("undo", "", _("Waiting is over"), _("the customer answered"))
    if entry.kind in QUIET:
        return None
    private: dict[str, Any] = json.loads(entry.private) if entry.private else {}
    by, reason = actor_of(entry), private.get("reason") or private.get("comment") or private.get("text") or ""
    say = SAY.get(entry.kind)
    if say is None:
        return ("trail", "", entry.kind.removeprefix("complaint.").replace("_", " "), by)
    icon, tone, title = say(body)
    if reason == "customer_answered":
        reason = _("the customer answered")
    if reason == DECLINED:
        reason = _("the customer does not accept the decision")
    if entry.kind in promise_words.SAY:
        reason = promise_words.said(private)
    text = f"{by}: {reason}" if by and reason else by or reason
    if entry.kind == "complaint.amended" and (what := detail_words.said(private)):
        text = f"{text}: {what}" if text else what
    if isinstance(body.get("policy"), list):
        text = f"{text} · {_('deadlines by the policy %(name)s') % {'name': body['policy'][1]}}"
    if body.get("undone"):
        text = f"{text} · {_('undone')}"
    if body.get("woken"):
        text = f"{text} · {_('no longer snoozed')}"
    if "cannot" in private:
        parts = (private["cannot"], private["because"], private.get("instead"))
        text = f"{text}: {' / '.join(part for part in parts if part)}"
    if late := body.get("late_reason"):
        now = late[1] if isinstance(late, list) else late
        why = str(LateReason(now).label) if now in LateReason.values else _("reason not given")
        if note := private.get("late_note"):
            why = f"{why}: {note}"
        text = f"{text}. {_('Why it came late: %(reason)s') % {'reason': why}}"
    return icon, tone, title, text


def actor_of(entry: Step | TrailEntry) -> str:
    """Who did it, as a reader would say."""
    if entry.actor_kind == "customer":
        return _("by the customer")
    if entry.actor_kind == "system":
        return _("by Amends")
    name = name_of(entry.actor_id) or entry.actor_label
    return _("by %(name)s") % {"name": name}


def _owner(body: dict[str, Any]) -> str:
    return name_of(body.get("owner", [None, None])[1])


def _handed_over(body: dict[str, Any]) -> str:
    if body.get("accepted"):
        return _("Taken over by %(name)s") % {"name": _owner(body)}
    if body.get("reason") == SILENT:
        return _("Handed over to %(name)s, as its owner had done nothing for too long") % {"name": _owner(body)}
    if body.get("reason") == ABSENT:
        return _("Handed over to %(name)s, as it is late and its owner is away") % {"name": _owner(body)}
    return _("Handed over to %(name)s") % {"name": _owner(body)}


def _asked(body: dict[str, Any]) -> dict[str, str]:
    """Who was asked."""
    return {"name": name_of(body.get("to"))}


def _classified(body: dict[str, Any]) -> str:
    parts = []
    if "type" in body:
        row = catalogue().types.get(body["type"][1])
        parts.append(row.path if row else body["type"][1])
    if "severity" in body:
        parts.append(str(Severity(body["severity"][1]).label))
    said = _("Sorted as %(what)s") % {"what": ", ".join(parts)}
    if shifts := "; ".join(_shifts(body)):
        said = f"{said}. {_('Deadlines: %(deadlines)s') % {'deadlines': shifts}}"
    return said


def _resolved(body: dict[str, Any]) -> str:
    cause = catalogue().causes.get(body.get("root_cause", ""))
    words = {"outcome": Outcome(body["outcome"]).label, "cause": cause.path if cause else "–"}
    return _("Resolved: %(outcome)s, %(cause)s") % words


def _extended(body: dict[str, Any]) -> str:
    before, after = (datetime.fromisoformat(one) for one in body["deadline"])
    words = {"before": languages.short_moment(before), "after": languages.short_moment(after)}
    return _("Legal deadline extended from %(before)s to %(after)s") % words


def _warned(body: dict[str, Any]) -> tuple[str, str, str]:
    """The last rung that rang: before the deadline, or long after it."""
    last = body["warned"][-1]
    words = {"clock": ClockKind(last["kind"]).label, "percent": languages.percent(percent_of(last["rung"]))}
    if percent_of(last["rung"]) > 100:
        return "breached", "breach", _("Still late: %(clock)s, %(percent)s of the time") % words
    return "clock", "risk", _("Deadline near: %(clock)s, %(percent)s of the time used") % words


def _moved(body: dict[str, Any]) -> tuple[str, str, str]:
    """Deadlines moved by an edit of a calendar or of the policies."""
    said = "; ".join(_shifts(body))
    return "calendar", "", _("Working hours or policies changed: %(deadlines)s") % {"deadlines": said}


def _shifts(body: dict[str, Any]) -> Iterator[str]:
    """What becomes of each clock: Resolve Thu 5 Mar, 14:00 → Fri 6 Mar, 10:00; paused, 44 h → 10 h left; new; ended."""
    for kind, (before, after) in sorted(body.get("deadlines", {}).items()):
        yield f"{_clock(kind)} {_moment(before)} → {_moment(after)}"
    for kind, (less, more) in sorted(body.get("left", {}).items()):
        day = body.get("day_seconds", DAY_SECONDS)
        words = {"clock": _clock(kind), "before": _left(less, day), "after": _left(more, day)}
        yield _("%(clock)s, paused: %(before)s → %(after)s left") % words
    for kind, due in sorted(body.get("added", {}).items()):
        yield _("%(clock)s, new: %(deadline)s") % {"clock": _clock(kind), "deadline": _moment(due)}
    for kind in sorted(body.get("ended", [])):
        yield _("%(clock)s: no longer asked for") % {"clock": _clock(kind)}


def _clock(kind: str) -> str:
    return str(ClockKind(kind).label) if kind in ClockKind.values else kind


def _left(seconds: int | None, day_seconds: int) -> str:
    return span(seconds, day_seconds) if seconds is not None else languages.DASH


def _moment(text: str | None) -> str:
    return languages.short_moment(datetime.fromisoformat(text)) if text else languages.DASH


def _accepted(body: dict[str, Any]) -> tuple[str, str, str]:
    if body["accepted"][1]:
        return "met", "met", _("The customer accepts the decision")
    return "flag", "risk", _("The customer does not accept the decision")


def _customer(body: dict[str, Any]) -> str:
    """Whose complaint it became; the customers are named by their page, which the card links."""
    before, after = body.get("customer", [None, None])
    if body.get("why"):
        return _("Followed the merge of customer records")
    if after is None:
        return _("No longer linked to a customer")
    return _("Linked to a customer") if before is None else _("Linked to another customer")


def _held(body: dict[str, Any]) -> str:
    if body.get("code") == CUSTOMER_WROTE:
        return _("Message for later held back: the customer wrote")
    if body.get("code") == CASE_ENDED:
        return _("Message for later held back: the case was decided")
    return _("Message for later held back")


def _step(body: dict[str, Any]) -> str:
    """A step of the playbook in the reader's language, else as it was called then."""
    return step_title(body["step"], body.get("playbook")) or body.get("title") or body["step"]


def _case_file(body: dict[str, Any]) -> str:
    words = {"form": body["form"].upper(), "edition": Edition(body["edition"]).label}
    return _("Case file taken along as %(form)s: %(edition)s") % words


def _watcher(body: dict[str, Any]) -> str:
    return name_of(body.get("watcher"))


def _snoozed(body: dict[str, Any]) -> str:
    until = body["until"][1]
    if until == "reply":
        return _("Snoozed until the customer writes")
    return _("Snoozed until %(moment)s") % {"moment": _moment(until)}


def _woken(body: dict[str, Any]) -> str:
    because = {
        "time": _("Back in the queue: its hour has come"),
        "deadline": _("Back in the queue: a deadline rang"),
        "promise": _("Back in the queue: a promise falls due"),
    }
    return because.get(body.get("because", "")) or _("Taken back into the queue")


# What is on the trail as (icon, tone, title), from the body of its entry.
SAY: dict[str, Callable[[dict[str, Any]], tuple[str, str, str]]] = {
    "complaint.acknowledged": lambda body: ("check", "", _("Acknowledged")),
    "complaint.investigating": lambda body: ("search", "", _("Investigation begun")),
    "complaint.paused": lambda body: ("paused", "", _("Waiting on the customer")),
    "complaint.resumed": lambda body: ("undo", "", _("Waiting is over")),
    "complaint.assigned": lambda body: ("person", "", _("Given to %(name)s") % {"name": _owner(body)}),
    "complaint.handed_over": lambda body: ("person", "", _handed_over(body)),
    "complaint.hand_over_offered": lambda body: ("team", "", _("Offered to %(name)s") % _asked(body)),
    "complaint.hand_over_declined": lambda body: ("close", "risk", _("%(name)s declines the case") % _asked(body)),
    "complaint.hand_over_withdrawn": lambda body: ("undo", "", _("Offer to %(name)s taken back") % _asked(body)),
    "complaint.escalated": lambda body: ("flag", "risk", _("Escalated to %(name)s") % _asked(body)),
    "complaint.escalation_answered": lambda body: ("reply", "", _("%(name)s answers the escalation") % _asked(body)),
    "complaint.escalation_withdrawn": lambda body: ("undo", "", _("Escalation to %(name)s taken back") % _asked(body)),
    "complaint.classified": lambda body: ("filter", "", _classified(body)),
    "complaint.customer_set": lambda body: ("person", "", _customer(body)),
    "complaint.released": lambda body: ("shield", "", _("Released from quarantine")),
    "complaint.resolved": lambda body: ("met", "met", _resolved(body)),
    "complaint.accepted": lambda body: _accepted(body),
    "complaint.extended": lambda body: ("calendar", "risk", _extended(body)),
    "sla.warned": _warned,
    "sla.moved": _moved,
    "complaint.closed": lambda body: ("check", "met", _("Closed")),
    "complaint.thanked": lambda body: ("check", "", _("Thanked the customer")),
    "complaint.apologised": lambda body: ("check", "", _("Apologised to the customer")),
    "complaint.refused": lambda body: ("flag", "", _("Said what we cannot do")),
    "complaint.send_later": lambda body: (
        "calendar",
        "",
        _("Message for later, to go out %(when)s") % {"when": _moment(body["due_at"])},
    ),
    "complaint.send_later_cancelled": lambda body: ("undo", "", _("Message for later taken back")),
    "complaint.send_later_held": lambda body: ("paused", "risk", _held(body)),
    "complaint.reopened": lambda body: ("undo", "risk", _("Reopened")),
    "complaint.withdrawn": lambda body: ("leave", "", _("Withdrawn by the customer")),
    "complaint.snoozed": lambda body: ("snooze", "pause", _snoozed(body)),
    "complaint.woken": lambda body: ("undo", "", _woken(body)),
    "complaint.watched": lambda body: ("eye", "", _("%(name)s follows the case") % {"name": _watcher(body)}),
    "complaint.unwatched": lambda body: (
        "eye",
        "",
        _("%(name)s no longer follows the case") % {"name": _watcher(body)},
    ),
    "complaint.step_done": lambda body: ("check", "", _("Step done: %(step)s") % {"step": _step(body)}),
    "complaint.step_skipped": lambda body: ("flat-trend", "", _("Step set aside: %(step)s") % {"step": _step(body)}),
    "complaint.step_undone": lambda body: ("undo", "", _("Step open again: %(step)s") % {"step": _step(body)}),
    "complaint.amended": lambda body: ("note", "", _("Details changed")),
    "complaint.taken_over": lambda body: ("book", "", _("Taken over from another system")),
    "complaint.record_changed": lambda body: ("book", "", _("Brought up to date by an import")),
    "complaint.case_file_made": lambda body: ("book", "", _case_file(body)),
    **linking_words.SAY,
    **learning_words.SAY,
    **decision_words.SAY,
    **promise_words.SAY,
    **remedy_words.SAY,
    "complaint.recorded": lambda body: ("book", "", _("Imported as history")),
}
