"""What each known kind of file means: a preset names its columns and turns a record into a historic complaint."""

from __future__ import annotations

from complaints.actions.record_history import HistoricComplaint
from core.importing import run

Preset = run.Preset[HistoricComplaint]


def presets() -> dict[str, Preset]:
    """All presets by name; a new one for each run, since some count what they have read."""
    from complaints.importing.presets.boston311 import Boston311
    from complaints.importing.presets.cfpb import Cfpb
    from complaints.importing.presets.generic import Generic

    known: tuple[Preset, ...] = (Cfpb(), Boston311(), Generic())
    return {preset.name: preset for preset in known}


NAMES = ("cfpb", "boston311", "generic")
