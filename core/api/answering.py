"""The headers of answers and the problems that many operations share, for the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from core.api.words.codes import codes

Schema = dict[str, Any]
JSON, PROBLEM = "application/json", "application/problem+json"

HEADERS: dict[str, Schema] = {
    "Content-Range": {
        "description": "Which bytes these are, and how many there are.",
        "schema": {"type": "string"},
        "example": "bytes 1000-4095/4096",
    },
    "ETag": {
        "description": "The state that was read; send it as `If-Match` to change it, as `If-None-Match` to ask again.",
        "schema": {"type": "string"},
        "example": '"3-5f0c1f0e8c1f0f6e"',
    },
    "Idempotent-Replayed": {
        "description": "`true`: this is the first answer to the same `Idempotency-Key` again; nothing was done anew.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Location": {
        "description": "Where it is read, absolute.",
        "schema": {"type": "string", "format": "uri"},
        "example": "https://amends.example/api/v1/complaints/AM-7K2Q-9XWD/",
    },
    "RateLimit-Limit": {
        "description": "Requests allowed in a minute; absent where there is no limit.",
        "schema": {"type": "integer"},
        "example": 6000,
    },
    "RateLimit-Remaining": {
        "description": "How many of them are left.",
        "schema": {"type": "integer"},
        "example": 5987,
    },
    "RateLimit-Reset": {
        "description": "Seconds until the minute ends and all are back.",
        "schema": {"type": "integer"},
        "example": 41,
    },
    "Retry-After": {
        "description": "Seconds to wait before the same is sent again; with 409 only where waiting helps.",
        "schema": {"type": "integer"},
        "example": 5,
    },
    "WWW-Authenticate": {
        "description": "What is missing: `Bearer`, with `error` and the `scope` that is needed.",
        "schema": {"type": "string"},
        "example": 'Bearer realm="amends", error="invalid_token"',
    },
    "X-Request-Id": {
        "description": "The request in our log; one that you send is kept.",
        "schema": {"type": "string"},
        "example": "8c1f0f6e2a7d4c55",
    },
}
RATES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
# By status: a code of it, for the example.
TYPICAL = {
    "400": "unknown_field",
    "401": "not_authenticated",
    "403": "insufficient_scope",
    "404": "not_found",
    "406": "not_acceptable",
    "409": "already_closed",
    "410": "cursor_ahead",
    "412": "precondition_failed",
    "413": "too_large",
    "415": "unsupported_media_type",
    "416": "range_not_satisfiable",
    "422": "idempotency_key_reused",
    "428": "precondition_required",
    "429": "rate_limited",
    "503": "unavailable",
}
TITLES = {"400": "Invalid request", "401": "Not authenticated", "403": "Not allowed", "404": "Not found"}
WITH = {
    "401": ("WWW-Authenticate",),
    "403": ("WWW-Authenticate",),
    "409": ("Retry-After",),
    "412": ("ETag",),
    "416": ("Content-Range",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}


def references(names: Iterable[str]) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def share(document: Schema) -> None:
    """Declare the headers once; put the problems that many operations answer into components."""
    components = document["components"]
    components["headers"] = HEADERS
    shared = components.setdefault("responses", {})
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation.get("responses", {}).items():
                if PROBLEM not in response.get("content", {}):
                    continue
                _finish_problem(status, response)
                if status != "409":
                    kept = shared.setdefault(f"Problem{status}", response)
                    if json.dumps(kept, sort_keys=True) == json.dumps(response, sort_keys=True):
                        operation["responses"][status] = {"$ref": f"#/components/responses/Problem{status}"}


def _finish_problem(status: str, response: Schema) -> None:
    response["headers"] = references(("X-Request-Id", *RATES, *WITH.get(status, ())))
    code = next(iter(response.get("x-codes", ())), "") or TYPICAL.get(status, "refused")
    if status != "409":
        response["content"][PROBLEM]["example"] = problem(status, code)


def problem(status: str, code: str) -> Schema:
    """A problem as it is answered."""
    words = codes()[code].means
    at = {"pointer": "/colour", "code": code, "message": words}
    return {
        "type": f"urn:amends:problem:{code}",
        "title": TITLES.get(status, "Refused"),
        "status": int(status),
        "detail": words,
        "code": code,
        "request_id": "8c1f0f6e2a7d4c55",
        "errors": [at] if status == "400" else [],
    }
