"""Fields of request bodies that take one type each: a number is no string, a bool no number (case F01).

They are DRF fields, so that the OpenAPI document describes them, but read in one step: one error per bad
field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from core import clock
from core.instants import FIRST_OF_INSTANTS, FIRST_YEAR, LAST_YEAR, InstantError, iso, parse_instant

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
WALL_CLOCK = (
    "(19|2[01])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
)
_WALL_CLOCK = re.compile(WALL_CLOCK, re.ASCII)
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
PHONE = re.compile(r"\d(?:\D*\d){2}")


class _OneStep:
    """Skips DRF's chain of validators: `to_internal_value` says it all."""

    validate_empty_values: Callable[[Any], tuple[bool, Any]]
    to_internal_value: Callable[[Any], Any]

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None:
            return self.to_internal_value(data)
        is_empty, data = self.validate_empty_values(data)
        return data if is_empty else self.to_internal_value(data)


class Text(_OneStep, serializers.CharField):
    """A string, kept as it was typed (the parser made it NFC) unless `trim`; blank only with `allow_blank`."""

    default_error_messages = {
        "not_a_string": _("A string is expected."),
        "too_long": _("At most {max_length} characters are allowed."),
    }

    def __init__(self, *, max_length: int, trim: bool = False, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, trim_whitespace=trim, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if type(data) is not str:
            self.fail("not_a_string")
        if self.trim_whitespace:
            data = data.strip()
        if not self.allow_blank and not data.strip():
            self.fail("blank")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("too_long", max_length=self.max_length)
        return str(data)


class Phone(Text):
    """A phone number as people write it: at most 40 characters, at least three digits among them."""

    default_error_messages = {"invalid_phone": _("This is not a phone number.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, trim=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        number = super().to_internal_value(data)
        if number and not PHONE.search(number):
            self.fail("invalid_phone")
        return number


class WallClock(Text):
    """What a clock on a wall shows: 2026-03-06T16:50. Whether there was such a moment depends on the zone beside it."""

    default_error_messages = {"invalid_datetime": _("Write a date and a time, such as 2026-03-05 14:30.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=19, trim=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if _WALL_CLOCK.fullmatch(text) is None:
            self.fail("invalid_datetime")
        return text


class Email(_OneStep, serializers.EmailField):
    """One e-mail address of at most 254 characters."""

    default_error_messages = {
        "not_a_string": _("A string is expected."),
        "invalid_email": _("This is not an e-mail address."),
    }

    def to_internal_value(self, data: Any) -> str:
        if type(data) is not str:
            self.fail("not_a_string")
        address = data.strip()
        try:
            validate_email(address)
        except DjangoValidationError:
            self.fail("invalid_email")
        if len(address) > 254:
            self.fail("invalid_email")
        return str(address)


class Code(_OneStep, serializers.ChoiceField):
    """One of the codes given, as a string."""

    default_error_messages = {
        "not_a_string": _("A string is expected."),
        "unknown_code": _("“{value}” is not one of: {known}."),
    }

    def to_internal_value(self, data: Any) -> str:
        if type(data) is not str:
            self.fail("not_a_string")
        if data == "" and self.allow_blank:
            return ""
        if data not in self.choices:
            self.fail("unknown_code", value=data[:40], known=", ".join(map(str, self.choices)))
        return str(data)


class Language(Code):
    """One of the product's languages by its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=settings.LANGUAGES, **kwargs)


class Flag(_OneStep, serializers.BooleanField):
    """true or false, nothing that looks like it."""

    default_error_messages = {"not_a_boolean": _("true or false is expected.")}

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("not_a_boolean")
        return bool(data)


class Whole(_OneStep, serializers.IntegerField):
    """A whole number between `min_value` and `max_value`."""

    default_error_messages = {
        "not_an_integer": _("A whole number is expected."),
        "out_of_range": _("A number from {min_value} to {max_value} is expected."),
    }

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        self.low, self.high = min_value, max_value
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("not_an_integer")
        if not self.low <= data <= self.high:
            self.fail("out_of_range", min_value=self.low, max_value=self.high)
        return int(data)


class Number(_OneStep, serializers.FloatField):
    """A number between `min_value` and `max_value`, not one in quotes."""

    default_error_messages = {
        "not_a_number": _("A number is expected."),
        "out_of_range": _("A number from {min_value} to {max_value} is expected."),
    }

    def __init__(self, *, min_value: float, max_value: float, **kwargs: Any) -> None:
        self.low, self.high = min_value, max_value
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("not_a_number")
        if not self.low <= data <= self.high:
            self.fail("out_of_range", min_value=f"{self.low:g}", max_value=f"{self.high:g}")
        return float(data)


class Id(_OneStep, serializers.CharField):
    """The id of a record of ours, an opaque string; read as the primary key."""

    default_error_messages = {
        "not_a_string": _("A string is expected."),
        "invalid_id": _("This is not an id."),
    }

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        if type(data) is not str:
            self.fail("not_a_string")
        if not _ID.fullmatch(data):
            self.fail("invalid_id")
        return int(data)


class Instant(_OneStep, serializers.DateTimeField):
    """A date and time with its zone, read as UTC (case F06). `not_future`: at most FUTURE_TOLERANCE ahead."""

    default_error_messages = {
        "not_a_string": _("A string is expected."),
        "invalid_datetime": _("A date and time such as 2026-03-29T14:30:00Z is expected, from {first} to {last}."),
        "timezone_required": _("The time zone is missing: end with Z or an offset such as +01:00."),
        "in_the_future": _("This lies in the future."),
    }

    def __init__(self, *, not_future: bool = False, **kwargs: Any) -> None:
        self.not_future = not_future
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> datetime:
        if type(data) is not str:
            self.fail("not_a_string")
        try:
            at = parse_instant(data)
        except InstantError as error:
            self.fail(error.code, first=FIRST_OF_INSTANTS, last=LAST_YEAR)
        if self.not_future and at > clock.now() + settings.FUTURE_TOLERANCE:
            self.fail("in_the_future")
        return at

    def to_representation(self, value: datetime) -> str:
        return iso(value) or ""


class Day(_OneStep, serializers.DateField):
    """A local date, YYYY-MM-DD."""

    default_error_messages = {
        "not_a_string": _("A string is expected."),
        "invalid_date": _("A date such as 2026-03-29 is expected, from {first} to {last}."),
    }

    def to_internal_value(self, data: Any) -> date:
        if type(data) is not str:
            self.fail("not_a_string")
        day = parse_day(data)
        if day is None:
            self.fail("invalid_date", first=FIRST_YEAR, last=LAST_YEAR)
        return day


def parse_day(text: str) -> date | None:
    """The date of YYYY-MM-DD between 1900 and 2200, else None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
