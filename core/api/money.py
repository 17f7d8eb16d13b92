"""Money and quantities in request bodies: exact decimals as strings, never a JSON number with a fraction (case F33)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core import money
from core.api.fields import _OneStep

WORDS = {
    "invalid_amount": _("A decimal such as “12.30” is expected, as a string."),
    "too_many_decimals": _("At most {places} decimals are allowed here."),
    "amount_out_of_range": _("This amount is too large."),
    "unknown_currency": _("This is no ISO 4217 currency."),
}
MONEY = {
    "type": "object",
    "required": ["amount", "currency"],
    "additionalProperties": False,
    "properties": {"amount": {"type": "string", "example": "12.30"}, "currency": {"type": "string", "example": "EUR"}},
}


class Money(NamedTuple):
    """An amount, and its currency (blank where the caller left it to us)."""

    amount: Decimal
    currency: str


def shown(amount: Decimal, currency: str) -> dict[str, str]:
    """The API's form of an amount."""
    return {"amount": money.shown(amount, currency), "currency": currency}


@extend_schema_field(MONEY)
class MoneyField(_OneStep, serializers.Field[Any, Any, Any, Any]):
    """`{"amount": "12.30", "currency": "EUR"}`, at most the decimals of the currency. `signed`: may be negative."""

    default_error_messages = {"not_money": _("An object with amount and currency is expected."), **WORDS}

    def __init__(self, *, signed: bool = False, **kwargs: Any) -> None:
        self.signed = signed
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, dict):
            self.fail("not_money")
        errors: dict[str, Any] = {
            name: [ErrorDetail(str(_("There is no such field.")), code="unknown_field")]
            for name in data
            if name not in ("amount", "currency")
        }
        for name in ("amount", "currency"):
            if name not in data:
                errors[name] = [ErrorDetail(str(self.error_messages["required"]), code="required")]
        found = None
        if not errors:
            found = self._read(data["amount"], data["currency"], errors)
        if errors or found is None:
            raise serializers.ValidationError(errors)
        return found

    def _read(self, amount: Any, currency: Any, errors: dict[str, Any]) -> Money | None:
        if type(currency) is not str or currency not in money.CURRENCIES:
            errors["currency"] = [_detail("unknown_currency", 0)]
            places = money.PRICE_PLACES
        else:
            places = money.exponent(currency)
        try:
            number = money.decimal(amount if type(amount) is str else "", places, signed=self.signed)
        except money.MoneyError as error:
            errors["amount"] = [_detail(error.code, error.places)]
            return None
        return None if errors else Money(money.fixed(number, places), currency)

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"oneOf": [{"type": "string", "example": "9.99"}, MONEY]})
class UnitPrice(_OneStep, serializers.Field[Any, Any, Any, Any]):
    """A price of at most four decimals: a string, or an object that names the currency too."""

    default_error_messages = {"not_money": _("A decimal such as “9.99” is expected, as a string."), **WORDS}

    def to_internal_value(self, data: Any) -> Money:
        currency = ""
        if isinstance(data, dict) and set(data) == {"amount", "currency"}:
            data, currency = data["amount"], data["currency"]
            if type(currency) is not str or currency not in money.CURRENCIES:
                raise serializers.ValidationError({"currency": [_detail("unknown_currency", 0)]})
        if type(data) is not str:
            self.fail("not_money")
        try:
            return Money(money.decimal(data, money.PRICE_PLACES), currency)
        except money.MoneyError as error:
            raise serializers.ValidationError([_detail(error.code, error.places)]) from None

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"oneOf": [{"type": "string", "example": "1.5"}, {"type": "integer"}]})
class Quantity(_OneStep, serializers.Field[Any, Any, Any, Any]):
    """More than nothing, at most three decimals: a whole number, or a decimal as a string. `zero`: or nothing."""

    default_error_messages = {
        "not_a_quantity": _("A whole number, or a decimal as a string, is expected."),
        "not_positive": _("More than nothing."),
        **WORDS,
    }

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        self.zero = zero
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if type(data) not in (str, int):
            self.fail("not_a_quantity")
        try:
            number = money.decimal(str(data), money.QUANTITY_PLACES, below=Decimal(10) ** 11, signed=True)
        except money.MoneyError as error:
            raise serializers.ValidationError([_detail(error.code, error.places)]) from None
        if number < 0 or (number == 0 and not self.zero):
            self.fail("not_positive")
        return number

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "string"})
class Currency(_OneStep, serializers.Field[Any, Any, Any, Any]):
    """An ISO 4217 code."""

    default_error_messages = {"unknown_currency": WORDS["unknown_currency"]}

    def to_internal_value(self, data: Any) -> str:
        if type(data) is not str or data not in money.CURRENCIES:
            self.fail("unknown_currency")
        return str(data)

    def to_representation(self, value: Any) -> Any:
        return value


class MoneyShape(serializers.Serializer[Any]):
    """For the OpenAPI document."""

    amount = serializers.CharField(help_text="An exact decimal.")
    currency = serializers.CharField(help_text="ISO 4217.")


def _detail(code: str, places: int) -> ErrorDetail:
    return ErrorDetail(str(WORDS[code]).format(places=places), code=code)
