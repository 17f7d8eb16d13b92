"""Corrective actions: what is changed so that complaints of one cause stop (mission A11).

    planned -> doing -> done -> judged (effective or not)         planned, doing -> dropped
    done, dropped -> doing again, as long as nobody has judged

Leads and managers plan, change, drop and judge; the owner may also begin it and say that it is done. Whether it helped
is said only once as many days have passed after it as are compared with before (complaints.learning).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import errors, learning
from complaints.actions import _base
from complaints.actions.corrective_due import tell
from complaints.models import Complaint, CorrectiveAction, CorrectiveCase, CorrectiveState, RootCause, Status
from complaints.models.catalogue import UNCLASSIFIED
from core import dates, languages, rows, trail
from core.access import LEAD, MANAGER
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import User

State = CorrectiveState
FIELDS = ("title", "description", "root_cause", "product", "lot", "owner", "due_on", "window_days")
LENGTHS = {"title": 160, "description": 8_000, "product": 120, "lot": 80}
LONG = 4_000  # characters of a reason or note
EARLIEST = date(2000, 1, 1)
MOST_CASES = 200  # named at once
LEADS = frozenset({LEAD, MANAGER})


class AlreadyDone(DomainError):
    code = "already_done"
    message = gettext_lazy("This corrective action is done already.")


class AlreadyDropped(DomainError):
    code = "already_dropped"
    message = gettext_lazy("This corrective action was dropped.")


class AlreadyBegun(DomainError):
    code = "already_begun"
    message = gettext_lazy("This corrective action is under way already.")


class NotDone(DomainError):
    code = "not_done"
    message = gettext_lazy("This corrective action is not done yet.")


class TooEarly(DomainError):
    code = "too_early"
    message = gettext_lazy("Whether it helped can be said only when the days after it have passed.")


class AlreadyJudged(DomainError):
    code = "already_judged"
    message = gettext_lazy("Whether it helped has been said already.")


class AlreadyLinked(DomainError):
    code = "already_linked"
    message = gettext_lazy("This complaint belongs to the corrective action already.")


class NotLinked(DomainError):
    code = "not_linked"
    message = gettext_lazy("This complaint does not belong to the corrective action.")


@transaction.atomic
def create(
    *,
    by: Actor,
    at: datetime,
    title: str,
    root_cause: RootCause,
    owner: User,
    due_on: date,
    description: str = "",
    product: str = "",
    lot: str = "",
    window_days: int = 90,
    complaints: Iterable[Complaint] = (),
) -> CorrectiveAction:
    """Plan one, with the complaints that gave rise to it. Its owner is told.

    Raises NotAllowed, InvalidInput (required, too_long, in_the_past, invalid_window, unclassified), OwnerUnavailable,
    and what `link` raises; then nothing is written.
    """
    refuse_unless_leading(by)
    action = CorrectiveAction(
        title=title.strip(),
        description=description.strip(),
        root_cause=root_cause,
        product=product.strip(),
        lot=lot.strip(),
        owner=owner,
        due_on=due_on,
        window_days=window_days,
        created_at=at,
        created_by=by.user,
        updated_at=at,
    )
    _check(action, FIELDS, at)
    action.save(force_insert=True)
    known = {"root_cause": root_cause.code, "due_on": due_on.isoformat(), "owner": owner.pk}
    trail.append(action, "corrective.created", by=by, at=at, changes=known)
    rows.insert(tell(action, "owner", key=f"corrective-owner:{action.pk}:1", by=by, at=at))
    for complaint in complaints:
        link(action, complaint, by=by, at=at)
    return action


@transaction.atomic
def edit(
    action: CorrectiveAction, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> CorrectiveAction:
    """Change `FIELDS` while it is planned or under way. `version`: the one the caller has seen; a new owner is told.

    Raises NotAllowed, Stale, AlreadyDone, AlreadyDropped, and what `create` raises.
    """
    refuse_unless_leading(by)
    if unknown := set(values) - set(FIELDS):
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=min(unknown))
    action = locked(action)
    if version is not None and action.version != version:
        raise errors.Stale(_("Somebody else changed this corrective action in the meantime."))
    refuse_ended(action)
    given = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    changed = sorted(name for name, value in given.items() if getattr(action, name) != value)
    if not changed:
        return action
    before = {name: _plain(getattr(action, name)) for name in changed}
    for name in changed:
        setattr(action, name, given[name])
    _check(action, changed, at)
    if "due_on" in changed:
        action.notified_on = None
    changes = {name: [before[name], _plain(getattr(action, name))] for name in changed}
    action = _save(action, "corrective.changed", [*changed, "notified_on"], by=by, at=at, changes=changes)
    if "owner" in changed:
        rows.insert(tell(action, "owner", key=f"corrective-owner:{action.pk}:{action.version}", by=by, at=at))
    return action


@transaction.atomic
def begin(action: CorrectiveAction, *, by: Actor, at: datetime) -> CorrectiveAction:
    """Work on it has begun. Raises NotAllowed, AlreadyBegun, AlreadyDone, AlreadyDropped."""
    action = _of_owner(action, by)
    refuse_ended(action)
    if action.state == State.DOING:
        raise AlreadyBegun
    action.state = State.DOING
    return _save(action, "corrective.begun", ["state"], by=by, at=at)


@transaction.atomic
def done(action: CorrectiveAction, *, by: Actor, at: datetime, done_on: date | None = None) -> CorrectiveAction:
    """It is carried out, since `done_on` (a local date of TIME_ZONE, default today). From then on is measured.

    Raises NotAllowed, AlreadyDone, AlreadyDropped, InvalidInput (in_the_future, invalid_date).
    """
    action = _of_owner(action, by)
    refuse_ended(action)
    today = dates.of_house(at)
    done_on = done_on or today
    if done_on > today:
        raise InvalidInput(_("This day has not come yet."), code="in_the_future", field="done_on")
    if done_on < EARLIEST:
        raise InvalidInput(_("This is too long ago."), code="invalid_date", field="done_on")
    action.state, action.done_on, action.notified_on = State.DONE, done_on, None
    fields = ["state", "done_on", "notified_on"]
    return _save(action, "corrective.done", fields, by=by, at=at, changes={"done_on": done_on.isoformat()})


@transaction.atomic
def take_up(action: CorrectiveAction, *, by: Actor, at: datetime) -> CorrectiveAction:
    """It was not done, or not to be dropped, after all: under way again. Raises NotAllowed, AlreadyJudged,
    AlreadyBegun (nothing to take back)."""
    refuse_unless_leading(by)
    action = locked(action)
    if action.effective is not None:
        raise AlreadyJudged
    if action.state not in (State.DONE, State.DROPPED):
        raise AlreadyBegun
    before = action.state
    action.state, action.done_on, action.dropped_because, action.notified_on = State.DOING, None, "", None
    fields = ["state", "done_on", "dropped_because", "notified_on"]
    return _save(action, "corrective.taken_up", fields, by=by, at=at, changes={"state": [before, action.state]})


@transaction.atomic
def drop(action: CorrectiveAction, *, by: Actor, at: datetime, reason: str) -> CorrectiveAction:
    """It will not be done, for this reason. Raises NotAllowed, AlreadyDone, AlreadyDropped, InvalidInput."""
    refuse_unless_leading(by)
    action = locked(action)
    refuse_ended(action)
    reason = _text(reason, "reason", _("Say why it is dropped."), required=True)
    action.state, action.dropped_because = State.DROPPED, reason
    fields = ["state", "dropped_because"]
    return _save(action, "corrective.dropped", fields, by=by, at=at, private={"reason": reason})


@transaction.atomic
def verdict(action: CorrectiveAction, *, by: Actor, at: datetime, effective: bool, note: str = "") -> CorrectiveAction:
    """Whether it helped. Raises NotAllowed, NotDone, TooEarly (until the window after it has passed), AlreadyJudged."""
    refuse_unless_leading(by)
    action = locked(action)
    if action.state != State.DONE or action.done_on is None:
        raise NotDone
    if action.effective is not None:
        raise AlreadyJudged
    window = learning.windows(action.done_on, action.window_days)
    if not window.passed(dates.of_house(at)):
        day = languages.day(window.measurable_on)
        raise TooEarly(_("Whether it helped can be said from %(day)s on.") % {"day": day})
    note = _text(note, "note")
    action.effective, action.verdict_note, action.verdict_at, action.verdict_by = effective, note, at, by.user
    fields = ["effective", "verdict_note", "verdict_at", "verdict_by"]
    private = {"note": note} if note else None
    changes = {"effective": effective}
    return _save(action, "corrective.judged", fields, by=by, at=at, changes=changes, private=private)


@transaction.atomic
def link(action: CorrectiveAction, complaint: Complaint, *, by: Actor, at: datetime) -> CorrectiveAction:
    """The complaint gave rise to it, or is answered by it; whoever sees the complaint may say so.

    Raises AlreadyLinked, AlreadyDropped, or AlreadyEnded for a merged case (link the joint one).
    """
    complaint = _base.locked(complaint)
    action = locked(action)
    if action.state == State.DROPPED:
        raise AlreadyDropped
    if complaint.status == Status.MERGED:
        raise errors.AlreadyEnded
    if CorrectiveCase.objects.filter(action=action, complaint=complaint).exists():
        raise AlreadyLinked(field="complaint")
    rows.insert([CorrectiveCase(action=action, complaint=complaint, by=by.user, at=at)])
    known = {"action": action.pk, "title": action.title}
    _base.finish(complaint, "complaint.corrective_linked", by=by, at=at, changes=known)
    return _save(action, "corrective.linked", [], by=by, at=at, changes={"complaint": complaint.reference})


@transaction.atomic
def unlink(action: CorrectiveAction, complaint: Complaint, *, by: Actor, at: datetime) -> CorrectiveAction:
    """It has nothing to do with it after all. Raises NotLinked."""
    complaint = _base.locked(complaint)
    action = locked(action)
    gone, _rows = CorrectiveCase.objects.filter(action=action, complaint=complaint).delete()
    if not gone:
        raise NotLinked(field="complaint")
    known = {"action": action.pk, "title": action.title}
    _base.finish(complaint, "complaint.corrective_unlinked", by=by, at=at, changes=known)
    return _save(action, "corrective.unlinked", [], by=by, at=at, changes={"complaint": complaint.reference})


def complaint_by_reference(reference: str, user: User) -> Complaint:
    """A complaint that `user` sees. Raises InvalidInput unknown_complaint alike for what is missing and not theirs."""
    found = Complaint.objects.visible_to(user).filter(reference=reference).first()
    if found is None:
        message = _("There is no complaint with this reference.")
        raise InvalidInput(message, code="unknown_complaint", field="complaint")
    return found


def may_lead(user: User) -> bool:
    """Whether somebody plans, changes, drops and judges corrective actions."""
    return bool(LEADS & user.roles)


def may_carry_out(user: User, action: CorrectiveAction) -> bool:
    """Whether somebody may begin it and say that it is done."""
    return action.owner_id == user.pk or may_lead(user)


def refuse_unless_leading(by: Actor) -> None:
    """Raises NotAllowed. The system itself may, too (demo data)."""
    if by.kind != "system" and (by.user is None or not may_lead(by.user)):
        raise NotAllowed(_("Leads and managers do this."), code="leads_only")


def refuse_ended(action: CorrectiveAction) -> None:
    if action.state == State.DONE:
        raise AlreadyDone
    if action.state == State.DROPPED:
        raise AlreadyDropped


def locked(action: CorrectiveAction) -> CorrectiveAction:
    """As it is now, its row locked. Query cost: 1."""
    found = CorrectiveAction.objects.select_for_update(of=("self",)).select_related("owner", "root_cause__parent")
    return found.get(pk=action.pk)


def _of_owner(action: CorrectiveAction, by: Actor) -> CorrectiveAction:
    action = locked(action)
    if by.kind != "system" and (by.user is None or not may_carry_out(by.user, action)):
        raise NotAllowed(_("Its owner, leads and managers do this."), code="owner_only")
    return action


def _check(action: CorrectiveAction, changed: Iterable[str], at: datetime) -> None:
    """The rules for the fields that were `changed`."""
    names = set(changed)
    if not action.title:
        raise InvalidInput(_("Give it a title."), code="required", field="title")
    for name, longest in LENGTHS.items():
        if len(getattr(action, name)) > longest:
            raise InvalidInput(_("At most %(n)d characters.") % {"n": longest}, code="too_long", field=name)
    if not 1 <= action.window_days <= learning.LONGEST_WINDOW:
        text = _("A number of days from 1 to %(last)d is expected.") % {"last": learning.LONGEST_WINDOW}
        raise InvalidInput(text, code="invalid_window", field="window_days")
    if "root_cause" in names and action.root_cause.code == UNCLASSIFIED:
        raise InvalidInput(_("“Unclassified” is no cause."), code="unclassified", field="root_cause")
    if "due_on" in names and action.due_on < dates.of_house(at):
        raise InvalidInput(_("This day has passed."), code="in_the_past", field="due_on")
    if "owner" in names and not (action.owner.is_active and action.owner.sees_cases):
        raise errors.OwnerUnavailable(field="owner")


def _text(text: str, field: str, message: str = "", *, required: bool = False) -> str:
    text = text.strip()
    if required and not text:
        raise InvalidInput(message, code="required", field=field)
    if len(text) > LONG:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": LONG}, code="too_long", field=field)
    return text


def _plain(value: Any) -> Any:
    """As the trail keeps it."""
    if isinstance(value, models.Model):
        return getattr(value, "code", value.pk)
    return value.isoformat() if isinstance(value, date) else value


def _save(
    action: CorrectiveAction,
    kind: str,
    fields: Iterable[str],
    *,
    by: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
) -> CorrectiveAction:
    action.version += 1
    action.updated_at = at
    action.save(update_fields=["version", "updated_at", *fields])
    trail.append(action, kind, by=by, at=at, changes=changes, private=private)
    return action
