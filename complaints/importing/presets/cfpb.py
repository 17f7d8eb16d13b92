"""US consumer-finance complaints, as the CFPB publishes them (consumerfinance.gov, Consumer Complaint Database).

Dates without a time are midnight in TIME_ZONE. The file states a verdict on timeliness, but no deadline and no closing
date; blank, "Unknown" and "Not Applicable" all mean that it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.conf import settings

from complaints.actions._history import code_of
from complaints.actions.record_history import HistoricComplaint
from complaints.models import ChannelCode, Outcome, Status
from core.importing.values import Rejected, midnight, one_of, shortened

CHANNELS = {
    "Web": ChannelCode.WEB,
    "Phone": ChannelCode.PHONE,
    "Postal mail": ChannelCode.LETTER,
    "Fax": ChannelCode.LETTER,
    "Email": ChannelCode.EMAIL,
    "Referral": ChannelCode.API,
    "Web Referral": ChannelCode.API,
}
# Only where the words say who was right: an explanation alone does not.
OUTCOMES = {
    "Closed with monetary relief": Outcome.UPHELD,
    "Closed with non-monetary relief": Outcome.UPHELD,
    "Closed with relief": Outcome.UPHELD,
    "Closed without relief": Outcome.NOT_UPHELD,
}
IN_PROGRESS = "In progress"
VERDICTS = {"Yes": True, "No": False}
BLANKS = frozenset({"", "Unknown", "Not Applicable", "None", "N/A"})
TOLD = (
    "Company", "Sub-product", "Sub-issue", "State", "ZIP code", "Tags", "Consumer consent provided?",
    "Date sent to company", "Company public response",
)  # fmt: skip


class Cfpb:
    """Preset `cfpb`."""

    name = "cfpb"
    required = (
        "Date received", "Product", "Issue", "Submitted via", "Company response to consumer", "Timely response?",
        "Complaint ID",
    )  # fmt: skip
    optional = ("Consumer complaint narrative", "Consumer disputed?", *TOLD)

    def __init__(self) -> None:
        self.zone = ZoneInfo(settings.TIME_ZONE)

    def read(self, record: Mapping[str, str]) -> HistoricComplaint:
        """Product > Issue is the type; the dispute flag says whether the consumer accepted the answer."""
        response, product, issue = record["Company response to consumer"], record["Product"], record["Issue"]
        disputed = VERDICTS.get(record["Consumer disputed?"])
        return HistoricComplaint(
            external_id=record["Complaint ID"].strip(),
            channel=one_of(record["Submitted via"], CHANNELS, "Submitted via"),
            source_channel=record["Submitted via"],
            source_status=response,
            subject=shortened(issue or product, 200),
            description=_description(record),
            received_at=midnight(record["Date received"], self.zone, "Date received"),
            status=Status.INVESTIGATING if response == IN_PROGRESS else Status.CLOSED,
            type_path=_path(product, issue),
            timely=_verdict(record["Timely response?"]),
            outcome=OUTCOMES.get(response, ""),
            accepted=None if disputed is None else not disputed,
            language="en",
        )


def _path(product: str, issue: str) -> tuple[tuple[str, str], ...]:
    if product in BLANKS:
        return ()
    top = (code_of(f"cfpb {product}"), product)
    return (top,) if issue in BLANKS else (top, (code_of(f"cfpb {product} {issue}"), issue))


def _verdict(flag: str) -> bool | None:
    if flag in BLANKS:
        return None
    if flag not in VERDICTS:
        raise Rejected(f"Timely response?: “{flag[:40]}” is neither Yes nor No.")
    return VERDICTS[flag]


def _description(record: Mapping[str, str]) -> str:
    """The consumer's own words where they are published, and what else the file tells."""
    words = record["Consumer complaint narrative"].strip()
    lines = [f"{name}: {record[name]}" for name in TOLD if record[name] not in BLANKS]
    subject = f"{record['Product']}: {record['Issue']}"
    return "\n\n".join(part for part in (words or subject, "\n".join(lines)) if part)
