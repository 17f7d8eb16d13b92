"""What each known kind of file means: a preset names its columns and turns a record into a historic complaint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from complaints.actions.record_history import HistoricComplaint


class Preset(Protocol):
    """`required` and `optional` columns; `read` raises Rejected with the reason when a record is of no use."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    def read(self, record: Mapping[str, str]) -> HistoricComplaint:
        """`record` has every known column, blank where the file has none."""
        ...


def presets() -> dict[str, Preset]:
    """All presets by name; a new one for each run, since some count what they have read."""
    from complaints.importing.presets.boston311 import Boston311
    from complaints.importing.presets.cfpb import Cfpb
    from complaints.importing.presets.generic import Generic

    return {preset.name: preset for preset in (Cfpb(), Boston311(), Generic())}


NAMES = ("cfpb", "boston311", "generic")
