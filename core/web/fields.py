"""Form fields that take what people type and refuse what cannot be kept (cases F02, F06)."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.clock import now

LINE = 200
TEXT = 20_000
KEPT_CONTROLS = "\n\t"


class Line(forms.CharField):
    """One line of text, in NFC; line breaks and other control characters are refused."""

    def __init__(self, *, max_length: int = LINE, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> str:
        return plain(super().to_python(value) or "", keep="")


class Paragraphs(forms.CharField):
    """Text of several lines, in NFC, line ends as \\n."""

    widget = forms.Textarea

    def __init__(self, *, max_length: int = TEXT, rows: int = 4, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return plain(text.replace("\r\n", "\n").replace("\r", "\n"), keep=KEPT_CONTROLS)


class LocalInstant(forms.CharField):
    """A date and time as the viewer's clock on the wall shows it; cleaned to UTC, None when empty.

    Refused: what that clock never showed (the hour lost in spring), and the future unless `future` allows it. Of an
    hour shown twice it is the first.
    """

    def __init__(self, *, future: bool = False, **kwargs: Any) -> None:
        self.future = future
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else value

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            wall = datetime.fromisoformat(text)
        except ValueError:
            raise ValidationError(
                _("Write a date and a time, such as 2026-03-05 14:30."), code="invalid_datetime"
            ) from None
        zone = timezone.get_current_timezone()
        if wall.tzinfo is not None:
            raise ValidationError(_("Write the time as the clock on your wall shows it."), code="invalid_datetime")
        try:
            at = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
            shown = at.astimezone(zone).replace(tzinfo=None, fold=0)
        except (OverflowError, ValueError):
            raise ValidationError(_("There is no such date."), code="invalid_datetime") from None
        if shown != wall.replace(fold=0):
            raise ValidationError(
                _("The clocks were put forward: this hour did not exist on that day."), code="invalid_datetime"
            )
        if at.year < 1900:
            raise ValidationError(_("This lies too far in the past."), code="invalid_datetime")
        if at.year > 2200:
            raise ValidationError(_("This lies too far in the future."), code="invalid_datetime")
        if not self.future and at > now() + settings.FUTURE_TOLERANCE:
            raise ValidationError(_("This lies in the future."), code="in_the_future")
        return at


class PlainSelect(forms.Select):
    """A select written without a template per option: a list of a hundred people costs a tenth of the time."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        inside = []
        for key, label in self.choices:
            if isinstance(label, list | tuple):
                options = _options(label, chosen)
                inside.append(format_html('<optgroup label="{}">{}</optgroup>', key, options))
            else:
                inside.append(_options([(key, label)], chosen))
        attributes = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        body = format_html_join("", "{}", ((part,) for part in inside))
        return format_html("<select{}>{}</select>", attributes, body)


def _options(choices: Any, chosen: set[str]) -> SafeString:
    found = ((key, mark_safe(" selected") if str(key) in chosen else "", label) for key, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', found)


def plain(text: str, *, keep: str) -> str:
    """`text` in NFC. Raises ValidationError invalid_characters for control characters (but `keep`) and surrogates."""
    if any((char < " " and char not in keep) or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text):
        raise ValidationError(_("The text has characters that cannot be stored."), code="invalid_characters")
    return unicodedata.normalize("NFC", text)
