"""What makes the OpenAPI document say all that the API holds callers to: field by field, and for the whole of it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api import told
from core.api.completing import complete
from core.api.fields import PHONE, WALL_CLOCK, Code, Day, Id, Instant, Phone, Text, WallClock
from core.instants import FIRST_OF_INSTANTS, FIRST_YEAR, LAST_YEAR

ID = r"^[1-9][0-9]{0,17}$"
NOT_BLANK = r"[^\s\u001c-\u001f\u0085]"  # \s alone means less to ECMAScript than to us
KEY = r"^[!-~]([ -~]{0,253}[!-~])?$"
_FIXED = frozenset({"oneOf", "enum", "$ref"})  # what says by itself that blank is not among it

INFO = """\
Amends tracks complaints from intake to closure, and whether those who complained stay.

**Start here:** [the guide](/api/v1/guide/), with a first complaint in five minutes; it also says what stays as it is \
within a version and how something is taken out of use.

* `Authorization: Bearer <token>`; every operation names its scope (`x-scope`) and the roles that may call it \
(`x-roles`). A missing scope or role is 403; what is missing and what is not yours to see is the same 404.
* JSON in UTF-8. Instants are UTC (`2026-03-01T09:30:00Z`), days are local dates, sums are exact decimals in strings \
(`{"amount": "12.30", "currency": "EUR"}`), ids are opaque strings, complaints go by `reference`.
* Unknown fields, parameters, filters and orders are 400. Every refusal is a problem (RFC 9457) with a stable \
`code`: `x-codes` of `Problem` says what each means and what to do, and a 409 names those its operation may give.
* Lists come in pages: follow `next` until it is null. Nothing untouched comes twice or is left out while rows change.
* `Idempotency-Key` on POST makes a repetition harmless. PATCH needs `If-Match` with the `ETag` you have read.
"""

TAGS = {
    "absences": "When somebody is away, and who stands in.",
    "account": "Whose token or session this is, and what they prefer.",
    "agents": "People who may own complaints.",
    "articles": "What agents should know: answers and instructions in versions, and who has read which.",
    "attachments": "Files of a complaint, and files uploaded before it exists.",
    "authority": "Who may grant how much without asking.",
    "calendars": "Working hours and holidays that deadlines are counted in.",
    "channels": "The ways complaints come in.",
    "charges": "What customers were charged outside of orders.",
    "complaint-types": "What complaints are about, two levels deep.",
    "complaints": "The cases. A state change is a resource: POST makes it, DELETE undoes it where that exists.",
    "corrective-actions": "What is done about causes, and whether it helped.",
    "customers": "Who complains and buys: contacts, stays and departures, duplicates.",
    "drafts": "What the caller was writing and has not sent.",
    "events": "Everything that happened, in order, for other systems to follow.",
    "exports": "Everything at once, as a file made in the background.",
    "follow-ups": "Calls to customers after their complaint.",
    "imports": "Files of customers, purchases and answers: tried, then taken in.",
    "incidents": "One cause with many complaints, and what all of them are told.",
    "jobs": "Work that goes on in the background, and its results.",
    "loyalty-entries": "Points given and taken; entries are never changed.",
    "macros": "Prepared replies that also do something.",
    "mail": "Letters that wait, went out or failed.",
    "metrics": "The figures of the dashboard, their definitions, their rows and their targets.",
    "notifications": "What the caller is told about, and by which way.",
    "offers": "What customers were offered beside what they have, and what they answered.",
    "organisation": "The house: its name, the default owner, what public pages say.",
    "payments": "What customers paid.",
    "payouts": "Money on its way back to customers, and files for the bank.",
    "playbooks": "The steps of a kind of complaint, in versions.",
    "promises": "What customers were promised and by when.",
    "purchases": "Orders and their lines.",
    "referrals": "Who brought whom, and the points either side got for it.",
    "remedies": "What makes good: apologies, refunds, credit; granted within authority or approved.",
    "root-causes": "Why it happened, two levels deep.",
    "routing-rules": "Which team a new complaint goes to.",
    "rule-packs": "Deadlines that the law sets.",
    "sla-policies": "Deadlines that the house sets itself, in versions, with what a change would move.",
    "survey-responses": "What customers answered.",
    "surveys": "What customers are asked, when, and how often.",
    "teams": "Teams, their leads and members, and how the work lies on them.",
    "themes": "What recurs across types and causes.",
    "tokens": "Tokens of integrations: made, shown once, revoked.",
    "users": "People who sign in, their roles and teams.",
    "views": "Saved queues.",
    "webhook-deliveries": "What was sent to webhooks, what came back, and sending it again.",
    "webhooks": "Addresses that are told what happened, signed.",
}


def narrowed(field: Any, schema: dict[str, Any], direction: str) -> dict[str, Any]:
    """`schema` of a field; in a body with what the field refuses beyond its type. Any JSON is null too, unless told."""
    if isinstance(field, serializers.JSONField) and not hasattr(field, "_spectacular_annotation"):
        return {name: text for name, text in schema.items() if name in ("description", "readOnly", "writeOnly")}
    if direction != "request":
        return schema
    if isinstance(field, serializers.FileField):
        schema.setdefault("minLength", 1)
    if isinstance(field, Id):
        schema.setdefault("pattern", ID)
    elif isinstance(field, Instant):
        words = schema.get("description", "")
        schema["description"] = f"{words} With its zone; {FIRST_OF_INSTANTS} to {LAST_YEAR}.".strip()
    elif isinstance(field, Day):
        schema.setdefault("description", f"A local date, {FIRST_YEAR} to {LAST_YEAR}.")
    elif isinstance(field, WallClock):
        schema["pattern"] = f"^{WALL_CLOCK}$"
    elif isinstance(field, Phone):
        schema.setdefault("pattern", rf"^\s*$|{PHONE.pattern}" if field.allow_blank else PHONE.pattern)
    elif (
        isinstance(field, Text) and not isinstance(field, Code) and not field.allow_blank and _FIXED.isdisjoint(schema)
    ):
        schema.setdefault("pattern", NOT_BLANK)
    return schema


def closed(body: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` of a body: no field but these, and its own words, not those of the class behind it."""
    schema["additionalProperties"] = False
    schema.update(body.rules)
    if not type(body).__doc__:
        schema.pop("description", None)
    return schema


def finish(result: dict[str, Any], **_about: Any) -> dict[str, Any]:
    """Describes the tags in use and links what POST makes to where it is read (POSTPROCESSING_HOOKS)."""
    result["webhooks"] = told.webhooks()
    result["components"]["schemas"].update(told.SCHEMAS)
    used = {tag for path in result["paths"].values() for one in path.values() for tag in one.get("tags", ())}
    result["info"]["description"] = f"{result['info']['description']}\n\n{INFO}"
    result["tags"] = [{"name": name, "description": text} for name, text in sorted(TAGS.items()) if name in used]
    for place, path in result["paths"].items():
        made = path.get("post", {}).get("responses", {}).get("201")
        if made is not None:
            _link(result, place, made)
    complete(result)
    return result


def _link(result: dict[str, Any], place: str, made: dict[str, Any]) -> None:
    """From the answer of POST on `place` to GET of the one thing below it, by the field that both name."""
    for below, path in result["paths"].items():
        rest = below.removeprefix(place)
        if rest == below or not (rest.startswith("{") and rest.count("/") == 1) or "get" not in path:
            continue
        name = rest.strip("{}/")
        fields = _fields(result, made)
        if name in fields:
            asked = {name: f"$response.body#/{name}"}
            for outer in (part[1:-1] for part in place.split("/") if part.startswith("{")):
                asked[outer] = f"$request.path.{outer}"
            get = path["get"]["operationId"]
            made["links"] = {get: {"operationId": get, "parameters": asked}}


def _fields(result: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    content = answer.get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = result["components"]["schemas"].get(name, content).get("properties", {})
    return found
