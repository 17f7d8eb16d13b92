"""Who may grant how much, and what of it is used (domain, Authority and money; decision 26).

`lines` finds the limit that holds, `sums` adds up what is granted, `rooms` puts both together, `locks` keeps others out
meanwhile, `guard` holds all of it in the database.
"""

from complaints.authority.approving import approvers, awaiting_for, decides, may_approve, within_reach
from complaints.authority.rooms import Gauge, Room, room, room_without_value
from complaints.authority.versions import in_force

__all__ = [
    "Gauge",
    "Room",
    "approvers",
    "awaiting_for",
    "decides",
    "in_force",
    "may_approve",
    "room",
    "room_without_value",
    "within_reach",
]
