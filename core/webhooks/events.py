"""Which entries of the trail other systems are told of, and under which name (docs/api/webhooks.md).

Every kind that is written on the trail stands once: in PUBLIC with the type of its event, or in core.webhooks.stream
among those that webhooks do not carry: settings, people's own affairs, notes and desk work, the other half of a pair,
and what imports write (they tell of the past, and of thousands at a time). A test reads the kinds out of the code and
fails for one that stands nowhere, or twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TEST = "webhook.test"
TEST_SAYS = "A test that an administrator sent; it says nothing."

# Kind on the trail -> type of the event.
PUBLIC: Mapping[str, str] = {
    "complaint.filed": "complaint.filed",
    "complaint.acknowledged": "complaint.acknowledged",
    "complaint.investigating": "complaint.investigating",
    "complaint.assigned": "complaint.assigned",
    "complaint.handed_over": "complaint.assigned",
    "complaint.released": "complaint.released",
    "complaint.classified": "complaint.classified",
    "complaint.amended": "complaint.updated",
    "complaint.customer_set": "complaint.updated",
    "complaint.message_received": "complaint.message_received",
    "complaint.message_sent": "complaint.message_sent",
    "complaint.paused": "complaint.paused",
    "complaint.resumed": "complaint.resumed",
    "complaint.extended": "complaint.extended",
    "complaint.escalated": "complaint.escalated",
    "complaint.escalation_answered": "complaint.escalation_ended",
    "complaint.escalation_withdrawn": "complaint.escalation_ended",
    "complaint.resolved": "complaint.resolved",
    "complaint.accepted": "complaint.decision_answered",
    "complaint.closed": "complaint.closed",
    "complaint.reopened": "complaint.reopened",
    "complaint.withdrawn": "complaint.withdrawn",
    "complaint.merged": "complaint.merged",
    "complaint.unmerged": "complaint.unmerged",
    "sla.warned": "complaint.deadline_near",
    "sla.breached": "complaint.breached",
    "complaint.promised": "promise.made",
    "complaint.promise_kept": "promise.kept",
    "complaint.promise_broken": "promise.broken",
    "complaint.promise_renegotiated": "promise.renegotiated",
    "complaint.promise_released": "promise.released",
    "complaint.remedy_requested": "remedy.requested",
    "complaint.remedy_granted": "remedy.granted",
    "complaint.remedy_approved": "remedy.granted",
    "complaint.remedy_rejected": "remedy.rejected",
    "complaint.remedy_withdrawn": "remedy.withdrawn",
    "complaint.remedy_revoked": "remedy.revoked",
    "complaint.payout_exported": "payout.exported",
    "complaint.payout_paid": "payout.paid",
    "complaint.payout_failed": "payout.failed",
    "complaint.payout_returned": "payout.returned",
    "customer.created": "customer.created",
    "customer.edited": "customer.updated",
    "customer.consented": "customer.updated",
    "customer.joined": "customer.joined",
    "customer.left": "customer.left",
    "customer.departure_taken_back": "customer.returned",
    "customer.returned": "customer.returned",
    "customer.merged": "customer.merged",
    "customer.unmerged": "customer.unmerged",
    "purchase.recorded": "purchase.recorded",
    "purchase.cancelled": "purchase.cancelled",
    "purchase.restored": "purchase.restored",
    "purchase.returned": "purchase.returned",
    "offer.made": "offer.made",
    "offer.accepted": "offer.accepted",
    "offer.declined": "offer.declined",
    "offer.reopened": "offer.reopened",
    "referral.recorded": "referral.recorded",
    "referral.withdrawn": "referral.withdrawn",
    "followup.planned": "follow_up.planned",
    "followup.completed": "follow_up.completed",
    "followup.cancelled": "follow_up.cancelled",
    "surveyresponse.recorded": "survey.answered",
    "surveyresponse.replaced": "survey.answered",
}

# What each type says to a reader; the order is that of the documentation and of the settings page.
TYPES: Mapping[str, str] = {
    "complaint.filed": "A complaint was filed, over whichever channel.",
    "complaint.acknowledged": "Its receipt was acknowledged, as an act of its own (a first message does so too).",
    "complaint.investigating": "Somebody took it up.",
    "complaint.assigned": "Its owner changed.",
    "complaint.released": "It was let out of quarantine.",
    "complaint.classified": "Its type or severity changed.",
    "complaint.updated": "Details of it, or its customer, were changed.",
    "complaint.message_received": "The customer wrote.",
    "complaint.message_sent": "A message went to the customer.",
    "complaint.paused": "It waits for the customer.",
    "complaint.resumed": "It waits no longer.",
    "complaint.extended": "A deadline was extended.",
    "complaint.deadline_near": "A deadline comes near, or lies further behind.",
    "complaint.breached": "A deadline was missed.",
    "complaint.escalated": "Help was asked for.",
    "complaint.escalation_ended": "The escalation was answered or taken back.",
    "complaint.resolved": "A decision was made.",
    "complaint.decision_answered": "The customer accepted the decision, or did not.",
    "complaint.closed": "It was closed.",
    "complaint.reopened": "It was opened again.",
    "complaint.withdrawn": "It was withdrawn.",
    "complaint.merged": "It was merged into another one; its `merged_into` says which.",
    "complaint.unmerged": "The merge was taken back.",
    "promise.made": "Something was promised.",
    "promise.kept": "A promise was kept.",
    "promise.broken": "A promise was not kept in time.",
    "promise.renegotiated": "A promise got another date.",
    "promise.released": "The customer no longer holds us to a promise.",
    "remedy.requested": "A remedy waits for approval.",
    "remedy.granted": "A remedy was granted, at once or by approval.",
    "remedy.rejected": "A remedy was not approved.",
    "remedy.withdrawn": "A request for a remedy was taken back.",
    "remedy.revoked": "A granted remedy was revoked.",
    "payout.exported": "A payment was handed to finance.",
    "payout.paid": "A payment was made.",
    "payout.failed": "A payment could not be made.",
    "payout.returned": "A payment came back.",
    "customer.created": "A customer was entered.",
    "customer.updated": "Details or consents of a customer changed.",
    "customer.joined": "A stay began.",
    "customer.left": "The customer left.",
    "customer.returned": "The customer came back, or the departure was taken back.",
    "customer.merged": "The customer was merged into another one.",
    "customer.unmerged": "The merge was taken back.",
    "purchase.recorded": "A purchase was entered.",
    "purchase.cancelled": "A purchase was cancelled.",
    "purchase.restored": "A cancellation was taken back.",
    "purchase.returned": "Something of a purchase was returned.",
    "offer.made": "Something was offered to a customer.",
    "offer.accepted": "A customer accepted an offer.",
    "offer.declined": "A customer declined an offer.",
    "offer.reopened": "The answer to an offer was taken back.",
    "referral.recorded": "A customer was brought by another one.",
    "referral.withdrawn": "A referral was withdrawn.",
    "follow_up.planned": "A call was planned.",
    "follow_up.completed": "A planned call was made.",
    "follow_up.cancelled": "A planned call was cancelled.",
    "survey.answered": "A survey was answered, or the answer changed.",
}

# Public kinds that imports write too; who listens anew is not told of those once more from the trail.
ALSO_IMPORTED = frozenset({"purchase.recorded", "surveyresponse.recorded", "customer.created"})
# What a webhook may ask for beside single types: all of an area.
WILDCARDS = tuple(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in TYPES))
ASKED_FOR = (*TYPES, *WILDCARDS)


def type_of(kind: str) -> str:
    """The type of the event that an entry of this kind is; blank for none."""
    return PUBLIC.get(kind, "")


def spelled_out(names: Iterable[str]) -> set[str]:
    """`names` with the types there are today in place of `complaint.*`; what is unknown stays as it is."""
    found: set[str] = set()
    for name in names:
        found.update([one for one in TYPES if one.startswith(name[:-1])] if name in WILDCARDS else [name])
    return found


def data_of(subject_kind: str, subject_id: int, customer_id: int | None, reference: str) -> dict[str, str]:
    """The thin `data` of an event: what to ask the API for."""
    if subject_kind == "complaint":
        return {"reference": reference}
    data = {"id": str(subject_id)}
    if subject_kind != "customer" and customer_id is not None:
        data["customer"] = str(customer_id)
    return data
