"""Ask those whose complaint was settled: once each, at a fitting time, never too often (mission B1; ux, Survey).

Pulled by a job from rows, in two steps that may both run any number of times in any number of workers: `plan` notes who
is to be asked and when (unique per survey and complaint), `send_due` looks once more when the time has come and either
writes the mail or why not.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from complaints.models import Complaint, Status
from complaints.models.complaint import Kind
from core import languages, outbox, rows, trail
from core.actions.upkeep import alive
from core.actor import Actor
from core.instants import parse_instant
from core.models import Heartbeat, OutboxMessage, TrailEntry
from metrics import house_time
from metrics.models import Invitation, Survey, SurveyVersion
from metrics.models.surveys import HIGHEST, LOWEST, Suppression, SurveyKind, SurveySettings
from metrics.survey_links import new_key, one_click_url_of, stop_url_of, url_of
from metrics.survey_words import words
from retention.models import Consent, ContactPoint, Customer
from retention.models.care import ConsentPurpose
from retention.models.customers import EMAIL

JOB = "metrics.invite"
SETTLED = (Status.RESOLVED, Status.CLOSED)
TOO_LATE = timedelta(days=14)  # nobody is asked about what was settled longer ago than this, whatever the reason
OVERLAP = timedelta(minutes=15)  # looked at again: longer than any transaction of ours is open
PLAN_BATCH, SEND_BATCH = 500, 50


@dataclass(slots=True)
class Invited:
    """What a run did: noted whom to ask, wrote mails, decided against it."""

    planned: int = 0
    sent: int = 0
    suppressed: int = 0


def invite(*, at: datetime) -> dict[str, int]:
    """Plan and send whatever is due at `at` (UTC). Query cost: 4 when there is nothing to do."""
    done = Invited()
    done.planned = plan(at=at)
    send_due(done, at=at)
    return asdict(done)


# --- whom to ask ------------------------------------------------------------------------------------------------------


def plan(*, at: datetime) -> int:
    """Note an invitation for every complaint settled since its survey became active; returns how many are new.

    Reads only complaints changed since the last run (by the index on `updated_at`), and OVERLAP before it. Not asked:
    enquiries, history, quarantine, withdrawn and merged cases.
    """
    since, planned = _looked_until(at), 0
    for survey in Survey.objects.filter(is_active=True, after_resolution=True):
        version = _in_force(survey)
        if version is None:
            continue
        floor = max(active_since(survey), at - TOO_LATE)
        settled = Complaint.objects.filter(
            updated_at__gte=max(since, floor),
            resolved_at__range=(floor, at),
            status__in=SETTLED,
            kind=Kind.COMPLAINT,
            is_history=False,
            is_quarantined=False,
        )
        planned += _plan_new(survey, version, settled, at) + _plan_again(survey, settled)
    alive(JOB, at=at, detail={"looked_until": at.isoformat()})
    return planned


def _plan_new(survey: Survey, version: SurveyVersion, settled: Any, at: datetime) -> int:
    asked = Invitation.objects.filter(survey=survey, complaint=OuterRef("pk"))
    wanted = settled.filter(~Exists(asked)).only("pk", "customer_id", "language", "resolved_at").order_by("pk")
    planned, last = 0, 0
    while batch := list(wanted.filter(pk__gt=last)[:PLAN_BATCH]):
        last = batch[-1].pk
        made = [_invitation(survey, version, one, at) for one in batch]
        Invitation.objects.bulk_create(made, ignore_conflicts=True)  # another worker was first: its row stands
        planned += len(made)
    return planned


def _invitation(survey: Survey, version: SurveyVersion, complaint: Complaint, at: datetime) -> Invitation:
    return Invitation(
        version=version,
        survey=survey,
        complaint_id=complaint.pk,
        customer_id=complaint.customer_id,
        key=new_key(),
        language=languages.code(complaint.language),
        created_at=at,
        due_at=house_time.after(complaint.resolved_at or at, survey.delay_seconds),
        suppressed="" if _drawn(survey, complaint.pk) else Suppression.NOT_DRAWN,
    )


def _plan_again(survey: Survey, settled: Any) -> int:
    """Those not asked because their case was open again, now that it is settled once more."""
    waiting = Invitation.objects.filter(survey=survey, suppressed=Suppression.REOPENED, complaint__in=settled)
    again = 0
    for one in waiting.select_related("complaint"):
        settled_at = one.complaint.resolved_at if one.complaint else None
        due_at = house_time.after(settled_at or one.due_at, survey.delay_seconds)
        open_again = Invitation.objects.filter(pk=one.pk, suppressed=Suppression.REOPENED)
        again += open_again.update(suppressed="", due_at=due_at)
    return again


def _drawn(survey: Survey, complaint_id: int) -> bool:
    """Whether chance picks this complaint: the same answer in every worker."""
    if survey.share_percent >= 100:
        return True
    digest = hashlib.sha256(f"{survey.pk}:{complaint_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < survey.share_percent


def active_since(survey: Survey) -> datetime:
    """Since when the survey asks by itself: what was settled before is not asked about. Query cost: 2."""
    for entry in trail.of(survey).filter(kind="survey.changed").order_by("-seq"):
        body = json.loads(entry.body)
        if any(body.get(name) == [False, True] for name in ("is_active", "after_resolution")):
            found: datetime = entry.at
            return found
    first = SurveyVersion.objects.filter(survey=survey).order_by("number").values_list("published_at", flat=True)
    return first[0]


def _looked_until(at: datetime) -> datetime:
    """Up to when the last run looked, less OVERLAP; without one, as far back as anybody is asked."""
    beat = Heartbeat.objects.filter(name=JOB).first()
    until = parse_instant(beat.detail["looked_until"]) if beat and "looked_until" in beat.detail else at - TOO_LATE
    return min(until, at) - OVERLAP


def _in_force(survey: Survey) -> SurveyVersion | None:
    return SurveyVersion.objects.filter(survey=survey).order_by("-number").first()


# --- the mail ---------------------------------------------------------------------------------------------------------


def send_due(done: Invited, *, at: datetime) -> None:
    """Send every invitation whose time has come, or say why not; batches until dry.

    Rows are passed over while another worker holds them or their customer, so that two surveys to one person are
    decided one after the other. Query cost: 1 by a partial index when nothing is due, else about 7 a batch and 3 a row.
    """
    while _send_batch(done, at):
        pass


@transaction.atomic
def _send_batch(done: Invited, at: datetime) -> bool:
    due = (
        Invitation.objects.filter(sent_at__isnull=True, suppressed="", due_at__lte=at)
        .select_related("survey", "complaint", "customer")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("due_at", "pk")
    )
    batch = list(due[:SEND_BATCH])
    wanted = sorted({one.customer_id for one in batch if one.customer_id})
    customers = Customer.objects.select_for_update(skip_locked=True).filter(pk__in=wanted).order_by("pk")
    held = set(customers.values_list("pk", flat=True))
    mine = [one for one in batch if one.customer_id is None or one.customer_id in held]
    if not mine:
        return False
    desk = _Desk.of(held, {one.survey_id for one in mine}, at)
    for one in mine:
        desk.decide(one, done)
    return len(batch) == SEND_BATCH and len(mine) == len(batch)


@dataclass(slots=True)
class _Desk:
    """What deciding needs to know, read once a batch."""

    at: datetime
    by: Actor
    versions: dict[int, SurveyVersion]
    refused: set[int]
    addresses: dict[int, str]
    asked: set[int]
    cap: timedelta

    @classmethod
    def of(cls, customers: set[int], surveys: set[int], at: datetime) -> _Desk:
        cap = timedelta(days=SurveySettings.objects.get(pk=1).contact_cap_days)
        points = ContactPoint.objects.filter(customer__in=customers, kind=EMAIL).order_by("is_preferred", "-pk")
        refusals = Consent.objects.filter(customer__in=customers, purpose=ConsentPurpose.SURVEYS, given=False)
        recent = Invitation.objects.filter(customer__in=customers, sent_at__gt=at - cap)
        versions = SurveyVersion.objects.filter(survey__in=surveys).order_by("number")
        return cls(
            at,
            Actor.system(JOB),
            {one.survey_id: one for one in versions},
            set(refusals.values_list("customer", flat=True)),
            dict(points.values_list("customer", "value")),
            {pk for pk in recent.values_list("customer", flat=True) if pk is not None},
            cap,
        )

    def decide(self, one: Invitation, done: Invited) -> None:
        """Send it, put it off, or note why it is not sent."""
        if (due_at := self._moved(one)) is not None:
            one.due_at = due_at
            one.save(update_fields=["due_at"])
            return
        if (reason := self._against(one)) is not None:
            one.suppressed = reason
            one.save(update_fields=["suppressed"])
            self._note(one, "invitation.suppressed", {"reason": str(reason)})
            done.suppressed += 1
            return
        one.version = self.versions[one.survey_id]
        one.recipient = self.addresses[one.customer_id or 0]
        one.sent_at, one.expires_at = self.at, self.at + timedelta(days=one.survey.expires_days)
        one.save(update_fields=["version", "recipient", "sent_at", "expires_at"])
        rows.insert([letter(one, at=self.at)])
        self._note(one, "invitation.sent", {"version": one.version.number})
        if self.cap and one.customer_id:
            self.asked.add(one.customer_id)
        done.sent += 1

    def _against(self, one: Invitation) -> Suppression | None:
        if one.complaint is not None and one.complaint.status not in SETTLED:
            return Suppression.REOPENED
        if one.customer_id in self.refused:
            return Suppression.NO_CONSENT
        if not one.customer_id or not self.addresses.get(one.customer_id):
            return Suppression.NO_ADDRESS
        if self.cap and one.customer_id in self.asked:
            return Suppression.CONTACT_CAP
        return None

    def _moved(self, one: Invitation) -> datetime | None:
        """A new time where the case was reopened and settled again meanwhile."""
        settled_at = one.complaint.resolved_at if one.complaint else None
        if settled_at is None:
            return None
        due_at = house_time.after(settled_at, one.survey.delay_seconds)
        return due_at if due_at > self.at else None

    def _note(self, one: Invitation, kind: str, changes: dict[str, Any]) -> TrailEntry:
        reference = one.complaint.reference if one.complaint else ""
        return trail.append(
            one, kind, by=self.by, at=self.at, changes={"survey": one.survey.code, "complaint": reference, **changes}
        )


def letter(one: Invitation, *, at: datetime) -> OutboxMessage:
    """The mail of an invitation, in its language: a link for each score and one without, which only shows the page."""
    texts = words(one.version, one.language)
    url, kind = url_of(one.key), SurveyKind(one.survey.kind)
    context = {
        "automatic": True,
        "url": url,
        "stop_url": stop_url_of(one.key),
        "unsubscribe_url": one_click_url_of(one.key),
        "name": one.customer.name if one.customer and one.customer.kind == "person" else "",
        "reference": one.complaint.reference if one.complaint else "",
        "scores": [[n, f"{url}?score={n}"] for n in range(LOWEST[kind], HIGHEST[kind] + 1)],
        "lowest": LOWEST[kind],
        "highest": HIGHEST[kind],
        **{name: texts[name] for name in ("question", "low", "high")},
    }
    return outbox.mail(
        f"survey:{one.pk}",
        to=one.recipient,
        language=one.language,
        template="survey",
        context=context,
        about=one.complaint,
        at=at,
    )
