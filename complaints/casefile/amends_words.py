"""Decisions, remedies and promises of a case file in words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.casefile.facts import Facts
from complaints.models import ChannelCode, LimitHolder, LimitPeriod, Outcome, PayoutState, RemedyStatus, ToldHow
from complaints.promises import states
from core import languages

Block = dict[str, Any]
OUTCOMES = {Outcome.UPHELD: "met", Outcome.PARTLY: "risk"}
REMEDIES = {
    RemedyStatus.GRANTED: "met",
    RemedyStatus.AWAITING: "risk",
    RemedyStatus.REJECTED: "breach",
    RemedyStatus.REVOKED: "breach",
}
PROMISES = {states.KEPT: "met", states.BROKEN: "breach", states.RENEGOTIATED: "risk", states.RELEASED: "pause"}


def moment(at: Any) -> str:
    return languages.moment(at) if at is not None else ""


def decisions(facts: Facts, *, internal: bool) -> list[Block]:
    """The newest decision last. A case decided before there were decision rows has its outcome alone."""
    found: list[Block] = []
    many = len(facts["decisions"]) > 1
    for one in facts["decisions"]:
        title = _("Decision %(number)s") % {"number": one["number"]} if many else _("Our decision")
        rows = [[label, value] for label, value in _decision(one, internal) if value]
        tone = OUTCOMES.get(one["outcome"], "")
        tag = str(Outcome(one["outcome"]).label)
        text = one.get("findings", "")
        found.append({"kind": "card", "title": title, "tag": tag, "tone": tone, "text": text, "rows": rows})
        if one["answer"]:
            found += [{"kind": "label", "text": _("Final answer")}, {"kind": "quote", "text": one["answer"]}]
    case = facts["complaint"]
    if not found and case["outcome"]:
        tag = str(Outcome(case["outcome"]).label)
        rows = [[pgettext("of a complaint", "Decided"), moment(case["resolved_at"])]]
        tone = OUTCOMES.get(case["outcome"], "")
        found.append({"kind": "card", "title": _("Our decision"), "tag": tag, "tone": tone, "text": "", "rows": rows})
    return found


def _decision(one: Facts, internal: bool) -> Iterator[tuple[str, str]]:
    by = f"{moment(one['decided_at'])} · {one['decided_by']}" if internal and one["decided_by"] else ""
    yield pgettext("of a complaint", "Decided"), by or moment(one["decided_at"])
    told = one["delivery"]
    yield _("Final answer by e-mail"), delivery(told["mail"]) if told["mail"] else ""
    yield _("Seen on the status page"), moment(told["seen_at"])
    if told["told_how"]:
        how = f"{ToldHow(told['told_how']).label}, {moment(told['told_at'])}"
        who = told.get("told_by", "")
        yield _("Told by a person"), f"{how} · {who}" if who else how
    if internal and told["is_lost"]:
        yield _("Delivery"), _("The answer did not arrive.")
    if one["accepted"] is not None:
        word = _("accepted") if one["accepted"] else _("not accepted")
        yield _("The complainant's answer"), f"{word}, {moment(one['accepted_at'])}".rstrip(", ")
    elif not one["superseded_at"]:
        yield _("The complainant's answer"), _("none yet")
    yield _("Opened again"), moment(one["superseded_at"])


def delivery(mail: Facts) -> str:
    """Who a mail went to and what became of it."""
    state = {
        "sent": _("sent"),
        "failed": _("not delivered"),
        "held_back": _("held back, no longer needed"),
        "waiting": _("on its way"),
    }[mail["state"]]
    words = f"{mail['to']}, {state}"
    return f"{words}, {moment(mail['at'])}" if mail["at"] else words


def remedies(facts: Facts, *, internal: bool) -> list[Block]:
    found = []
    for one in facts["remedies"]:
        rows = [[label, value] for label, value in _remedy(one, internal) if value]
        status = RemedyStatus(one["status"])
        text = one.get("reason", "")
        card = {"kind": "card", "title": one["words"], "tag": str(status.label), "tone": REMEDIES.get(status, "")}
        found.append({**card, "text": text, "rows": rows})
    return found


def _remedy(one: Facts, internal: bool) -> Iterator[tuple[str, str]]:
    if internal:
        yield _("Asked for"), f"{moment(one['requested_at'])} · {one['requested_by']}"
        if one["decided_by"]:
            yield pgettext("of a complaint", "Decided"), f"{moment(one['decided_at'])} · {one['decided_by']}"
        yield _("Note"), one["decided_note"]
        if one["authority"]:
            yield _("Under the authority of"), _authority(one["authority"], one["within_authority"])
        yield _("Charge"), one["charge"] or ""
        if one["undone_at"]:
            undone = f"{moment(one['undone_at'])} · {one['undone_by'] or _('With the complaint')}"
            yield _("Undone"), f"{undone}: {one['undone_note']}" if one["undone_note"] else undone
    else:
        yield _("Granted"), moment(one["decided_at"])
    yield _("Payment"), _payout(one["payout"])


def _authority(limit: Facts, within: bool | None) -> str:
    """Whose limit, how far it goes, from which version, and whether a second person approved."""
    whose = f"{LimitHolder(limit['holder']).label}: {limit['whose']}" if limit["whose"] else ""
    parts = [whose or str(LimitHolder(limit["holder"]).label)]
    period = str(LimitPeriod(limit["period"]).label)
    for key, words in (
        ("per_complaint", _("%(amount)s per complaint")),
        ("per_customer", _("%(amount)s per customer in %(period)s")),
        ("per_period", _("%(amount)s per person in %(period)s")),
    ):
        if limit[key] is not None:
            value = Decimal(limit[key])
            plain = languages.number(value.normalize(), digits=0)
            amount = languages.money(value, limit["currency"]) if limit["currency"] else plain
            parts.append(words % {"amount": amount, "period": period})
    parts.append(_("version %(number)s") % {"number": limit["version"]})
    parts.append(_("granted on the spot") if within else _("approved by a second person"))
    return " · ".join(parts)


def _payout(payout: Facts | None) -> str:
    if payout is None:
        return ""
    parts = [str(PayoutState(payout["state"]).label)]
    if payout["paid_on"]:
        parts.append(languages.day(payout["paid_on"]))
    if payout.get("reference"):
        parts.append(payout["reference"])
    if payout.get("export"):
        parts.append(_("export %(number)s") % {"number": payout["export"]})
    if payout.get("failure"):
        parts.append(payout["failure"])
    return " · ".join(parts)


def promises(facts: Facts, *, internal: bool) -> list[Block]:
    found = []
    labels = {
        states.OPEN: pgettext("promise", "Owed"),
        states.KEPT: pgettext("promise", "Kept"),
        states.BROKEN: pgettext("promise", "Broken"),
        states.RENEGOTIATED: pgettext("promise", "Renegotiated"),
        states.RELEASED: pgettext("promise", "No longer wanted"),
    }
    for one in facts["promises"]:
        rows = [[label, value] for label, value in _promise(one, internal) if value]
        tone, tag = PROMISES.get(one["state"], ""), labels[one["state"]]
        found.append({"kind": "card", "title": one["text"], "tag": tag, "tone": tone, "text": "", "rows": rows})
    return found


def _promise(one: Facts, internal: bool) -> Iterator[tuple[str, str]]:
    yield _("Due"), moment(one["due_at"])
    made = moment(one["made_at"])
    yield _("Promised"), f"{made} · {one['made_by']}" if one.get("made_by") else made
    if internal:
        yield _("To"), one["to_whom"]
        yield _("Channel"), str(ChannelCode(one["channel"]).label) if one["channel"] else ""
        yield _("Owner"), one["owner"]
    if one["settled_at"]:
        settled = moment(one["settled_at"])
        who = one.get("settled_by", "")
        late = one["state"] == states.BROKEN
        label = _("Done late") if late else _("Settled")
        yield label, f"{settled} · {who}" if who else settled
        yield _("Note"), one.get("settled_note", "")
    elif one["state"] == states.BROKEN:
        yield _("Done"), _("not yet, it is still owed")
