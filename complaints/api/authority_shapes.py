"""What `/api/v1/authority/` takes and answers with, and how it shows limits, versions, the draft and trials."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from complaints.actions.authority import told
from complaints.actions.remedy_asking import MOST_POINTS
from complaints.api.present import instant, user_brief
from complaints.api.shapes import Reference
from complaints.authority.drafts import Difference
from complaints.models import AuthorityLimit, AuthorityVersion, LimitHolder, LimitPeriod, RemedyKind
from core import money
from core.api.bodies import Strict
from core.api.fields import Code, Flag, Id, Whole, _OneStep
from core.api.money import WORDS, Currency, MoneyField
from core.models.people import ROLES

ROLE_CODES = [(role, role) for role in ROLES]
CHANGES = ("added", "removed", "changed")


@extend_schema_field({"type": "string", "example": "100.00"})
class SumField(_OneStep, serializers.Field[Any, Any, Any, Any]):
    """A decimal of at most four decimals as a string: money in the limit's currency, or points."""

    default_error_messages = {
        "invalid_amount": WORDS["invalid_amount"],
        "too_many_decimals": _("At most {places} decimals are allowed here."),
        "amount_out_of_range": WORDS["amount_out_of_range"],
    }

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            return money.decimal(data if type(data) is str else "", money.PRICE_PLACES)
        except money.MoneyError as error:
            self.fail(error.code, places=error.places)

    def to_representation(self, value: Any) -> Any:
        return value


class LimitBody(Strict):
    """Whose: `holder` with `role`, `team` or `person` (none for the cap). Sums that are null: no such limit."""

    holder = Code(choices=LimitHolder.choices)
    role = Code(choices=ROLE_CODES, required=False, allow_null=True)
    team = Id(required=False, allow_null=True)
    person = Id(required=False, allow_null=True)
    kind = Code(choices=RemedyKind.choices, required=False, allow_null=True)
    currency = Currency(required=False, allow_null=True)
    period = Code(choices=LimitPeriod.choices, required=False)
    per_complaint = SumField(required=False, allow_null=True)
    per_customer = SumField(required=False, allow_null=True)
    per_period = SumField(required=False, allow_null=True)


class LimitPlaceBody(Strict):
    position = Whole(min_value=1, max_value=100_000)


class TrialBody(Strict):
    """A remedy that nobody asks for. `draft`: by the open draft instead of what is in force."""

    person = Id()
    kind = Code(choices=RemedyKind.choices)
    amount = MoneyField(required=False)
    points = Whole(min_value=1, max_value=MOST_POINTS, required=False)
    draft = Flag(required=False)


class LimitShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    version = serializers.IntegerField(help_text="The number of the version it belongs to.")
    position = serializers.IntegerField()
    holder = serializers.ChoiceField(choices=LimitHolder.choices)
    role = serializers.ChoiceField(choices=ROLE_CODES, allow_null=True)
    team = Reference(allow_null=True)
    person = Reference(allow_null=True)
    kind = serializers.ChoiceField(choices=RemedyKind.choices, allow_null=True, help_text="null: all, summed together.")
    currency = serializers.CharField(allow_null=True, help_text="null: any, each by itself, and points.")
    period = serializers.ChoiceField(choices=LimitPeriod.choices)
    per_complaint = serializers.CharField(allow_null=True)
    per_customer = serializers.CharField(allow_null=True)
    per_period = serializers.CharField(allow_null=True)


class AuthorityVersionShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True, help_text="null: the draft.")
    published_by = Reference(allow_null=True)
    created_at = serializers.DateTimeField()
    created_by = Reference(allow_null=True)


class LimitChangeShape(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=CHANGES)
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class AuthorityDraftShape(AuthorityVersionShape):
    revision = serializers.IntegerField(help_text="Also the ETag of the draft and of each of its limits.")
    changes = LimitChangeShape(many=True)
    limits = LimitShape(many=True)


class TrialShape(serializers.Serializer[Any]):
    answer = serializers.ChoiceField(choices=["within", "above", "capped"])
    limit = LimitShape(allow_null=True, help_text="The limit that holds; null: none, everything needs approval.")
    approvers = Reference(many=True, help_text="Who could approve it, on cases they see.")


def limit_dict(row: AuthorityLimit) -> dict[str, Any]:
    """The caller has version, team and person loaded."""
    sums = {name: _sum(getattr(row, name), row.currency) for name in ("per_complaint", "per_customer", "per_period")}
    return {
        "id": str(row.pk),
        "version": row.version.number,
        "position": row.position,
        "holder": row.holder,
        "role": row.role or None,
        "team": {"id": str(row.team_id), "name": row.team.name} if row.team is not None else None,
        "person": user_brief(row.person) if row.person is not None else None,
        "kind": row.kind or None,
        "currency": row.currency or None,
        "period": row.period,
        **sums,
    }


def version_dict(row: AuthorityVersion) -> dict[str, Any]:
    return {
        "number": row.number,
        "published_at": instant(row.published_at),
        "published_by": user_brief(row.published_by) if row.published_by else None,
        "created_at": instant(row.created_at),
        "created_by": user_brief(row.created_by) if row.created_by else None,
    }


def change_dict(one: Difference) -> dict[str, Any]:
    return {
        "what": one.what,
        "before": told(one.before) if one.before is not None else None,
        "after": told(one.after) if one.after is not None else None,
    }


def _sum(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money.shown(amount, currency or "JPY")
