"""Rule packs in tests: install one, file under it, look at its clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from complaints.actions import packs
from complaints.models import Clock, Complaint, RulePack
from complaints.sla import pack_files
from complaints.sla.pack_files import PackFile
from core import cached
from core.actor import Actor
from core.models import User

EU, DISP, CFPB, LGSCO = "eu-payment-services", "fca-disp", "us-cfpb", "uk-lgsco"


def shipped(code: str) -> PackFile:
    found = pack_files.find(code)
    assert found is not None
    return found


def install(code: str, admin: User, at: datetime, **choices: Any) -> RulePack:
    """Install a shipped pack as `admin` would."""
    row = packs.install(shipped(code), by=Actor.person(admin), at=at, **choices)
    cached.clear_all()
    return row


def clock(complaint: Complaint, code: str) -> Clock:
    """The statutory clock of a rule ("eu-payment-services.reply")."""
    return Clock.objects.get(complaint=complaint, kind="statutory", code=code)
