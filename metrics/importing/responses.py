"""Files of survey answers: visitors of garden centres (nps-garden-centres), and any other (generic)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from core.importing import run
from core.importing.occurrences import Occurrences
from core.importing.tally import Tally
from core.importing.values import Rejected, instant, one_of
from core.models import ImportRun, TrailEntry
from metrics.actions.record_responses import HistoricResponse, record_responses
from metrics.models import SurveyResponse
from metrics.models.surveys import HIGHEST, LOWEST, SurveyKind

LONGEST_COMMENT = 20_000
FURTHEST_AHEAD = timedelta(minutes=5)
KINDS = {str(kind): str(kind) for kind in SurveyKind.values}
# Bytes that are no printable latin-1 were typed on machines that wrote cp850.
OLD_LETTERS = {code: bytes([code]).decode("cp850") for code in range(0x80, 0xA0)}
EURO = re.compile(r"(?<=\d)\x80")  # but for the sign behind a price
NOT_ANSWERED = "NA"


class GardenCentres:
    """Preset `nps-garden-centres`: 0-10 answers of visitors with French comments (CC0); latin-1 with some cp850 bytes,
    `NA` for blank, no dates: `t` is the number of the period. The segment is how often they came: 1-3, 4-9, 10+."""

    name = "nps-garden-centres"
    encoding = "latin-1"
    required = ("id", "nps", "explication", "NbPassageKS", "t")
    optional = ()

    def __init__(self) -> None:
        self._occurrences = Occurrences()

    def read(self, record: Mapping[str, str]) -> HistoricResponse:
        said = {name: _said(value) for name, value in record.items() if name}
        comment = EURO.sub("€", said["explication"]).translate(OLD_LETTERS)
        return HistoricResponse(
            external_id=said["id"] or self._occurrences.name(said),
            kind=str(SurveyKind.NPS),
            score=score(said["nps"], SurveyKind.NPS, "nps"),
            comment=_comment(comment, "explication"),
            period_label=said["t"][:40],
            segment=_visits(said["NbPassageKS"]),
            language="fr",
        )


class Generic:
    """Preset `generic`: the columns of the README. Without an offset `answered_at` is local time in TIME_ZONE."""

    name = "generic"
    required = ("kind", "score")
    optional = (
        "external_id", "comment", "answered_at", "customer_external_id", "period_label", "segment", "language",
    )  # fmt: skip

    def __init__(self) -> None:
        self.zone = ZoneInfo(settings.TIME_ZONE)
        self._occurrences = Occurrences()

    def read(self, record: Mapping[str, str]) -> HistoricResponse:
        kind = one_of(record["kind"].strip().lower(), KINDS, "kind")
        for column, most in (
            ("external_id", 120),
            ("customer_external_id", 120),
            ("period_label", 40),
            ("segment", 40),
        ):
            if len(record[column]) > most:
                raise Rejected(_("%(column)s: longer than %(most)s characters.") % {"column": column, "most": most})
        return HistoricResponse(
            external_id=record["external_id"].strip() or self._occurrences.name(record),
            kind=kind,
            score=score(record["score"].strip(), kind, "score"),
            comment=_comment(record["comment"], "comment"),
            answered_at=instant(record["answered_at"], self.zone, "answered_at"),
            period_label=record["period_label"].strip(),
            segment=record["segment"].strip(),
            language=record["language"].strip()[:8],
            customer=record["customer_external_id"].strip(),
        )


PRESETS: dict[str, type[GardenCentres] | type[Generic]] = {preset.name: preset for preset in (GardenCentres, Generic)}


@dataclass(slots=True)
class Import(run.Import[HistoricResponse]):
    """Survey answers from file to database."""

    kind: ClassVar[str] = "survey-responses"
    written: ClassVar[tuple[type[models.Model], ...]] = (SurveyResponse, TrailEntry)

    def record(self, batch: Sequence[HistoricResponse], run: ImportRun, at: datetime) -> Tally:
        return record_responses(batch, by=self.by, at=at, source=self.source)

    def guard(self, row: HistoricResponse, at: datetime) -> None:
        if row.answered_at is not None and row.answered_at > at + FURTHEST_AHEAD:
            raise Rejected(_("This instant lies in the future."))


def score(text: str, kind: str, column: str) -> int | None:
    """A whole number on the scale of the kind, None for a blank. Raises Rejected."""
    if not text:
        return None
    low, high = LOWEST[SurveyKind(kind)], HIGHEST[SurveyKind(kind)]
    if not (text.isascii() and text.isdigit() and len(text) < 4 and low <= int(text) <= high):
        words = _("%(column)s: “%(text)s” is no whole number from %(low)s to %(high)s.")
        raise Rejected(words % {"column": column, "text": text[:40], "low": low, "high": high})
    return int(text)


def _said(text: str) -> str:
    text = text.strip()
    return "" if text == NOT_ANSWERED else text


def _comment(text: str, column: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_COMMENT:
        raise Rejected(_("%(column)s: longer than %(most)s characters.") % {"column": column, "most": LONGEST_COMMENT})
    return text


def _visits(text: str) -> str:
    """The band of a number of visits, blank for none known. Raises Rejected."""
    if not text:
        return ""
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Rejected(_("%(column)s: “%(text)s” is no whole number.") % {"column": "NbPassageKS", "text": text[:40]})
    visits = int(text)
    if visits < 1:
        return ""
    return "1-3" if visits <= 3 else "4-9" if visits <= 9 else "10+"
