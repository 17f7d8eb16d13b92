"""Call customers, and keep what was planned: plan, try, complete, hand on, put off, cancel (mission B4).

A call is owned and dated, always. Whoever becomes its owner without having done it themselves is told by mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import dates, languages, outbox, rows, trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import User
from retention.actions.consent import consent
from retention.models import Consent, Customer, FollowUp
from retention.models.care import ConsentPurpose, FollowUpOutcome, FollowUpReason

NOBODY_SPOKEN_TO = (FollowUpOutcome.NOT_REACHED, FollowUpOutcome.MESSAGE_LEFT)
HOW_IT_ENDS = (*NOBODY_SPOKEN_TO, FollowUpOutcome.REACHED, FollowUpOutcome.DECLINED)
ABOUT, NOTE = 200, 20_000


class AlreadyDone(DomainError):
    code = "already_done"
    message = gettext_lazy("This call has already been made or cancelled.")


class NoCalls(DomainError):
    code = "no_consent"
    message = gettext_lazy("This customer does not want calls.")


class Unavailable(DomainError):
    code = "owner_unavailable"
    message = gettext_lazy("This person cannot make the call: inactive, or without a role that handles cases.")


class Stale(DomainError):
    code = "stale"
    message = gettext_lazy("Somebody else changed this call in the meantime.")


def refuses_calls(customer: Customer) -> bool:
    """The customer said they want no calls. Query cost: 1."""
    return Consent.objects.filter(customer=customer, purpose=ConsentPurpose.CALLS, given=False).exists()


@transaction.atomic
def plan(
    customer: Customer,
    *,
    by: Actor,
    at: datetime,
    owner: User,
    due_on: date,
    reason: str = FollowUpReason.PLANNED,
    about: str = "",
    complaint_reference: str = "",
    key: str = "",
    said: str = "",
    by_phone: bool = True,
) -> FollowUp:
    """Plan a call for `owner` on the local date `due_on`, and tell the owner.

    `key`: the same key plans once for ever; a call that was cancelled is taken up again. `said`, `by_phone`: for the
    owner's mail only: the customer's words, and whether they would rather not be called.
    Raises InvalidInput (due_in_the_past, too_long), NoCalls or Unavailable. Query cost: 6.
    """
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if customer.merged_into_id is not None:
        raise DomainError(_("This customer was merged into another one."), code="customer_merged")
    if refuses_calls(customer):
        raise NoCalls
    _refuse_owner(owner)
    _refuse_past(due_on, at)
    if len(about) > ABOUT:
        raise InvalidInput(_("This is too long."), code="too_long", field="about")
    planned = FollowUp.objects.filter(key=key).first() if key else None
    if planned is not None:
        again = planned.done_at is not None and planned.outcome == FollowUpOutcome.CANCELLED
        return _take_up(planned, owner, due_on, by=by, at=at, said=said, by_phone=by_phone) if again else planned
    planned = FollowUp(
        customer=customer,
        owner=owner,
        reason=reason,
        about=about.strip(),
        complaint_reference=complaint_reference,
        key=key,
        due_on=due_on,
        created_at=at,
        updated_at=at,
    )
    rows.give_ids(planned)
    changes = {"owner": owner.pk, "due_on": due_on, "reason": str(reason), "complaint": complaint_reference}
    entry = trail.build(planned, "followup.planned", by=by, at=at, changes=changes, private=_text(about=about))
    rows.insert([planned, entry, *_tell(planned, by, at, said=said, by_phone=by_phone)])
    return planned


def _take_up(planned: FollowUp, owner: User, due_on: date, *, by: Actor, at: datetime, **told: Any) -> FollowUp:
    planned.done_at, planned.done_by, planned.outcome, planned.note = None, None, "", ""
    planned.owner, planned.due_on = owner, due_on
    changes = {"owner": owner.pk, "due_on": due_on}
    fields = ["done_at", "done_by", "outcome", "note", "owner", "due_on"]
    _finish(planned, "taken_up", fields, changes, by=by, at=at)
    rows.insert(_tell(planned, by, at, **told))
    return planned


@transaction.atomic
def attempt(
    follow_up: FollowUp,
    *,
    by: Actor,
    at: datetime,
    next_on: date,
    outcome: str = FollowUpOutcome.NOT_REACHED,
    note: str = "",
) -> FollowUp:
    """Nobody was spoken to: try again on `next_on`. Raises AlreadyDone or InvalidInput (invalid_choice, past)."""
    if outcome not in NOBODY_SPOKEN_TO:
        raise InvalidInput(_("Then the call was made."), code="invalid_choice", field="outcome")
    follow_up = _open(follow_up)
    _refuse_past(next_on, at, field="next_on")
    changes = {"due_on": [follow_up.due_on, next_on], "outcome": str(outcome), "attempts": follow_up.attempts + 1}
    follow_up.due_on = next_on
    follow_up.attempts += 1
    return _finish(follow_up, "attempted", ["due_on", "attempts"], changes, by=by, at=at, private=_text(note=note))


@transaction.atomic
def complete(follow_up: FollowUp, *, by: Actor, at: datetime, outcome: str, note: str = "") -> FollowUp:
    """The call was made, or given up: the last word on it. Whoever wants no calls is not called again.

    Raises AlreadyDone or InvalidInput (invalid_choice).
    """
    if outcome not in HOW_IT_ENDS:
        raise InvalidInput(_("Say how the call ended."), code="invalid_choice", field="outcome")
    if outcome == FollowUpOutcome.DECLINED:
        customer = Customer.objects.select_for_update().get(pk=follow_up.customer_id)
        done = _end(_open(follow_up), "completed", outcome, note, by=by, at=at)
        consent(customer, purpose=ConsentPurpose.CALLS, given=False, by=by, at=at, how=_("said so on the phone"))
        return done
    return _end(_open(follow_up), "completed", outcome, note, by=by, at=at)


@transaction.atomic
def cancel(follow_up: FollowUp, *, by: Actor, at: datetime, reason: str) -> FollowUp:
    """The call is no longer needed. Raises AlreadyDone or InvalidInput reason_required."""
    if not reason.strip():
        raise InvalidInput(_("Say why the call is not needed."), code="reason_required", field="reason")
    return _end(_open(follow_up), "cancelled", FollowUpOutcome.CANCELLED, reason, by=by, at=at)


@transaction.atomic
def reassign(follow_up: FollowUp, *, by: Actor, at: datetime, owner: User) -> FollowUp:
    """Give the call to somebody else, who is told; the same changes nothing. Raises AlreadyDone or Unavailable."""
    follow_up = _open(follow_up)
    _refuse_owner(owner)
    return _reassigned(follow_up, owner, "reassigned", by=by, at=at)


@transaction.atomic
def reschedule(follow_up: FollowUp, *, by: Actor, at: datetime, due_on: date) -> FollowUp:
    """Move the call to another day; the same changes nothing. Raises AlreadyDone or InvalidInput due_in_the_past."""
    follow_up = _open(follow_up)
    if follow_up.due_on == due_on:
        return follow_up
    _refuse_past(due_on, at)
    changes = {"due_on": [follow_up.due_on, due_on]}
    follow_up.due_on = due_on
    return _finish(follow_up, "rescheduled", ["due_on"], changes, by=by, at=at)


@transaction.atomic
def amend(
    follow_up: FollowUp, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> FollowUp:
    """Change owner, date and what it is about at once (`owner`, `due_on`, `about`); `version`: the one seen.

    Raises Stale, AlreadyDone, Unavailable or InvalidInput; then nothing is written.
    """
    follow_up = _open(follow_up)
    if version is not None and follow_up.version != version:
        raise Stale
    about = str(values.get("about", follow_up.about)).strip()
    if about != follow_up.about:
        if len(about) > ABOUT:
            raise InvalidInput(_("This is too long."), code="too_long", field="about")
        private = {"about": [follow_up.about, about]}
        follow_up.about = about
        _finish(follow_up, "amended", ["about"], {}, by=by, at=at, private=private)
    if "due_on" in values:
        follow_up = reschedule(follow_up, by=by, at=at, due_on=values["due_on"])
    if "owner" in values:
        follow_up = reassign(follow_up, by=by, at=at, owner=values["owner"])
    return follow_up


@transaction.atomic
def hand_over(leaver: User, *, to: User, by: Actor, at: datetime) -> int:
    """Give every open call of somebody who leaves to `to`. Returns how many moved. Query cost: about 4 a call."""
    if leaver.pk == to.pk:
        return 0
    mine = list(FollowUp.objects.open().filter(owner=leaver).order_by("pk").select_for_update())
    for follow_up in mine:
        _reassigned(follow_up, to, "handed_over", by=by, at=at)
    return len(mine)


def _open(follow_up: FollowUp) -> FollowUp:
    """The call as it is now, locked. Raises AlreadyDone. Query cost: 1."""
    found = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if found.done_at is not None:
        raise AlreadyDone
    return found


def _end(follow_up: FollowUp, verb: str, outcome: str, note: str, *, by: Actor, at: datetime) -> FollowUp:
    follow_up.done_at, follow_up.done_by, follow_up.outcome = at, by.user, outcome
    follow_up.note = note.strip()
    fields = ["done_at", "done_by", "outcome", "note"]
    changes = {"outcome": str(outcome)}
    return _finish(follow_up, verb, fields, changes, by=by, at=at, private=_text(note=note))


def _reassigned(follow_up: FollowUp, owner: User, verb: str, *, by: Actor, at: datetime) -> FollowUp:
    if follow_up.owner_id == owner.pk:
        return follow_up
    changes = {"owner": [follow_up.owner_id, owner.pk]}
    follow_up.owner = owner
    _finish(follow_up, verb, ["owner"], changes, by=by, at=at)
    rows.insert(_tell(follow_up, by, at))
    return follow_up


def _finish(
    follow_up: FollowUp,
    verb: str,
    fields: list[str],
    changes: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    private: Mapping[str, Any] | None = None,
) -> FollowUp:
    follow_up.version += 1
    follow_up.updated_at = at
    follow_up.save(update_fields=["version", "updated_at", *fields])
    trail.append(follow_up, f"followup.{verb}", by=by, at=at, changes=changes, private=private)
    return follow_up


def _refuse_owner(owner: User) -> None:
    if not (owner.is_active and owner.sees_cases):
        raise Unavailable(field="owner")


def _refuse_past(due_on: date, at: datetime, field: str = "due_on") -> None:
    if due_on < dates.of_house(at):
        raise InvalidInput(_("This day has passed."), code="due_in_the_past", field=field)


def _text(**texts: str) -> dict[str, str] | None:
    return {name: text.strip() for name, text in texts.items() if text.strip()} or None


def _tell(follow_up: FollowUp, by: Actor, at: datetime, *, said: str = "", by_phone: bool = True) -> list[models.Model]:
    owner = follow_up.owner
    if not owner.email or by.user_id == owner.pk:
        return []
    context = {
        "automatic": True,
        "name": str(owner),
        "customer": follow_up.customer.name,
        "about": follow_up.about,
        "reference": follow_up.complaint_reference,
        "due": languages.sentence_day(follow_up.due_on, language=languages.code(owner.language)),
        "said": said,
        "by_phone": by_phone,
        "unhappy": follow_up.reason == FollowUpReason.DETRACTOR,
        "path": f"/follow-ups/{follow_up.pk}/",
    }
    key = f"followup:{follow_up.pk}:{follow_up.version}"
    return [
        outbox.mail(
            key,
            to=owner.email,
            language=owner.language,
            template="follow_up",
            context=context,
            about=follow_up,
            at=at,
        )
    ]
