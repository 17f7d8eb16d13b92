"""Reading the stream of events as a signed-in person does."""

from __future__ import annotations

from typing import Any

from django.test import Client

from core.models import User

STREAM = "/api/v1/events/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(user: User, path: str = STREAM, **given: str) -> Any:
    return client_of(user).get(path, given)


def shown(user: User, path: str = STREAM, **given: str) -> list[dict[str, Any]]:
    answer = ask(user, path, page_size="200", **given)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found
