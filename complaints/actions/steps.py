"""Tick the steps of the playbook beside a case, and send its part for the customer (mission A6).

A tick belongs to the case and the step's key: a new version or another playbook with the same step finds it again.
Ticks are possible whatever the state of the case but on a merged one, as notes are: what is done after closing is done
too.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import errors
from complaints.actions import _base, converse
from complaints.markup import plain
from complaints.models import Complaint, Message, Status, StepDone
from complaints.playbooks.content import HOUSE, Step, said
from complaints.playbooks.memory import Edition, edition_for
from core import trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput

REASON = 200


class NothingToSend(DomainError):
    code = "nothing_to_send"
    message = gettext_lazy("The playbook has no part for the customer.")


@transaction.atomic
def tick(complaint: Complaint, *, by: Actor, at: datetime, key: str, skipped: str = "") -> StepDone:
    """The step is done; with `skipped` it does not apply, and that is why. Said again, nothing changes.

    Raises AlreadyEnded for a merged case, InvalidInput (unknown_step, too_long). Query cost: 6.
    """
    reason = " ".join(skipped.split())
    if len(reason) > REASON:
        raise InvalidInput(_("This is too long."), code="too_long", field="skipped")
    complaint = _locked(complaint)
    edition, step = _found(complaint, key)
    row = StepDone.objects.filter(complaint=complaint, key=key).first()
    if row is not None and row.skipped == reason:
        return row
    row = row or StepDone(complaint=complaint, key=key)
    row.version_id, row.by, row.at, row.skipped = edition.id, by.user, at, reason
    row.save()
    kind = "complaint.step_skipped" if reason else "complaint.step_done"
    _note(complaint, kind, edition, step, by=by, at=at, reason=reason)
    return row


@transaction.atomic
def untick(complaint: Complaint, *, by: Actor, at: datetime, key: str) -> bool:
    """Take a tick back, also of a step that is in the playbook no more. Says whether there was one.

    Raises AlreadyEnded for a merged case. Query cost: 6.
    """
    complaint = _locked(complaint)
    gone, _rows = StepDone.objects.filter(complaint=complaint, key=key).delete()
    if not gone:
        return False
    edition = edition_for(complaint.type_id)
    step = edition.step(key) if edition is not None else None
    _note(complaint, "complaint.step_undone", edition, step, by=by, at=at, key=key)
    return True


def customer_part(complaint: Complaint) -> str:
    """What the playbook says to the complainant, in their language, as it goes into a message; empty without one."""
    edition = edition_for(complaint.type_id)
    return plain(said(edition.customer_part, complaint.language)) if edition is not None else ""


def send_customer_part(complaint: Complaint, *, by: Actor, at: datetime, body: str = "") -> Message:
    """Send the part for the customer as a message; `body`: as the writer changed it.

    Raises NothingToSend, and what `converse.message` raises.
    """
    text = body.strip() or customer_part(complaint)
    if not text:
        raise NothingToSend
    return converse.message(complaint, by=by, at=at, body=text)


def _locked(complaint: Complaint) -> Complaint:
    current = _base.locked(complaint)
    if current.status == Status.MERGED:
        raise errors.AlreadyEnded
    return current


def _found(complaint: Complaint, key: str) -> tuple[Edition, Step]:
    edition = edition_for(complaint.type_id)
    step = edition.step(key) if edition is not None else None
    if edition is None or step is None:
        message = _("The playbook of this case has no such step.")
        raise InvalidInput(message, code="unknown_step", field="key", status=404)
    return edition, step


def _note(
    complaint: Complaint,
    kind: str,
    edition: Edition | None,
    step: Step | None,
    *,
    by: Actor,
    at: datetime,
    key: str = "",
    reason: str = "",
) -> None:
    """Show it to whoever looks at the case, and put it on its trail; no version of the case, as with notes."""
    Complaint.objects.filter(pk=complaint.pk).update(updated_at=at)
    changes = {
        "step": step.key if step is not None else key,
        "title": said(step.titles, HOUSE) if step is not None else key,
        "playbook": edition.playbook.pk if edition is not None else None,
        "version": edition.number if edition is not None else None,
    }
    trail.append(complaint, kind, by=by, at=at, changes=changes, private={"reason": reason} if reason else None)
