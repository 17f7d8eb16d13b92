"""Input that means one thing only, or nothing (cases F01 to F04): JSON, forms with files, query strings.

Refused of JSON with 400: no UTF-8, malformed, deeper than MAX_JSON_DEPTH (checked before it is parsed, so no
recursion), a key twice, NaN, numbers no database holds, NUL and lone surrogates, a top level that is no
object. 413 beyond MAX_JSON_BYTES, or the setting that a view names as `json_limit`. Strings come out in NFC, so
that equal words are equal however they were typed; those of a form too.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from core.api.problem import FieldError, Refusal, bad_input, escape

_LARGEST = 2**63 - 1
# One alternative eats a string up to its end or the end of the text, so the scan is linear whatever comes.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_OPENING = frozenset((b"[", b"{"))
_REPLACED = "\ufffd"  # what Django reads for bytes of a form that are no UTF-8


class StrictJSONParser(BaseParser):
    """Parses `application/json`. A view with another top level sets `json_top_level` (`list`, `(dict, list)`)."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        charset = (media_type or "").lower().partition("charset=")[2].strip(' "')
        if charset and charset not in ("utf-8", "utf8"):
            raise Refusal(415, "unsupported_media_type", _("JSON is read as UTF-8 only."))
        view = (parser_context or {}).get("view")
        limit = getattr(settings, getattr(view, "json_limit", "MAX_JSON_BYTES"))
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise Refusal(413, "too_large", _("The request is too large."))
        return parse(raw, top_level=getattr(view, "json_top_level", dict))


class FormParser(MultiPartParser):
    """Parses `multipart/form-data`: each field once, texts in NFC, files left where they came in."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises Refusal 400: malformed_form, duplicate_key, invalid_characters."""
        try:
            found = super().parse(stream, media_type, parser_context)
        except ParseError:
            raise Refusal(400, "malformed_form", _("The parts of the form cannot be read.")) from None
        errors = [
            FieldError(f"/{escape(name)}", "duplicate_key", _("The key appears more than once."))
            for name in dict.fromkeys([*found.data, *found.files])
            if len(found.data.getlist(name)) + len(found.files.getlist(name)) > 1
        ]
        data = QueryDict(mutable=True)
        for name, text in found.data.items():
            pointer = f"/{escape(name)}"
            data[name] = _text(str(text), pointer, errors)
            if _REPLACED in text:
                errors.append(invalid_characters(pointer))
        if errors:
            raise bad_input(errors)
        return DataAndFiles(data, found.files)


def unreadable(query: str) -> list[FieldError]:
    """What in a query string, as the server hands it over, is no UTF-8 or cannot be stored. No cost without `%`."""
    if "%" not in query and query.isascii():
        return []
    errors: dict[str, FieldError] = {}
    for part in query.encode("latin-1", "replace").split(b"&"):
        if not _sound(unquote_to_bytes(part)):
            name = unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" ")).decode("utf-8", "replace")[:80]
            errors.setdefault(name, invalid_characters(f"?{name}"))
    return list(errors.values())


def _sound(raw: bytes) -> bool:
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False


def parse(raw: bytes, *, top_level: type | tuple[type, ...] = dict) -> Any:
    """The value of strict JSON. Raises Refusal 400 with pointers. About 1 us a value."""
    if _too_deep(raw, settings.MAX_JSON_DEPTH):
        detail = _("The JSON is nested deeper than %(limit)d levels.") % {"limit": settings.MAX_JSON_DEPTH}
        raise bad_input([FieldError("", "too_deep", detail)])
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise Refusal(400, "malformed_json", _("The request is not valid UTF-8.")) from None
    except json.JSONDecodeError as error:
        detail = _("The JSON cannot be read at line %(line)d, column %(column)d.")
        raise Refusal(400, "malformed_json", detail % {"line": error.lineno, "column": error.colno}) from None
    except ValueError:  # a number of more digits than Python converts
        raise bad_input([FieldError("", "number_out_of_range", _("A number is out of range."))]) from None
    errors: list[FieldError] = []
    value = _clean(value, "", errors)
    if errors:
        raise bad_input(errors)
    if not isinstance(value, top_level):
        code, detail = ("not_an_object", _("A JSON object is expected."))
        if top_level is list:
            code, detail = ("not_a_list", _("A JSON list is expected."))
        raise bad_input([FieldError("", code, detail)])
    return value


def parse_field(text: str, name: str) -> Any:
    """The object of the strict JSON that a field of a form holds. Raises Refusal 400, its pointers below the field."""
    try:
        return parse(text.encode())
    except Refusal as refusal:
        wrong = refusal.errors or [FieldError("", refusal.code, str(refusal.detail))]
        raise bad_input(one._replace(pointer=f"/{escape(name)}{one.pointer}") for one in wrong) from None


class _Repeated(dict[str, Any]):
    """An object in which a key stood twice."""

    key = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    marked = _Repeated(found)
    for key, _value in pairs:
        if key in seen:
            marked.key = key
            break
        seen.add(key)
    return marked


def _constant(name: str) -> float:
    return math.nan  # NaN, Infinity, -Infinity: refused with their place in _clean


def _clean(value: Any, pointer: str, errors: list[FieldError]) -> Any:
    """`value` with its strings in NFC; adds what is wrong and where. Recursion ends at MAX_JSON_DEPTH."""
    kind = type(value)
    if kind is str:
        return _text(value, pointer, errors)
    if kind is bool or value is None:
        return value
    if kind is int or kind is float:
        if not math.isfinite(value) if kind is float else not -_LARGEST <= value <= _LARGEST:
            errors.append(FieldError(pointer, "number_out_of_range", _("A number is out of range.")))
        return value
    if kind is list:
        return [_clean(item, f"{pointer}/{position}", errors) for position, item in enumerate(value)]
    if kind is _Repeated:
        detail = _("The key appears more than once.")
        errors.append(FieldError(f"{pointer}/{escape(value.key)}", "duplicate_key", detail))
    cleaned = {}
    for key, item in value.items():
        below = f"{pointer}/{escape(key)}"
        cleaned[_text(key, below, errors)] = _clean(item, below, errors)
    if len(cleaned) < len(value):  # two spellings of one key
        errors.append(FieldError(pointer, "duplicate_key", _("The key appears more than once.")))
    return cleaned


def _text(text: str, pointer: str, errors: list[FieldError]) -> str:
    if text.isascii():
        if "\0" in text:
            errors.append(invalid_characters(pointer))
        return text
    if not storable(text):
        errors.append(invalid_characters(pointer))
        return text
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def storable(text: str) -> bool:
    """No NUL and no lone surrogate: what every database and every UTF-8 file can hold."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def invalid_characters(pointer: str) -> FieldError:
    return FieldError(pointer, "invalid_characters", _("The text has characters that cannot be stored."))


def _too_deep(raw: bytes, limit: int) -> bool:
    """Whether brackets outside of strings nest deeper than `limit`. Linear; next to nothing for few brackets."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return False
    depth = 0
    for found in _BRACKET.finditer(_STRING.sub(b"", raw)):
        if found.group() in _OPENING:
            depth += 1
            if depth > limit:
                return True
        else:
            depth -= 1
    return False
