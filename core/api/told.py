"""Events in the OpenAPI document, by the vocabulary that names them: `webhooks`, and the type of an entry."""

from __future__ import annotations

from typing import Any

from core.webhooks import events, stream

HEADERS = {
    "webhook-id": "The same in every attempt and redelivery: what came twice is known by it.",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970.",
    "webhook-signature": "One or two, separated by spaces: `v1,` and HMAC-SHA256 of `id.timestamp.body` in base64.",
}
ANSWERS = {
    "2XX": "Taken. What the body says is not looked at.",
    "410": "The address is gone: the webhook is disabled at once.",
    "429": "Later: when `Retry-After` says.",
    "default": "It is tried again, for about three days.",
}
_ID = {"type": "string", "description": "As the API names it."}


def _record(description: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "description": description, "properties": properties, "required": required}


SCHEMAS = {
    "EventType": {  # no `enum`: a client made today must not break over a type of tomorrow
        "type": "string",
        "description": "What happened, `<area>.<verb>`. Later versions add some: leave alone what you do not know.",
        "examples": ["complaint.filed"],
        "x-extensible-enum": list(stream.TYPES),
        "x-enumDescriptions": {**stream.TYPES},
    },
    "EventOfComplaint": _record(
        "About a complaint, its promises, remedies or payouts: ask for it by its reference.",
        {"reference": {"type": "string", "examples": ["AM-4F7K-2M9Q"]}},
        ["reference"],
    ),
    "EventOfCustomer": _record("About a customer.", {"id": _ID}, ["id"]),
    "EventOfRecord": _record(
        "About something of a customer; `customer` is left out where there is none.",
        {"id": _ID, "customer": {**_ID, "description": "Whose it is."}},
        ["id"],
    ),
    "EventOfTest": _record(
        "About nothing: a test.", {"webhook": {**_ID, "description": "Which one was tried."}}, ["webhook"]
    ),
}


def data_schema(name: str) -> str:
    """The name of the schema of `data` in events of a type."""
    areas = {kind.partition(".")[0] for kind, told in events.PUBLIC.items() if told == name}
    if name == events.TEST:
        return "EventOfTest"
    if areas <= {"complaint", "sla"}:
        return "EventOfComplaint"
    return "EventOfCustomer" if areas == {"customer"} else "EventOfRecord"


def payload_schema(name: str) -> dict[str, Any]:
    """What is sent for an event of a type."""
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": name},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": {"$ref": f"#/components/schemas/{data_schema(name)}"},
        },
        "required": ["type", "timestamp", "data"],
    }


def webhooks() -> dict[str, Any]:
    """By type, what a receiver is sent and how it may answer (OpenAPI 3.1, `webhooks`)."""
    parameters = [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in HEADERS.items()
    ]
    return {
        name: {
            "post": {
                "operationId": f"told_{name.replace('.', '_')}",
                "summary": words,
                "tags": ["webhooks"],
                "security": [],
                "parameters": parameters,
                "requestBody": {"required": True, "content": {"application/json": {"schema": payload_schema(name)}}},
                "responses": {code: {"description": text} for code, text in ANSWERS.items()},
            }
        }
        for name, words in {**events.TYPES, events.TEST: events.TEST_SAYS}.items()
    }
