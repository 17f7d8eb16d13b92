"""Promise something by an hour, keep it, agree on another hour, or release us from it (mission A12; domain, Terms).

The case that answers for a promise (its own, or the one it was merged into) is locked first, then the promise. Each
keeps `Complaint.promise_due_at`, the earliest hour still owed, and with it the place in the queue.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext as _

from complaints import errors, routing
from complaints.actions import _base, telling
from complaints.actions.watch import let_see
from complaints.models import ChannelCode, Complaint, Message, Promise, PromiseEnd
from complaints.models.conversation import OUT
from complaints.promises import breaking, owed, states
from complaints.promises.given import Given
from complaints.promises.owed import open_ones as open_ones
from core import clock, notify, rows, trail
from core.actor import Actor
from core.errors import InvalidInput
from core.models import NotificationEvent as Event
from core.models import User

LONGEST = timedelta(days=731)
MOST_TEXT, MOST_WHOM, MOST_WORDS = 500, 120, 2_000


@transaction.atomic
def promise(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    text: str,
    due_at: datetime,
    to_whom: str = "",
    channel: str = "",
    owner: User | None = None,
    message: Message | None = None,
) -> Promise:
    """Promise `text` by `due_at` (UTC). `to_whom`: blank for the complainant; `channel`: how they will hear;
    `owner`: who answers for it (the case's owner unless said); `message`: in which it was given.

    Somebody else is told that it is theirs, and follows the case if they would not see it. Raises InvalidInput
    (text_required, too_long, in_the_past, too_far, invalid_choice, unknown_message), OwnerUnavailable, NotInHand
    (quarantine, history), AlreadyClosed or AlreadyEnded. Query cost: about 8.
    """
    text = _text(text, "text", MOST_TEXT, required=True)
    to_whom = _text(to_whom, "to_whom", MOST_WHOM)
    _refuse_odd(due_at, at=at)
    if channel and channel not in ChannelCode.values:
        raise InvalidInput(_("There is no such channel."), code="invalid_choice", field="channel")
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    if not complaint.in_queue:
        raise errors.NotInHand(_("Only on a complaint that is being handled can something be promised."))
    if message is not None and (message.complaint_id != complaint.pk or message.direction != OUT):
        raise InvalidInput(_("There is no such message."), code="unknown_message", field="message")
    if owner is not None and owner.pk != complaint.owner_id and not routing.hold(owner):
        raise errors.OwnerUnavailable(field="owner")
    keeper = owner or complaint.owner
    made = Promise(
        complaint=complaint,
        text=text,
        due_at=due_at,
        to_whom=to_whom,
        channel=channel,
        owner=keeper,
        message=message,
        made_by=by.user,
        made_at=at,
        next_at=states.first_look(at, due_at),
        updated_at=at,
    )
    rows.give_ids(made)
    told: list[models.Model] = []
    if keeper.pk != complaint.owner_id:
        let_see(complaint, keeper)
        words = telling.about(complaint, by=by, what=breaking.GIVEN, text=text)
        key = f"promise:{made.pk}:given"
        told = telling.tell([keeper], Event.PROMISE, complaint, key=key, words=words, by=by, at=at)
    complaint.promise_due_at = min(due_at, complaint.promise_due_at or due_at)
    _finish(
        complaint,
        "complaint.promised",
        by=by,
        at=at,
        changes=states.facts(made, keeper=keeper.pk, **({"message": message.pk} if message else {})),
        private=_private(made),
        also=[made, *told],
    )
    return made


@transaction.atomic
def fulfil(promise: Promise, *, by: Actor, at: datetime, note: str = "") -> Promise:
    """It is done. Too late, it is done all the same, but broken. Raises AlreadySettled."""
    note = _text(note, "note", MOST_WORDS)
    head, found = _owed(promise)
    late = _settle(head, found, PromiseEnd.KEPT, by=by, at=at, note=note)
    head.promise_due_at = owed.earliest(owed.of_case(head))
    changes = states.facts(found, late=found.broken_at is not None)
    _finish(
        head, "complaint.promise_kept", by=by, at=at, changes=changes, private=_private(found, note=note), also=late
    )
    return found


@transaction.atomic
def renegotiate(promise: Promise, *, by: Actor, at: datetime, text: str, due_at: datetime, reason: str) -> Promise:
    """Agree on something else in its place; `text` blank: the same by another hour. Returns the new promise.

    In time, the old one is neither kept nor broken. Raises AlreadySettled, or InvalidInput (too_long, in_the_past,
    too_far, reason_required, nothing_changed).
    """
    reason = _reason(reason, _("Say why it was agreed anew."))
    text = _text(text, "text", MOST_TEXT)
    _refuse_odd(due_at, at=at)
    head, old = _owed(promise)
    text = text or old.text
    if text == old.text and due_at == old.due_at:
        raise InvalidInput(_("Neither the promise nor its hour would change."), code="nothing_changed", field="due_at")
    late = _settle(head, old, PromiseEnd.RENEGOTIATED, by=by, at=at, note=reason, save=False)
    new = Promise(
        complaint_id=old.complaint_id,
        text=text,
        due_at=due_at,
        to_whom=old.to_whom,
        channel=old.channel,
        owner_id=old.owner_id,
        made_by=by.user,
        made_at=at,
        next_at=states.first_look(at, due_at),
        updated_at=at,
    )
    rows.give_ids(new)
    rows.insert([new])
    old.renewed_as = new
    old.save(update_fields=[*SETTLED, "renewed_as"])
    head.promise_due_at = owed.earliest(owed.of_case(head))
    changes = {
        "promise": new.pk,
        "instead_of": old.pk,
        "due_at": [old.due_at.isoformat(), new.due_at.isoformat()],
        "late": old.broken_at is not None,
    }
    private = _private(new, reason=reason, **({"before": old.text} if old.text != new.text else {}))
    _finish(head, "complaint.promise_renegotiated", by=by, at=at, changes=changes, private=private, also=late)
    return new


@transaction.atomic
def release(promise: Promise, *, by: Actor, at: datetime, reason: str) -> Promise:
    """Whom it was given to wants it no more. Raises AlreadySettled or InvalidInput reason_required."""
    reason = _reason(reason, _("Say why it is no longer wanted."))
    head, found = _owed(promise)
    late = _settle(head, found, PromiseEnd.RELEASED, by=by, at=at, note=reason)
    head.promise_due_at = owed.earliest(owed.of_case(head))
    private = _private(found, reason=reason)
    _finish(head, "complaint.promise_released", by=by, at=at, changes=states.facts(found), private=private, also=late)
    return found


def refuse_bad(given: Given | None, *, at: datetime) -> None:
    """Raises InvalidInput for a promise that could not be given with a message that goes out at `at`."""
    if given is not None:
        _text(given.text, "promise_text", MOST_TEXT, required=True)
        _refuse_odd(given.due_at, at=at, field="promise_due_at")


def with_message(given: Given | None, sent: Message, *, by: Actor, at: datetime) -> None:
    """Put on record what a message of a locked case that has just been written promises."""
    if given is not None:
        promise(sent.complaint, by=by, at=at, text=given.text, due_at=given.due_at, message=sent)


def refuse_while_open(complaint: Complaint) -> None:
    """Raises OpenPromise while anything promised is still owed, broken or not (domain, Complaint 7). The complaint is
    locked. No query."""
    if complaint.promise_due_at is not None:
        raise errors.OpenPromise


SETTLED = (
    "settled_at", "settled_as", "settled_by", "settled_note", "broken_at", "detected_at", "next_at", "updated_at",
    "version",
)  # fmt: skip


def _owed(promise: Promise) -> tuple[Complaint, Promise]:
    """The case that answers for it and the promise, both locked, as they are now. Raises AlreadySettled.

    Query cost: 3.
    """
    key = promise.complaint_id
    while True:
        into = Complaint.objects.values_list("merged_into", flat=True).get(pk=key)
        head = _base.locked(Complaint(pk=into or key))
        if into == Complaint.objects.values_list("merged_into", flat=True).get(pk=key):
            break  # else it was merged or parted in this very moment
    found = Promise.objects.select_for_update().get(pk=promise.pk)
    if found.settled_at is not None:
        raise errors.AlreadySettled
    return head, found


def _settle(
    head: Complaint,
    found: Promise,
    end: PromiseEnd,
    *,
    by: Actor,
    at: datetime,
    note: str,
    save: bool = True,
) -> list[models.Model]:
    """Nothing is owed any more. Returns the news to people if it turns out that it was too late."""
    late = note_if_late(head, found, by=by, at=at)
    found.settled_at, found.settled_as, found.settled_by, found.settled_note = at, str(end), by.user, note
    found.next_at, found.updated_at, found.version = None, at, found.version + 1
    if save:
        found.save(update_fields=SETTLED)
    return late


def note_if_late(head: Complaint, found: Promise, *, by: Actor, at: datetime) -> list[models.Model]:
    """Before a locked promise is settled: if its hour has passed, it was broken then, and is on the trail as such.

    The row is changed in memory. Returns the news to people. Query cost: none in time, else at most 4.
    """
    if not breaking.break_if_late(found, at=at, detected_at=clock.now()):
        return []
    trail.append(
        head,
        breaking.BROKEN_AS,
        by=Actor.system("promises"),
        at=found.due_at,
        changes=states.facts(found),
        private={"text": found.text},
    )
    lead = head.team.lead_id if head.team is not None else None
    users = {found.owner_id, head.owner_id, *([lead] if lead else [])} - {by.user_id}
    return notify.tell_many([breaking.news(found, breaking.BROKEN, head, users)], Event.PROMISE, at=at)


def _finish(
    head: Complaint,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    changes: dict[str, object],
    private: dict[str, str],
    also: list[models.Model],
) -> None:
    _base.finish(
        head,
        kind,
        by=by,
        at=at,
        fields=["promise_due_at"],
        changes=changes,
        private=private,
        clocks=_base.clocks_of(head),
        also=also,
    )


def _private(promise: Promise, **more: str) -> dict[str, str]:
    """What of it is personal: the text and to whom."""
    found = {"text": promise.text, "to_whom": promise.to_whom, **more}
    return {name: value for name, value in found.items() if value}


def _refuse_odd(due_at: datetime, *, at: datetime, field: str = "due_at") -> None:
    if due_at <= at:
        raise InvalidInput(_("Choose a moment that lies ahead."), code="in_the_past", field=field)
    if due_at > at + LONGEST:
        raise InvalidInput(_("Nobody can promise that far ahead."), code="too_far", field=field)


def _reason(text: str, missing: str) -> str:
    if not text.strip():
        raise InvalidInput(missing, code="reason_required", field="reason")
    return _text(text, "reason", MOST_WORDS)


def _text(text: str, field: str, most: int, *, required: bool = False) -> str:
    text = text.strip()
    if required and not text:
        raise InvalidInput(_("Say what we promise."), code="text_required", field=field)
    if len(text) > most:
        raise InvalidInput(_("This is too long."), code="too_long", field=field)
    return text
