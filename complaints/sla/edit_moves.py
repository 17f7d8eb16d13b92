"""The clocks of some open complaints as an edit of a calendar or of the policies would leave them (domain, SLA 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Complaint, SlaEdit
from complaints.sla import asked, policies, recompute
from complaints.sla.recompute import Move
from core.models import CalendarVersion


def clocks_of(complaints: Iterable[Complaint]) -> dict[int, list[Clock]]:
    """All their clocks, oldest first, by the complaint's key. Query cost: 1."""
    found: dict[int, list[Clock]] = defaultdict(list)
    for one in Clock.objects.filter(complaint__in=complaints).order_by("pk"):
        found[one.complaint_id].append(one)
    return found


def moves_of(
    edit: SlaEdit, complaints: Sequence[Complaint], clocks: Mapping[int, list[Clock]], at: datetime
) -> dict[int, list[Move]]:
    """What the edit does at `at` to the clocks of each complaint (its customer loaded), by the complaint's key.

    Query cost: 2, of policies at most 4.
    """
    open_ones = {one.pk: recompute.open_clocks(clocks[one.pk], at) for one in complaints}
    if edit.calendar_version is not None:
        return _by_calendar(edit, edit.calendar_version, open_ones, at)
    return _by_policies(edit, complaints, clocks, open_ones, at)


def _by_calendar(
    edit: SlaEdit, version: CalendarVersion, open_ones: Mapping[int, list[Clock]], at: datetime
) -> dict[int, list[Move]]:
    stories = _stories(clock for found in open_ones.values() for clock in found)
    others = CalendarVersion.objects.filter(calendar=version.calendar_id).exclude(pk=version.pk)
    siblings = frozenset(others.values_list("pk", flat=True))
    with policies.previewing(version):
        return {
            key: recompute.by_calendar(version, siblings, found, stories, mode=edit.mode, at=at)
            for key, found in open_ones.items()
        }


def _by_policies(
    edit: SlaEdit,
    complaints: Sequence[Complaint],
    clocks: Mapping[int, list[Clock]],
    open_ones: Mapping[int, list[Clock]],
    at: datetime,
) -> dict[int, list[Move]]:
    book = policies.book_of(edit.sla_version)
    matches = {one.pk: policies.match(one, one.customer.tier if one.customer else "", among=book) for one in complaints}
    lacking = {one.pk: asked.lacking(one, clocks[one.pk], matches[one.pk].policy) for one in complaints}
    ended = [
        clock
        for key, kinds in lacking.items()
        for clock in clocks[key]
        if clock.kind in kinds and clock.state == ClockState.CANCELLED
    ]
    stories = _stories([*(clock for found in open_ones.values() for clock in found), *ended])
    told = asked.told_at([key for key, kinds in lacking.items() if ClockKind.UPDATE in kinds])
    found: dict[int, list[Move]] = {}
    for one in complaints:
        match, own = matches[one.pk], open_ones[one.pk]
        found[one.pk] = recompute.by_policies(match, own, stories, at=at)
        if kinds := lacking[one.pk]:
            found[one.pk] += recompute.added(match, one, kinds, clocks[one.pk], stories, told.get(one.pk), at=at)
    return found


def _stories(clocks: Iterable[Clock]) -> dict[int, list[ClockEvent]]:
    """Query cost: 1."""
    stories: dict[int, list[ClockEvent]] = defaultdict(list)
    for event in ClockEvent.objects.filter(clock__in=[one.pk for one in clocks]).order_by("pk"):
        stories[event.clock_id].append(event)
    return stories
