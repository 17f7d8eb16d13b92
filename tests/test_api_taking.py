"""What the API takes of addresses, parameters, headers and forms, at its real routes (cases F01, F02, F06, F24)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from complaints import search
from complaints.models import Complaint
from core import cached
from core.api import filters
from core.api.parsing import unreadable
from core.models import ApiToken
from metrics.models import Export
from retention.models import Customer
from tests.cast import Cast, make_cast
from tests.test_api_complaints import BODY, ROOT, Api
from tests.tokens import bearer
from tests.uploads import draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


@pytest.fixture
def api(cast: Cast) -> Api:
    return Api(cast.agent)


def errors(answer: Any) -> set[tuple[str, str]]:
    assert answer.status_code == 400, answer.content
    return {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


# F02

BAD = ["%00", "a%00b", "%ED%A0%80", "%FF", "caf%C3", "%C0%80", "a%20%FFb"]


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (ROOT, "search"),
        (ROOT, "product"),
        (ROOT, "cursor"),
        ("/api/v1/customers/", "search"),
        ("/api/v1/customers/", "email"),
        ("/api/v1/articles/", "search"),
        ("/api/v1/events/", "cursor"),
        ("/api/v1/metrics/nps/", "source"),
        ("/api/v1/schema/", "format"),
    ],
)
def test_a_parameter_that_cannot_be_stored_is_named(path: str, name: str, text: str, api: Api) -> None:
    assert errors(api("GET", f"{path}?{name}={text}")) == {(f"?{name}", "invalid_characters")}


def test_all_bad_parameters_are_named_whatever_their_names_are_made_of(api: Api) -> None:
    assert errors(api("GET", f"{ROOT}?search=%FF&lot=%00&product=fine&a%FFb=1&status=new")) == {
        ("?search", "invalid_characters"),
        ("?lot", "invalid_characters"),
        ("?a\ufffdb", "invalid_characters"),
    }
    assert errors(api("POST", f"{ROOT}?a=%00", BODY)) == {("?a", "invalid_characters")}
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    "text", ["%E2%80%AE", "%F0%9F%91%8D", "Zo%C3%AB", "Zoe%CC%88", "a%07b", "100%", "a+b", "%EF%BF%BD"]
)
def test_what_can_be_stored_is_looked_for(text: str, api: Api) -> None:
    assert api("GET", f"{ROOT}?search={text}").status_code == 200


def test_raw_bytes_of_a_query_string() -> None:
    assert unreadable("search=Zo\xc3\xab&a=1") == []
    assert [error.pointer for error in unreadable("search=\xff&a=1")] == ["?search"]


def test_pages_go_on(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.agent)
    assert client.get("/complaints/?q=%00").status_code == 400
    for text in ("%ED%A0%80", "%FF"):
        assert client.get(f"/search/?q={text}").status_code == 200


# F06


@pytest.mark.parametrize(
    ("since", "until", "fine"),
    [
        ("2026-05-02", "2026-05-01", False),
        ("2026-05-03", "2026-05-01", False),
        ("2026-05-02", "2026-05-02", True),
        ("2026-05-01T12:00:00Z", "2026-05-01", True),
        ("2026-05-02T12:00:00Z", "2026-05-01", False),
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z", True),
        ("2026-05-01T12:00:01Z", "2026-05-01T12:00:00Z", False),
        ("2026-05-02", "2026-05-01T12:00:00Z", False),
    ],
)
def test_a_period_does_not_end_before_it_begins(since: str, until: str, fine: bool, api: Api) -> None:
    listed = api("GET", f"{ROOT}?received_at_from={since}&received_at_to={until}")
    narrowed = {"received_at_from": since, "received_at_to": until}
    export = api("POST", "/api/v1/exports/", {"resource": "complaints", "format": "csv", "filters": narrowed})
    assert (listed.status_code, export.status_code) == ((200, 202) if fine else (400, 400))
    assert Export.objects.count() == fine
    if not fine:
        assert errors(listed) == {("?received_at_from", "from_after_to")}
        assert errors(export) == {("/filters/received_at_from", "from_after_to")}


# Filters


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("type=nope", "unknown_type"),
        ("status=nope", "unknown_code"),
        ("language=xx", "unknown_code"),
        ("theme=nope", "unknown_theme"),
        ("team=Nope", "unknown_team"),
        ("team=Lisbon%20desk&team=Nope", "unknown_team"),
        ("incident=IN-NOPE", "unknown_incident"),
    ],
)
def test_what_is_not_there_narrows_no_list_to_nothing(query: str, code: str, api: Api) -> None:
    assert errors(api("GET", f"{ROOT}?{query}")) == {(f"?{query.partition('=')[0]}", code)}


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("survey-responses", "survey=nope", "unknown_survey"),
        ("survey-invitations", "survey=nps&survey=nope", "unknown_survey"),
        ("complaint-types", "parent=nope", "unknown_parent"),
        ("root-causes", "parent=nope", "unknown_parent"),
    ],
)
def test_nor_does_it_elsewhere(path: str, query: str, code: str, api: Api) -> None:
    assert errors(api("GET", f"/api/v1/{path}/?{query}")) == {(f"?{query.partition('=')[0]}", code)}


def test_a_customers_language_is_one_of_ours(api: Api) -> None:
    assert errors(api("GET", "/api/v1/customers/?language=xx")) == {("?language", "unknown_code")}


def test_what_is_there_or_free_narrows(api: Api, cast: Cast) -> None:
    case = cast.complaint(language="pt")
    for query in ("language=pt", "team=Lisbon%20desk", "language=pt&language=en&team=Oslo%20desk&team=Lisbon%20desk"):
        found = api("GET", f"{ROOT}?{query}").json()["results"]
        assert [row["reference"] for row in found] == [case.reference], query
    for query in ("product=nope", "owner=999999", "customer=999999", "source=nope", "reference=AM-2222-2222"):
        assert api("GET", f"{ROOT}?{query}").json()["results"] == [], query


def test_looking_names_up_costs_one_query(api: Api, cast: Cast, django_assert_num_queries: Any) -> None:
    cast.complaint()
    api("GET", ROOT)
    with django_assert_num_queries(4):  # token, page of keys, its rows, clocks
        api("GET", ROOT)
    with django_assert_num_queries(5):  # and the team
        assert api("GET", f"{ROOT}?team=Lisbon%20desk").json()["results"]


def test_a_search_says_when_it_shows_a_part(api: Api, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        cast.complaint(subject="A leaking kettle")
    full = api("GET", f"{ROOT}?search=kettle").json()
    assert (len(full["results"]), set(full)) == (3, {"results", "next", "previous"})
    best = next(one for one in _filters() if one.name == "search")
    monkeypatch.setattr("complaints.api.complaints.Complaints.filters", [
        filters.Best(best.name, best.find, 2, ""), *(one for one in _filters() if one is not best)
    ])  # fmt: skip
    part = api("GET", f"{ROOT}?search=kettle&page_size=1").json()
    assert (len(part["results"]), part["capped"]) == (1, 2)
    rest = api("GET", part["next"].removeprefix("http://testserver")).json()
    assert (len(rest["results"]), rest["next"], rest["capped"]) == (1, None, 2)
    assert "capped" not in api("GET", f"{ROOT}?page_size=1").json()
    assert best.most == search.MOST


def _filters() -> Any:
    from complaints.api.complaints import FILTERS

    return FILTERS


# Bodies


def test_everything_wrong_with_a_filing_is_said_at_once(api: Api, cast: Cast) -> None:
    body = {**BODY, "type": "nope", "customer": {"id": "999999"}, "attachments": ["zzz"]}
    assert errors(api("POST", ROOT, body)) == {
        ("/type", "unknown_type"),
        ("/customer/id", "unknown_customer"),
        ("/attachments", "unknown_attachment"),
    }
    body = {"type": "nope", "customer": {"email": "bad", "phone": "bad", "id": "x"}, "attachments": ["zzz"], "x": 1}
    assert errors(api("POST", ROOT, body)) == {
        ("/channel", "required"),
        ("/subject", "required"),
        ("/description", "required"),
        ("/type", "unknown_type"),
        ("/customer/email", "invalid_email"),
        ("/customer/phone", "invalid_phone"),
        ("/customer/id", "invalid_id"),
        ("/attachments", "unknown_attachment"),
        ("/x", "unknown_field"),
    }
    assert errors(api("POST", ROOT, {**BODY, "customer": {"id": "999999"}, "attachments": ["zzz"]})) == {
        ("/customer/id", "unknown_customer"),
        ("/attachments", "unknown_attachment"),
    }
    stranger = draft(cast.stranger, mode="")
    assert errors(api("POST", ROOT, {**BODY, "type": "nope", "attachments": [stranger]})) == {
        ("/type", "unknown_type"),
        ("/attachments", "unknown_attachment"),
    }
    for nonsense in ({"customer": 3, "attachments": {}}, {"customer": [], "attachments": [3]}):
        assert api("POST", ROOT, {**BODY, **nonsense}).status_code == 400
    assert not Complaint.objects.exists()


def test_rows_of_a_batch_say_all_at_once_too(api: Api) -> None:
    row = {**BODY, "type": "nope", "customer": {"id": "999999"}, "attachments": ["zzz"]}
    told = api("POST", f"{ROOT}batch/", {"complaints": [row, BODY, 3]}).json()["results"]
    assert [one["status"] for one in told] == [400, 201, 400]
    assert {error["pointer"] for error in told[0]["problem"]["errors"]} == {"/type", "/customer/id", "/attachments"}


def test_a_phone_number_has_digits(api: Api, cast: Cast) -> None:
    for number, status in (("+351 912 345 678", 201), ("", 201), ("call me", 400), ("12", 400)):
        assert api("POST", ROOT, {**BODY, "customer": {"name": "Ivo", "phone": number}}).status_code == status, number
    assert errors(api("POST", "/api/v1/customers/", {"name": "Ivo", "phone": "none"})) == {("/phone", "invalid_phone")}
    one = f"/api/v1/customers/{cast.customer.pk}/"
    change = {"contact_points": [{"kind": "phone", "value": "none"}]}
    assert errors(api("PATCH", one, change, **{"If-Match": "*"})) == {("/contact_points/0/value", "invalid_phone")}


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "GZIP", "x-unknown"])
def test_a_packed_body_is_415(coding: str, api: Api) -> None:
    answer = api("POST", ROOT, BODY, **{"Content-Encoding": coding})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content_encoding")
    assert answer["Accept-Encoding"] == "identity"
    assert not Complaint.objects.exists()
    assert api("POST", ROOT, BODY, **{"Content-Encoding": "identity"}).status_code == 201


def form(parts: list[tuple[str, bytes]]) -> bytes:
    lines = []
    for disposition, content in parts:
        lines += [f"--{BOUNDARY}".encode(), f"Content-Disposition: form-data; {disposition}".encode(), b"", content]
    return b"\r\n".join([*lines, f"--{BOUNDARY}--".encode(), b""])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([('name="source"', b"a\0b")], {("/source", "invalid_characters")}),
        ([('name="source"', b"caf\xc3")], {("/source", "invalid_characters")}),
        ([('name="source"', b"\xed\xa0\x80")], {("/source", "invalid_characters")}),
        ([('name="source"', b"a"), ('name="source"', b"b")], {("/source", "duplicate_key")}),
        ([('name="file"; filename="a.csv"', b"b")], {("/file", "duplicate_key")}),
        ([('name="colour"', b"red")], {("/colour", "unknown_field")}),
    ],
)
def test_forms_are_read_as_strictly_as_json(
    parts: list[tuple[str, bytes]], expected: set[tuple[str, str]], cast: Cast
) -> None:
    whole = [('name="kind"', b"customers"), ('name="file"; filename="b.csv"', b"name\nIvo\n"), *parts]
    headers = bearer(cast.manager)
    answer = Client().generic("POST", "/api/v1/imports/", form(whole), MULTIPART_CONTENT, headers=headers)
    assert errors(answer) == expected


def test_a_form_that_cannot_be_read_is_no_malformed_json(cast: Cast) -> None:
    headers = bearer(cast.manager)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=\xff"):
        answer = Client().generic("POST", "/api/v1/imports/", b"--x\r\n", kind, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_form")


def test_texts_of_forms_become_nfc(cast: Cast, tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    body = {
        "file": SimpleUploadedFile("a.csv", b"external_id,name\n1,Ivo\n"),
        "kind": "customers",
        "source": "cafe\u0301",
    }
    answer = Client().post("/api/v1/imports/", body, headers=bearer(cast.manager))
    assert (answer.status_code, answer.json()["source"]) == (201, "caf\u00e9")


# F24


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('W/"1-abc"', 200),
        ('"1-abc"', 200),
        ('"1"', 200),
        ('"9", W/"1"', 200),
        ("*", 200),
        ('W/"9"', 412),
        ('"other"', 412),
        ('""', 412),
        ("1", 400),
        ('"1', 400),
        ("W/1", 400),
        ('w/"1"', 400),
        ('"1" "2"', 400),
        ('"1",', 400),
    ],
)
def test_if_match_takes_etags_weak_or_not(tag: str, status: int, api: Api, cast: Cast) -> None:
    case = cast.complaint()
    answer = api("PATCH", f"{ROOT}{case.reference}/", {"lot": "26-B"}, **{"If-Match": tag})
    assert answer.status_code == status, answer.content
    assert Complaint.objects.filter(lot="26-B").exists() is (status == 200)
    if status == 400:
        assert errors(answer) == {("", "invalid_if_match")}


# Addresses


def test_an_address_without_its_slash_is_told_so(api: Api) -> None:
    for path in ("/api/v1/complaints", "/api/v1/complaints/AM-2222-2222", "/api/v1", "/api/v1/metrics/nps"):
        answer = api("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "slash_missing")
        assert f"{path}/" in answer.json()["detail"]
    for path in ("/api/v1/nothing", "/api/v1/nothing/", "/api/"):
        assert api("GET", path).json()["code"] == "not_found"


def test_the_index_says_where_to_read_on() -> None:
    answer = Client().get("/api/v1/")
    assert answer.status_code == 200
    found = answer.json()
    assert found.pop("version") == "v1"
    assert set(found) == {"guide", "schema", "docs", "account", "health"}
    for name, url in found.items():
        assert Client().get(url.removeprefix("http://testserver")).status_code == (401 if name == "account" else 200)
    assert Client().get("/api/v1/?a=1").json()["code"] == "unknown_parameter"
    assert Client().post("/api/v1/").status_code == 405


@pytest.mark.parametrize(
    ("method", "place"),
    [
        *((method, "events/") for method in ("POST", "PUT", "PATCH", "DELETE")),
        ("POST", "demands/1/"),  # inherits the method, and forbids it
    ],
)
def test_what_an_address_does_not_do_is_refused_first(api: Any, method: str, place: str) -> None:
    assert api(method, f"/api/v1/complaints/AM-0000-0000/{place}?x=1", {}).status_code == 405


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_in_the_query_string_of_a_change_is_ignored(api: Any, method: str) -> None:
    """A caller who believes that `?dry_run=true` holds something back is told that it does not."""
    case = "complaints/AM-0000-0000"
    paths = {"post": "complaints", "put": f"{case}/customer", "patch": case, "delete": "attachments/x"}
    answer = api(method.upper(), f"/api/v1/{paths[method]}/?dry_run=true&x=1", {})
    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.json()["errors"]] == ["?dry_run", "?x"]


@pytest.mark.parametrize("query", ["format=yaml", "format=", "format=json&format=json", "version=1"])
def test_the_document_comes_in_one_format(query: str) -> None:
    assert Client().get(f"/api/v1/schema/?{query}").status_code == 400


def test_customers_and_tokens_are_left_as_they_were(api: Api) -> None:
    """Rule 4: what is refused here wrote nothing."""
    before = (Customer.objects.count(), ApiToken.objects.count())
    api("POST", ROOT, {**BODY, "customer": {"name": "Ivo", "phone": "none"}})
    assert (Customer.objects.count(), ApiToken.objects.count()) == before
