"""One word to the customers of all cases of an incident, each in their language and by their channel (mission A8).

Written first, looked at for each case, then sent by a job: a case's message and the note that it has been sent are
committed together, so whoever is killed half-way has neither lost nor repeated anything; any number of workers. A case
that cannot be written to is noted with the reason. Every case gets its own message, also where two are of one customer:
each is answered under its own reference.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import macro_values, macros
from complaints.actions import converse, incidents
from complaints.models import Complaint, Incident, IncidentSending, IncidentUpdate, Status
from complaints.querysets import ComplaintQuerySet
from core import clock, languages, notify, notify_words, rows, trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import NotificationEvent as Event
from core.models import User

log = logging.getLogger(__name__)
BREATH = 0.02  # seconds between cases on SQLite, which has one writer: others get in
DRAFT, SENDING, SENT, STOPPED = "draft", "sending", "sent", "stopped"
NO_TEXT, MERGED, HISTORY, QUARANTINE, ENDED, CLOSED = (
    "no_text",
    "merged",
    "history",
    "in_quarantine",
    "already_ended",
    "already_closed",
)
MISSING, PERSONAL, UNSEEN = "variable_missing", "personal_part_missing", "not_visible"
FAILED = "failed"  # a fault of ours, in the log; the others are told all the same
WHY = {
    NO_TEXT: gettext_lazy("there is no text in its language, nor in the house's"),
    MERGED: gettext_lazy("it is part of another case"),
    HISTORY: gettext_lazy("it is imported history"),
    QUARANTINE: gettext_lazy("it is in quarantine"),
    ENDED: gettext_lazy("it was withdrawn"),
    CLOSED: gettext_lazy("it is closed"),
    MISSING: gettext_lazy("something the text needs is not known"),
    PERSONAL: gettext_lazy("the text has a part to be written by hand"),
    UNSEEN: gettext_lazy("it is handled by another team"),
    STOPPED: gettext_lazy("the update was stopped before"),
}

_COUNTS = {
    "total": Count("pk"),
    "sent": Count("pk", filter=Q(message__isnull=False)),
    "refused": Count("pk", filter=~Q(code__in=("", STOPPED))),
    "stopped": Count("pk", filter=Q(code=STOPPED)),
}

notify_words.register(Event.INCIDENT, "sent", gettext_lazy("The update on %(title)s has been sent: %(count)s"))


class UpdateRunning(DomainError):
    code = "update_running"
    message = gettext_lazy("An update is being sent. Wait until it is done.")


class NotADraft(DomainError):
    code = "not_a_draft"
    message = gettext_lazy("This update has been sent, or is being sent.")


class NotSending(DomainError):
    code = "not_sending"
    message = gettext_lazy("Nothing of this update is waiting to be sent.")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a case would get: the text in `language`, or why it gets none (`code`)."""

    complaint: Complaint
    body: str = ""
    language: str = ""
    code: str = ""

    @property
    def why(self) -> str:
        return why(self.code)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many cases an update is for; of those how many got it, cannot get it, and do not as it was stopped."""

    total: int
    sent: int
    refused: int
    stopped: int

    @property
    def left(self) -> int:
        return self.total - self.sent - self.refused - self.stopped


NOTHING = Progress(0, 0, 0, 0)


def why(code: str) -> str:
    """A refusal in words."""
    return str(WHY.get(code, _("it was refused"))) if code else ""


@transaction.atomic
def write(incident: Incident, texts: Mapping[str, str], *, by: Actor, at: datetime) -> IncidentUpdate:
    """Keep the texts (by language) of an update that is not sent yet; the newest draft is written over.

    Raises IncidentClosed, InvalidInput (body_required, unknown_language, unknown_variable, stray_brackets, too_long).
    """
    incident = incidents.locked(incident)
    incidents.refuse_closed(incident)
    kept = {language: text.strip() for language, text in texts.items() if text.strip()}
    _check(kept)
    update = incident.updates.filter(state=DRAFT).order_by("-pk").first() or IncidentUpdate(incident=incident)
    update.texts, update.by, update.created_at = kept, by.user, at
    update.save()
    return update


@transaction.atomic
def send(update: IncidentUpdate, *, by: Actor, at: datetime) -> IncidentUpdate:
    """Let the update go to every case linked now; the job (`advance`) writes them one by one.

    Cases of teams whose cases the sender does not see are noted as left out. Raises NotADraft, UpdateRunning,
    IncidentClosed, InvalidInput nothing_linked. Query cost: 6, and 1 more per 1,000 cases.
    """
    incident = incidents.locked(update.incident)
    incidents.refuse_closed(incident)
    update = IncidentUpdate.objects.select_for_update().get(pk=update.pk)
    if update.state != DRAFT:
        raise NotADraft
    if incident.updates.filter(state=SENDING).exists():
        raise UpdateRunning
    linked = Complaint.objects.filter(incident=incident).order_by("pk")
    seen = set(linked.visible_to(by.user).values_list("pk", flat=True))
    sendings = [
        IncidentSending(update=update, complaint_id=key, code="" if key in seen else UNSEEN)
        for key in linked.values_list("pk", flat=True)
    ]
    if not sendings:
        raise InvalidInput(_("No complaint belongs to this incident."), code="nothing_linked", field="incident")
    IncidentSending.objects.bulk_create(sendings, batch_size=1_000)
    update.state, update.by, update.sent_at = SENDING, by.user, at
    update.save(update_fields=["state", "by", "sent_at"])
    trail.append(incident, "incident.update_sent", by=by, at=at, changes={"update": update.pk, "cases": len(sendings)})
    return update


@transaction.atomic
def stop(update: IncidentUpdate, *, by: Actor, at: datetime) -> IncidentUpdate:
    """Send it to no further case. What is sent stays sent; a case being written to at this moment still gets it.

    Possible for a closed incident too. Raises NotSending. Query cost: 6.
    """
    incident = incidents.locked(update.incident)
    update = IncidentUpdate.objects.select_for_update(of=("self",)).select_related("by").get(pk=update.pk)
    if update.state != SENDING:
        raise NotSending
    waiting = IncidentSending.objects.filter(update=update, done_at__isnull=True, code="")
    if not waiting.update(code=STOPPED, done_at=at):
        raise NotSending
    update.state = STOPPED
    update.save(update_fields=["state"])
    done = progress(update)
    changes = {"update": update.pk, "sent": done.sent, "stopped": done.stopped}
    trail.append(incident, "incident.update_stopped", by=by, at=at, changes=changes)
    return update


@transaction.atomic
def discard(update: IncidentUpdate, *, by: Actor, at: datetime) -> None:
    """Throw a draft away. Raises NotADraft."""
    found = IncidentUpdate.objects.select_for_update().filter(pk=update.pk, state=DRAFT).first()
    if found is None:
        raise NotADraft
    found.delete()


def letter(update: IncidentUpdate, complaint: Complaint) -> Letter:
    """What the update says in one case. Query cost: what the text's variables read, at most 2."""
    if code := _unfit(complaint):
        return Letter(complaint, code=code)
    own, house = languages.code(complaint.language), languages.code(settings.LANGUAGE_CODE)
    language = next((one for one in (own, house) if update.texts.get(one)), "")
    if not language:
        return Letter(complaint, code=NO_TEXT)
    values = macro_values.of_case(complaint, agent=update.by, language=language)
    rendered = macros.render(update.texts[language], values)
    code = MISSING if rendered.missing else PERSONAL if rendered.personal else ""
    return Letter(complaint, rendered.text, language, code)


def linked(incident: Incident, user: User) -> ComplaintQuerySet:
    """The cases of an incident that `user` may see, as letters need them."""
    rows = Complaint.objects.visible_to(user).filter(incident=incident)
    return rows.select_related("customer", "team", "owner").order_by("pk")


def progress(update: IncidentUpdate) -> Progress:
    """Query cost: 1."""
    found = update.sendings.aggregate(**_COUNTS)
    return Progress(**found)


def advance(*, seconds: float = 30.0) -> int:
    """Go on with every update that is being sent, for about `seconds`; how many cases were looked at. For the job.

    Query cost: 1 by a partial index when nothing waits; about 15 a case.
    """
    end, looked = time.monotonic() + seconds, 0
    postgresql = connection.vendor == "postgresql"
    for update in IncidentUpdate.objects.filter(state=SENDING).select_related("by", "incident__owner").order_by("pk"):
        with translation.override(update.by.language or settings.LANGUAGE_CODE):
            try:
                while time.monotonic() < end and _send_one(update):
                    looked += 1
                    if not postgresql:
                        time.sleep(BREATH)
                _finish(update)
            except DatabaseError as error:  # the next beat goes on where this one stopped
                log.warning("update %s of incident %s waits: %s", update.pk, update.incident.reference, error)
    return looked


def _send_one(update: IncidentUpdate) -> bool:
    """The next case, in a transaction of its own; False when none is left for us."""
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        waiting = IncidentSending.objects.filter(update=update, done_at__isnull=True, code="")
        one = waiting.select_for_update(skip_locked=skip, of=("self",)).order_by("pk").first()
        if one is None:
            return False
        complaint = Complaint.objects.select_related("customer", "team", "owner").get(pk=one.complaint_id)
        at = clock.database_now()
        found = letter(update, complaint)
        one.code, one.done_at = found.code, at
        if not found.code:
            try:
                with transaction.atomic():
                    by = Actor.person(update.by)
                    one.message = converse.message(complaint, by=by, at=at, body=found.body)
            except DomainError as refusal:
                one.code = refusal.code[:40]
            except DatabaseError:
                raise
            except Exception:
                log.exception("update %s: case %s not written to", update.pk, complaint.reference)
                one.code = FAILED
        one.save(update_fields=["code", "done_at", "message"])
    return True


@transaction.atomic
def _finish(update: IncidentUpdate) -> None:
    """Note that every case was looked at, once, and tell who looks after the incident."""
    left = IncidentSending.objects.filter(update=update, done_at__isnull=True, code="").exists()
    found = IncidentUpdate.objects.select_for_update().get(pk=update.pk)
    if left or found.state != SENDING:
        return
    found.state = SENT
    found.save(update_fields=["state"])
    done = progress(found)
    incident = update.incident
    told = {incident.owner_id: incident.owner, update.by_id: update.by}.values()
    words = {"what": "sent", "title": incident.title, "count": f"{done.sent} / {done.total}"}
    url = f"/incidents/{incident.reference}/"
    rows.insert(
        notify.tell(
            told,
            Event.INCIDENT,
            key=f"incident-update:{found.pk}",
            words=words,
            url=url,
            about=incident,
            at=clock.database_now(),
        )
    )
    log.info("incident %s: %s sent, %s refused", incident.reference, done.sent, done.refused)


def _unfit(complaint: Complaint) -> str:
    """Why nothing can be written in a case; "" if it can. No query."""
    if complaint.status == Status.MERGED:
        return MERGED
    if complaint.is_history:
        return HISTORY
    if complaint.is_quarantined:
        return QUARANTINE
    return {str(Status.WITHDRAWN): ENDED, str(Status.CLOSED): CLOSED}.get(str(complaint.status), "")


def _check(texts: Mapping[str, str]) -> None:
    if not texts:
        raise InvalidInput(_("Write something first."), code="body_required", field="texts")
    known = {code for code, _name in settings.LANGUAGES}
    for language, text in texts.items():
        if language not in known:
            raise InvalidInput(_("This language is not offered."), code="unknown_language", field="texts")
        for fault in macros.faults(text):
            raise InvalidInput(_fault(fault), code=fault.code, field=f"texts/{language}")


def _fault(fault: macros.Fault) -> str:
    said: dict[str, Any] = {
        "unknown_variable": _("There is no variable “%(what)s”."),
        "stray_brackets": _("These brackets belong to nothing: %(what)s"),
        "too_long": _("At most %(what)s characters."),
    }
    return str(said[fault.code]) % {"what": fault.what}


def whole(updates: Iterable[IncidentUpdate]) -> dict[int, Progress]:
    """How far each is. Query cost: 1."""
    keys = [update.pk for update in updates]
    sendings = IncidentSending.objects.filter(update__in=keys).order_by()
    found = sendings.values("update").annotate(**_COUNTS).values_list("update", *_COUNTS)
    return {key: Progress(*counts) for key, *counts in found}
