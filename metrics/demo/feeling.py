"""How a customer of the demo feels about a complaint that was settled, and what they say when asked. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from metrics.models.surveys import UNHAPPY as CALLED_ABOUT
from metrics.models.surveys import SurveyKind
from retention.demo.people import HAPPY, MIDDLE, UNHAPPY
from retention.demo.ticks import DAY

START, SPREAD = 8.85, 1.8
LATE, SLOW, LETTER = -2.9, -0.9, -0.3
BY_OUTCOME = {"upheld": 0.0, "partly_upheld": -0.7, "not_upheld": -1.8}
DECLINED, ACCEPTED = -2.6, 0.4
ANSWERS = 0.44  # share of those asked


@dataclass(frozen=True, slots=True)
class Settled:
    """A complaint that was resolved; instants in seconds."""

    key: int
    reference: str
    customer: int | None
    language: str
    owner: int
    channel: str
    received: int
    resolved: int
    is_late: bool
    outcome: str
    accepted: bool | None


def feeling(one: Settled, draw: random.Random) -> float:
    """0 (furious) to 10 (delighted): late and slow cases, refusals and unaccepted answers weigh."""
    level = draw.gauss(START, SPREAD) + BY_OUTCOME.get(one.outcome, 0.0)
    level += LATE if one.is_late else 0
    level += SLOW if one.resolved - one.received > 5 * DAY else 0
    level += LETTER if one.channel == "letter" else 0
    if one.accepted is not None:
        level += ACCEPTED if one.accepted else DECLINED
    return min(max(level, 0.0), 10.0)


def score(level: float, kind: str) -> int:
    """On the scale of the survey."""
    if kind == SurveyKind.NPS:
        return round(level)
    return 5 if level >= 8.8 else 4 if level >= 7 else 3 if level >= 5.5 else 2 if level >= 3 else 1


def mood(given: int, kind: str) -> str:
    """Promoter, passive, detractor, whatever the scale."""
    if given <= CALLED_ABOUT[SurveyKind(kind)]:
        return UNHAPPY
    return HAPPY if given >= (9 if kind == SurveyKind.NPS else 4) else MIDDLE
