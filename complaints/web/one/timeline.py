"""The story of a case in order of time: what was said, noted, sent, changed, by whom (mission A8; ux, desk 9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import ChannelCode, Clock, Complaint, Purpose
from complaints.models.catalogue import SAID_THERE
from complaints.models.conversation import IN
from complaints.web.marked import marked
from complaints.web.names import clock_name, name_of, person_of
from complaints.web.one import files
from complaints.web.one.told import Linked, Mail, Said, Step, Story
from complaints.web.one.trail_words import actor_of, words_of
from core import languages, trail
from core.web.parts import Chip, Entry, Person

SPOKEN = ("phone", "in_person")
WITHOUT_VERSION = (  # what is told beside a case and does not change it
    "complaint.promise_warned",
    "complaint.promise_broken",
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
    "complaint.decision_seen",
    "complaint.case_file_made",
)


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
        mark = ("email", str(ChannelCode.EMAIL.label))
    elif channel in SAID_THERE:
        to, mark = _("said there"), (channel.value, str(channel.label))
    else:
        to, mark = _("on the status page"), ("web", _("Status page"))
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
    "promise_near": gettext_lazy("Reminded of the promise"),
    "promise_broken": gettext_lazy("Told of the promise not kept"),
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
