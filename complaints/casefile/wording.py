"""A case file in words: the facts laid out as blocks for the template (`templates/casefile/case.typ`).

Every text is in the language and zone of the moment. A block is a dict with its `kind`:

    facts   rows: [[label, value, tone], ...]
    quote   text
    text    text
    card    title, tag, tone, text, rows
    table   columns: [share, ...], head: [...], rows: [[...], ...], mono: index of the column of hashes
    day     text
    said    side (in, out, note), who, when, about, text, files
    event   when, title, text, tone
    hint    text
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from complaints.casefile import timeline_words
from complaints.casefile.amends_words import decisions, promises, remedies
from complaints.casefile.editions import Edition
from complaints.casefile.facts import Facts
from complaints.models import ChannelCode, DemandOutcome, Kind, LateReason, Outcome, Severity, Status
from core import languages, zones
from retention.models.customers import CONTACT_KINDS

Block = dict[str, Any]
TONES = {"met": "met", "missed": "breach", "expired": "pause", "paused": "pause", "open": "", "none": "pause"}
DEMANDS = {DemandOutcome.GRANTED: "met", DemandOutcome.PARTLY: "risk", DemandOutcome.REFUSED: "breach"}


def document(facts: Facts) -> dict[str, Any]:
    """The whole document. No query."""
    internal = facts["edition"] == Edition.INTERNAL
    case, at = facts["complaint"], facts["produced_at"]
    edition = str(Edition(facts["edition"]).label)
    produced = _("Produced %(when)s by %(name)s") % {"when": zones.named(at), "name": facts["produced_by"]}
    return {
        "language": facts["language"],
        "title": _("Case file %(reference)s") % {"reference": case["reference"]},
        "kicker": _("Case file"),
        "edition": edition,
        "organisation": facts["organisation"],
        "reference": case["reference"],
        "subject": case["subject"],
        "status": str(Status(case["status"]).label),
        "page": _("Page %(page)s of %(pages)s"),
        "produced": produced,
        "zone": _("All times: %(city)s") % {"city": zones.city()},
        "banner": _("Internal: holds notes and names that are not for the complainant.") if internal else "",
        "facts": [[label, value] for label, value in _head(case, internal) if value],
        "sections": [
            {"title": title, "blocks": blocks} for title, blocks in _sections(facts, internal=internal) if blocks
        ],
    }


def _sections(facts: Facts, *, internal: bool) -> Iterator[tuple[str, list[Block]]]:
    at = facts["produced_at"]
    yield _("Deadlines"), _deadlines(facts, internal)
    yield _("What happened, in the complainant's words"), _statement(facts)
    yield _("What they asked for"), _demands(facts)
    yield _("Decision"), decisions(facts, internal=internal)
    yield _("What was given"), remedies(facts, internal=internal)
    yield _("What was promised"), promises(facts, internal=internal)
    if internal:
        yield _("What was learned"), _learned(facts)
    yield _("Timeline"), timeline_words.blocks(facts, at)
    yield _("Attachments"), _attachments(facts)
    yield _("Proof of the record"), _trail(facts["trail"])


def _head(case: Facts, internal: bool) -> Iterator[tuple[str, str]]:
    """The facts at the head; what is blank is left out."""
    customer = case["customer"]
    yield _("Complainant"), (customer["name"] or _("Customer without a name")) if customer else _("Customer unknown")
    kinds: dict[str, Any] = dict(CONTACT_KINDS)
    for contact in customer["contacts"] if customer else ():
        yield str(kinds[contact["kind"]]).capitalize(), contact["value"]
    yield _("Channel"), case.get("source_channel") or str(ChannelCode(case["channel"]).label)
    yield _("Kind"), str(Kind(case["kind"]).label) if case["kind"] != Kind.COMPLAINT else ""
    yield _("Type"), case["type_name"]
    if internal:
        yield _("Severity"), str(Severity(case["severity"]).label)
    yield _("Owner"), " · ".join(one for one in (case["owner"], case.get("team", "")) if one)
    yield _("Product"), case["product"]
    yield _("Lot"), case["lot"]
    yield _("Order"), case["order_number"]
    yield _("Language"), languages.language_name(case["language"])
    yield pgettext("of a complaint", "Received"), moment(case["received_at"])
    yield pgettext("of a complaint", "Acknowledged"), moment(case["acknowledged_at"])
    yield _("First response"), moment(case["first_response_at"])
    yield pgettext("of a complaint", "Decided"), moment(case["resolved_at"])
    yield pgettext("of a complaint", "Closed"), moment(case["closed_at"])
    yield _("Outcome"), str(Outcome(case["outcome"]).label) if case["outcome"] else ""
    yield _("Joint case with"), ", ".join(case["joint"])
    if internal:
        yield _("Root cause"), case["root_cause_name"]
        yield _("Themes"), ", ".join(case["themes"])
        if case["late_reason"]:
            late = str(LateReason(case["late_reason"]).label)
            yield _("Why it came late"), f"{late}: {case['late_note']}" if case["late_note"] else late
        yield _("Merged into"), case["merged_into"] or ""
        yield _("Incident"), case["incident"] or ""
        yield _("Taken over from"), " ".join(one for one in (case["source"], case["external_id"]) if one)


def moment(at: datetime | None) -> str:
    return languages.moment(at) if at is not None else ""


def _deadlines(facts: Facts, internal: bool) -> list[Block]:
    rows = []
    for one in facts["deadlines"]:
        name = f"{one['name']} ({one['cycle']})" if one["cycle"] > 1 else one["name"]
        rule = one["rule"]
        behind = [f"{rule['name']}: {rule['law']}, {rule['section']}".rstrip(" ,:")] if rule else []
        if internal and one["policy"]:
            behind.append(f"{one['policy']} v{one['policy_version']}")
        due = moment(one["due_at"]) or languages.DASH
        done = moment(one["completed_at"]) or languages.DASH
        mark = {"tone": TONES[one["verdict"]], "text": _verdict(one["verdict"])}
        rows.append([{"text": name, "below": " · ".join(behind)}, due, done, mark])
    if not rows:
        return []
    head = [_("What"), _("Due"), _("Done"), _("Verdict")]
    return [{"kind": "table", "columns": [5, 4, 4, 2], "head": head, "rows": rows, "mono": -1}]


def _verdict(code: str) -> str:
    words: dict[str, Callable[[], str]] = {
        "met": lambda: pgettext("deadline", "met"),
        "missed": lambda: pgettext("deadline", "missed"),
        "expired": lambda: pgettext("deadline", "has passed"),
        "open": lambda: pgettext("deadline", "open"),
        "paused": lambda: pgettext("deadline", "paused"),
        "none": lambda: pgettext("deadline", "cancelled"),
    }
    return words[code]()


def _statement(facts: Facts) -> list[Block]:
    told = facts["statement"]
    found: list[Block] = [{"kind": "quote", "text": told["description"]}] if told["description"] else []
    parts = (_("What they expect"), told["expectation"]), (_("What would put it right"), told["remedy_sought"])
    for title, text in parts:
        if text:
            found.append({"kind": "card", "title": title, "tag": "", "tone": "", "text": text, "rows": []})
    return found


def _demands(facts: Facts) -> list[Block]:
    given = {one["id"]: one["words"] for one in facts["remedies"]}
    found = []
    for one in facts["demands"]:
        outcome = one["outcome"]
        rows = [[_("Remedy"), given[one["remedy"]]]] if one["remedy"] in given else []
        if one["decided_at"]:
            rows.append([pgettext("of a complaint", "Decided"), moment(one["decided_at"])])
        found.append(
            {
                "kind": "card",
                "title": one["text"],
                "tag": str(DemandOutcome(outcome).label) if outcome else _("not decided"),
                "tone": DEMANDS[DemandOutcome(outcome)] if outcome else "",
                "text": one["answer"],
                "rows": rows,
            }
        )
    return found


def _learned(facts: Facts) -> list[Block]:
    found: list[Block] = []
    if facts["summary"]:
        found.append({"kind": "text", "text": facts["summary"]})
    for one in facts["corrective_actions"]:
        rows = [[_("Owner"), one["owner"]], [_("Due"), languages.day(one["due_on"])]]
        if one["done_on"]:
            rows.append([_("Done"), languages.day(one["done_on"])])
        card = {"kind": "card", "title": one["title"], "tag": _("Corrective action"), "tone": "", "text": ""}
        found.append({**card, "rows": rows})
    return found


def _attachments(facts: Facts) -> list[Block]:
    files = facts["attachments"]
    if not files:
        return [{"kind": "hint", "text": _("No files came with this case.")}]
    rows = [
        [{"text": one["name"], "below": one["content_type"]}, languages.file_size(one["size"]), one["sha256"]]
        for one in files
    ]
    head = [_("File"), _("Size"), "SHA-256"]
    return [{"kind": "table", "columns": [5, 2, 6], "head": head, "rows": rows, "mono": 2}]


def _trail(trail: Facts) -> list[Block]:
    """What verifying found, and how to verify it again."""
    count = trail["entries"]
    words = {"count": languages.number(count)}
    entries = ngettext("%(count)s entry", "%(count)s entries", count) % words
    rows: list[list[Any]] = [[_("Entries"), entries]]
    if trail["last_hash"]:
        rows.append([_("Last hash"), trail["last_hash"]])
    anchor = trail["anchor"]
    if anchor:
        seal = _("No. %(number)s, %(when)s") % {
            "number": languages.number(anchor["number"]),
            "when": moment(anchor["at"]),
        }
        sealed = _("%(sealed)s of %(count)s") % {"sealed": languages.number(trail["sealed"]), **words}
        rows += [[_("Sealed by anchor"), seal], [_("Hash of the anchor"), anchor["hash"]], [_("Sealed"), sealed]]
    else:
        rows.append([_("Sealed by anchor"), _("not yet")])
    for one in trail["chains"][1:]:
        rows.append([one["complaint"], one["last_hash"] or languages.DASH])
    for one in trail["chains"]:
        if one["fault"]:
            fault = _("entry %(entry)s: %(problem)s") % {
                "entry": languages.number(one["fault"]["entry"]),
                "problem": _fault(one["fault"]["code"]),
            }
            rows.append([_("Fault in %(reference)s") % {"reference": one["complaint"]}, fault])
    title = _("The record is unbroken") if trail["intact"] else _("The record was altered")
    tag = _("intact") if trail["intact"] else _("broken")
    text = _(
        "Each entry of the trail carries a SHA-256 hash over the entry before it. Every hash was computed again for "
        "this file and compared."
    )
    tone = "met" if trail["intact"] else "breach"
    return [{"kind": "card", "title": title, "tag": tag, "tone": tone, "text": text, "rows": rows, "mono": True}]


def _fault(code: str) -> str:
    """What is wrong with an entry of the trail."""
    if code == "missing":
        return _("one before it is missing")
    return _("its text was altered") if code == "text_altered" else _("it was altered")
