"""Edit the limits of authority as a draft beside the version in force, and publish it (domain, Authority and money).

The limits are versioned as a whole: there is at most one open draft, which governs nothing until it is published; a
published version never changes, and what was granted keeps the limit it was granted under. Every change is an entry on
the draft's trail, and their number is its revision: whoever gives `seen` is refused if somebody else was faster (F24).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.authority import drafts, lines, locks
from complaints.authority.lines import CAP, PERSON, ROLE, TEAM
from complaints.models import AuthorityLimit, AuthorityVersion, LimitHolder, LimitPeriod, RemedyKind
from core import cached, money, trail
from core.actions.settings import Stale, refuse_unless_admin
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import Team, User
from core.models.people import ROLES

MOST_LIMITS = 500
SUMS = ("per_complaint", "per_customer", "per_period")
WHOSE = ("holder", "role", "team", "person", "kind", "currency")  # what makes it the same limit
FIELDS = (*WHOSE, "period", *SUMS)
BLANK: dict[str, Any] = {"role": "", "team": None, "person": None, "kind": "", "currency": "", "period": "month"}
_NAMES_IT = {ROLE: "role", TEAM: "team", PERSON: "person"}


class DraftOpen(DomainError):
    """There is a draft already."""

    code = "draft_open"
    message = gettext_lazy("There is a draft already. Go on with it, or discard it first.")


class NoDraft(DomainError):
    """Published versions never change."""

    code = "not_a_draft"
    message = gettext_lazy("Only a draft can be changed; this version is in force or was.")


class NothingChanged(DomainError):
    """What would be published is in force already."""

    code = "nothing_changed"
    message = gettext_lazy("The draft is the same as what is in force.")


@transaction.atomic
def begin_draft(*, by: Actor, at: datetime) -> AuthorityVersion:
    """Copy the version in force into a new draft. Raises NotAllowed or DraftOpen. Query cost: 8."""
    refuse_unless_admin(by)
    published = AuthorityVersion.objects.select_for_update().filter(published_at__isnull=False)
    source = published.order_by("-number").first()
    if AuthorityVersion.objects.filter(published_at__isnull=True).exists():
        raise DraftOpen
    last = AuthorityVersion.objects.aggregate(last=Max("number"))["last"] or 0
    draft = AuthorityVersion.objects.create(number=last + 1, created_at=at, created_by=by.user)
    copies = []
    for place, one in enumerate(AuthorityLimit.objects.filter(version=source).order_by("position", "pk"), start=1):
        one.pk, one.version, one.position = None, draft, place
        one._state.adding = True
        copies.append(one)
    AuthorityLimit.objects.bulk_create(copies)
    facts = {"number": draft.number, "from": source.number if source else None}
    trail.append(draft, "authorityversion.created", by=by, at=at, changes=facts)
    _forget()
    return draft


@transaction.atomic
def discard_draft(draft: AuthorityVersion, *, by: Actor, at: datetime, seen: int | None = None) -> None:
    """Throw the draft away; what it said stays on the trail. Raises NotAllowed, NoDraft or Stale."""
    refuse_unless_admin(by)
    draft = _locked(draft, seen)
    told_all = [told(one) for one in _limits(draft)]
    facts = {"number": draft.number, "limits": told_all}
    trail.append(draft, "authorityversion.removed", by=by, at=at, changes=facts)
    AuthorityLimit.objects.filter(version=draft).delete()
    draft.delete()
    _forget()


@transaction.atomic
def add_limit(
    draft: AuthorityVersion, values: Mapping[str, Any], *, by: Actor, at: datetime, seen: int | None = None
) -> AuthorityLimit:
    """A new limit behind the others. `values`: fields of AuthorityLimit, those not given are blank.

    Raises NotAllowed, NoDraft, Stale or InvalidInput (see `_set`).
    """
    refuse_unless_admin(by)
    draft = _locked(draft, seen)
    found = _limits(draft)
    if len(found) >= MOST_LIMITS:
        raise DomainError(_("There are at most %(most)d limits.") % {"most": MOST_LIMITS}, code="too_many")
    limit = AuthorityLimit(version=draft, position=found[-1].position + 1 if found else 1)
    _set(limit, {**BLANK, **dict.fromkeys(SUMS), **values}, others=found)
    limit.save(force_insert=True)
    _note(draft, "limit_added", limit, told(limit), by=by, at=at)
    return limit


@transaction.atomic
def change_limit(
    limit: AuthorityLimit, values: Mapping[str, Any], *, by: Actor, at: datetime, seen: int | None = None
) -> AuthorityLimit:
    """Set fields of a limit of the draft; nothing is written when nothing changes.

    Raises NotAllowed, NoDraft, Stale or InvalidInput.
    """
    refuse_unless_admin(by)
    draft, found, limit = _in_draft(limit, seen)
    before = told(limit)
    _set(limit, values, others=[one for one in found if one.pk != limit.pk])
    after = told(limit)
    changes = {name: [before.get(name), after.get(name)] for name in FIELDS if before.get(name) != after.get(name)}
    if changes:
        limit.save()
        _note(draft, "limit_changed", limit, changes, by=by, at=at)
    return limit


@transaction.atomic
def move_limit(limit: AuthorityLimit, *, to: int, by: Actor, at: datetime, seen: int | None = None) -> AuthorityLimit:
    """Put a limit at place `to` (1: the first) of the draft: for whoever reads the list, the order decides nothing.

    Raises NotAllowed, NoDraft, Stale, or InvalidInput out_of_range.
    """
    refuse_unless_admin(by)
    draft, found, limit = _in_draft(limit, seen)
    if not 1 <= to <= len(found):
        said = _("A place from 1 to %(last)d is expected.") % {"last": len(found)}
        raise InvalidInput(said, code="out_of_range", field="position")
    here = next(place for place, one in enumerate(found, start=1) if one.pk == limit.pk)
    if here != to:
        others = [one for one in found if one.pk != limit.pk]
        ordered = [*others[: to - 1], limit, *others[to - 1 :]]
        for place, one in enumerate(ordered, start=1):
            one.position = place
        AuthorityLimit.objects.bulk_update(ordered, ["position"])
        _note(draft, "limit_moved", limit, {"position": [here, to]}, by=by, at=at)
    return limit


@transaction.atomic
def remove_limit(limit: AuthorityLimit, *, by: Actor, at: datetime, seen: int | None = None) -> None:
    """Take a limit out of the draft; what it said stays on the trail. Raises NotAllowed, NoDraft or Stale."""
    refuse_unless_admin(by)
    draft, _found, limit = _in_draft(limit, seen)
    _note(draft, "limit_removed", limit, told(limit), by=by, at=at)
    AuthorityLimit.objects.filter(pk=limit.pk).delete()


@transaction.atomic
def publish(draft: AuthorityVersion, *, by: Actor, at: datetime, seen: int | None = None) -> AuthorityVersion:
    """From now on the draft is in force. Nobody grants meanwhile; what was granted stays as it is.

    Raises NotAllowed, NoDraft, Stale, NothingChanged, or InvalidInput unknown_person, unknown_team of a limit whose
    holder is gone. Query cost: about 12.
    """
    refuse_unless_admin(by)
    locks.publish()
    draft = _locked(draft, seen)
    source = AuthorityVersion.objects.filter(published_at__isnull=False).order_by("-number").first()
    before, after = drafts.lines_of(source), drafts.lines_of(draft)
    changed = drafts.differences(before, after)
    if source is not None and not changed:
        raise NothingChanged
    kept = {drafts.key_of(one) for one in before}
    for one in _limits(draft):
        if drafts.key_of(one) not in kept:
            _refuse_unknown_holder(one)
    draft.published_at, draft.published_by = at, by.user
    draft.save(update_fields=["published_at", "published_by"])
    facts = {
        "number": draft.number,
        "from": source.number if source else None,
        "changes": [_difference_told(one) for one in changed],
    }
    trail.append(draft, "authorityversion.published", by=by, at=at, changes=facts)
    _forget()
    return draft


def told(line: AuthorityLimit | lines.Line) -> dict[str, Any]:
    """A limit as the trail keeps it: what is blank left out, keys of other rows, sums as exact strings."""
    plain = {
        "holder": line.holder,
        "role": line.role,
        "team": line.team_id,
        "person": line.person_id,
        "kind": line.kind,
        "currency": line.currency,
        "period": line.period,
        **{name: _sum_told(getattr(line, name), line.currency) for name in SUMS},
    }
    return {name: value for name, value in plain.items() if value not in ("", None)}


def _difference_told(one: drafts.Difference) -> dict[str, Any]:
    sides = {name: told(line) for name, line in (("before", one.before), ("after", one.after)) if line is not None}
    return {"what": one.what, **sides}


def _sum_told(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money.shown(amount, currency or "JPY")


def _set(limit: AuthorityLimit, values: Mapping[str, Any], *, others: Sequence[AuthorityLimit]) -> None:
    """Put values on the row and check it as a whole; nothing is saved.

    Raises InvalidInput: unknown_field, unknown_holder, unknown_role, unknown_team, unknown_person, unknown_kind,
    unknown_currency, unknown_period, no_currency (points), not_for_everybody (a cap has no limit per person),
    not_negative, too_many_decimals, amount_out_of_range, not_whole, duplicate.
    """
    if unknown := set(values) - set(FIELDS):
        raise InvalidInput(_("There is no such field."), code="unknown_field", field=min(unknown))
    for name, value in values.items():
        setattr(limit, name, value)
    if limit.holder not in LimitHolder.values:
        raise InvalidInput(_("Choose whose limit it is."), code="unknown_holder", field="holder")
    for holder, name in _NAMES_IT.items():  # what names somebody else is left behind
        if limit.holder != holder:
            setattr(limit, name, BLANK[name])
    if not limit.pk or {"holder", "role", "team", "person"} & set(values):
        _refuse_unknown_holder(limit)
    _check_scope(limit)
    if limit.holder == CAP and limit.per_period is not None:
        said = _("A cap holds for everybody together: it has no sum by person.")
        raise InvalidInput(said, code="not_for_everybody", field="per_period")
    for name in SUMS:
        amount = getattr(limit, name)
        if amount is not None:
            _check_sum(amount, limit, name)
    if any(drafts.key_of(one) == drafts.key_of(limit) for one in others):
        said = _("There is a limit for the same holder, kind and currency already.")
        raise InvalidInput(said, code="duplicate", field="kind")


def _check_scope(limit: AuthorityLimit) -> None:
    if limit.kind and limit.kind not in RemedyKind.values:
        raise InvalidInput(_("There is no such remedy."), code="unknown_kind", field="kind")
    if limit.kind in lines.FREE:
        said = _("An apology needs no authority.")
        raise InvalidInput(said, code="needs_none", field="kind")
    if limit.period not in LimitPeriod.values:
        raise InvalidInput(_("There is no such period."), code="unknown_period", field="period")
    if limit.currency and limit.kind == lines.POINTS:
        raise InvalidInput(_("Points have no currency."), code="no_currency", field="currency")
    if limit.currency and limit.currency not in money.CURRENCIES:
        raise InvalidInput(_("This is no ISO 4217 currency."), code="unknown_currency", field="currency")


def _check_sum(amount: Decimal, limit: AuthorityLimit, field: str) -> None:
    """Not below zero, in the decimals of its currency; of points whole; of any currency at most four decimals."""
    if not amount.is_finite() or amount >= money.LARGEST:
        raise InvalidInput(_("This amount is too large."), code="amount_out_of_range", field=field)
    if amount < 0:
        raise InvalidInput(_("A limit is not below zero."), code="not_negative", field=field)
    if limit.kind == lines.POINTS:
        places = 0
    else:
        places = money.exponent(limit.currency) if limit.currency else money.PRICE_PLACES
    if amount != amount.quantize(Decimal(1).scaleb(-places)):
        if limit.kind == lines.POINTS:
            raise InvalidInput(_("Points are whole."), code="not_whole", field=field)
        words = _("%(currency)s has %(places)s decimals.") % {"currency": limit.currency or "–", "places": places}
        raise InvalidInput(words, code="too_many_decimals", field=field)


def _refuse_unknown_holder(limit: AuthorityLimit) -> None:
    """The role, team or person it names is there, and in use. Query cost: at most 1."""
    if limit.holder == ROLE and limit.role not in ROLES:
        raise InvalidInput(_("There is no such role."), code="unknown_role", field="role")
    if limit.holder == TEAM and not Team.objects.filter(pk=limit.team_id or 0, is_active=True).exists():
        raise InvalidInput(_("There is no such team."), code="unknown_team", field="team")
    if limit.holder == PERSON and not User.objects.active().filter(pk=limit.person_id or 0).exists():
        raise InvalidInput(_("There is no such person."), code="unknown_person", field="person")


def _locked(draft: AuthorityVersion, seen: int | None) -> AuthorityVersion:
    """The draft, locked until the transaction ends. Raises NoDraft or Stale. Query cost: 1, and 1 with `seen`."""
    found = AuthorityVersion.objects.select_for_update().filter(pk=draft.pk, published_at__isnull=True).first()
    if found is None:
        raise NoDraft
    if seen is not None and drafts.revision(found) != seen:
        raise Stale
    return found


def _in_draft(limit: AuthorityLimit, seen: int | None) -> tuple[AuthorityVersion, list[AuthorityLimit], AuthorityLimit]:
    """The locked draft, its limits, and among them this one as it is now. Raises NoDraft or Stale (or gone)."""
    draft = _locked(limit.version, seen)
    found = _limits(draft)
    now = next((one for one in found if one.pk == limit.pk), None)
    if now is None:
        raise Stale
    return draft, found, now


def _limits(version: AuthorityVersion) -> list[AuthorityLimit]:
    return list(AuthorityLimit.objects.filter(version=version).order_by("position", "pk"))


def _note(
    draft: AuthorityVersion, what: str, limit: AuthorityLimit, changes: Mapping[str, Any], *, by: Actor, at: datetime
) -> None:
    whose = {name: value for name, value in told(limit).items() if name in WHOSE}
    said = {"limit": whose, **changes} if what in ("limit_changed", "limit_moved") else {"limit": dict(changes)}
    trail.append(draft, f"authorityversion.{what}", by=by, at=at, changes=said)
    _forget()


def _forget() -> None:
    transaction.on_commit(cached.clear_all)
    cached.clear_all()
