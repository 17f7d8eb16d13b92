"""Complaints of another system, from file to database (core.importing; domain, Complaint 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import models

from complaints.actions.record_history import HistoricComplaint, guard, record_history
from complaints.models import Clock, Complaint
from complaints.reference import catalogue
from core.importing import run
from core.importing.run import AlreadyRunning
from core.importing.tally import Tally
from core.models import ImportRun, TrailEntry, User

__all__ = ["AlreadyRunning", "Import"]


@dataclass(slots=True)
class Import(run.Import[HistoricComplaint]):
    """`owner`: who answers for them, else the default owner. `open_live`: take open ones over live."""

    kind: ClassVar[str] = "complaints"
    written: ClassVar[tuple[type[models.Model], ...]] = (Complaint, Clock, TrailEntry)

    owner: User | None = None
    open_live: bool = False

    def record(self, batch: Sequence[HistoricComplaint], run: ImportRun, at: datetime) -> Tally:
        return record_history(batch, by=self.by, at=at, source=self.source, owner=self.owner, open_live=self.open_live)

    def guard(self, row: HistoricComplaint, at: datetime) -> None:
        guard(row, at=at)

    def tried(self) -> None:
        catalogue.clear()  # it has seen types that are gone again
