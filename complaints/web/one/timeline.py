"""The story of a case in order of time: what was said, noted, sent, changed, by whom (mission A8; ux, desk 9)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions.holding import CASE_ENDED, CUSTOMER_WROTE
from complaints.actions.silence import SILENT
from complaints.models import ChannelCode, Clock, ClockKind, Complaint, LateReason, Outcome, Purpose, Severity, Status
from complaints.models.conversation import IN
from complaints.playbooks.memory import step_title
from complaints.reference import catalogue
from complaints.sla.ladder import percent_of
from complaints.web.marked import marked
from complaints.web.names import clock_name, name_of, person_of
from complaints.web.one import files, linking_words
from complaints.web.one.story import Linked, Mail, Said, Step, Story
from core import languages, trail
from core.models import TrailEntry
from core.web.parts import Chip, Entry, Person

SPOKEN = ("phone", "in_person")
WITHOUT_VERSION = (  # what is told beside a case and does not change it
    "complaint.noted",
    "complaint.watched",
    "complaint.unwatched",
    "complaint.step_done",
    "complaint.step_skipped",
    "complaint.step_undone",
    "complaint.hand_over_offered",
    "complaint.hand_over_declined",
    "complaint.hand_over_withdrawn",
    "complaint.escalated",
    "complaint.escalation_answered",
    "complaint.escalation_withdrawn",
    "complaint.not_duplicate",
)
QUIET = {
    "complaint.message_sent",
    "complaint.message_received",
    "complaint.noted",
    "complaint.filed",
    "sla.breached",  # the clock events and mails tell it
}


def entries(
    complaint: Complaint, story: Story, clocks: Iterable[Clock], customer: Person, *, now: datetime
) -> list[Entry]:
    """The timeline in words, by day in the viewer's zone. No query.

    Of a story with older messages only what happened since its first message is shown.
    """
    dated: list[tuple[datetime, int, Entry]] = []
    lists = files.of_story(story.files, files.of_case_url(complaint.reference))
    if not story.more:
        opening = enumerate(_opening(complaint, customer, lists.narrative))
        dated += [(complaint.received_at, rank, entry) for rank, entry in opening]
        dated += [(one.received_at, 5, _part_opening(one, customer)) for one in story.linked if not one.is_head]
    mails = {mail.key: mail for mail in story.mails}
    for said in story.said:
        entry = _said_entry(said, mails, customer)
        if said.of:
            entry.chips = [*entry.chips, _from(said.of)]
        entry.files = lists.note(said.id) if said.kind == "note" else lists.message(said.id)
        dated.append((said.at, 10, entry))
    for step in story.trail:
        dated += [(step.at, 20, found) for found in _trail_entries(step)]
    dated += [(mail.created_at, 30, _mail_entry(mail)) for mail in story.mails if not mail.key.startswith("message:")]
    for clock in clocks:
        if clock.breached_at is not None:
            dated.append((clock.breached_at, 40, _breach(clock)))
    dated.sort(key=lambda one: (one[0], one[1]))
    if story.more and story.said:
        dated = [one for one in dated if one[0] >= story.said[0].at]
    return list(_by_day(dated, now))


def _by_day(dated: Iterable[tuple[datetime, int, Entry]], now: datetime) -> Iterator[Entry]:
    last = None
    today = languages.local(now).date()
    for at, _rank, entry in dated:
        here = languages.local(at)
        if here.date() != last:
            last = here.date()
            yield Entry("day", text=_("Today") if last == today else _day(here, today.year))
        entry.at, entry.time = at.isoformat(), languages.clock_time(at)
        yield entry


def _day(here: datetime, year: int) -> str:
    return languages.day_month(here, weekday=True) if here.year == year else languages.day(here, weekday=True)


def _opening(complaint: Complaint, customer: Person, attached: Sequence[Any] = ()) -> Iterator[Entry]:
    """How it began: the complaint in the complainant's own words, and what they ask for."""
    narrative = complaint.narrative
    channel = ChannelCode(complaint.channel)
    noted = _("noted down by us") if channel in SPOKEN else ""
    yield Entry(
        "in",
        text=narrative.description,
        who=customer,
        channel=channel.value,
        channel_label=str(channel.label),
        to=noted,
        key="narrative",
        files=attached,
    )
    for title, text in ((_("Expects:"), narrative.expectation), (_("Asks for:"), narrative.remedy_sought)):
        if text:
            yield Entry("event", icon="flag", title=title, text=text)


def _part_opening(one: Linked, customer: Person) -> Entry:
    """How a case began that is part of this one now."""
    channel = ChannelCode(one.channel)
    return Entry(
        "in",
        text=f"{one.subject}\n\n{one.body}",
        who=customer,
        channel=channel.value,
        channel_label=str(channel.label),
        chips=[_from(one.reference)],
        key=f"narrative-{one.id}",
    )


def _from(reference: str) -> Chip:
    """What marks something as said in a case that is part of this one."""
    return Chip(_("in %(reference)s") % {"reference": reference})


def _said_entry(said: Said, mails: dict[str, Mail], customer: Person) -> Entry:
    key = f"{said.kind}-{said.id}"
    if said.kind == "note":
        who, text = person_of(said.author_id) or Person.of(0, _("Somebody")), marked(said.body, said.channel)
        return Entry("note", text=text, who=who, key=key)
    channel = ChannelCode(said.channel)
    if said.kind == IN:
        taken = _("noted by %(name)s") % {"name": name_of(said.author_id)} if said.author_id else ""
        return Entry(
            "in",
            text=said.body,
            who=customer,
            channel=channel.value,
            channel_label=str(channel.label),
            to=taken,
            key=key,
        )
    chips = [] if said.purpose == Purpose.REPLY else [Chip(str(Purpose(said.purpose).label))]
    mail = mails.get(f"message:{said.id}")
    if said.by_mail_to:
        to = _("to %(address)s") % {"address": said.by_mail_to}
        chips += [delivery(mail)] if mail else []
    else:
        to = _("on the status page")
    mark = ("email", str(ChannelCode.EMAIL.label)) if said.by_mail_to else ("web", _("Status page"))
    who = person_of(said.author_id) or Person.of(0, "Amends")
    return Entry("out", text=said.body, who=who, channel=mark[0], channel_label=mark[1], to=to, chips=chips, key=key)


def delivery(mail: Mail) -> Chip:
    """What became of a mail."""
    if mail.sent_at:
        return Chip(_("sent"), "met")
    if mail.suppressed:
        return Chip(_("held back, no longer needed"), "pause")
    if mail.failed_at:
        return Chip(_("not delivered"), "breach")
    return Chip(_("trying again"), "risk") if mail.attempts else Chip(_("on its way"), "pause")


MAILS = {
    "receipt": gettext_lazy("Receipt by e-mail"),
    "sla_warning": gettext_lazy("Warned of the deadline"),
    "sla_breach": gettext_lazy("Told of the missed deadline"),
    "sla_late": gettext_lazy("Told that it is still late"),
    "handed_over": gettext_lazy("Told of the handing over"),
    "assigned": gettext_lazy("Told of the case"),
    "customer_answered": gettext_lazy("Told of the answer"),
    "notification": gettext_lazy("Told by e-mail"),
    "decision_declined": gettext_lazy("Told that the decision is not accepted"),
    "survey": gettext_lazy("Survey by e-mail"),
}


def _mail_entry(mail: Mail) -> Entry:
    tone = "breach" if mail.failed_at and not mail.suppressed else ""
    title = str(MAILS.get(mail.template) or _("Mail"))
    words = f"{mail.recipient} · {delivery(mail).text}"
    return Entry("event", icon="email", tone=tone, title=title, text=words, key=f"mail-{mail.id}")


def _breach(clock: Clock) -> Entry:
    title = _("Deadline missed:")
    return Entry(
        "event",
        icon="breached",
        tone="breach",
        title=title,
        text=clock_name(clock),
        key=f"breach-{clock.pk}",
    )


def _trail_entries(entry: Step) -> list[Entry]:
    found = words_of(entry)
    if found is None:
        return []
    icon, tone, title, text = found
    return [Entry("event", icon=icon, tone=tone, title=title, text=text, key=f"trail-{entry.seq}")]


def words_of(entry: Step | TrailEntry) -> tuple[str, str, str, str] | None:
    """An entry of a complaint's trail as (icon, tone, title, text); None for what the timeline shows otherwise."""
    body = json.loads(entry.body)
    if entry.kind == "complaint.message_received" and body.get("status", [""])[0] == Status.WAITING:
        return ("undo", "", _("Waiting is over"), _("the customer answered"))
    if entry.kind in QUIET:
        return None
    private: dict[str, Any] = json.loads(entry.private) if entry.private else {}
    by, reason = actor_of(entry), private.get("reason") or private.get("comment") or ""
    say = SAY.get(entry.kind)
    if say is None:
        return ("trail", "", entry.kind.removeprefix("complaint.").replace("_", " "), by)
    icon, tone, title = say(body)
    if reason == "customer_answered":
        reason = _("the customer answered")
    text = f"{by}: {reason}" if by and reason else by or reason
    if body.get("undone"):
        text = f"{text} · {_('undone')}"
    if body.get("woken"):
        text = f"{text} · {_('no longer snoozed')}"
    if "cannot" in private:
        parts = (private["cannot"], private["because"], private.get("instead"))
        text = f"{text}: {' / '.join(part for part in parts if part)}"
    if late := body.get("late_reason"):
        why = str(LateReason(late).label)
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
        return _("Handed over to %(name)s, as nobody had taken it up") % {"name": _owner(body)}
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
    return _("Sorted as %(what)s") % {"what": ", ".join(parts)}


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
    said = []
    for kind, (before, after) in sorted(body["deadlines"].items()):
        label = str(ClockKind(kind).label) if kind in ClockKind.values else kind
        due = [
            languages.short_moment(datetime.fromisoformat(one)) if one else languages.DASH for one in (before, after)
        ]
        said.append(f"{label} {' → '.join(due)}")
    return "calendar", "", _("Working hours or policies changed: %(deadlines)s") % {"deadlines": "; ".join(said)}


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


def _watcher(body: dict[str, Any]) -> str:
    return name_of(body.get("watcher"))


def _snoozed(body: dict[str, Any]) -> str:
    until = body["until"][1]
    if until == "reply":
        return _("Snoozed until the customer writes")
    return _("Snoozed until %(moment)s") % {"moment": _moment(until)}


def _woken(body: dict[str, Any]) -> str:
    because = {"time": _("Back in the queue: its hour has come"), "deadline": _("Back in the queue: a deadline rang")}
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
    **linking_words.SAY,
    "complaint.recorded": lambda body: ("book", "", _("Imported as history")),
}


def changes_since(complaint: Complaint, version: int) -> str:
    """What happened to the case since `version`, newest last, for somebody whose page was older. Query cost: 1."""
    count = min(max(complaint.version - version, 1), 20)
    newest = list(trail.of(complaint).exclude(kind__in=WITHOUT_VERSION).order_by("-seq")[:count])
    said = {"complaint.message_sent": _("Message sent"), "complaint.message_received": _("The customer wrote")}
    words = []
    for entry in reversed(newest):
        found = words_of(entry)
        title, text = (found[2], found[3]) if found else (said.get(entry.kind, ""), actor_of(entry))
        if title:
            words.append(f"{title}, {languages.clock_time(entry.at)} {text}".strip())
    return "; ".join(words)


__all__ = ["changes_since", "delivery", "entries", "words_of"]
