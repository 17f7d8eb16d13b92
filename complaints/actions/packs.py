"""Install, update and remove rule packs: statutory clocks, texts and required fields as data (domain, Regulated).

A pack governs complaints written down from then on, by the day they were received: a letter that came in before has the
deadlines of the law of that day. Clocks that run keep the rules they were started under, whatever is installed, updated
or removed later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions import pack_calendars
from complaints.models import ChannelCode, RulePack
from complaints.reference import catalogue
from complaints.sla import policies
from complaints.sla.pack_files import PackFile
from core import cached, languages, trail
from core.actions.settings import refuse_unless_admin
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import Calendar, Team

CONDITIONS = ("types", "channels", "tiers", "teams")
LONGEST = 300


class AlreadyInstalled(DomainError):
    code = "already_installed"
    message = gettext_lazy("This rule pack is already installed.")


class NotInstalled(DomainError):
    code = "not_installed"
    message = gettext_lazy("This rule pack is no longer installed.")


class NothingNewer(DomainError):
    code = "nothing_newer"
    message = gettext_lazy("No newer edition of this rule pack is there.")


@transaction.atomic
def install(
    pack: PackFile,
    *,
    by: Actor,
    at: datetime,
    calendar: Calendar | None = None,
    country: str = "",
    time_zone: str = "",
    conditions: Mapping[str, Any] | None = None,
    in_force_at: datetime | None = None,
    given: Mapping[str, str] | None = None,
) -> RulePack:
    """Let a pack govern complaints written down from `at` on, received from `in_force_at` on (default: since the law
    holds, never before), that meet `conditions`.

    Its working days are counted in `calendar`, else in one made without the public holidays of `country`, in
    `time_zone` (default: the country's), else in that of the last policy. `given`: what the house fills into its texts.
    Raises NotAllowed, AlreadyInstalled or InvalidInput (before_the_law, calendar_not_in_use, unknown_country,
    unknown_zone, country_required, unknown_condition, unknown_value). One trail entry.
    """
    refuse_unless_admin(by)
    if time_zone and not country:
        said = _("A time zone is chosen for a new calendar only, with its country.")
        raise InvalidInput(said, code="country_required", field="country")
    if country:
        calendar = pack_calendars.of_country(country, pack, time_zone=time_zone, by=by, at=at)
    calendar = calendar or pack_calendars.default()
    _refuse_idle(calendar)
    since = _holds_from(pack, calendar)
    if in_force_at is not None and in_force_at < since:
        said = _("These rules hold from %(day)s on, not before.") % {"day": languages.day(pack.holds_from)}
        raise InvalidInput(said, code="before_the_law", field="in_force_at")
    row = RulePack(
        code=pack.code,
        edition=pack.edition,
        definition={**pack.definition, "given": _given(pack, given or {})},
        calendar=calendar,
        conditions=_conditions(conditions or {}),
        in_force_at=in_force_at or since,
        installed_at=at,
        installed_by=by.user,
    )
    _write(row)
    trail.append(row, "rulepack.installed", by=by, at=at, changes=_facts(row))
    _forget()
    return row


@transaction.atomic
def remove(pack: RulePack, *, by: Actor, at: datetime) -> RulePack:
    """No new clocks of this pack from now on; those that run go on. Raises NotAllowed or NotInstalled."""
    refuse_unless_admin(by)
    row = _locked(pack)
    row.removed_at = at
    row.save(update_fields=["removed_at"])
    trail.append(row, "rulepack.removed", by=by, at=at, changes={"code": row.code, "edition": row.edition})
    _forget()
    return row


@transaction.atomic
def update(pack: RulePack, newer: PackFile, *, by: Actor, at: datetime) -> RulePack:
    """Replace an installed pack by a newer edition, with the same calendar and conditions, for complaints received
    since that one holds; one received before and only written down now has what the old one said.

    Raises NotAllowed, NotInstalled or NothingNewer.
    """
    refuse_unless_admin(by)
    row = _locked(pack)
    if newer.code != row.code or newer.edition <= row.edition:
        raise NothingNewer
    row.removed_at = at
    row.save(update_fields=["removed_at"])
    fresh = RulePack(
        code=row.code,
        edition=newer.edition,
        definition={**newer.definition, "given": _given(newer, row.definition.get("given", {}), strict=False)},
        calendar=row.calendar,
        conditions=row.conditions,
        in_force_at=max(_holds_from(newer, row.calendar), row.in_force_at),
        installed_at=at,
        installed_by=by.user,
    )
    _write(fresh)
    trail.append(row, "rulepack.replaced", by=by, at=at, changes={"edition": [row.edition, fresh.edition]})
    trail.append(fresh, "rulepack.installed", by=by, at=at, changes={**_facts(fresh), "instead_of": row.edition})
    _forget()
    return fresh


def _locked(pack: RulePack) -> RulePack:
    row = RulePack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
    if row.removed_at is not None:
        raise NotInstalled
    return row


def _write(row: RulePack) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyInstalled from error


def _holds_from(pack: PackFile, calendar: Calendar) -> datetime:
    """The first instant of the day from which its rules hold, where its days are counted."""
    there = policies.calendar_of(policies.book().newest[calendar.pk]).zone
    return datetime.combine(pack.holds_from, time(), tzinfo=there).astimezone(UTC)


def _refuse_idle(calendar: Calendar) -> None:
    if not calendar.is_active or calendar.pk not in policies.book().newest:
        said = _("This calendar is not in use.")
        raise InvalidInput(said, code="calendar_not_in_use", field="calendar")


def _given(pack: PackFile, given: Mapping[str, str], *, strict: bool = True) -> dict[str, str]:
    """What the house filled in, for the places the pack has; empty ones left out."""
    places = pack.definition.get("values", {})
    if strict and (unknown := sorted(set(given) - set(places))):
        said = _("The pack has no place “%(name)s”.") % {"name": unknown[0][:40]}
        raise InvalidInput(said, code="unknown_value", field="given")
    found = {name: str(value).strip()[:LONGEST] for name, value in given.items() if name in places}
    return {name: value for name, value in found.items() if value}


def _conditions(wanted: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Checked and in order, blank ones left out. Raises InvalidInput."""
    if unknown := sorted(set(wanted) - set(CONDITIONS)):
        said = _("There is no condition “%(name)s”.") % {"name": unknown[0][:40]}
        raise InvalidInput(said, code="unknown_condition", field="conditions")
    known: dict[str, Any] = {
        "types": set(catalogue().types),
        "channels": set(ChannelCode.values),
        "teams": set(Team.objects.values_list("pk", flat=True)) if wanted.get("teams") else set(),
    }
    found: dict[str, list[Any]] = {}
    for name in CONDITIONS:
        values = list(dict.fromkeys(wanted.get(name) or ()))
        if name == "tiers":
            values = [text for text in (str(one).strip() for one in values) if text]
        elif strange := [one for one in values if one not in known[name]]:
            said = _("There is no “%(name)s”.") % {"name": str(strange[0])[:60]}
            raise InvalidInput(said, code="unknown_value", field=name)
        if values:
            found[name] = values
    return found


def _facts(row: RulePack) -> dict[str, Any]:
    return {
        "code": row.code,
        "edition": row.edition,
        "calendar": row.calendar_id,
        "conditions": row.conditions,
        "in_force_at": row.in_force_at.isoformat(),
        "given": row.definition.get("given", {}),
    }


def _forget() -> None:
    cached.clear_all()
    transaction.on_commit(cached.clear_all)
