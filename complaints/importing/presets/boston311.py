"""Service requests to the City of Boston (data.boston.gov, 311 Service Requests), local time America/New_York.

Only target and closing date judge timeliness; the city's own flag is kept in the text. What was not there before the
target stays so: requests closed before they were opened come as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from complaints.actions._history import code_of
from complaints.actions.record_history import HistoricComplaint
from complaints.models import ChannelCode, Status
from core.importing.values import Rejected, instant, one_of, shortened

CHANNELS = {
    "Constituent Call": ChannelCode.PHONE,
    "Citizens Connect App": ChannelCode.WEB,
    "Self Service": ChannelCode.WEB,
    "Twitter": ChannelCode.SOCIAL,
    "City Worker App": ChannelCode.API,
    "Employee Generated": ChannelCode.IN_PERSON,
    "Maximo Integration": ChannelCode.API,
}
STATUSES = {"Closed": Status.CLOSED, "Open": Status.NEW}
TOLD = {
    "location": "Location",
    "neighborhood": "Neighborhood",
    "subject": "Subject",
    "reason": "Reason",
    "queue": "Queue",
    "department": "Department",
    "on_time": "On time, by the city's flag",
}


class Boston311:
    """Preset `boston311`."""

    name = "boston311"
    required = ("case_enquiry_id", "open_dt", "sla_target_dt", "closed_dt", "case_status", "type", "source")
    optional = ("case_title", "closure_reason", *TOLD)
    zone = ZoneInfo("America/New_York")

    def read(self, record: Mapping[str, str]) -> HistoricComplaint:
        """One closing date is both decision and end."""
        received_at = instant(record["open_dt"], self.zone, "open_dt")
        if received_at is None:
            raise Rejected("open_dt: blank.")
        closed_at = instant(record["closed_dt"], self.zone, "closed_dt")
        kind = record["type"].strip()
        return HistoricComplaint(
            external_id=record["case_enquiry_id"].strip(),
            channel=one_of(record["source"], CHANNELS, "source"),
            source_channel=record["source"],
            source_status=record["case_status"],
            subject=shortened(record["case_title"] or kind, 200),
            description=_description(record),
            received_at=received_at,
            status=one_of(record["case_status"], STATUSES, "case_status"),
            type_path=((code_of(f"boston311 {kind}"), kind),) if kind else (),
            due_at=instant(record["sla_target_dt"], self.zone, "sla_target_dt"),
            resolved_at=closed_at,
            closed_at=closed_at,
            summary=" ".join(record["closure_reason"].split()),
            language="en",
        )


def _description(record: Mapping[str, str]) -> str:
    lines = [f"{label}: {record[name].strip()}" for name, label in TOLD.items() if record[name].strip()]
    return "\n".join([record["case_title"].strip() or record["type"].strip(), *lines])
