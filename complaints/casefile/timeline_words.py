"""The timeline of a case file in words, day by day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile import happened
from complaints.casefile.amends_words import delivery
from complaints.casefile.facts import Facts
from complaints.models import ChannelCode, Purpose
from complaints.models.conversation import IN
from core import languages
from retention.models.care import FollowUpOutcome, FollowUpReason

Block = dict[str, Any]


def blocks(facts: Facts, at: datetime) -> list[Block]:
    found: list[Block] = []
    last = None
    reference = facts["complaint"]["reference"]
    for one in facts["timeline"]:
        there = languages.local(one["at"])
        if there.date() != last:
            last = there.date()
            found.append({"kind": "day", "text": languages.day(last, weekday=True)})
        block = _block(one, facts["organisation"])
        block["when"] = languages.clock_time(there)
        if one.get("complaint", reference) != reference:
            block["about"] = [*block.get("about", []), _("in %(reference)s") % {"reference": one["complaint"]}]
        found.append(block)
    return found


def _block(one: Facts, house: str) -> Block:
    if one["kind"] == happened.MESSAGE:
        return _said(one, house)
    if one["kind"] == happened.NOTE:
        return _words("note", one["who"], [_("internal note")], one)
    if one["kind"] == happened.CALL:
        return _call(one)
    if one["kind"] == happened.MAIL:
        text = delivery(one["delivery"]) if one["delivery"] else ""
        return {"kind": "event", "title": one["title"], "text": text, "tone": ""}
    text = one.get("text", "")
    if one.get("erased"):
        text = f"{text} ({_('its text was erased')})".strip()
    return {"kind": "event", "title": one["title"], "text": text, "tone": one.get("tone", "")}


def _said(one: Facts, house: str) -> Block:
    about = [str(ChannelCode(one["channel"]).label)]
    if one["direction"] == IN:
        if one.get("noted_by"):
            about.append(_("noted by %(name)s") % {"name": one["noted_by"]})
        return _words("in", one["who"] or _("Customer unknown"), about, one)
    about = [delivery(one["delivery"]) if one["delivery"] else _("on the status page")]
    if one["purpose"] in Purpose.values and one["purpose"] != Purpose.REPLY:
        about.insert(0, str(Purpose(one["purpose"]).label))
    return _words("out", one["who"] or house, about, one)


def _words(side: str, who: str, about: list[str], one: Facts) -> Block:
    return {
        "kind": "said",
        "side": side,
        "who": who or _("Somebody"),
        "about": about,
        "text": one["text"],
        "files": one["attachments"],
    }


def _call(one: Facts) -> Block:
    outcome = str(FollowUpOutcome(one["outcome"]).label) if one["outcome"] else _("still to be made")
    reason = str(FollowUpReason(one["reason"]).label)
    title = _("Call: %(outcome)s") % {"outcome": outcome}
    parts = [one["who"], one["about"] or reason, one["text"]]
    return {"kind": "event", "title": title, "text": " · ".join(part for part in parts if part), "tone": ""}
