"""Any other file: the columns of the README, renamed with `--map theirs=ours` where they differ.

Only `received_at` has to be there. Instants without an offset are local time in TIME_ZONE, bare dates midnight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from complaints.actions.record_history import HistoricComplaint
from complaints.models import ChannelCode, Outcome, Severity, Status
from core.importing.occurrences import Occurrences
from core.importing.values import Rejected, email, instant, one_of, shortened

CHANNELS: dict[str, str] = {str(code): str(code) for code in ChannelCode.values} | {
    "": ChannelCode.API,
    "mail": ChannelCode.EMAIL,
    "call": ChannelCode.PHONE,
    "telephone": ChannelCode.PHONE,
    "web_form": ChannelCode.WEB,
    "website": ChannelCode.WEB,
    "post": ChannelCode.LETTER,
    "postal_mail": ChannelCode.LETTER,
    "fax": ChannelCode.LETTER,
    "social_media": ChannelCode.SOCIAL,
    "live_chat": ChannelCode.CHAT,
}
SEVERITIES: dict[str, str] = {str(code): str(code) for code in Severity.values} | {"": Severity.MODERATE}
OUTCOMES: dict[str, str] = {str(code): str(code) for code in Outcome.values} | {"": "", "partly": Outcome.PARTLY}
LANGUAGES: dict[str, str] = {code: code for code, name in settings.LANGUAGES} | {"": ""}
LEVELS = re.compile(r"\s+[>›/]\s+|\s*›\s*")


class Generic:
    """Preset `generic`."""

    name = "generic"
    required = ("received_at",)
    optional = (
        "external_id", "channel", "type", "subject", "description", "customer_name", "customer_email", "severity",
        "due_at", "resolved_at", "closed_at", "outcome", "language", "order_number", "product",
    )  # fmt: skip

    def __init__(self) -> None:
        self.zone = ZoneInfo(settings.TIME_ZONE)
        self.occurrences = Occurrences()

    def read(self, record: Mapping[str, str]) -> HistoricComplaint:
        """The status follows from what is dated: closed, resolved, else open."""
        received_at = instant(record["received_at"], self.zone, "received_at")
        if received_at is None:
            raise Rejected(_("%(column)s: blank.") % {"column": "received_at"})
        resolved_at = instant(record["resolved_at"], self.zone, "resolved_at")
        closed_at = instant(record["closed_at"], self.zone, "closed_at")
        outcome = one_of(_code(record["outcome"]), OUTCOMES, "outcome")
        description, kind = record["description"].strip(), record["type"].strip()
        subject = record["subject"].strip()
        if len(subject) > 200:
            description = f"{subject}\n\n{description}".strip()
        return HistoricComplaint(
            external_id=record["external_id"].strip() or self.occurrences.name(record),
            channel=one_of(_code(record["channel"]), CHANNELS, "channel"),
            source_channel=record["channel"].strip(),
            subject=shortened(subject or description or kind or _("Without a subject"), 200),
            description=description or subject,
            received_at=received_at,
            status=_status(outcome, resolved_at is not None, closed_at is not None),
            type_path=tuple(("", level) for level in LEVELS.split(kind, maxsplit=1)) if kind else (),
            severity=one_of(_code(record["severity"]), SEVERITIES, "severity"),
            due_at=instant(record["due_at"], self.zone, "due_at"),
            resolved_at=resolved_at or closed_at,
            closed_at=closed_at,
            outcome=outcome,
            customer_name=shortened(record["customer_name"], 200),
            customer_email=email(record["customer_email"], "customer_email"),
            language=one_of(record["language"].strip().lower()[:2], LANGUAGES, "language"),
            order_number=record["order_number"].strip(),
            product=record["product"].strip(),
        )


def _code(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().casefold()).replace("e_mail", "email")


def _status(outcome: str, is_resolved: bool, is_closed: bool) -> str:
    if outcome == Outcome.WITHDRAWN:
        return Status.WITHDRAWN
    if is_closed:
        return Status.CLOSED
    return Status.RESOLVED if is_resolved or outcome else Status.NEW
