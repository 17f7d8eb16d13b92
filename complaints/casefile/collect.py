"""Everything a case file tells, read once: rows as they stand, of the case and of those merged into it.

What an edition must not tell is not read for it in the first place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import Length

from complaints.casefile.editions import Edition
from complaints.errors import CaseFileTooLarge
from complaints.models import (
    Attachment,
    CaseTheme,
    Clock,
    Complaint,
    CorrectiveAction,
    Decision,
    Demand,
    Message,
    Note,
    Promise,
    PromiseEnd,
    Remedy,
    RemedyStatus,
)
from core.models import OutboxMessage, TrailAnchor, TrailEntry
from retention.models import ContactPoint, FollowUp

MOST_ROWS = 20_000  # messages and trail entries of one case
MOST_TEXT = 5_000_000  # characters in messages and notes


@dataclass(slots=True)
class Rows:
    """What was read. `cases`: the case itself first, then those merged into it; `by_id`: the same by key.

    Messages, notes, mails and calls stand oldest first; `entries` chain by chain, as `trail.verify` wants them.
    `anchor`: the newest seal that reaches into the chains, NULL before the first.
    """

    complaint: Complaint
    cases: list[Complaint]
    clocks: list[Clock] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    entries: list[TrailEntry] = field(default_factory=list)
    anchor: TrailAnchor | None = None
    mails: list[OutboxMessage] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    remedies: list[Remedy] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    calls: list[FollowUp] = field(default_factory=list)
    contacts: list[ContactPoint] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    corrective: list[CorrectiveAction] = field(default_factory=list)

    @property
    def by_id(self) -> dict[int, Complaint]:
        return {one.pk: one for one in self.cases}


def collect(complaint: Complaint, *, edition: str, at: datetime) -> Rows:
    """The rows of an edition as of now. Query cost: 18 for the internal edition, 14 for the complainant's, whatever the
    size of the case. Raises CaseFileTooLarge before anything large is read."""
    internal = edition == Edition.INTERNAL
    related = "customer", "narrative", "owner", "team", "merged_into", "incident"
    whole = Q(pk=complaint.pk)
    if internal:
        whole |= Q(merged_into=complaint.pk)
    elif complaint.customer_id is not None:  # nobody reads what another customer wrote
        whole |= Q(merged_into=complaint.pk, customer=complaint.customer_id)
    cases = list(Complaint.objects.filter(whole).select_related(*related))
    cases.sort(key=lambda one: (one.pk != complaint.pk, one.pk))
    keys = [one.pk for one in cases]
    own: dict[str, Any] = {"complaint__in": keys}
    about: dict[str, Any] = {"subject_kind": "complaint", "subject_id__in": keys}
    _refuse_too_large(keys)
    rows = Rows(cases[0], cases)
    rows.clocks = list(Clock.objects.filter(complaint=complaint).order_by("pk"))
    rows.messages = list(Message.objects.filter(**own).order_by("at", "pk"))
    rows.files = list(_files(keys, internal))
    rows.entries = list(TrailEntry.objects.filter(**about).order_by("subject_kind", "subject_id", "seq"))
    if rows.entries:
        newest = max(entry.pk for entry in rows.entries)
        rows.anchor = TrailAnchor.objects.filter(first_id__lte=newest).order_by("-pk").first()
    rows.mails = list(_mails(rows, about, internal))
    rows.demands = list(Demand.objects.filter(**own).order_by("complaint_id", "position", "pk"))
    rows.decisions = list(Decision.objects.filter(complaint=complaint).select_related("answer").order_by("number"))
    rows.remedies = list(_remedies(keys, internal))
    rows.promises = list(_promises(keys, internal))
    if complaint.customer_id is not None:
        rows.contacts = list(ContactPoint.objects.filter(customer=complaint.customer_id).order_by("pk"))
    if internal:
        _read_internal(rows, own)
    return rows


def _read_internal(rows: Rows, own: Mapping[str, Any]) -> None:
    """Notes, calls, themes and what was learned."""
    rows.notes = list(Note.objects.filter(**own).order_by("created_at", "pk"))
    calls = FollowUp.objects.filter(complaint_reference__in=[one.reference for one in rows.cases])
    rows.calls = list(calls.order_by("created_at", "pk"))
    themes = CaseTheme.objects.filter(complaint=rows.complaint).select_related("theme").order_by("pk")
    rows.themes = [one.theme.code for one in themes]
    found = CorrectiveAction.objects.filter(cases__complaint=rows.complaint)
    rows.corrective = list(found.select_related("root_cause").order_by("pk"))


def _refuse_too_large(keys: list[int]) -> None:
    """Raises CaseFileTooLarge. Query cost: 3, of counts alone."""
    own: dict[str, Any] = {"complaint__in": keys}
    said = Message.objects.filter(**own).values_list("pk")
    text = Message.objects.filter(**own).aggregate(all=Sum(Length("body")))["all"] or 0
    entries = TrailEntry.objects.filter(subject_kind="complaint", subject_id__in=keys).count()
    if entries + said.count() > MOST_ROWS or text > MOST_TEXT:
        raise CaseFileTooLarge


def _files(keys: list[int], internal: bool) -> list[Attachment]:
    found = Attachment.objects.filter(complaint__in=keys, draft="").order_by("pk")
    return list(found if internal else found.filter(note__isnull=True))


def _mails(rows: Rows, about: Mapping[str, Any], internal: bool) -> list[OutboxMessage]:
    """All mails about the case; for the complainant those that carried a message to them."""
    found = OutboxMessage.objects.filter(**about).order_by("pk")
    if not internal:
        found = found.filter(key__startswith="message:")
    return list(found.defer("context"))


def _remedies(keys: list[int], internal: bool) -> list[Remedy]:
    """What was given; for us also what was asked for and not given."""
    found = Remedy.objects.filter(complaint__in=keys).order_by("requested_at", "pk")
    if not internal:
        return list(found.filter(status=RemedyStatus.GRANTED).select_related("payout"))
    return list(found.select_related("payout__export", "authority__version", "authority__team", "charge"))


def _promises(keys: list[int], internal: bool) -> list[Promise]:
    """All of them; for the complainant what their status page tells: theirs, owed or done."""
    found = Promise.objects.filter(complaint__in=keys).order_by("due_at", "pk")
    if not internal:
        found = found.filter(to_whom="", settled_as__in=("", PromiseEnd.KEPT))
    return list(found)
