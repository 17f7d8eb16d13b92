"""Take what customers answer to surveys, and call those who are unhappy (mission B1, B2, B4; cases F12, F25)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from complaints import routing
from complaints.models import ChannelCode, Complaint
from core import dates, rows, trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import User
from metrics import house_time
from metrics.models import Invitation, Survey, SurveyResponse
from metrics.models.surveys import CALLED_ABOUT, HIGHEST, LOW, LOWEST, SurveyKind, SurveySettings, band
from retention.actions import follow_ups
from retention.models import Customer, FollowUp
from retention.models.care import FollowUpReason

COMMENT = 20_000
MAY_CHANGE = ("score", "comment", "may_call", "language")


class Expired(DomainError):
    """The link no longer answers."""

    code = "expired"
    status = 410


class AlreadyRecorded(DomainError):
    code = "duplicate_external_id"


def answer(
    invitation: Invitation,
    *,
    by: Actor,
    at: datetime,
    score: int,
    comment: str = "",
    may_call: bool = False,
    language: str = "",
) -> SurveyResponse:
    """What the person invited says. Said again before the link expires, it replaces the answer; the trail keeps both.

    The very same answer again changes nothing (case F25). An unhappy one plans a call, once; a happy one in its place
    cancels a call nobody has tried yet. Raises Expired or InvalidInput (score_off_scale, too_long).
    Query cost: about 8, and 8 more with a call.
    """
    with transaction.atomic():
        if invitation.customer_id is not None:  # the customer first, as whoever merges customers does
            Customer.objects.select_for_update().filter(pk=invitation.customer_id).first()
        invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if invitation.sent_at is None or invitation.expires_at is None or invitation.expires_at <= at:
            raise Expired(_("This survey is closed."))
        kind = invitation.survey.kind
        _refuse(kind, score, comment)
        said = {"score": score, "comment": comment.strip(), "may_call": may_call, "language": language}
        given = SurveyResponse.objects.filter(invitation=invitation).first()
        if given is not None:
            return _replace(given, said, by=by, at=at)
        response = SurveyResponse(
            kind=kind,
            survey_id=invitation.survey_id,
            invitation=invitation,
            complaint_id=invitation.complaint_id,
            customer_id=invitation.customer_id,
            channel=ChannelCode.EMAIL,
            answered_at=at,
            created_at=at,
            updated_at=at,
            **said,
        )
        return _write(response, by=by, at=at)


@transaction.atomic
def record(
    *,
    by: Actor,
    at: datetime,
    kind: str,
    score: int,
    survey: Survey | None = None,
    comment: str = "",
    complaint: Complaint | None = None,
    customer: Customer | None = None,
    answered_at: datetime | None = None,
    source: str = "",
    external_id: str = "",
    channel: str = ChannelCode.API,
    language: str = "",
    may_call: bool = True,
) -> SurveyResponse:
    """An answer that reached us another way: an integration, a call. It has the same consequences as one by the link.

    The customer is the complaint's unless given. Raises InvalidInput (score_off_scale, wrong_kind, wrong_customer) or
    AlreadyRecorded for a (source, external_id) known already.
    """
    if survey is not None and survey.kind != kind:
        raise InvalidInput(_("This survey asks another question."), code="wrong_kind", field="kind")
    _refuse(kind, score, comment)
    if complaint is not None and complaint.customer is not None:
        if customer is not None and customer.pk != complaint.customer.pk:
            raise InvalidInput(_("The complaint is another customer's."), code="wrong_customer", field="customer")
        customer = complaint.customer
    response = SurveyResponse(
        kind=kind,
        survey=survey,
        complaint=complaint,
        customer=customer,
        score=score,
        comment=comment.strip(),
        may_call=may_call,
        language=language or (complaint.language if complaint else ""),
        channel=channel,
        answered_at=answered_at or at,
        source=source or ("api" if external_id else ""),
        external_id=external_id,
        created_at=at,
        updated_at=at,
    )
    try:
        with transaction.atomic():
            return _write(response, by=by, at=at)
    except IntegrityError:
        message = _("An answer with this external id from this source already exists.")
        raise AlreadyRecorded(message, field="external_id") from None


def is_unhappy(response: SurveyResponse) -> bool:
    """A detractor, or somebody dissatisfied: NPS 0 to 6, CSAT 1 and 2."""
    if response.score is None or response.kind not in CALLED_ABOUT:
        return False
    return band(response.kind, response.score) == LOW


def call_key(response_id: int) -> str:
    """The key under which the call about an answer is planned."""
    return f"survey-response:{response_id}"


def _refuse(kind: str, score: int, comment: str) -> None:
    low, high = LOWEST[SurveyKind(kind)], HIGHEST[SurveyKind(kind)]
    if not low <= score <= high:
        message = _("Choose a number from %(low)s to %(high)s.") % {"low": low, "high": high}
        raise InvalidInput(message, code="score_off_scale", field="score")
    if len(comment) > COMMENT:
        raise InvalidInput(_("This is too long."), code="too_long", field="comment")


def _write(response: SurveyResponse, *, by: Actor, at: datetime) -> SurveyResponse:
    rows.give_ids(response)
    changes = {"kind": response.kind, "score": response.score, "complaint": response.complaint_id}
    private = {"comment": response.comment} if response.comment else None
    entry = trail.build(response, "surveyresponse.recorded", by=by, at=at, changes=changes, private=private)
    rows.insert([response, entry])
    _look_after(response, at=at)
    return response


def _replace(given: SurveyResponse, said: Mapping[str, Any], *, by: Actor, at: datetime) -> SurveyResponse:
    before = {name: getattr(given, name) for name in MAY_CHANGE}
    if all(before[name] == said[name] for name in ("score", "comment", "may_call")):
        return given
    for name in MAY_CHANGE:
        setattr(given, name, said[name])
    given.answered_at = given.updated_at = at
    given.version += 1
    given.save(update_fields=[*MAY_CHANGE, "answered_at", "updated_at", "version"])
    changes = {name: [before[name], said[name]] for name in ("score", "may_call") if before[name] != said[name]}
    private = {"comment": [before["comment"], said["comment"]]} if before["comment"] != said["comment"] else None
    trail.append(given, "surveyresponse.replaced", by=by, at=at, changes=changes, private=private)
    _look_after(given, at=at)
    return given


# --- consequences -----------------------------------------------------------------------------------------------------


def _look_after(response: SurveyResponse, *, at: datetime) -> None:
    """Plan a call about an unhappy answer, once; take back an untouched one when the answer is happy now."""
    by, key = Actor.system("survey"), call_key(response.pk)
    if not is_unhappy(response):
        planned = FollowUp.objects.open().filter(key=key, attempts=0).first()
        if planned is not None:
            follow_ups.cancel(planned, by=by, at=at, reason=f"{response.kind.upper()} {response.score}")
        return
    if response.customer is None:
        return
    days = SurveySettings.objects.get(pk=1).follow_up_working_days
    try:
        follow_ups.plan(
            response.customer,
            by=by,
            at=at,
            owner=caller(response.complaint, at=at),
            due_on=max(house_time.working_day(at, days), dates.of_house(at)),
            reason=FollowUpReason.DETRACTOR,
            about=f"{response.kind.upper()} {response.score}",
            complaint_reference=response.complaint.reference if response.complaint else "",
            key=key,
            said=response.comment,
            by_phone=response.may_call,
        )
    except (follow_ups.NoCalls, routing.NobodyToOwnIt) as refusal:
        trail.append(response, "surveyresponse.not_called", by=by, at=at, changes={"because": refusal.code})


def caller(complaint: Complaint | None, *, at: datetime) -> User:
    """Who calls: the complaint's owner if still here, else whoever would take over, else the default owner.

    Raises NobodyToOwnIt. Query cost: at most 7.
    """
    owner: User = complaint.owner if complaint is not None else routing.fallback_owner(at)
    if complaint is not None and (not owner.sees_cases or owner.absences.covering(at).exists()):
        owner = routing.successor(complaint, at=at)
    if owner.sees_cases:
        return owner
    anybody: User | None = User.objects.present_at(at).who_take_cases().order_by("-is_manager", "pk").first()
    if anybody is None:
        raise routing.NobodyToOwnIt(_("There is nobody who could make the call."))
    return anybody
