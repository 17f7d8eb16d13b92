"""Which events there are, and that each is told with its trail entry, once, at no cost to those who listen not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from complaints.actions import converse
from complaints.actions.file import Filing, file
from complaints.models import Clock
from complaints.sla.sweep import sweep
from core import cached, clock, rows, trail
from core.actions import webhook_delivery, webhooks
from core.actor import Actor
from core.models import TrailEntry, WebhookDelivery, WebhookMessage
from core.webhooks import emit, events, signing, stream
from retention.actions import customers
from retention.actions.known import find_or_make
from tests.cast import MONDAY, Cast, make_cast

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs/api/webhooks.md"
URL = "https://93.184.215.14/hook"  # never called
WRITERS = ("actions", "sla", "promises", "authority")
SUBJECTS = {kind.partition(".")[0] for kind in stream.KINDS}
# Written with names that are put together: of settings by their model, of cases and calls by what was done to them.
MADE_OF_PARTS = {
    kind
    for kind in stream.KINDS
    if kind.endswith((".created", ".changed", ".removed"))
    or kind.startswith(("savedview.", "slaversion.", "authorityversion.", "webhook.", "followup."))
} | {"complaint.assigned", "complaint.handed_over", "complaint.payout_paid"}
NO_KINDS = {"customer.name", "customer.first_name", "followup.version", "followup.owner"}  # places, fields


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


def listen(cast: Cast, *wanted: str) -> None:
    webhooks.create(URL, events=wanted, by=Actor.person(cast.admin), at=clock.now())


def written() -> dict[str, str]:
    """Every kind of trail entry that the code writes, with a file that does."""
    found: dict[str, str] = {}
    for app in ("core", "complaints", "retention", "metrics"):
        for folder in WRITERS:
            for path in (ROOT / app / folder).rglob("*.py"):
                text = path.read_text()
                for kind in re.findall(r'"([a-z]+\.[a-z_]+)"', text):
                    if kind.partition(".")[0] in SUBJECTS:
                        found[kind] = path.name
    verbs = re.findall(
        r'_(?:finish|end|reassigned)\([^"]*"([a-z]+)"', (ROOT / "retention/actions/follow_ups.py").read_text()
    )
    return found | {f"followup.{verb}": "follow_ups.py" for verb in verbs}


@pytest.mark.sqlite
def test_every_kind_on_the_trail_is_told_or_stays_inside_on_purpose() -> None:
    kinds = set(written()) - NO_KINDS
    assert kinds >= {"complaint.filed", "sla.breached", "customer.created", "followup.completed", "purchase.recorded"}
    assert sorted(kinds - set(stream.KINDS)) == []
    assert set(events.PUBLIC) & set(stream.ONLY_HERE) == set()
    said = "\n".join(
        path.read_text()
        for app in ("core", "complaints", "retention", "metrics")
        for path in (ROOT / app).rglob("*.py")
        if path.parent.name != "webhooks"
    )
    gone = {
        kind
        for kind in set(stream.KINDS) - MADE_OF_PARTS - kinds
        if f'"{kind}"' not in said and f'"{kind.partition(".")[2]}"' not in said
    }
    assert gone == set()  # nothing in the table that no code writes


@pytest.mark.sqlite
def test_every_type_is_explained_and_none_for_nothing() -> None:
    assert set(events.TYPES) == set(events.PUBLIC.values())
    assert not set(events.TYPES) & set(stream.STREAM_TYPES)
    assert len(stream.STREAM_TYPES) == len(stream.ONLY_HERE), "two kinds with one name"
    assert all(stream.TYPE.fullmatch(name) for name in stream.TYPES)


@pytest.mark.sqlite
def test_the_guide_lists_the_types_as_the_code_has_them() -> None:
    text = GUIDE.read_text()
    told, only_there = text.split("## Events that only the stream has")
    listed = [re.findall(r"^\| `([a-z_.]+)` \| (.+?) \|$", part, re.MULTILINE) for part in (told, only_there)]
    assert listed[0] == [*events.TYPES.items()] and f"`{events.TEST}`, which" in told
    assert listed[1] == [*stream.STREAM_TYPES.items()]
    waits = re.findall(r"^Waits: (.+)\.$", text, re.MULTILINE)
    unit = {"s": 1, "min": 60, "h": 3600}
    said = [int(number) * unit[name] for number, name in re.findall(r"(\d+) (s|min|h)", waits[0])]
    assert tuple(said) == webhook_delivery.WAITS


@pytest.mark.sqlite
def test_the_receiver_of_the_guide_runs_and_takes_only_what_is_ours(tmp_path: Path) -> None:
    """The Python that readers copy, as it stands there, against our own signatures."""
    code = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)[0]
    secret, seen = signing.new_secret(), tmp_path / "seen.db"
    names: dict[str, Any] = {"__name__": "receiver"}
    taken: list[Any] = []
    exec(compile(code.replace("whsec_...", secret).replace("seen.db", str(seen)), "receiver.py", "exec"), names)  # noqa: S102
    names["deal_with"] = taken.append
    body = emit.payload("complaint.filed", clock.now(), {"reference": "AM-4F7K-2M9Q"})
    headers = signing.headers("msg_1", body, secrets=[secret], at=clock.now())
    assert [names["receive"](headers, body.encode()) for _time in range(2)] == [204, 204]
    assert [one["data"]["reference"] for one in taken] == ["AM-4F7K-2M9Q"]  # the repeated id did nothing twice
    assert names["receive"](headers, body.encode() + b" ") == 400
    assert names["receive"]({**headers, "webhook-signature": "v1,AAAA"}, body.encode()) == 400
    late = signing.headers("msg_2", body, secrets=[secret], at=clock.now() - timedelta(minutes=6))
    assert names["receive"](late, body.encode()) == 400


@pytest.mark.django_db
def test_an_event_is_thin_and_names_its_record(cast: Cast) -> None:
    listen(cast)
    complaint = cast.complaint()
    by = Actor.person(cast.agent)
    converse.message(complaint, by=by, at=clock.now(), body="We look into it.")
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="Any news")
    customer, fresh = customers.draft(
        customers.Details(name="New", email="new@customer.example"), by=by, at=clock.now()
    )

    rows.insert(fresh)
    told = {one.type: json.loads(one.payload) for one in WebhookMessage.objects.all()}
    assert list(told) == ["complaint.filed", "complaint.message_sent", "complaint.message_received", "customer.created"]
    assert told["customer.created"]["data"] == {"id": str(customer.pk)}
    for kind in ("complaint.filed", "complaint.message_sent", "complaint.message_received"):
        assert set(told[kind]) == {"type", "timestamp", "data"} and told[kind]["type"] == kind
        assert told[kind]["data"] == {"reference": complaint.reference}
    text = str([one.payload for one in WebhookMessage.objects.all()])
    assert "We look" not in text and cast.customer.name not in text


@pytest.mark.django_db
def test_what_is_undone_is_not_told(cast: Cast) -> None:
    listen(cast)
    with pytest.raises(RuntimeError), transaction.atomic():
        cast.complaint()
        raise RuntimeError
    assert not WebhookMessage.objects.exists()


@pytest.mark.django_db
def test_without_a_webhook_nothing_is_asked_or_written(cast: Cast) -> None:
    """As many queries as before there were webhooks; with one, no more on PostgreSQL and one insert on SQLite."""

    def cost() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            file(Filing("email", "Subject", "Text", owner=cast.agent), by=Actor.person(cast.agent), at=clock.now())
        return [query["sql"] for query in asked]

    cost()  # fills the caches
    before = cost()
    assert not [sql for sql in before if "webhook" in sql]
    assert not WebhookMessage.objects.exists()
    listen(cast)
    emit.listened_to()
    cost()
    emit.listened_to()
    after = cost()
    inserts = [sql for sql in after if "core_webhook" in sql]
    assert len(inserts) == 1 and "INSERT" in inserts[0]
    assert len(after) <= len(before) + (connection.vendor == "sqlite")
    assert WebhookMessage.objects.count() == 2


@pytest.mark.django_db
def test_only_the_types_that_somebody_wants_are_written(cast: Cast) -> None:
    listen(cast, "complaint.closed")
    cast.complaint()
    assert not WebhookMessage.objects.exists()
    listen(cast, "complaint.filed")
    cast.complaint()
    webhook_delivery.spread(at=clock.now())
    assert WebhookMessage.objects.get().type == "complaint.filed"
    assert WebhookDelivery.objects.get().webhook.events == ["complaint.filed"]


@pytest.mark.django_db
def test_a_missed_deadline_is_told_however_it_is_noticed(cast: Cast) -> None:
    """The sweep writes its trail in SQL on PostgreSQL."""
    with clock.frozen(MONDAY):
        listen(cast, "complaint.breached", "complaint.deadline_near")
        complaint = cast.complaint()
        due = Clock.objects.filter(complaint=complaint).order_by("due_at")[0].due_at
    late = due + timedelta(minutes=1)
    with clock.frozen(late):
        sweep(at=late)
    told = WebhookMessage.objects.get(type="complaint.breached")
    entry = TrailEntry.objects.get(kind="sla.breached", subject_id=complaint.pk)
    assert (told.subject_kind, told.subject_id, told.seq) == ("complaint", complaint.pk, entry.seq)
    payload = json.loads(told.payload)
    assert payload["data"] == {"reference": complaint.reference}
    assert payload["timestamp"] == entry.at.isoformat().replace("+00:00", "Z")


@pytest.mark.django_db
def test_a_process_that_had_not_heard_of_a_webhook_loses_nothing(cast: Cast) -> None:
    """For some seconds another process may not know: what it left out is made good from the trail, once."""
    cast.complaint()  # before anybody listened
    listen(cast, "complaint.filed", "customer.created")
    at = clock.now()
    emit.listened_to._value, emit.listened_to._until = frozenset(), float("inf")  # that other process
    missed = cast.complaint()
    assert not WebhookMessage.objects.exists()
    assert webhook_delivery.waiting(at=at)
    for _worker in range(2):
        webhook_delivery.spread(at=clock.now())
    assert [one.reference for one in WebhookMessage.objects.all()] == [missed.reference]
    assert WebhookDelivery.objects.count() == 1
    cached.clear_all()
    told = cast.complaint()
    webhook_delivery.spread(at=clock.now())
    assert sorted(one.reference for one in WebhookMessage.objects.all()) == sorted([missed.reference, told.reference])


@pytest.mark.django_db
def test_new_events_are_wanted_from_now_on_and_what_was_written_before_goes_out(cast: Cast) -> None:
    webhook, _secret = webhooks.create(URL, events=["complaint.filed"], by=Actor.person(cast.admin), at=clock.now())
    complaint = cast.complaint()
    webhooks.change(webhook, {"events": ["complaint.closed"]}, by=Actor.person(cast.admin), at=clock.now())
    assert WebhookDelivery.objects.get().message.reference == complaint.reference


@pytest.mark.django_db
def test_imports_tell_nobody(cast: Cast) -> None:
    listen(cast)
    with transaction.atomic():
        find_or_make("shop", ["c-1", "c-2"], by=Actor.system("import"), at=clock.now())
    webhook_delivery.spread(at=clock.now())
    assert TrailEntry.objects.filter(kind="customer.created", actor_label="import").count() == 2
    assert not WebhookMessage.objects.exists()


@pytest.mark.django_db
def test_what_changes_about_webhooks_is_on_the_trail_and_told_to_nobody(cast: Cast) -> None:
    admin = Actor.person(cast.admin)
    webhook, _secret = webhooks.create(URL, by=admin, at=clock.now())
    webhooks.change(webhook, {"description": "Chat"}, by=admin, at=clock.now())
    webhooks.roll_secret(webhook, by=admin, at=clock.now())
    webhooks.test(webhook, by=admin, at=clock.now())
    webhooks.disable(webhook, by=admin, at=clock.now())
    webhooks.enable(webhook, by=admin, at=clock.now())
    webhooks.remove(webhook, by=admin, at=clock.now())
    kinds = [entry.kind.partition(".")[2] for entry in trail.of(webhook)]
    assert kinds == ["created", "changed", "secret_rolled", "tested", "disabled", "enabled", "removed"]
    assert [one.type for one in WebhookMessage.objects.all()] == [events.TEST]
