"""What a case file in JSON holds, for the OpenAPI document. Fields that are not required stand in the internal edition
alone."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from complaints.casefile.editions import Edition
from complaints.models import (
    ChannelCode,
    ClockKind,
    DemandOutcome,
    Kind,
    LateReason,
    LimitHolder,
    LimitPeriod,
    Outcome,
    PayoutState,
    RemedyKind,
    RemedyStatus,
    Severity,
    Status,
    ToldHow,
)

Shape = serializers.Serializer[Any]
AMOUNT = "An exact decimal as a string, in the currency's own decimals."


def string(**more: Any) -> serializers.CharField:
    return serializers.CharField(**{"allow_blank": True, **more})


def ours(**more: Any) -> serializers.CharField:
    """A text of the internal edition alone."""
    return string(required=False, **more)


def instant(**more: Any) -> serializers.DateTimeField:
    return serializers.DateTimeField(**{"allow_null": True, **more})


def one_of(values: Any, **more: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=values, **{"allow_null": True, **more})


class CaseFileContact(Shape):
    kind = serializers.CharField()
    value = string()


class CaseFileCustomer(Shape):
    name = string(help_text="Blank where it is not known, or was erased.")
    kind = serializers.CharField()
    contacts = CaseFileContact(many=True)
    id = ours()
    tier = ours()
    language = ours()


class CaseFileComplaint(Shape):
    reference = serializers.CharField()
    kind = one_of(Kind.choices, allow_null=False)
    subject = string()
    status = one_of(Status.choices, allow_null=False)
    channel = one_of(ChannelCode.choices, allow_null=False)
    type = serializers.CharField()
    type_name = serializers.CharField()
    product, lot, order_number = string(), string(), string()
    language = serializers.CharField()
    owner = string()
    customer = CaseFileCustomer(allow_null=True)
    received_at = instant(allow_null=False)
    acknowledged_at, first_response_at, resolved_at, closed_at = instant(), instant(), instant(), instant()
    outcome = one_of(Outcome.choices)
    accepted = serializers.BooleanField(allow_null=True)
    accepted_at = instant()
    joint = serializers.ListField(child=serializers.CharField(), help_text="References of cases merged into this one.")
    severity = one_of(Severity.choices, allow_null=False, required=False)
    team = ours()
    root_cause = ours(allow_null=True)
    root_cause_name = ours()
    themes = serializers.ListField(child=serializers.CharField(), required=False)
    late_reason = one_of(LateReason.choices, required=False)
    late_note = ours()
    merged_into = ours(allow_null=True)
    incident = ours(allow_null=True)
    source = ours()  # type: ignore[assignment]
    external_id = ours(allow_null=True)
    source_channel = ours()
    is_history = serializers.BooleanField(required=False)


class CaseFileRule(Shape):
    """The statutory rule behind a deadline."""

    pack, edition, name = serializers.CharField(), serializers.CharField(), serializers.CharField()
    law, section, url = string(), string(), string()


class CaseFileDeadline(Shape):
    kind = one_of(ClockKind.choices, allow_null=False)
    code = string(allow_null=True)
    name = serializers.CharField()
    cycle = serializers.IntegerField()
    started_at = instant(allow_null=False)
    due_at, completed_at, missed_at = instant(), instant(), instant()
    verdict = one_of(
        ("met", "missed", "expired", "open", "paused", "none"),
        allow_null=False,
        help_text="expired: an easier way is closed, no rule is broken; none: cancelled.",
    )
    rule = CaseFileRule(allow_null=True)
    policy = ours(allow_null=True)
    policy_version = serializers.IntegerField(required=False, allow_null=True)
    overrun_seconds = serializers.IntegerField(required=False, allow_null=True, help_text="Working time, seconds.")
    stated = serializers.BooleanField(required=False, help_text="As an imported file says.")


class CaseFileStatement(Shape):
    description, expectation, remedy_sought = string(), string(), string()


class CaseFileDemand(Shape):
    id = serializers.CharField()
    text = string()
    outcome = one_of(DemandOutcome.choices, help_text="null: not decided.")
    answer = string()
    remedy = string(allow_null=True)
    decided_at = instant()
    complaint = serializers.CharField()


class CaseFileMail(Shape):
    to = string()
    state = one_of(("sent", "failed", "held_back", "waiting"), allow_null=False)
    at = instant()


class CaseFileDelivery(Shape):
    mail = CaseFileMail(allow_null=True)
    seen_at = instant(help_text="The status page first showed it.")
    told_how = one_of(ToldHow.choices)
    told_at = instant()
    told_by = ours()
    is_lost = serializers.BooleanField(required=False)


class CaseFileDecision(Shape):
    number = serializers.IntegerField()
    outcome = one_of(Outcome.choices, allow_null=False)
    decided_at = instant(allow_null=False)
    answer = string(help_text="The final answer as it was sent.")
    answered_at = instant()
    delivery = CaseFileDelivery()
    accepted = serializers.BooleanField(allow_null=True)
    accepted_at = instant()
    superseded_at = instant(help_text="The case was opened again.")
    findings = ours()
    decided_by = ours()


class CaseFilePayout(Shape):
    state = one_of(PayoutState.choices, allow_null=False)
    paid_on = serializers.DateField(allow_null=True)
    reference = ours()
    export = serializers.IntegerField(required=False, allow_null=True)
    failure = ours()


class CaseFileAuthority(Shape):
    """The limit under which a remedy was granted."""

    version = serializers.IntegerField()
    holder = one_of(LimitHolder.choices, allow_null=False)
    whose = string()
    per_complaint, per_customer, per_period = (string(allow_null=True, help_text=AMOUNT) for _n in range(3))
    period = one_of(LimitPeriod.choices, allow_null=False)
    currency = string(allow_null=True)


class CaseFileRemedy(Shape):
    id = serializers.CharField()
    kind = one_of(RemedyKind.choices, allow_null=False)
    status = one_of(RemedyStatus.choices, allow_null=False)
    amount = string(allow_null=True, help_text=AMOUNT)
    currency = string(allow_null=True, help_text="null: points, or nothing that is valued.")
    points = serializers.IntegerField(allow_null=True)
    description = string()
    words = string(help_text="All of it in one line.")
    decided_at = instant()
    payout = CaseFilePayout(allow_null=True)
    complaint = serializers.CharField()
    reason = ours()
    requested_by = ours()
    requested_at = instant(required=False)
    within_authority = serializers.BooleanField(required=False, allow_null=True)
    decided_by = ours()
    decided_note = ours()
    authority = CaseFileAuthority(required=False, allow_null=True)
    charge = ours(allow_null=True)
    undone_by = ours()
    undone_at = instant(required=False)
    undone_note = ours()


class CaseFilePromise(Shape):
    id = serializers.CharField()
    text = string()
    state = string(help_text="open, kept, broken, renegotiated or released.")
    made_at, due_at = instant(allow_null=False), instant(allow_null=False)
    broken_at, settled_at = instant(), instant()
    complaint = serializers.CharField()
    to_whom = ours()
    channel = one_of(ChannelCode.choices, required=False)
    owner, made_by, settled_by, settled_note = ours(), ours(), ours(), ours()
    renewed_as = ours(allow_null=True)


class CaseFileMoment(Shape):
    """One thing that happened. Which fields it has depends on its kind."""

    at = instant(allow_null=False)
    kind = one_of(("message", "note", "call", "mail", "event"), allow_null=False)
    complaint = ours(help_text="The case it belongs to: this one, or one merged into it.")
    who, text, title, direction, purpose, channel, noted_by = (ours() for _n in range(7))
    attachments = serializers.ListField(child=serializers.CharField(), required=False, help_text="Names of files.")
    delivery = CaseFileMail(required=False, allow_null=True)
    what = ours(help_text="Kind of the trail entry.")
    tone, about, reason, outcome, template = ours(), ours(), ours(), ours(allow_null=True), ours()
    due_on = serializers.DateField(required=False)
    attempts = serializers.IntegerField(required=False)
    entry = serializers.IntegerField(required=False, help_text="Its number in the chain of its case.")
    recorded_at = instant(required=False)
    changes = serializers.DictField(required=False, help_text="As they stand on the trail: from and to.")
    erased = serializers.BooleanField(required=False, help_text="Its personal text was erased; the chain holds.")


class CaseFileAttachment(Shape):
    id, name, content_type = serializers.CharField(), serializers.CharField(), serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    message, note = string(allow_null=True), string(allow_null=True)
    added_at = instant(allow_null=False)
    complaint = serializers.CharField()


class CaseFileFault(Shape):
    entry = serializers.IntegerField()
    code = serializers.ChoiceField(choices=["missing", "altered", "text_altered"])
    problem = serializers.CharField(help_text="The same in English.")


class CaseFileChain(Shape):
    complaint = serializers.CharField()
    intact = serializers.BooleanField()
    entries = serializers.IntegerField()
    last_hash = string(allow_null=True)
    fault = CaseFileFault(allow_null=True)


class CaseFileAnchor(Shape):
    number = serializers.IntegerField()
    at = instant(allow_null=False)
    hash = serializers.CharField()


class CaseFileTrail(Shape):
    """Every hash of the trail computed again."""

    intact = serializers.BooleanField()
    entries = serializers.IntegerField()
    last_hash = string(allow_null=True, help_text="SHA-256 in hex, of the case's own chain.")
    sealed = serializers.IntegerField(help_text="Entries that an anchor covers.")
    anchor = CaseFileAnchor(allow_null=True)
    chains = CaseFileChain(many=True)


class CaseFileCorrective(Shape):
    title, state, root_cause, owner = (serializers.CharField() for _n in range(4))
    due_on = serializers.DateField()
    done_on = serializers.DateField(allow_null=True)
    effective = serializers.BooleanField(allow_null=True)


class CaseFileShape(Shape):
    """The whole case. Keys and codes are stable within a `version`."""

    format = serializers.CharField(help_text="amends-case-file")
    version = serializers.IntegerField()
    edition = one_of(Edition.choices, allow_null=False)
    language = serializers.CharField(help_text="Of names and words, never of codes.")
    produced_at = instant(allow_null=False)
    produced_by = serializers.CharField()
    organisation = serializers.CharField()
    complaint = CaseFileComplaint()
    deadlines = CaseFileDeadline(many=True)
    statement = CaseFileStatement()
    demands = CaseFileDemand(many=True)
    decisions = CaseFileDecision(many=True)
    remedies = CaseFileRemedy(many=True)
    promises = CaseFilePromise(many=True)
    timeline = CaseFileMoment(many=True)
    attachments = CaseFileAttachment(many=True)
    trail = CaseFileTrail()
    summary = ours()
    corrective_actions = CaseFileCorrective(many=True, required=False)
