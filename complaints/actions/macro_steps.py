"""What a macro does beside its words: steps, each one of the actions a person has too (mission A8; ux, desk 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.actions import handle, manage, snooze, watch
from complaints.models import Complaint, MacroVersion, Severity
from complaints.reference import catalogue, type_by_code
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import User

MOST = 8
LONGEST_REASON = 500
MOST_DAYS = 90
Values = Mapping[str, Any]


class StepRefused(DomainError):
    """One of the steps of a macro was refused, so nothing of it was done. `code` says that; the message which and why.

    `why` is the code of the refusal itself.
    """

    code = "macro_step_refused"

    def __init__(self, number: int, step: Step, refusal: DomainError) -> None:
        words = {"number": number, "step": step.title, "why": str(refusal)}
        super().__init__(_("Step %(number)d of the macro, “%(step)s”: %(why)s") % words)
        self.why = refusal.code


@dataclass(frozen=True, slots=True)
class Step:
    """`read` turns what was typed into what is kept (raises InvalidInput), `run` does it, `says` puts it in words."""

    key: str
    title: str | Promise
    fields: tuple[str, ...]
    read: Callable[[Values], dict[str, Any]]
    run: Callable[..., Any]
    says: Callable[[Values], str]


def _reason(values: Values, code: str, missing: str) -> str:
    reason = values.get("reason", "")
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidInput(missing, code=code, field="does")
    return reason.strip()[:LONGEST_REASON]


def _read_wait(values: Values) -> dict[str, Any]:
    return {"reason": _reason(values, "reason_required", _("Say what you are waiting for."))}


def _wait(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> Any:
    return handle.wait(complaint, by=by, at=at, reason=values["reason"])


def _read_classify(values: Values) -> dict[str, Any]:
    code, severity = values.get("type") or "", values.get("severity") or ""
    if code:
        type_by_code(str(code))
    if severity and severity not in Severity.values:
        raise InvalidInput(_("There is no such severity."), code="invalid_choice", field="does")
    if not code and not severity:
        raise InvalidInput(_("Say as what it is to be sorted."), code="type_required", field="does")
    reason = _reason(values, "reason_required", _("Say why it is sorted differently."))
    return {"type": str(code), "severity": str(severity), "reason": reason}


def _classify(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> Any:
    chosen = type_by_code(values["type"]) if values["type"] else None
    return manage.classify(
        complaint, by=by, at=at, reason=values["reason"], type=chosen, severity=values.get("severity", "")
    )


def _says_classify(values: Values) -> str:
    known = catalogue().types.get(values.get("type") or "")
    severity = values.get("severity")
    return " · ".join([*([known.path] if known else []), *([str(Severity(severity).label)] if severity else [])])


def _read_assign(values: Values) -> dict[str, Any]:
    key = str(values.get("owner") or "")
    found = User.objects.who_take_cases().filter(pk=int(key)).first() if key.isascii() and key.isdigit() else None
    if found is None:
        raise InvalidInput(_("There is no such person."), code="unknown_owner", field="does")
    return {"owner": str(found.pk), "reason": str(values.get("reason") or "").strip()[:LONGEST_REASON]}


def _assign(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> Any:
    owner = User.objects.filter(pk=int(values["owner"])).first()
    if owner is None:
        raise InvalidInput(_("There is no such person."), code="unknown_owner", field="does")
    return manage.assign(complaint, by=by, at=at, owner=owner, reason=values.get("reason", ""))


def _take(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> Any:
    return manage.assign(complaint, by=by, at=at, owner=by.user)


def _investigate(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> Any:
    return handle.investigate(complaint, by=by, at=at)


def _watch(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> Any:
    return watch.watch(complaint, by=by, at=at, watcher=by.user)


def _read_snooze(values: Values) -> dict[str, Any]:
    days = values.get("days")
    if days in (None, "", 0, "0"):
        return {"days": 0}
    if not str(days).isascii() or not str(days).isdigit() or int(days) > MOST_DAYS:
        said = _("A whole number of days is expected, at most %(max)d.") % {"max": MOST_DAYS}
        raise InvalidInput(said, code="invalid_days", field="does")
    return {"days": int(days)}


def _snooze(complaint: Complaint, values: Values, *, by: Actor, at: datetime) -> Any:
    until = at + timedelta(days=values["days"]) if values["days"] else None
    return snooze.snooze(complaint, by=by, at=at, until=until)


def _says_snooze(values: Values) -> str:
    if not values["days"]:
        return _("until the customer writes")
    return ngettext("%(n)d day", "%(n)d days", values["days"]) % {"n": values["days"]}


def _nothing(values: Values) -> dict[str, Any]:
    return {}


def _reason_of(values: Values) -> str:
    return str(values.get("reason", ""))


def _silent(values: Values) -> str:
    return ""


STEPS = {
    step.key: step
    for step in (
        Step("take", gettext_lazy("Take the case"), (), _nothing, _take, _silent),
        Step("investigate", gettext_lazy("Investigate"), (), _nothing, _investigate, _silent),
        Step(
            "classify",
            gettext_lazy("Sort it differently"),
            ("type", "severity", "reason"),
            _read_classify,
            _classify,
            _says_classify,
        ),
        Step("assign", gettext_lazy("Give to somebody else"), ("owner", "reason"), _read_assign, _assign, _silent),
        Step("wait", gettext_lazy("Wait on the customer"), ("reason",), _read_wait, _wait, _reason_of),
        Step("snooze", gettext_lazy("Put it aside"), ("days",), _read_snooze, _snooze, _says_snooze),
        Step("watch", gettext_lazy("Follow"), (), _nothing, _watch, _silent),
    )
}


def read(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Steps as they are kept. Raises InvalidInput (unknown_step, unknown_field, too_many_steps, a step's own)."""
    if len(given) > MOST:
        raise InvalidInput(_("At most %(n)d steps.") % {"n": MOST}, code="too_many_steps", field="does")
    kept = []
    for one in given:
        step = STEPS.get(str(one.get("action", "")))
        if step is None:
            said = _("A macro cannot do “%(name)s”.") % {"name": str(one.get("action", ""))[:40]}
            raise InvalidInput(said, code="unknown_step", field="does")
        values = one.get("values") or {}
        if not isinstance(values, Mapping) or (strange := [name for name in values if name not in step.fields]):
            name = "values" if not isinstance(values, Mapping) else str(strange[0])
            said = _("There is no field “%(name)s”.") % {"name": name[:40]}
            raise InvalidInput(said, code="unknown_field", field="does")
        kept.append({"action": step.key, "values": step.read(values)})
    return kept


def carry_out(version: MacroVersion, complaint: Complaint, *, by: Actor, at: datetime) -> None:
    """The steps of a macro in their order, inside the caller's transaction. Raises StepRefused for the first."""
    for number, one in enumerate(version.does, start=1):
        step = STEPS[one["action"]]
        try:
            step.run(complaint, one["values"], by=by, at=at)
        except DomainError as refusal:
            raise StepRefused(number, step, refusal) from refusal


def said(does: Sequence[Mapping[str, Any]], name_of: Callable[[int], str]) -> list[str]:
    """The steps in words: "Wait on the customer: a photo". `name_of` names a colleague by key. No query."""
    lines = []
    for one in does:
        step, values = STEPS[one["action"]], one["values"]
        detail = name_of(int(values["owner"])) if "owner" in step.fields else step.says(values)
        lines.append(f"{step.title}: {detail}" if detail else str(step.title))
    return lines
