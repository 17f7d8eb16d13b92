"""One vocabulary for events, whichever door they come through, and in the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from complaints.actions.promises import promise
from core import cached, clock, trail
from core.actions import webhooks
from core.actor import Actor
from core.api import told
from core.api.schema import document
from core.models import WebhookMessage
from core.webhooks import events, stream
from retention.actions import customers
from tests.cast import MONDAY, Cast, make_cast
from tests.followed import ask, client_of, shown

EXPORTED = "/api/v1/exports/"
HOOK = "https://93.184.215.14/hook"  # never called


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document())
    return found


# Names


def test_an_entry_has_the_same_type_in_the_stream_under_its_complaint_and_in_a_webhook(cast: Cast) -> None:
    webhooks.create(HOOK, by=Actor.person(cast.admin), at=clock.now())
    case, by = cast.complaint(), Actor.person(cast.agent)
    promise(case, text="A new lamp", due_at=MONDAY + timedelta(days=2), by=by, at=MONDAY)
    trail.append(case, "sla.breached", by=Actor.system("sla"), at=MONDAY)
    below = shown(cast.agent, f"/api/v1/complaints/{case.reference}/events/")
    beside = [one for one in shown(cast.agent) if one["subject"] == {"kind": "complaint", "id": case.reference}]
    types = ["complaint.filed", "promise.made", "complaint.breached"]
    assert [one["type"] for one in below] == [one["type"] for one in beside] == types
    assert [one.type for one in WebhookMessage.objects.order_by("seq")] == types
    assert [one["kind"] for one in below] == ["complaint.filed", "complaint.promised", "sla.breached"]
    assert [{name: value for name, value in one.items() if name != "kind"} for one in below] == beside
    stored = [entry.kind for entry in trail.of(case)]
    assert stored == ["complaint.filed", "complaint.promised", "sla.breached"], "what is sealed stays as it was"
    assert not list(trail.verify(trail.of(case)))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("customer.updated", ["customer.updated"]),
        ("customer.*", ["customer.created", "customer.updated"]),
        ("complaint.breached,follow_up.planned", ["complaint.breached"]),
        ("complaint.*", ["complaint.filed", "complaint.breached"]),
        ("promise.*", ["promise.made"]),
        ("survey.*", []),
        ("customer.edited", ["customer.updated"]),
        ("sla.*", ["complaint.breached"]),
    ],
)
def test_the_stream_is_narrowed_by_types_and_still_by_the_names_of_before(
    cast: Cast, wanted: str, found: list[str]
) -> None:
    start = ask(cast.manager, after="latest").json()["cursor"]
    case = cast.complaint(customer=None)
    trail.append(case, "complaint.promised", by=Actor.system("tests"), at=MONDAY)
    trail.append(case, "sla.breached", by=Actor.system("sla"), at=MONDAY)
    customer = customers.create(customers.Details(name="Zoë"), by=Actor.person(cast.agent), at=MONDAY)
    trail.append(customer, "customer.edited", by=Actor.person(cast.agent), at=MONDAY)
    assert [one["type"] for one in shown(cast.manager, after=start, types=wanted)] == found


@pytest.mark.parametrize("wanted", ["nope.*", "complaint.nope", "complaint.filed,customer.exploded", "webhook.test"])
def test_what_does_not_exist_is_refused_by_name(cast: Cast, wanted: str) -> None:
    answer = ask(cast.manager, types=wanted)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (400, "?types", "unknown_event")
    assert wanted.rpartition(",")[2] in error["message"]


def test_an_export_is_narrowed_by_the_same_names(cast: Cast) -> None:
    client = client_of(cast.manager)

    def want(name: str) -> Any:
        body = {"resource": "events", "format": "jsonl", "filters": {"type": [name]}}
        return client.post(EXPORTED, body, content_type="application/json")

    refused = want("customer.exploded").json()
    assert (refused["status"], refused["code"]) == (400, "unknown_event")
    assert want("customer.updated").status_code == want("follow_up.*").status_code == 202


def test_a_webhook_takes_all_of_an_area_as_the_types_there_are(cast: Cast) -> None:
    webhook, _secret = webhooks.create(
        HOOK, events=["payout.*", "complaint.filed"], by=Actor.person(cast.admin), at=clock.now()
    )
    assert webhook.events == [
        "complaint.filed", "payout.exported", "payout.paid", "payout.failed", "payout.returned",
    ]  # fmt: skip
    for strange in ("nope.*", "*", "complaint.f*", "team.*", "webhook.*"):
        with pytest.raises(Exception, match=re.escape(strange)) as refused:
            webhooks.change(webhook, {"events": [strange]}, by=Actor.person(cast.admin), at=clock.now())
        assert refused.value.code == "unknown_event"  # type: ignore[attr-defined]


@pytest.mark.sqlite
def test_every_name_stands_for_its_kinds_and_no_kind_is_lost() -> None:
    assert {stream.type_of(kind) for kind in stream.KINDS} == set(stream.TYPES)
    for kind in stream.KINDS:
        assert kind in stream.kinds_of(stream.type_of(kind)) and stream.kinds_of(kind), kind
    by_area = [stream.kinds_of(f"{area}.*") for area in stream.AREAS]
    assert sum(map(len, by_area)) == len(frozenset[str]().union(*by_area)) == len(stream.KINDS)
    assert stream.kinds_of("complaint.assigned") == {"complaint.assigned", "complaint.handed_over"}


# The document


@pytest.mark.sqlite
def test_the_document_lists_the_vocabulary(api: dict[str, Any]) -> None:
    schemas = api["components"]["schemas"]
    named = schemas["EventType"]
    assert named["x-extensible-enum"] == list(stream.TYPES) and named["x-enumDescriptions"] == {**stream.TYPES}
    for shape in ("EventEntry", "Event"):
        assert "EventType" in json.dumps(schemas[shape]["properties"]["type"])
    assert "WebhookEvent" in json.dumps(schemas["NewWebhookBodyRequest"]["properties"]["events"])
    assert schemas["WebhookEvent"]["enum"] == [*events.TYPES, *(f"{one}.*" for one in _areas(events.TYPES))]
    assert "Scope" in json.dumps(schemas["NewTokenRequest"]["properties"]["scopes"])
    assert {"all", "complaints:read", "webhooks:write"} <= set(schemas["Scope"]["enum"])


@pytest.mark.sqlite
def test_the_document_says_what_each_webhook_sends(api: dict[str, Any]) -> None:
    assert list(api["webhooks"]) == [*events.TYPES, events.TEST]
    ids = [one["post"]["operationId"] for one in api["webhooks"].values()]
    calls = [one["operationId"] for path in api["paths"].values() for one in path.values() if "operationId" in one]
    assert len({*ids, *calls}) == len(ids) + len(calls)
    assert {told.data_schema(name) for name in events.TYPES} == {"EventOfComplaint", "EventOfCustomer", "EventOfRecord"}


def test_what_is_sent_is_what_the_document_says(cast: Cast, api: dict[str, Any]) -> None:
    webhook, _secret = webhooks.create(HOOK, by=Actor.person(cast.admin), at=clock.now())
    case = cast.complaint()
    promise(case, text="A new lamp", due_at=MONDAY + timedelta(days=2), by=Actor.person(cast.agent), at=MONDAY)
    customer = customers.create(customers.Details(name="Zoë"), by=Actor.person(cast.agent), at=MONDAY)
    trail.append(customer, "followup.planned", by=Actor.person(cast.agent), at=MONDAY)
    webhooks.test(webhook, by=Actor.person(cast.admin), at=clock.now())
    sent = [json.loads(one.payload) for one in WebhookMessage.objects.all()]
    assert {one["type"] for one in sent} >= {"complaint.filed", "promise.made", "customer.created", "webhook.test"}
    for one in sent:
        content = api["webhooks"][one["type"]]["post"]["requestBody"]["content"]["application/json"]
        jsonschema.validate(one, {**content["schema"], "components": api["components"]})
        if one["type"] != "follow_up.planned":  # here about a customer, for want of a call
            (wrong,) = {"reference", "id", "webhook"} & set(one["data"])
            bad = {**one, "data": {"other": one["data"][wrong]}}
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(bad, {**content["schema"], "components": api["components"]})


def _areas(names: Any) -> list[str]:
    return list(dict.fromkeys(name.partition(".")[0] for name in names))
