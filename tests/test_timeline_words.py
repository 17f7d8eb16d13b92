"""Every kind of entry that the code writes about a complaint is told in words, in five languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

import complaints
from complaints.models import ClockKind
from complaints.web.one import trail_words
from core.models import TrailEntry
from tests.cast import MONDAY

ROOT = Path(complaints.__file__).parent
LATER = MONDAY.isoformat()


def test_no_kind_is_shown_by_its_code() -> None:
    written = set()
    for folder in ("actions", "sla"):
        for path in (ROOT / folder).rglob("*.py"):
            written |= set(re.findall(r'"((?:complaint|sla)\.[a-z_]+)"', path.read_text()))
    assert written >= {"complaint.filed", "sla.breached", "sla.warned", "sla.moved", "complaint.extended"}
    assert sorted(written - set(trail_words.SAY) - trail_words.QUIET) == []


@pytest.mark.parametrize("language", ["en", "es", "pt", "it", "ru"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("sla.warned", '{"warned":[{"kind":"%s","rung":"warn:75"}]}'),
        ("sla.warned", '{"warned":[{"kind":"%s","rung":"warn:90"},{"kind":"%s","rung":"late:150"}]}'),
        ("sla.moved", '{"deadlines":{"%s":["' + LATER + '",null],"fca-disp.final":[null,"' + LATER + '"]}}'),
        ("sla.moved", '{"left":{"%s":[158400,0]},"day_seconds":32400}'),
        ("sla.moved", '{"added":{"%s":"' + LATER + '"}}'),
        ("sla.moved", '{"ended":["%s"]}'),
        ("complaint.classified", '{"severity":["minor","serious"],"left":{"%s":[3600,7200]},"ended":["%s"]}'),
    ],
    ids=["near", "late", "moved", "left", "added", "ended", "classified"],
)
@pytest.mark.django_db
def test_deadlines_are_told(language: str, kind: str, body: str) -> None:
    for clock in ClockKind.values:
        row = TrailEntry(kind=kind, body=body.replace("%s", clock), actor_kind="system", actor_label="sweep")
        with translation.override(language):
            icon, _tone, title, text = trail_words.words_of(row) or ("", "", "", "")
            assert icon and text and str(ClockKind(clock).label) in title, title
