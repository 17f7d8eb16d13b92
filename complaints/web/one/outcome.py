"""What the complainant asks for, what was decided, how they learned of it, and what closing waits for (domain,
Complaint 6-7). Put in words from what the case page has read; no query but the score's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints import decision_letter, decisions
from complaints.decisions import Delivery, MailState, Standing
from complaints.models import OPEN, Complaint, DemandOutcome, Outcome, RemedyStatus, Status, ToldHow
from complaints.web.names import name_of
from complaints.web.one.told import Story
from core import languages
from core.clock import now
from core.web.once import fresh
from core.web.parts import Chip, Guard, Link, Part

TONES = {DemandOutcome.GRANTED: "met", DemandOutcome.PARTLY: "risk", DemandOutcome.REFUSED: ""}


@dataclass(frozen=True, slots=True)
class Demanded(Part):
    """A demand. `chip`: what was decided, None while nothing is; `of`: the merged case it came with."""

    id: int
    text: str
    chip: Chip | None
    answer: str
    given: str
    of: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Demands(Part):
    """The demands of a case with the doors to them. `sought`: what the form asked and nobody took over yet."""

    rows: Sequence[Demanded]
    sought: str
    may_add: bool
    base: str
    query: str
    version: str
    nonce: str

    @property
    def any(self) -> bool:
        return bool(self.rows or self.may_add)


def demands(complaint: Complaint, told: Story, *, query: str) -> Demands:
    """What they ask for, and what may be done about the list now."""
    may = complaint.status in OPEN and not complaint.is_quarantined and not complaint.is_history
    given = {one.pk: decision_letter.remedy(one) for one in told.remedies}
    parts = {one.id: one.reference for one in told.linked}
    rows = [
        Demanded(
            id=one.pk,
            text=one.text,
            chip=_chip(one.outcome),
            answer=one.answer,
            given=given.get(one.remedy_id or 0, ""),
            of=parts.get(one.complaint_id, "") if one.complaint_id != complaint.pk else "",
            may_change=may and one.complaint_id == complaint.pk,
        )
        for one in told.demands
    ]
    sought = " ".join(complaint.narrative.remedy_sought.split())
    return Demands(
        rows=rows,
        sought=sought if may and not rows else "",
        may_add=may,
        base=f"{complaint.get_absolute_url()}demands/",
        query=query,
        version=str(complaint.version),
        nonce=fresh(),
    )


def measures(told: Story) -> list[Link]:
    """The corrective actions that answer the case, each with where it stands."""
    return [
        Link(f"{one.title} · {one.get_state_display()}", reverse("learning_action", args=[one.pk]), "flag")
        for one in told.measures
    ]


def guards(complaint: Complaint, told: Story) -> list[Guard]:
    """What must be true before the case can be closed (domain, Complaint 7); none once it is."""
    if complaint.is_quarantined or complaint.status not in (*OPEN, Status.RESOLVED):
        return []
    standing = standing_of(complaint, told)
    decided = standing.decided and standing.has_cause
    found = [Guard(_("Decision and root cause"), met=decided, icon="scale")]
    if standing.demands:
        text = _("Each thing they ask for is decided")
        if n := standing.open_demands:
            text = ngettext("%(n)s thing they ask for is not decided", "%(n)s things they ask for are not decided", n)
            text %= {"n": n}
        found.append(Guard(text, met=n == 0, icon="flag"))
    found.append(_promise_guard(standing))
    awaiting = standing.remedies_awaiting
    text = _("A remedy waits for approval") if awaiting else _("No remedy waits for approval")
    found.append(Guard(text, met=not awaiting, icon="shield"))
    found.append(Guard(_answer_words(standing), met=standing.decided and not standing.delivery.lost, icon="send"))
    return found


def _promise_guard(standing: Standing) -> Guard:
    due = standing.promise_due_at
    if due is None:
        return Guard(_("No promise is open"), met=True, icon="promise")
    day = languages.short_day(languages.local(due), now=now())
    return Guard(_("A promise is open until %(day)s") % {"day": day}, icon="promise")


def _answer_words(standing: Standing) -> str:
    if not standing.decided:
        return _("The final answer is not sent")
    if standing.delivery.lost:
        return _("The final answer did not arrive")
    return _("The final answer arrived") if standing.delivery.known else _("The decision is on the status page")


def standing_of(complaint: Complaint, told: Story) -> Standing:
    """`decisions.standing` from what the page has read."""
    decided = complaint.status in decisions.DECIDED
    return Standing(
        decided=decided,
        has_cause=decided and complaint.root_cause_id is not None,
        demands=len(told.demands),
        open_demands=sum(not one.outcome for one in told.demands),
        promise_due_at=complaint.promise_due_at,
        remedies_awaiting=sum(one.status == RemedyStatus.AWAITING for one in told.remedies) + told.awaiting_elsewhere,
        delivery=delivery_of(told) if decided else Delivery(),
    )


def delivery_of(told: Story) -> Delivery:
    """`decisions.delivery` from what the page has read."""
    decision = told.decision
    if decision is None:
        return Delivery()
    key = f"message:{decision.answer_id}"
    mail = next((one for one in told.mails if one.key == key), None)
    state, at = decisions.fate(mail.sent_at, mail.failed_at) if mail is not None else (MailState.NONE, None)
    return Delivery(
        answered=decision.answer_id is not None,
        mail=state,
        mail_to=mail.recipient if mail is not None else "",
        mail_at=at,
        seen_at=decision.seen_at,
        told_at=decision.told_at,
        told_how=decision.told_how,
        told_by_id=decision.told_by_id,
    )


def decided(complaint: Complaint, told: Story) -> dict[str, Any] | None:
    """The three outcomes kept apart: decision, acceptance, score (domain, Complaint 6); with how they learned of it.

    Query cost: 1 when decided.
    """
    if not complaint.outcome:
        return None
    word = told.decision.accepted if told.decision is not None else complaint.accepted
    accepted = {True: _("accepted"), False: _("not accepted"), None: _("not asked yet")}[word]
    return {
        "outcome": str(Outcome(complaint.outcome).label),
        "acceptance": accepted,
        "score": _score(complaint),
        "findings": told.decision.findings if told.decision is not None else "",
        "delivery": _delivery_lines(delivery_of(told)) if told.decision is not None else [],
    }


def _delivery_lines(found: Delivery) -> list[tuple[str, str, str]]:
    """Each way they learned of it, or did not: icon, tone, words."""
    lines: list[tuple[str, str, str]] = []
    words = {"when": languages.short_moment(found.mail_at) if found.mail_at else "", "address": found.mail_to}
    if found.mail == MailState.SENT:
        lines.append(("email", "met", _("E-mail sent %(when)s to %(address)s") % words))
    elif found.mail == MailState.FAILED:
        lines.append(("breached", "breach", _("E-mail to %(address)s failed %(when)s") % words))
    elif found.mail == MailState.WAITING:
        lines.append(("email", "pause", _("E-mail to %(address)s is on its way") % words))
    if found.seen_at is not None:
        when = {"when": languages.short_moment(found.seen_at)}
        lines.append(("eye", "met", _("Seen on the status page %(when)s") % when))
    else:
        lines.append(("eye", "", _("Not seen on the status page yet")))
    if found.told_at is not None:
        how = str(ToldHow(found.told_how).label) if found.told_how in ToldHow.values else ""
        who = {"how": how, "when": languages.short_moment(found.told_at), "name": name_of(found.told_by_id) or "–"}
        lines.append(("call", "met", _("Told %(how)s %(when)s, by %(name)s") % who))
    return lines


def _chip(outcome: str) -> Chip | None:
    if outcome not in DemandOutcome.values:
        return None
    return Chip(str(DemandOutcome(outcome).label), TONES[DemandOutcome(outcome)])


def _score(complaint: Complaint) -> str:
    """The newest score given about it, "9 of 10"; empty without one. Query cost: 1."""
    answers = complaint.survey_responses.filter(score__isnull=False)  # of the floor above
    newest = answers.order_by("-pk").first()
    return newest.score_of if newest is not None else ""
