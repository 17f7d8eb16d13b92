from complaints.models.catalogue import (
    Channel,
    ChannelCode,
    ComplaintType,
    RootCause,
    RoutingRule,
    Severity,
    Workload,
)
from complaints.models.clocks import Clock, ClockEvent, ClockKind, ClockState, Firing, SlaPolicy, SlaVersion
from complaints.models.complaint import IN_HAND, NEVER, OPEN, Complaint, Kind, Narrative, Outcome, Status, Watch
from complaints.models.conversation import Message, Note, Purpose

__all__ = [
    "IN_HAND",
    "NEVER",
    "OPEN",
    "Channel",
    "ChannelCode",
    "Clock",
    "ClockEvent",
    "ClockKind",
    "ClockState",
    "Complaint",
    "ComplaintType",
    "Firing",
    "Kind",
    "Message",
    "Narrative",
    "Note",
    "Outcome",
    "Purpose",
    "RootCause",
    "RoutingRule",
    "Severity",
    "SlaPolicy",
    "SlaVersion",
    "Status",
    "Watch",
    "Workload",
]
