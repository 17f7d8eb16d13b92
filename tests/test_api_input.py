"""What the API takes and refuses (cases F01 to F04, F06, F08)."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.api.parsing import _too_deep, parse
from core.api.problem import Refusal
from core.instants import InstantError, iso, parse_instant
from core.models import User
from tests.cast import make_manager
from tests.tokens import bearer

pytestmark = pytest.mark.urls("tests.api_urls")
ECHO = "/api/v1/echo/"


@pytest.fixture
def caller(db: None) -> User:
    return make_manager()


def post(caller: User, body: Any, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = headers.pop("content_type", "application/json")
    return Client().post(ECHO, content, content_type=kind, headers={**bearer(caller), **headers})


def errors(response: Any) -> set[tuple[str, str]]:
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert body["status"] == response.status_code
    assert body["request_id"] == response["X-Request-ID"]
    assert all(set(error) == {"pointer", "code", "message"} and error["message"] for error in body["errors"])
    return {(error["pointer"], error["code"]) for error in body["errors"]}


def test_a_good_body_comes_back_as_it_was(caller: User) -> None:
    body = {
        "text": " Zoë 👨‍👩‍👧 \u202eabc\u0007 ",
        "flag": False,
        "number": 3,
        "id": "12",
        "at": "2026-03-29T02:30:00+02:00",
    }
    body |= {
        "day": "2026-02-28",
        "person": {"name": " Ana ", "email": "ana@house.example"},
        "code": "b",
        "short": "",
    }
    response = post(caller, body)
    assert response.status_code == 201
    got = response.json()
    assert got == {
        **body,
        "id": 12,
        "at": "2026-03-29T00:30:00Z",
        "person": {"name": "Ana", "email": "ana@house.example"},
    }
    assert response["Location"] == "http://testserver/api/v1/echo/"


WRONG = {
    "text": [1, 1.5, True, None, [], {}, "", " \n", "x" * 51],
    "short": [1, None, [], "123456"],
    "email": [1, None, "no", "a@b\nc.example", "x" * 250 + "@a.example", []],
    "code": ["c", 1, None, ["a"], {"a": 1}],
    "flag": ["true", 1, 0, None, [], {}],
    "number": ["3", 3.0, True, None, 0, 10, [3]],
    "id": [12, "012", "-1", "1e3", "x", "9" * 19, None],
    "at": [0, "2026-03-29", "2026-13-01T00:00:00Z", "2026-03-29T02:30:00", None],
    "day": ["2026-02-30", "26-01-01", "2026-2-3", "2026-01-01T00:00:00Z", 20260101, "0001-01-01"],
    "person": ["Ana", 1, [], [{"name": "Ana"}]],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_each_field_takes_one_type_only(caller: User, field: str, value: Any) -> None:
    response = post(caller, {"text": "fine", field: value})
    assert response.status_code == 400
    assert {pointer for pointer, _code in errors(response)} == {f"/{field}"}
    assert len(response.json()["errors"]) == 1


def test_every_bad_field_is_named_with_its_place(caller: User) -> None:
    body = {"flag": 1, "person": {"name": 2, "x/y~z": 1}, "role": "admin", "email": "no"}
    response = post(caller, body)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert errors(response) == {
        ("/text", "required"),
        ("/flag", "not_a_boolean"),
        ("/person/name", "not_a_string"),
        ("/person/x~1y~0z", "unknown_field"),
        ("/role", "unknown_field"),
        ("/email", "invalid_email"),
    }


def test_the_problem_takes_the_code_that_all_errors_share(caller: User) -> None:
    assert post(caller, {"text": "a", "is_staff": True}).json()["code"] == "unknown_field"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[1]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"", "required"),
        (b"{", "malformed_json"),
        (b"{'text': 1}", "malformed_json"),
        (b'{"text": "a",}', "malformed_json"),
        (b'{"text": "\xff"}', "malformed_json"),
        (b'\xef\xbb\xbf{"text": "a"}', "malformed_json"),
        (b'{"text": "a\x00"}', "malformed_json"),
        (b'{"text": "a", "text": "a"}', "duplicate_key"),
        (b'{"text": "a", "\\u0074ext": "b"}', "duplicate_key"),
        (b'{"text": "a", "number": NaN}', "number_out_of_range"),
        (b'{"text": "a", "number": -Infinity}', "number_out_of_range"),
        (b'{"text": "a", "number": 1e999}', "number_out_of_range"),
        (b'{"text": "a", "number": 123456789012345678901}', "number_out_of_range"),
        (b'{"text": "a", "number": ' + b"9" * 5000 + b"}", "number_out_of_range"),
        (b'{"text": "a\\u0000b"}', "invalid_characters"),
        (b'{"text": "a\\ud800b"}', "invalid_characters"),
        (b'{"text": "a", "\\udfff": 1}', "invalid_characters"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
        (b'{"text":"' + b'\\"' * 400_000, "malformed_json"),
        (b'{"text":"' + b'\\"' * 400_000 + b"\\" + b"[" * 40, "malformed_json"),
    ],
)
def test_what_is_no_strict_json_is_refused(caller: User, raw: bytes, code: str) -> None:
    started = time.monotonic()
    response = post(caller, raw)
    assert time.monotonic() - started < 2
    assert response.status_code == 400
    errors(response)
    assert response.json()["code"] == code


def test_duplicate_keys_and_bad_characters_are_located(caller: User) -> None:
    assert errors(post(caller, b'{"person": {"name": "a", "name": "b"}}')) == {("/person/name", "duplicate_key")}
    assert errors(post(caller, b'{"text": "\\u0000", "person": {"name": "\\ud800"}}')) == {
        ("/text", "invalid_characters"),
        ("/person/name", "invalid_characters"),
    }


def test_thirty_two_levels_are_deep_enough() -> None:
    assert parse(b'{"a":' * 31 + b"[1]" + b"}" * 31)
    with pytest.raises(Refusal) as refusal:
        parse(b'{"a":' * 32 + b"[1]" + b"}" * 32)
    assert refusal.value.code == "too_deep"
    assert not _too_deep(b'{"a": "' + b"[" * 100 + b'", "b": "\\"' + b"{" * 100 + b'"}', 32)


def test_strings_become_nfc(caller: User) -> None:
    response = post(caller, {"text": "cafe\u0301"})
    assert response.json()["text"] == "caf\u00e9"


@pytest.mark.parametrize(
    "kind",
    [
        "text/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
    ],
)
def test_only_json_in_utf8_is_taken(caller: User, kind: str) -> None:
    response = post(caller, b"<a/>", content_type=kind)
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


def test_json_with_its_charset_named_is_taken(caller: User) -> None:
    assert post(caller, {"text": "a"}, content_type="Application/JSON; charset=UTF-8").status_code == 201


@override_settings(MAX_JSON_BYTES=1000)
def test_too_large_a_body_is_refused_unread(caller: User) -> None:
    response = post(caller, {"text": "a" * 2000})
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"
    errors(response)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-03-29T02:30:00", "timezone_required"),
        ("2026-03-29T02:30:00+99:99", "invalid_datetime"),
        ("2026-03-29T02:30:00+14:01", "invalid_datetime"),
        ("0001-01-01T00:00:00+14:00", "invalid_datetime"),
        ("2201-01-01T00:00:00Z", "invalid_datetime"),
        ("1899-12-31T23:59:59Z", "invalid_datetime"),
        ("2026-02-30T00:00:00Z", "invalid_datetime"),
        ("2026-02-30T00:00:00", "invalid_datetime"),
        ("2026-03-29T24:00:00Z", "invalid_datetime"),
        ("2026-03-29T02:30:00[Europe/Berlin]", "invalid_datetime"),
        ("2026-03-29T02:30:60Z", "invalid_datetime"),
        ("２０２６-03-29T02:30:00Z", "invalid_datetime"),
        ("yesterday", "invalid_datetime"),
    ],
)
def test_instants_that_mean_nothing_are_refused(caller: User, text: str, code: str) -> None:
    response = post(caller, {"text": "a", "at": text})
    assert response.status_code == 400
    assert errors(response) == {("/at", code)}
    assert response.json()["code"] == code


def test_the_future_begins_after_five_minutes(caller: User) -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    with clock.frozen(at):
        assert post(caller, {"text": "a", "at": iso(at + timedelta(minutes=5))}).status_code == 201
        late = post(caller, {"text": "a", "at": iso(at + timedelta(minutes=5, seconds=1))})
    assert errors(late) == {("/at", "in_the_future")}


@given(st.datetimes(datetime(1902, 1, 2), datetime(2199, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_an_instant_survives_its_way(wall: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    at = parse_instant(f"{wall.isoformat()}{sign}{hours:02}:{rest:02}")
    assert at == wall.replace(tzinfo=UTC) - timedelta(minutes=minutes)
    assert parse_instant(iso(at) or "") == at


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_instants(text: str) -> None:
    with suppress(InstantError):
        parse_instant(text)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    try:
        assert isinstance(parse(raw), dict)
    except Refusal as refusal:
        assert refusal.status_code == 400


def test_conditions(caller: User) -> None:
    client, headers = Client(), bearer(caller)
    body = {"content_type": "application/json", "data": "{}"}
    read = client.get(ECHO, headers=headers)
    tag = read["ETag"]
    assert re.fullmatch('"7-[0-9a-f]{16}"', tag)
    for given_tag, status in [
        (tag, 304),
        (f"W/{tag}", 304),
        (f'"6", {tag}', 304),
        ("*", 304),
        ('"6"', 200),
        ('"7"', 200),
        (tag.strip('"'), 200),
    ]:
        assert client.get(ECHO, headers={**headers, "If-None-Match": given_tag}).status_code == status, given_tag
    assert client.patch(ECHO, headers=headers, **body).json()["code"] == "precondition_required"
    stale = client.patch(ECHO, headers={**headers, "If-Match": '"6"'}, **body)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    fresh = client.patch(ECHO, headers={**headers, "If-Match": '"7"'}, **body)
    assert fresh.json() == {"expected": 7}
