"""Edits of calendars and of the policies in words: from when they hold, what they change and by how much (SLA 3, 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from complaints.models import ClockKind, SlaEdit, SlaEditRow
from complaints.sla import packs, policies, previews, tally
from complaints.web.one.clockfacts import span
from core import languages
from core.instants import parse_instant
from core.web.parts import Cell, Chip, Column, Option

Mode, Status = SlaEdit.Mode, SlaEdit.Status
Words = str | Promise
MOST_LINES = 100  # of the table by policy
HOURS_ONLY = 10**9  # seconds of a day that never ends: working time of calendars whose days differ is told in hours
POLICY_MODES: dict[str, tuple[Words, Words]] = {
    Mode.NEW_ONLY: (
        gettext_lazy("New complaints only"),
        gettext_lazy("Open complaints keep the policy they were given; only those that come in from now on are given "
                     "the new ones."),
    ),
    Mode.FROM_NOW: (
        gettext_lazy("Open complaints too, counted from their receipt"),
        gettext_lazy("Open complaints are given the policy that now matches, counted from their receipt; time already "
                     "worked is kept, and no new deadline lies before the change. Clocks it asks for are added, those "
                     "it does not ask for end."),
    ),
}  # fmt: skip
CALENDAR_MODES: dict[str, tuple[Words, Words]] = {
    Mode.NEW_ONLY: (
        gettext_lazy("New complaints only"),
        gettext_lazy("Open complaints go on by the hours they began with; only those that come in from now on go by "
                     "the new ones."),
    ),
    Mode.FROM_NOW: (
        gettext_lazy("Open complaints too, from now on"),
        gettext_lazy("Open complaints keep the working time of the old hours up to now and go on by the new ones."),
    ),
    Mode.RETROACTIVE: (
        gettext_lazy("Open complaints too, counted from their receipt"),
        gettext_lazy("The old hours were wrong: deadlines of open complaints are counted anew from their receipt, as "
                     "if the new hours had always held. What was missed stays missed."),
    ),
}  # fmt: skip
STALE: dict[str, tuple[Words, Words]] = {
    previews.DRAFT_CHANGED: (
        gettext_lazy("The draft has changed since it was previewed."),
        gettext_lazy("Preview it again: only what was counted can be applied."),
    ),
    previews.IN_FORCE_CHANGED: (
        gettext_lazy("The policies or hours in force have changed since this was previewed."),
        gettext_lazy("Preview it again: only what was counted can be applied."),
    ),
    previews.OLD: (
        gettext_lazy("This was counted more than an hour ago."),
        gettext_lazy("Open complaints have changed since. Preview it again, then apply it."),
    ),
}


def modes_of(*, is_policies: bool) -> dict[str, tuple[Words, Words]]:
    """From when a change may hold: its name and what it means for open complaints."""
    return POLICY_MODES if is_policies else CALENDAR_MODES


def mode_words(one: SlaEdit) -> str:
    """From when the edit holds."""
    return mode_name(one.mode, is_policies=one.calendar_version_id is None)


def mode_name(mode: str, *, is_policies: bool) -> str:
    found = modes_of(is_policies=is_policies).get(mode)
    return str(found[0]) if found else mode


def options(one: SlaEdit) -> list[Option]:
    """The choice of when it holds."""
    known = modes_of(is_policies=one.calendar_version_id is None)
    return [
        Option(str(value), str(name), str(hint), value == one.mode, f"mode-{value}")
        for value, (name, hint) in known.items()
    ]


def headline(one: SlaEdit, said: dict[str, Any]) -> str:
    """The result in a sentence."""
    if one.mode == Mode.NEW_ONLY:
        return _("No deadline of an open complaint moves")
    n = tally.changed(said)
    shown = {"n": languages.number(n)}
    if one.status == Status.DONE:
        return ngettext("%(n)s deadline was changed", "%(n)s deadlines were changed", n) % shown
    if one.status == Status.APPLYING:
        return ngettext("%(n)s deadline changed so far", "%(n)s deadlines changed so far", n) % shown
    if one.status == Status.COUNTING:
        return ngettext("%(n)s deadline would change, so far", "%(n)s deadlines would change, so far", n) % shown
    return ngettext("%(n)s deadline would change", "%(n)s deadlines would change", n) % shown


def facts(said: dict[str, Any]) -> list[tuple[str, str]]:
    """The counts; those of what seldom happens only where it does."""
    always = [
        (_("Open complaints"), said["total"]),
        (_("Complaints that change"), said["complaints"]),
        (_("Deadlines that move earlier"), said["earlier"]),
        (_("Deadlines that move later"), said["later"]),
        (_("Due at once"), said["late_at_once"]),
    ]
    seldom = [
        (
            _("Complaints due at once"),
            said["late_complaints"] if said["late_complaints"] != said["late_at_once"] else 0,
        ),
        (_("Paused, with other time left"), said["paused"]),
        (_("Paused, with no time left"), said["paused_spent"]),
        (_("Deadlines that are new"), said["added"]),
        (_("Deadlines that end"), said["ended"]),
    ]
    return [(name, languages.number(n)) for name, n in (*always, *(one for one in seldom if one[1]))]


def shift_columns() -> list[Column]:
    return [Column(_("By how much")), Column(_("Deadlines"), end=True), Column(_("On average")), Column(_("At most"))]


def shifts(said: dict[str, Any]) -> list[list[Cell]]:
    """Earlier, later, and of paused clocks: how many, and by how much on average and at most."""
    found, day = said["shifts"], _day(said)
    rows = []
    for side, name in ((tally.EARLIER, _("earlier")), (tally.LATER, _("later"))):
        if n := said[side]:
            one = found[side]
            average = _both(one["sum"] // n, one["worked_sum"] // n, day)
            most = _both(one["most"], one["worked_most"], day)
            rows.append([Cell(name, "head"), Cell(languages.number(n), "num"), Cell(average), Cell(most)])
    if n := said["paused"]:
        average, most = (working(seconds, day) for seconds in (found["left"]["sum"] // n, found["left"]["most"]))
        rows.append([Cell(_("paused"), "head"), Cell(languages.number(n), "num"), Cell(average), Cell(most)])
    return rows


def spread_columns() -> list[Column]:
    return [Column(_("Policy")), Column(_("Clock")), Column(_("By how much")), Column(_("Deadlines"), end=True)]


def spread(said: dict[str, Any]) -> tuple[list[list[Cell]], int]:
    """How many by policy, clock and size of the shift, and how many lines there are beyond those. No query within a few
    seconds."""
    told = [(*key.split(" "), n) for key, n in said["spread"].items()]
    lines = sorted((_of(of), clock_name(clock), *_band(side), n) for of, clock, side, n in told)
    rows = [
        [Cell(of, "head"), Cell(clock), Cell(name), Cell(languages.number(n), "num")]
        for of, clock, _place, name, n in lines[:MOST_LINES]
    ]
    return rows, max(0, len(lines) - MOST_LINES)


def row_columns() -> list[Column]:
    return [
        Column(_("Complaint")),
        Column(_("Clock")),
        Column(_("Deadline before")),
        Column(_("Deadline after")),
        Column(_("Moves by")),
        Column(pgettext("deadline", "State")),
    ]


def example(one: dict[str, Any], at: datetime, day: int) -> list[Cell]:
    """One of the examples kept with an edit."""
    before, after = (parse_instant(one[name]) if one.get(name) else None for name in ("from", "to"))
    less, more = one.get("left") or (None, None)
    return _row(
        one["reference"], one["clock"], one.get("what", "moved"), before, after,
        one.get("seconds"), one.get("worked"), less, more, late=bool(one.get("late")), at=at, day=day,
    )  # fmt: skip


def listed(one: SlaEditRow, at: datetime, day: int) -> list[Cell]:
    """One row of the list; its complaint loaded."""
    return _row(
        one.complaint.reference, one.clock, one.what, one.before_at, one.after_at,
        one.seconds, one.worked, one.left_before, one.left_after, late=one.late, at=at, day=day,
    )  # fmt: skip


def day_of(said: dict[str, Any]) -> int:
    """How long a working day is, in seconds; HOURS_ONLY where the calendars differ."""
    return _day(said)


def working(seconds: int, day: int) -> str:
    """5 d of working time."""
    return _("%(time)s of working time") % {"time": span(seconds, day)}


def clock_name(name: str) -> str:
    """A clock kind's label; a statutory clock is named by its rule."""
    return str(ClockKind(name).label) if name in ClockKind.values else name


def _row(
    reference: str, clock: str, what: str, before: datetime | None, after: datetime | None,
    seconds: int | None, worked: int | None, less: int | None, more: int | None, *, late: bool, at: datetime, day: int,
) -> list[Cell]:  # fmt: skip
    return [
        Cell(reference, "head", reverse("case", args=[reference])),
        Cell(clock_name(clock)),
        Cell(_left(less, day) if what == "left" else _moment(before, at)),
        Cell(_left(more, day) if what == "left" else _moment(after, at)),
        Cell(_moves_by(what, seconds, worked, less, more, day)),
        Cell(Chip(*_state(what, late, more)), "chip"),
    ]


def _moment(due_at: datetime | None, at: datetime) -> str:
    return languages.short_moment(due_at, now=at) if due_at is not None else languages.DASH


def _left(seconds: int | None, day: int) -> str:
    return _("%(time)s left") % {"time": working(seconds, day)} if seconds is not None else languages.DASH


def _moves_by(what: str, seconds: int | None, worked: int | None, less: int | None, more: int | None, day: int) -> str:
    if what == "left" and less is not None and more is not None:
        words = _("%(duration)s less left") if more < less else _("%(duration)s more left")
        return words % {"duration": span(abs(more - less), day)}
    if not seconds:
        return languages.DASH
    both = _both(abs(seconds), abs(worked), day) if worked is not None else languages.duration(abs(seconds))
    words = _("%(duration)s later") if seconds > 0 else _("%(duration)s earlier")
    return words % {"duration": both}


def _state(what: str, late: bool, more: int | None) -> tuple[str, str]:
    if late:
        return _("due at once"), "breach"
    if what == "left":
        return (_("paused, no time left"), "risk") if more == 0 else (_("paused"), "pause")
    if what == "added":
        return pgettext("deadline", "new"), "note"
    if what == "ended":
        return pgettext("deadline", "ends"), "pause"
    return pgettext("deadline", "moves"), ""


def _both(elapsed: int, worked: int, day: int) -> str:
    """7 h (5 h of working time)."""
    words = {"elapsed": span(elapsed, languages.DAY), "working": working(worked, day)}
    return _("%(elapsed)s (%(working)s)") % words


def _day(said: dict[str, Any]) -> int:
    days = said["days"]
    return days[0] if len(days) == 1 else HOURS_ONLY


def _of(key: str) -> str:
    """The name of policy:12 or pack:3; a dash once it is gone."""
    kind, _colon, number = key.partition(":")
    try:
        if kind == "pack":
            return packs.said(packs.pack(int(number)).definition["name"])
        return policies.policy(int(number)).name
    except (KeyError, ValueError):
        return languages.DASH


def _band(side: str) -> tuple[int, str]:
    """The place and the name of what a clock may do: earlier:2 is "up to 1 d earlier"."""
    way, _colon, number = side.partition(":")
    names = {
        tally.LESS: _("paused, less time left"),
        tally.MORE: _("paused, more time left"),
        "added": pgettext("deadline", "new"),
        "ended": pgettext("deadline", "ends"),
        "moved": _("set or taken away"),
    }
    if way not in (tally.EARLIER, tally.LATER) or not number.isdigit():
        return 20 + list(names).index(way) if way in names else 99, names.get(way, way)
    place = int(number)
    limits = [languages.duration(seconds) for seconds in tally.BANDS]
    earlier = way == tally.EARLIER
    if place == 1:
        words = _("up to %(most)s earlier") if earlier else _("up to %(most)s later")
        said = words % {"most": limits[0]}
    elif place > len(limits):
        words = _("more than %(least)s earlier") if earlier else _("more than %(least)s later")
        said = words % {"least": limits[-1]}
    else:
        words = _("%(least)s to %(most)s earlier") if earlier else _("%(least)s to %(most)s later")
        said = words % {"least": limits[place - 2], "most": limits[place - 1]}
    return (-place if earlier else place), said
