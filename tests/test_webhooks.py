"""Webhooks through both doors: the API and the settings pages, for administrators alone (interface.md; issue)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core import cached, clock, trail
from core.actions import webhook_delivery
from core.models import IdempotencyKey, Webhook, WebhookDelivery
from core.webhooks.courier import Outcome
from tests.cast import Cast, make_cast
from tests.test_settings_people import signed_in
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
URL = "https://93.184.215.14/hook"  # never called
BASE = "/api/v1/webhooks/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


@pytest.fixture
def api(cast: Cast, client: Any) -> Any:
    """`api("post", path, body)`: as an administrator with every scope."""
    headers = bearer(cast.admin)

    def call(method: str, path: str, body: Any = None, **more: str) -> Any:
        send = getattr(client, method)
        if body is None:
            return send(path, headers={**headers, **more})
        return send(path, json.dumps(body), content_type="application/json", headers={**headers, **more})

    return call


def made(api: Any, **more: Any) -> dict[str, Any]:
    answer = api("post", BASE, {"url": URL, **more})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def nonce_in(page: Any) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_the_secret_is_shown_once_and_replayed_without_being_stored_openly(api: Any) -> None:
    body = {"url": URL, "description": "CRM", "events": ["complaint.filed", "complaint.closed"]}
    first = api("post", BASE, body, **{"Idempotency-Key": "crm"})
    again = api("post", BASE, body, **{"Idempotency-Key": "crm"})
    secret = first.json()["secret"]
    assert first.status_code == 201 and SECRET.fullmatch(secret)
    assert again.json() == first.json() and again["Idempotent-Replayed"] == "true"
    assert Webhook.objects.count() == 1
    assert secret not in IdempotencyKey.objects.get().answer
    path = first["Location"].partition("testserver")[2]
    shown = api("get", path)
    assert shown.json() == {name: value for name, value in first.json().items() if name != "secret"}
    assert secret not in api("get", BASE).content.decode()
    assert first["Cache-Control"] == "no-store"


def test_a_webhook_is_changed_disabled_enabled_and_removed(api: Any) -> None:
    one = made(api, description="CRM")
    path = f"{BASE}{one['id']}/"
    assert api("patch", path, {"description": "Chat"}).status_code == 428
    changed = api("patch", path, {"description": "Chat", "events": ["complaint.closed"]}, **{"If-Match": '"1"'})
    assert changed.status_code == 200 and changed.json()["events"] == ["complaint.closed"]
    assert api("patch", path, {"description": "x"}, **{"If-Match": '"1"'}).status_code == 412
    tag = changed["ETag"]
    off = api("patch", path, {"state": "disabled"}, **{"If-Match": tag}).json()
    assert (off["state"], off["disabled_because"]) == ("disabled", "by_hand")
    assert api("post", f"{path}test/", {}).json()["code"] == "webhook_disabled"
    on = api("patch", path, {"state": "active"}, **{"If-Match": "*"}).json()
    assert (on["state"], on["disabled_because"]) == ("active", None)
    assert api("delete", path).status_code == 204 and api("get", path).status_code == 404
    webhook = Webhook(pk=int(one["id"]))
    kinds = [entry.kind.removeprefix("webhook.") for entry in trail.of(webhook)]
    assert kinds == ["created", "changed", "disabled", "enabled", "removed"]


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "required", "/url"),
        ({"url": URL, "events": ["complaint.exploded"]}, "unknown_event", "/events"),
        ({"url": URL, "secret": "whsec_mine"}, "unknown_field", "/secret"),
        ({"url": 1}, "not_a_string", "/url"),
        ({"url": "http://10.0.0.1/"}, "address_not_allowed", "/url"),
    ],
)
def test_wrong_input_is_refused_with_its_place(api: Any, body: Any, code: str, pointer: str) -> None:
    answer = api("post", BASE, body)
    assert answer.status_code == 400
    assert [(one["code"], one["pointer"]) for one in answer.json()["errors"]] == [(code, pointer)]
    assert not Webhook.objects.exists()


def test_a_test_event_its_delivery_and_its_redelivery(api: Any) -> None:
    one = made(api)
    sent = api("post", f"{BASE}{one['id']}/test/", {})
    assert sent.status_code == 201 and sent.json()["state"] == "pending"
    payload = json.loads(sent.json()["payload"])
    assert payload["type"] == "webhook.test" and payload["data"] == {"webhook": one["id"]}
    webhook_delivery.run(send=lambda *_what: Outcome(500, "refused", excerpt="Traceback", ms=12))
    path = f"/api/v1/webhook-deliveries/{sent.json()['id']}/"
    shown = api("get", path).json()
    assert (shown["state"], shown["status"], shown["error"], shown["attempts"]) == ("pending", 500, "refused", 1)
    assert [(each["number"], each["excerpt"], each["duration_ms"]) for each in shown["log"]] == [(1, "Traceback", 12)]
    assert api("post", f"{path}redelivery/", {}).json()["message"] == shown["message"]
    webhook_delivery.run(send=lambda *_what: Outcome(200, ""))
    assert api("get", path).json()["state"] == "delivered"
    health = api("get", f"{BASE}{one['id']}/").json()
    assert health["consecutive_failures"] == 0 and health["last_delivered_at"] and health["last_failed_at"]


def test_deliveries_are_found_by_what_they_are(api: Any, cast: Cast) -> None:
    one = made(api, events=["complaint.filed"])
    complaint, _other = cast.complaint(), cast.complaint()
    webhook_delivery.run(send=lambda *_what: Outcome(200, ""))
    base = "/api/v1/webhook-deliveries/"
    for asked, count in (
        (f"?webhook={one['id']}", 2),
        ("?webhook=999", 0),
        (f"?reference={complaint.reference}", 1),
        ("?state=delivered", 2),
        ("?state=failed", 0),
        ("?type=complaint.filed", 2),
        ("?type=complaint.closed", 0),
        ("?page_size=1", 1),
    ):
        assert len(api("get", base + asked).json()["results"]) == count, asked
    assert api("get", f"{base}?state=lost").status_code == 400
    assert api("get", f"{base}?colour=red").status_code == 400


def test_all_that_failed_since_is_sent_again(api: Any, cast: Cast) -> None:
    one = made(api, events=["complaint.filed"])
    cast.complaint()
    webhook_delivery.spread(at=clock.now())
    WebhookDelivery.objects.update(state="failed")
    since = (clock.now() - timedelta(hours=1)).isoformat()
    answer = api("post", f"{BASE}{one['id']}/redelivery/", {"since": since})
    assert answer.json() == {"redelivered": 1}
    naive = api("post", f"{BASE}{one['id']}/redelivery/", {"since": "2026-03-02T09:00:00"})
    assert naive.status_code == 400 and naive.json()["code"] == "timezone_required"


def test_a_rolled_secret_is_another_one(api: Any) -> None:
    one = made(api)
    rolled = api("post", f"{BASE}{one['id']}/secret/", {"overlap_hours": 2}).json()
    assert SECRET.fullmatch(rolled["secret"]) and rolled["secret"] != one["secret"]
    assert rolled["previous_secret_until"] is not None
    assert api("post", f"{BASE}{one['id']}/secret/", {"overlap_hours": 0}).json()["previous_secret_until"] is None
    assert api("post", f"{BASE}{one['id']}/secret/", {"overlap_hours": 169}).status_code == 400


def test_only_administrators_with_the_scope(api: Any, cast: Cast, client: Any) -> None:
    one = made(api)
    paths = [BASE, f"{BASE}{one['id']}/", "/api/v1/webhook-deliveries/"]
    for role in ("agent", "lead", "manager"):
        headers = bearer(cast.people()[role])
        assert [client.get(path, headers=headers).status_code for path in paths] == [403] * 3
        assert signed_in(cast.people()[role]).get("/settings/webhooks/").status_code == 403
    reading = bearer(cast.admin, "webhooks:read")
    assert [client.get(path, headers=reading).status_code for path in paths] == [200, 200, 403]
    body = json.dumps({"url": URL})
    assert client.post(BASE, body, content_type="application/json", headers=reading).status_code == 403
    assert client.get(BASE).status_code == 401


def test_the_pages_add_show_test_send_again_roll_and_remove(cast: Cast) -> None:
    """The whole way without JavaScript."""
    browser = signed_in(cast.admin)
    assert "No webhooks yet" in browser.get("/settings/webhooks/").content.decode()
    new = "/settings/webhooks/new/"
    form = {"url": URL, "description": "<b>CRM</b>", "reach": "some", "events": ["complaint.filed"]}
    wrong = browser.post(new, {**form, "url": "https://127.0.0.1/", "nonce": nonce_in(browser.get(new))})
    assert wrong.status_code == 422 and "may not be sent to this address" in wrong.content.decode()
    nonce = nonce_in(browser.get(new))
    added = browser.post(new, {**form, "nonce": nonce})
    assert added.status_code == 200 and SECRET.search(added.content.decode()) and added["Cache-Control"] == "no-store"
    assert browser.post(new, {**form, "nonce": nonce}).status_code == 302 and Webhook.objects.count() == 1
    one = Webhook.objects.get()
    here = f"/settings/webhooks/{one.pk}/"
    assert "&lt;b&gt;CRM&lt;/b&gt;" in browser.get("/settings/webhooks/").content.decode()
    cast.complaint()
    sent = browser.post(f"{here}test/", {"nonce": nonce_in(browser.get(here))})
    webhook_delivery.run(send=lambda *_what: Outcome(500, "refused", excerpt="<script>x</script>"))
    page = browser.get(sent["Location"]).content.decode()
    assert "webhook.test" in page and "it did not take it" in page and "<script>x" not in page
    again = browser.post(f"{sent['Location']}redelivery/", {"nonce": nonce_in(browser.get(sent["Location"]))})
    assert again.status_code == 302 and WebhookDelivery.objects.get(message__type="webhook.test").tries == 0
    shown = browser.get(here).content.decode()
    assert "Deliveries fail" in shown and "complaint.filed" in shown
    assert "webhook.test" in browser.get(f"{here}?state=pending").content.decode()
    WebhookDelivery.objects.update(state="failed")
    since = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    browser.post(f"{here}redelivery/", {"nonce": nonce_in(browser.get(here)), "since": since})
    assert not WebhookDelivery.objects.filter(state="failed").exists()
    edit = f"{here}edit/"
    page = browser.get(edit)
    version = re.search(r'name="version" value="(\d+)"', page.content.decode())
    assert version
    saved = {"url": URL, "description": "Chat", "reach": "all", "version": version[1]}
    assert browser.post(edit, {**saved, "nonce": nonce_in(page)}).status_code == 302
    stale = browser.post(edit, {**saved, "description": "Late", "nonce": nonce_in(browser.get(edit))})
    assert stale.status_code == 409 and "Chat" in stale.content.decode()
    one.refresh_from_db()
    assert (one.description, one.events) == ("Chat", [])
    rolled = browser.post(f"{here}secret/", {"hours": "24", "nonce": nonce_in(browser.get(f"{here}secret/"))})
    assert SECRET.search(rolled.content.decode()) and "signs too until" in rolled.content.decode()
    for path, state in ((f"{here}state/", "disabled"), (f"{here}state/", "active")):
        browser.post(path, {"nonce": nonce_in(browser.get(here))})
        one.refresh_from_db()
        assert one.state == state
    gone = browser.post(f"{here}removal/", {"nonce": nonce_in(browser.get(here))})
    assert gone.status_code == 302 and not Webhook.objects.exists() and browser.get(here).status_code == 404
