"""One import from file to database: in chunks, each with the position it reached in the same transaction.

Killed at any moment and started again it goes on where the last chunk ended: nothing lost, nothing twice (case F32).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from core import bulk, clock
from core.actor import Actor
from core.errors import InvalidInput
from core.importing.reader import Record, Rows, Unreadable, examine
from core.importing.rejects import Rejects
from core.importing.tally import Tally
from core.importing.values import Rejected
from core.models import ImportRun
from core.progress import Progress

CHUNK = 1000
MANY = 1000  # rows written from which on the database should count anew
Row = TypeVar("Row")
Read = TypeVar("Read", covariant=True)


class AlreadyRunning(Exception):
    """Another process imports the same file at this moment."""


class _DryRun(Exception):
    """Thrown to undo a chunk that was only tried."""


class Preset(Protocol[Read]):
    """What a known kind of file means. `required` and `optional` name its columns."""

    @property
    def name(self) -> str: ...
    @property
    def required(self) -> tuple[str, ...]: ...
    @property
    def optional(self) -> tuple[str, ...]: ...

    def read(self, record: Mapping[str, str]) -> Read:
        """`record` has every known column, blank where the file has none. Raises Rejected with the reason."""
        ...


@dataclass(slots=True)
class Import(Generic[Row]):
    """What to import and how. `run()` does it and returns the run with its counts (unsaved for a dry run).

    A floor says in a subclass what `kind` of thing it is, how a batch is recorded, and what may be refused early.
    """

    kind: ClassVar[str] = ""
    written: ClassVar[tuple[type[models.Model], ...]] = ()  # tables that grow

    path: Path
    preset: Preset[Row]
    source: str
    by: Actor
    dry_run: bool = False
    rejects: Path | None = None
    encoding: str = "utf-8"
    renamed: dict[str, str] = field(default_factory=dict)  # their column -> ours
    chunk: int = CHUNK
    resumed_from: int = 0

    # What a floor says

    def record(self, batch: Sequence[Row], run: ImportRun, at: datetime) -> Tally:
        """Write one chunk, within a transaction."""
        raise NotImplementedError

    def guard(self, row: Row, at: datetime) -> None:
        """Raise Rejected or InvalidInput for a row that cannot be recorded."""

    def options(self, fingerprint: str) -> str:
        """What else decides about the meaning of the file; asked once, before the first row is read."""
        return ""

    def tried(self) -> None:
        """A chunk of a dry run has been taken back."""

    def moved(self, run: ImportRun) -> None:
        """A chunk has been recorded, or tried; `run` has the counts so far."""

    # The import

    def run(self) -> ImportRun:
        """Raises Unreadable (nothing was written), AlreadyRunning, DomainError, and lets KeyboardInterrupt through:
        what is committed stays, the next run goes on."""
        fingerprint = examine(self.path, self.encoding)
        at = clock.now()
        with ExitStack() as stack:
            rows = stack.enter_context(Rows(self.path, self.encoding))
            columns = self._columns(rows.header)
            run = self._begin(fingerprint, at)
            self.resumed_from = run.position
            refuse = stack.enter_context(Rejects(self.rejects, rows.header))
            bar = stack.enter_context(Progress(self.path.name, rows.size))
            for records in _chunks(iter(rows), self.chunk):
                parsed, rejected = self._parse(records, columns, at, run.position, refuse)
                if records[-1].number > run.position:
                    self._record(run, parsed, rejected, records[-1].number)
                bar.to(rows.done, count=records[-1].number)
            self._end(run)
        return run

    def _columns(self, header: Sequence[str]) -> list[str]:
        """Our name of each column of the file. Raises Unreadable when one that is needed is missing."""
        if unknown := [name for name in self.renamed if name not in header]:
            raise Unreadable(_("The file has no column %(names)s.") % {"names": ", ".join(unknown)})
        taken = set(self.renamed.values())
        names = [self.renamed.get(name, "" if name in taken else name) for name in header]
        missing = [name for name in self.preset.required if name not in names]
        if missing:
            words = _("The columns %(missing)s are missing for the preset %(preset)s; the file has: %(header)s.")
            raise Unreadable(
                words % {"missing": ", ".join(missing), "preset": self.preset.name, "header": ", ".join(header)[:500]}
            )
        return names

    def _begin(self, fingerprint: str, at: datetime) -> ImportRun:
        """The unfinished run of the same file, else a new one."""
        known = {"fingerprint": fingerprint, "kind": self.kind, "preset": self.preset.name, "source": self.source}
        known["options"] = self.options(fingerprint)
        run = ImportRun(**known, started_at=at)
        if self.dry_run:
            return run
        cut_off = ImportRun.objects.filter(**known, finished_at__isnull=True).order_by("-pk").first()
        if cut_off is not None:
            return cut_off
        run.save()
        return run

    def _end(self, run: ImportRun) -> None:
        run.finished_at = clock.now()
        if not self.dry_run:
            run.save(update_fields=["finished_at"])
            if run.created + run.updated >= MANY:
                bulk.analyze(*self.written)

    def _parse(
        self, records: Sequence[Record], columns: Sequence[str], at: datetime, position: int, refuse: Rejects
    ) -> tuple[list[Row], int]:
        """Understand the records; those not recorded yet are returned. Records recorded before are read again all the
        same: the rejects file has to be whole, and equal lines are told apart by counting."""
        parsed: list[Row] = []
        rejected = 0
        read, guard = self.preset.read, self.guard
        blank = dict.fromkeys((*self.preset.required, *self.preset.optional), "")
        for record in records:
            try:
                if record.problem:
                    raise Rejected(record.problem)
                row = read(blank | dict(zip(columns, record.cells, strict=True)))
                guard(row, at)
            except (Rejected, InvalidInput) as error:
                refuse.add(record, _reason(error))
                rejected += record.number > position
            else:
                if record.number > position:
                    parsed.append(row)
        refuse.flush()
        return parsed, rejected

    def _record(self, run: ImportRun, parsed: list[Row], rejected: int, position: int) -> None:
        """One chunk in one transaction, with the position reached. Tried twice: two random references may have met."""
        for attempt in (1, 2):
            try:
                with transaction.atomic():
                    tally = self.record(parsed, run, clock.now())
                    counts = _counts(run, tally, rejected, position)
                    if self.dry_run:
                        raise _DryRun
                    _claim(run, counts)
                break
            except _DryRun:
                self.tried()
                break
            except IntegrityError:
                if attempt == 2:
                    raise
        for name, count in counts.items():
            setattr(run, name, count)
        self.moved(run)


def _counts(run: ImportRun, tally: Tally, rejected: int, position: int) -> dict[str, int]:
    return {
        "position": position,
        "created": run.created + tally.created,
        "updated": run.updated + tally.updated,
        "unchanged": run.unchanged + tally.unchanged,
        "rejected": run.rejected + rejected,
    }


def _claim(run: ImportRun, counts: dict[str, int]) -> None:
    """Move the run's row on, if it still stands where we found it. Raises AlreadyRunning."""
    here = ImportRun.objects.filter(pk=run.pk, position=run.position, finished_at__isnull=True)
    if not here.update(**counts):
        raise AlreadyRunning


def _chunks(records: Iterator[Record], size: int) -> Iterator[list[Record]]:
    while chunk := list(islice(records, size)):
        yield chunk


def _reason(error: Exception) -> str:
    field_name = getattr(error, "field", None)
    return f"{field_name}: {error}" if field_name else str(error)
