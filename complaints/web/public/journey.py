"""Where a complaint stands, in plain words for whoever made it (ux, Public pages; glossary, Sentences).

Pure reading: the complaint's own fields, its visible trail entries and its deadlines become stages and sentences
in the active language. Names stand in the nominative or after a colon, dates as core.zones says them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.actions.converse import REOPENS_WITHIN
from complaints.models import Complaint, Outcome, Status
from complaints.web.public.dates import Expected
from core import languages, zones
from core.web.parts import Stage

DONE, NOW, LATER = "done", "now", ""
OPENED_AGAIN, TAKEN_UP, PAUSED, DECIDED, WITHDRAWN = (
    "complaint.reopened",
    "complaint.investigating",
    "complaint.paused",
    "complaint.resolved",
    "complaint.withdrawn",
)
VISIBLE = (OPENED_AGAIN, TAKEN_UP, PAUSED, DECIDED, WITHDRAWN)
DECIDED_OR_ENDED = (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Happened:
    """A visible entry of the trail."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class Journey:
    """`past`: visible entries, oldest first; `due`: what is still to be done by when; `now`: when one asks."""

    complaint: Complaint
    past: tuple[Happened, ...]
    due: Expected
    now: datetime

    @property
    def agent(self) -> str:
        return str(self.complaint.owner)

    @property
    def unseen(self) -> bool:
        """Nobody has taken it up yet, or it waits for somebody to look whether it is real: "received"."""
        return self.complaint.is_quarantined or (self.complaint.status == Status.NEW and not self._ended)

    @property
    def _ended(self) -> bool:
        return self.complaint.status in (*DECIDED_OR_ENDED, Status.WITHDRAWN, Status.MERGED)

    def last(self, kind: str) -> datetime | None:
        return next((one.at for one in reversed(self.past) if one.kind == kind), None)

    @property
    def reopened_at(self) -> datetime | None:
        return None if self._ended else self.last(OPENED_AGAIN)

    @property
    def next_due(self) -> datetime | None:
        """When the complainant hears from us next, as far as a clock says so."""
        found = [at for at in (self.due.acknowledge, self.due.update, self.due.resolve) if at is not None]
        return min(found) if found else None

    # --- sentences

    def headline(self) -> str:
        status, ref = self.complaint.status, self.complaint.reference
        if self.unseen:
            return _("We have received your complaint %(ref)s.") % {"ref": ref}
        if self.reopened_at is not None and status == Status.INVESTIGATING:
            return _("%(ref)s is open again.") % {"ref": ref}
        return {
            Status.ACKNOWLEDGED: _("A person has taken up your complaint."),
            Status.INVESTIGATING: _("We are looking into it."),
            Status.WAITING: _("We are waiting for your answer."),
            Status.RESOLVED: _("We have decided."),
            Status.CLOSED: _("Your complaint is closed."),
            Status.WITHDRAWN: _("Your complaint is withdrawn."),
            Status.MERGED: _("We handle your complaint together with another one."),
        }[Status(status)]

    def lead(self) -> str:
        """What happens next, and by when."""
        status = self.complaint.status
        if self.unseen:
            return self._late() or self._first_answer()
        if status in (Status.ACKNOWLEDGED, Status.INVESTIGATING):
            return self._late() or self._next_answer()
        if status == Status.WAITING:
            return _("To go on we need your answer. Just reply here.")
        if status == Status.RESOLVED:
            return _("You find our decision below. If something is still wrong, just reply here.")
        if status == Status.CLOSED:
            return self._still_open_for()
        if status == Status.MERGED:
            return _("What you write here reaches the people who handle both.")
        return ""

    def _first_answer(self) -> str:
        if self.next_due is None:
            return _("A person will read it and reply.")
        return _("A person will read it and reply by %(date)s.") % {"date": zones.named(self.next_due)}

    def _next_answer(self) -> str:
        if self.next_due is None:
            return _("%(agent)s stays with it until it is settled.") % {"agent": self.agent}
        return _("%(agent)s will reply by %(date)s.") % {
            "agent": self.agent,
            "date": zones.named(self.next_due),
        }

    def _late(self) -> str:
        if self.next_due is None or self.next_due >= self.now:
            return ""
        text = _("We owed you an answer by %(date)s and are late. We are sorry. We have not forgotten you.")
        return text % {"date": zones.named(self.next_due)}

    def _still_open_for(self) -> str:
        end = self.complaint.closed_at + REOPENS_WITHIN if self.complaint.closed_at else None
        if end is None or end < self.now or self.complaint.is_history:
            return ""
        text = _("If something is still wrong, just reply here by %(date)s: then we open it again.")
        return text % {"date": languages.sentence_day(end)}

    # --- stages

    def stages(self) -> list[Stage]:
        if self.unseen:
            return [self._received(), self._person(), self._decision()]
        found = [self._received()]
        if not (self.complaint.is_history and self.complaint.acknowledged_at is None):
            found.append(self._person())
        found += self._again()
        status = self.complaint.status
        if status == Status.WITHDRAWN:
            at = self.last(WITHDRAWN) or self.complaint.closed_at
            return [*found, Stage(pgettext("stage", "Withdrawn"), _when(at), DONE)]
        if status == Status.MERGED:
            return [*found, Stage(_("Joined with another complaint"), "", DONE)]
        found += [*self._looking(), self._decision()]
        if status == Status.CLOSED:
            found.append(Stage(pgettext("stage", "Closed"), _when(self.complaint.closed_at), DONE))
        return found

    def _received(self) -> Stage:
        return Stage(_("Received"), _when(self.complaint.received_at), DONE)

    def _person(self) -> Stage:
        if self.unseen:
            return Stage(_("A person answers you"), _by(self.due.acknowledge or self.due.update, self.now), NOW)
        told = [_when(self.complaint.acknowledged_at), _("Responsible: %(agent)s") % {"agent": self.agent}]
        state = NOW if self.complaint.status == Status.ACKNOWLEDGED else DONE
        return Stage(_("With a person"), ". ".join(part for part in told if part), state)

    def _again(self) -> list[Stage]:
        """An earlier decision, and that the case was opened again."""
        at = self.reopened_at or (self.last(OPENED_AGAIN) if not self.complaint.is_history else None)
        if at is None:
            return []
        first = [one.at for one in self.past if one.kind == DECIDED and one.at <= at]
        before = [Stage(_("Our earlier decision"), _when(first[-1]), DONE)] if first else []
        return [*before, Stage(_("Opened again"), _when(at), DONE)]

    def _looking(self) -> list[Stage]:
        status = self.complaint.status
        if self.complaint.is_history:
            return []
        taken_up = self._taken_up
        if status == Status.WAITING:
            since = self.last(PAUSED)
            return [
                Stage(_("Looking into it"), _when(taken_up), DONE),
                Stage(_("Waiting for your answer"), _since(since), NOW),
            ]
        if status == Status.INVESTIGATING:
            return [Stage(_("Looking into it"), _when(taken_up) or _by(self.due.update, self.now), NOW)]
        return [Stage(_("Looking into it"), _when(taken_up), DONE if status in DECIDED_OR_ENDED else LATER)]

    @property
    def _taken_up(self) -> datetime | None:
        """When we began to look into it. Once it was opened again, the work before is behind the earlier decision."""
        taken_up, again = self.last(TAKEN_UP), self.last(OPENED_AGAIN)
        return None if again is not None and taken_up is not None and taken_up < again else taken_up

    def _decision(self) -> Stage:
        title = _("Our decision and what we will do")
        if self.complaint.resolved_at is not None:
            return Stage(_("Our decision"), _when(self.complaint.resolved_at), DONE)
        if self.complaint.status == Status.CLOSED:
            return Stage(_("Our decision"), "", DONE)
        if self.complaint.status == Status.WAITING:
            return Stage(title, _("We set a new date as soon as we have your answer."), LATER)
        return Stage(title, _by(self.due.resolve, self.now), LATER)


def ahead(complaint: Complaint, due: Expected) -> list[Stage]:
    """The stages of a complaint just sent, as the confirmation shows them."""
    return [
        Stage(_("Received"), _when(complaint.received_at), DONE),
        Stage(_("A person answers you"), _by(due.acknowledge, complaint.received_at), NOW),
        Stage(
            _("We tell you what we decided and what we will do"),
            _by(due.resolve, complaint.received_at),
            LATER,
        ),
    ]


def outcome_in_words(outcome: str) -> str:
    """The decision as one says it to the person concerned, to stand after a colon; blank where there is none."""
    return {
        str(Outcome.UPHELD): _("you are right"),
        str(Outcome.PARTLY): _("you are partly right"),
        str(Outcome.NOT_UPHELD): _("we checked and cannot agree"),
    }.get(outcome, "")


def visible(entries: Iterable[tuple[str, datetime]]) -> tuple[Happened, ...]:
    return tuple(Happened(kind, at) for kind, at in entries if kind in VISIBLE)


def _when(at: datetime | None) -> str:
    """Friday 20 November 2026, 15:10."""
    return languages.moment(at, weekday=True) if at is not None else ""


def _by(at: datetime | None, now: datetime) -> str:
    if at is None or at < now:
        return ""
    # Translators: ru "не позднее", never "до"; es "a más tardar el"; it "entro".
    return _("by %(date)s") % {"date": zones.named(at)}


def _since(at: datetime | None) -> str:
    return _("since %(date)s") % {"date": languages.moment(at)} if at is not None else ""
