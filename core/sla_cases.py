"""SLA cases as JSON (schema `sla-cases/1`): read one into a `Clock`, answer it in the same schema.

Pure. For the command `sla_simulate`, the settings' "try this calendar" and the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from core.working_time import (
    CalendarEdit,
    CalendarError,
    Clock,
    ClockResult,
    EditMode,
    Pause,
    ReopenMode,
    Target,
    TargetChange,
    Warn,
    WeekCalendar,
    evaluate,
)

SCHEMA = "sla-cases/1"

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z", re.ASCII)
_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


def cases_of(document: object) -> list[object]:
    """Return the cases of a document: {"cases": [...]}, a bare list, or one case. Raises CalendarError."""
    if isinstance(document, Mapping) and "cases" in document:
        if document.get("schema", SCHEMA) != SCHEMA:
            raise CalendarError("unknown_schema", f"The schema is not {SCHEMA}.")
        document = document["cases"]
        if not isinstance(document, list):
            raise CalendarError("bad_document", "The cases are a list.")
    if isinstance(document, list):
        return document
    if isinstance(document, Mapping):
        return [document]
    raise CalendarError("bad_document", "The file holds neither a case nor a list of cases.")


def answer(case: object) -> dict[str, Any]:
    """Return `id` and every field the case asks for: the keys of its `expected`, else all that apply.

    Raises CalendarError for a case that has no meaning or asks for an unknown field.
    """
    case = _object(case, "A case")
    found = outputs(parse_case(case))
    wanted = case.get("expected")
    if wanted is None:
        return {"id": case.get("id"), **_applying(case, found)}
    if not isinstance(wanted, Mapping):
        raise CalendarError("bad_expected", "The expected fields are an object.")
    for name in wanted:
        if name not in found:
            raise CalendarError("unknown_output", f"There is no output field {ascii(name)[:60]}.")
    return {"id": case.get("id"), **{name: found[name] for name in wanted}}


def outputs(clock: Clock) -> dict[str, Any]:
    """Return every output field of the schema for a clock; those without an input are null."""
    result = evaluate(clock)
    return {
        "due_at": instant_text(result.due_at),
        "due_local": None if result.due_local is None else result.due_local.isoformat(),
        "reason": result.reason,
        "warn_at": [instant_text(at) for at in result.warn_at],
        "worked_at_as_of": result.worked_at_as_of,
        "remaining_at_as_of": result.remaining_at_as_of,
        "worked_to_measure": result.worked_to_measure,
        **_verdict(result),
        "change_ignored_because_breached_or_done": result.change_ignored_because_breached_or_done,
    }


def parse_case(case: object) -> Clock:
    """Read one case. Raises CalendarError (those of calendars, and bad_case, bad_instant, bad_mode, ...)."""
    case = _object(case, "A case")
    for name in ("calendar", "start", "target"):
        if name not in case:
            raise CalendarError("bad_case", f"The case has no {name}.")
    return Clock(
        calendar=WeekCalendar.parse(case["calendar"]),
        start=_instant(case["start"]),
        target=_target(case["target"]),
        pauses=_each(case, "pauses", _pause),
        resolutions=_each(case, "resolutions", _pause),
        reopen_mode=_mode(ReopenMode, case.get("reopen_mode") or ReopenMode.RESUME),
        target_changes=_each(case, "target_changes", _target_change),
        calendar_edits=_each(case, "calendar_edits", _calendar_edit),
        completed_at=_maybe_instant(case.get("completed_at")),
        as_of=_maybe_instant(case.get("as_of")),
        measure_to=_maybe_instant(case.get("measure_to")),
        warnings=_each(case, "warnings", _warning),
    )


def instant_text(at: datetime | None) -> str | None:
    """Return a UTC instant as `YYYY-MM-DDTHH:MM:SSZ`."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _applying(case: Mapping[Any, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Keep the output fields that the case's inputs give a meaning."""
    left_out: set[str] = set()
    if found["due_at"] is not None:
        left_out.add("reason")
    if not case.get("warnings"):
        left_out.add("warn_at")
    if case.get("as_of") is None:
        left_out |= {"worked_at_as_of", "remaining_at_as_of"}
    if case.get("measure_to") is None:
        left_out.add("worked_to_measure")
    if case.get("completed_at") is None:
        left_out |= {"met", "breached_at", "worked_to_completion", "overrun_seconds"}
    if not case.get("target_changes") and not case.get("calendar_edits"):
        left_out.add("change_ignored_because_breached_or_done")
    return {name: value for name, value in found.items() if name not in left_out}


def _verdict(result: ClockResult) -> dict[str, Any]:
    return {
        "met": result.met,
        "breached_at": instant_text(result.breached_at),
        "worked_to_completion": result.worked_to_completion,
        "overrun_seconds": result.overrun_seconds,
    }


def _each(case: Mapping[Any, Any], name: str, read: Callable[[object], _T]) -> tuple[_T, ...]:
    items = case.get(name)
    if items is None:
        return ()
    if not isinstance(items, list):
        raise CalendarError("bad_case", f"{name} is a list.")
    return tuple(read(item) for item in items)


def _instant(text: object) -> datetime:
    if isinstance(text, str) and _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise CalendarError("bad_instant", f"Not an instant as YYYY-MM-DDTHH:MM:SSZ: {ascii(text)[:60]}.")


def _maybe_instant(text: object) -> datetime | None:
    return None if text is None else _instant(text)


def _object(data: object, name: str) -> Mapping[Any, Any]:
    if not isinstance(data, Mapping):
        raise CalendarError("bad_case", f"{name} is an object.")
    return data


def _target(data: object) -> Target:
    target = _object(data, "A target")
    return Target(target.get("kind"), target.get("value"))  # type: ignore[arg-type]  # Target refuses others


def _pause(data: object) -> Pause:
    if not isinstance(data, list) or len(data) != 2:
        raise CalendarError("bad_pause", "A pause or resolution is a pair of instants.")
    return Pause(_instant(data[0]), _maybe_instant(data[1]))


def _warning(data: object) -> Warn:
    warning = _object(data, "A warning")
    return Warn(warning.get("percent"), warning.get("before_seconds"))


def _target_change(data: object) -> TargetChange:
    change = _object(data, "A target change")
    return TargetChange(_instant(change.get("at")), _target(change.get("target")))


def _calendar_edit(data: object) -> CalendarEdit:
    edit = _object(data, "A calendar edit")
    mode = _mode(EditMode, edit.get("mode"))
    return CalendarEdit(_instant(edit.get("at")), WeekCalendar.parse(edit.get("calendar")), mode)


def _mode(kind: type[_E], value: object) -> _E:
    try:
        return kind(value)  # type: ignore[arg-type]
    except ValueError:
        raise CalendarError("bad_mode", f"Unknown mode: {ascii(value)[:60]}.") from None
