"""Exports asked for and fetched, by both doors, for tests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from core.models import User
from core.web.once import fresh
from metrics import tasks
from metrics.exporting.resources import RESOURCES
from metrics.models import Export, ExportState
from tests.tokens import bearer

URL = "/api/v1/exports/"
ALL = ("exports:write", *(f"{one.scope}:read" for one in RESOURCES.values()))


def call(user: User, method: str, path: str = URL, body: Any = None, *, scopes: Any = ALL, **headers: str) -> Any:
    more = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
    return getattr(Client(), method)(path, **more, headers={**bearer(user, *scopes), **headers})


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_api(user: User, resource: str, format: str = "jsonl", **more: Any) -> Export | int:
    answer = call(user, "post", body={"resource": resource, "format": format, **more})
    if answer.status_code != 202:
        return int(answer.status_code)
    found = Export.objects.get(pk=answer.json()["id"])
    assert answer["Location"].endswith(f"{URL}{found.pk}/")
    return found


def by_web(user: User, resource: str, format: str = "jsonl", **more: Any) -> Export | int:
    filters = "&".join(f"{name}={value}" for name, value in more.get("filters", {}).items())
    body = {"resource": resource, "format": format, "filters": filters, "columns": ", ".join(more.get("fields", ()))}
    answer = browser(user).post("/settings/exports/", {**body, "nonce": fresh()})
    if answer.status_code != 302:
        return int(answer.status_code)
    return Export.objects.get(pk=int(answer["Location"].rstrip("/").rpartition("/")[2]))


def fetch_api(user: User, export: Export, **headers: str) -> Any:
    return call(user, "get", f"{URL}{export.pk}/content/", **headers)


def fetch_web(user: User, export: Export, **headers: str) -> Any:
    return browser(user).get(f"/settings/exports/{export.pk}/content/", headers=headers)


DOORS = pytest.mark.parametrize(("door", "fetch"), [(by_web, fetch_web), (by_api, fetch_api)], ids=["browser", "api"])


def text_of(answer: Any) -> str:
    assert answer.status_code in (200, 206), answer.status_code
    return b"".join(answer.streaming_content).decode()


def objects(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text_of(answer).splitlines()]


def written(user: User, resource: str, format: str = "jsonl", **more: Any) -> Export:
    """One that is finished."""
    export = by_api(user, resource, format, **more)
    assert isinstance(export, Export), export
    assert tasks.run_exports() == 1
    export.refresh_from_db()
    assert export.state == ExportState.DONE, export.failure
    return export
