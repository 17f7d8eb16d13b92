"""The OpenAPI document alone is enough: every operation, field and parameter is explained, every body and answer has an
example that fits, every code of an error is listed, every header declared."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
from django.test import Client
from drf_spectacular.generators import EndpointEnumerator

from core.api.bodies import Strict
from core.api.fields import Id
from core.api.refusals import codes_of
from core.api.schema import document
from core.api.words.bodies import IN_BODIES
from core.api.words.codes import codes, sections
from core.api.words.fields import FIELDS
from core.api.words.guide import errors_page
from core.api.words.parameters import OF_PATHS, PATH, QUERY
from core.api.words.shapes import SHAPES
from metrics.api import figure_rows
from retention.api.naming import CustomerId
from tests import error_codes
from tests.cast import make_cast
from tests.conftest import ROOT
from tests.tokens import make_token

pytestmark = pytest.mark.sqlite
HANDLES = ("get", "post", "put", "patch", "delete")
ONLY_ACCESS = re.compile(r"(Scope: `[^`]+`\.|Roles: [a-z, ]+\.|\s)*")
METHOD = re.compile(r"\b(POST|PUT|PATCH|DELETE|GET)\b(?! /)")
# Said by libraries or made of a name and `_required`, so that no literal in the source has them.
ELSEWHERE = {
    "because_required",
    "cannot_required",
    "internal",
    "max_string_length",
    "not_a_dict",
    "null",
    "refused",
} | {f"{side}_{what}" for side in ("max", "min") for what in ("length", "value")}


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document())
    return found


def operations(api: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in api["paths"].items():
        for method in HANDLES:
            if method in item:
                yield method.upper(), path.removeprefix("/api/v1/"), item[method]


def resolved(api: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What a reference into components leads to."""
    while "$ref" in found:
        _hash, _components, kind, name = found["$ref"].split("/")
        found = api["components"][kind][name]
    return found


def fits(api: dict[str, Any], value: Any, schema: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(
        {**schema, "components": api["components"]}, format_checker=jsonschema.FormatChecker()
    )
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:120]}" for error in validator.iter_errors(value)
    ]


def test_every_operation_says_in_a_summary_of_its_own_what_this_method_does(api: dict[str, Any]) -> None:
    by_path: dict[str, list[str]] = defaultdict(list)
    wrong = []
    for method, path, operation in operations(api):
        summary = operation.get("summary", "")
        by_path[path].append(summary)
        if not summary.endswith(".") or len(summary) > 160 or METHOD.search(summary.partition(";")[0]):
            wrong.append(f"{method} {path}: {summary!r}")
    wrong += [f"{path}: {said}" for path, said in by_path.items() if len(said) != len(set(said))]
    assert not wrong
    # One view may stand below its complaint and by itself; it says the same in both places.
    twice = [said for said, number in Counter(one for said in by_path.values() for one in said).items() if number > 1]
    assert len(twice) <= 2, twice


def test_summaries_with_more_to_know_have_a_description_beyond_scope_and_roles(api: dict[str, Any]) -> None:
    bare = [
        operation for *_rest, operation in operations(api) if ONLY_ACCESS.fullmatch(operation.get("description", ""))
    ]
    assert len(bare) < len(list(operations(api)))
    filing = api["paths"]["/api/v1/complaints/"]["post"]
    assert filing["summary"].startswith("File a complaint") and "duplicate_external_id" in filing["description"]


def test_every_field_and_every_parameter_is_explained(api: dict[str, Any]) -> None:
    lacking = [
        f"{name}.{field}"
        for name, schema in api["components"]["schemas"].items()
        for field, below in schema.get("properties", {}).items()
        if not below.get("description")
    ]
    lacking += [
        f"{method} {path}: {one['in']} {one['name']}"
        for method, path, operation in operations(api)
        for one in operation.get("parameters", ())
        if not one.get("description")
    ]
    assert not lacking, (
        "Say what they mean: in a help_text, or in core/api/words (fields.py where the name means the same everywhere, "
        f"shapes.py where it does not, parameters.py): {lacking}"
    )


def test_no_word_in_the_tables_is_left_over(api: dict[str, Any]) -> None:
    schemas = api["components"]["schemas"]
    of_name: dict[str, str] = defaultdict(str)
    of_place: dict[str, str] = defaultdict(str)
    for name, schema in schemas.items():
        for field, below in schema.get("properties", {}).items():
            of_name[field] += below.get("description", "")
            of_place[f"{name.removesuffix('Request').removeprefix('Patched')}.{field}"] += below.get("description", "")
    asked: dict[str, str] = defaultdict(str)
    for _method, _path, operation in operations(api):
        for one in operation.get("parameters", ()):
            asked[one["name"]] += one["description"]
    left = [field for table in (FIELDS, IN_BODIES) for field, said in table.items() if said not in of_name[field]]
    left += [place for place, said in SHAPES.items() if said not in of_place[place]]
    left += [name for table in (QUERY, PATH) for name, said in table.items() if said not in asked[name]]
    left += [place for place in OF_PATHS if not any(path.startswith(place) for _m, path, _o in operations(api))]
    assert not left


def test_every_body_has_an_example_that_fits_its_schema(api: dict[str, Any]) -> None:
    wrong, seen = [], 0
    for method, path, operation in operations(api):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            seen += 1
            shown = [content["example"]] if "example" in content else []
            shown += [one["value"] for one in content.get("examples", {}).values()]
            if not shown:
                wrong.append(f"{method} {path} {kind}: no example")
            wrong += [f"{method} {path}: {one}" for value in shown for one in fits(api, value, content["schema"])]
    assert seen > 150 and not wrong


def bodies() -> Iterator[tuple[str, str, type[Strict]]]:
    for path, _regex, method, callback in EndpointEnumerator().get_api_endpoints():  # type: ignore[no-untyped-call]
        declared = getattr(callback.cls, "body", None)
        body = declared.get(method) if isinstance(declared, Mapping) else declared
        if body is not None and method != "GET":
            yield method, path, body


def test_every_example_of_a_body_is_read_by_the_body_itself(
    api: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CustomerId, "to_internal_value", Id.to_internal_value)  # examples name customers of elsewhere
    examples = {}
    for method, path, operation in operations(api):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for one in [*content.get("examples", {}).values(), {"value": content.get("example")}]:
            if one["value"] is not None:
                examples.setdefault((method, re.sub(r"\{[^}]+\}", "{}", path)), one["value"])
    refused = []
    read = 0
    for method, path, body in bodies():
        example = examples.get((method, re.sub(r"\{[^}]+\}", "{}", path.removeprefix("/api/v1/"))))
        if example is None:
            continue
        try:
            body.read(example, partial=method == "PATCH")
            read += 1
        except Exception as error:  # noqa: BLE001 - each is named
            refused.append(f"{method} {path}: {error!r}")
    assert read > 140 and not refused


def test_every_answer_in_json_has_an_example_that_fits_its_schema(api: dict[str, Any]) -> None:
    wrong = []
    for method, path, operation in operations(api):
        for status, response in operation["responses"].items():
            content = resolved(api, response).get("content", {}).get("application/json")
            if content is None or status >= "300":
                continue
            shown = [content["example"]] if "example" in content else []
            shown += [resolved(api, one)["value"] for one in content.get("examples", {}).values()]
            if not shown:
                wrong.append(f"{method} {path} {status}: no example")
            wrong += [f"{method} {path}: {one}" for value in shown for one in fits(api, value, content["schema"])]
    assert not wrong
    complaint = api["components"]["examples"]["Complaint"]["value"]
    assert complaint["customer"]["name"] == "Dana Whitlock" and complaint["subject"] == "Two lamps, one parcel"


def test_the_catalogue_has_every_code_of_the_source_and_no_other() -> None:
    found, said = error_codes.in_source(), codes()
    missing = {code: place for code, place in found.items() if code not in said}
    assert not missing, f"Say what they mean in core/api/words/codes*.py, then `make schema`: {missing}"
    source = "".join(path.read_text() for path in error_codes.modules())
    strange = [code for code in said if code not in found and code not in ELSEWHERE and f'"{code}"' not in source]
    assert not strange
    for code, words in said.items():
        assert re.fullmatch(r"[45]\d\d(, [45]\d\d)*", words.status), code
        assert words.means.endswith((".", "…")) and words.do.endswith((".", "…")), code
    assert sum(len(rows) for _heading, rows in sections()) == len(said), "a code stands twice"


def test_the_page_of_errors_is_the_catalogue() -> None:
    assert (ROOT / "docs" / "api" / "errors.md").read_text() == errors_page(), "`make schema` writes it anew"


def test_the_document_lists_the_codes_and_says_which_a_rule_may_give(api: dict[str, Any]) -> None:
    table = api["components"]["schemas"]["Problem"]["properties"]["code"]["x-codes"]
    assert table.keys() == codes().keys() and table["already_closed"]["status"] == "409"
    named = {
        code: operation
        for _method, _path, operation in operations(api)
        for code in operation["responses"].get("409", {}).get("x-codes", ())
    }
    assert named.keys() <= table.keys() and len(named) > 100
    closing = api["paths"]["/api/v1/complaints/{reference}/closure/"]["post"]["responses"]["409"]
    assert {"already_closed", "not_resolved", "open_promise"} <= set(closing["x-codes"])
    assert "`open_promise`" in closing["description"]


def test_what_a_handler_may_refuse_is_read_from_the_actions_it_calls() -> None:
    from complaints.api.changes import Acknowledgement
    from core.api.tokens import OneToken

    assert "already_acknowledged" in codes_of(Acknowledgement, "POST")
    assert codes_of(OneToken, "DELETE") == ["already_revoked"]
    assert codes_of(OneToken, "GET") == []


def test_headers_are_declared_where_they_are_sent(api: dict[str, Any]) -> None:
    def declared(method: str, path: str, status: str) -> set[str]:
        return set(resolved(api, api["paths"][f"/api/v1/{path}"][method]["responses"][status]).get("headers", ()))

    rates = {"X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert declared("post", "complaints/", "201") == {*rates, "ETag", "Location", "Idempotent-Replayed"}
    assert {"Location", "Idempotent-Replayed"} <= declared("post", "exports/", "202")
    assert "ETag" in declared("get", "complaints/{reference}/", "304")
    assert "WWW-Authenticate" in declared("get", "complaints/", "401")
    assert {"Retry-After", *rates} == declared("get", "complaints/", "429")
    assert "ETag" in declared("patch", "complaints/{reference}/", "412")
    for header in api["components"]["headers"].values():
        assert header["description"] and header["schema"]


@pytest.mark.django_db
def test_the_headers_of_a_filing_are_those_declared(api: dict[str, Any], settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 6000
    _token, plain = make_token(make_cast().manager)
    content = api["paths"]["/api/v1/complaints/"]["post"]["requestBody"]["content"]["application/json"]
    (example,) = content["examples"].values()
    body = {**example["value"]}
    body.pop("type")
    client = Client(headers={"Authorization": f"Bearer {plain}", "Idempotency-Key": "words-1"})
    answers = [client.post("/api/v1/complaints/", body, content_type="application/json") for _n in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    declared = set(api["paths"]["/api/v1/complaints/"]["post"]["responses"]["201"]["headers"])
    assert not [name for name in declared - {"Idempotent-Replayed"} if name not in answers[0].headers]
    assert answers[1]["Idempotent-Replayed"] == "true"
    shown = {**api["components"]["schemas"]["Complaint"], "components": api["components"]}
    jsonschema.validate(answers[0].json(), shown)


def test_files_are_declared_as_what_they_are(api: dict[str, Any]) -> None:
    def kinds(path: str, status: str = "200") -> set[str]:
        return set(api["paths"][f"/api/v1/{path}"]["get"]["responses"][status]["content"])

    assert kinds("imports/{id}/rejects/") == {"text/csv"}
    assert (
        kinds("exports/{id}/content/") == kinds("exports/{id}/content/", "206") == {"text/csv", "application/x-ndjson"}
    )
    content = api["paths"]["/api/v1/complaints/{reference}/attachments/{token}/content/"]["get"]
    assert {"200", "206", "304", "416"} <= set(content["responses"]) and "406" not in content["responses"]
    assert {"Range", "If-Range", "If-None-Match"} <= {one["name"] for one in content["parameters"]}
    assert "406" in api["paths"]["/api/v1/complaints/"]["get"]["responses"]
    assert kinds("payouts/exports/{number}/") == {"application/json", "text/csv"}


def test_the_rows_behind_figures_have_no_field_that_is_not_declared(api: dict[str, Any]) -> None:
    declared = set(api["components"]["schemas"]["Row"]["properties"])
    shown = set()
    for show in figure_rows.SHOWN.values():
        (function,) = ast.parse(inspect.getsource(show)).body
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
                shown |= {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
    assert len(shown) > 40 and shown == declared


def test_no_enum_has_a_number_or_a_hash_for_a_name(api: dict[str, Any]) -> None:
    numbered = [
        name
        for name, schema in api["components"]["schemas"].items()
        if "enum" in schema and re.search(r"[0-9A-F][0-9a-f]{2}Enum$", name) and re.search(r"\d", name)
    ]
    assert not numbered, "Name them in ENUM_NAME_OVERRIDES."
