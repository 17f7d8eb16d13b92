"""The doors to an action: the browser's form and the API. Tests of actions run through each (house, Tests).

    @pytest.mark.parametrize("door", DOORS, ids=str)
    def test_closing(door, cast): assert door(cast.agent, complaint, "closure").status == 200

`fields` are the names of the API's body (interface.md); the browser's form takes the same names. `undo=True`: DELETE.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client

from complaints.models import Complaint
from core.models import User
from tests.tokens import bearer

UNDONE = {
    "snooze": "waking",  # what DELETE undoes over the API has an address of its own in the browser
    "pause": "resumption",
    "merge": "unmerging",
    "incident": "incident/removal",
    "hand-over": "hand-over/withdrawal",
    "escalation": "escalation/withdrawal",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door said. `status`: 200 for done (also a redirect, 201), 422 for wrong input (400), else as answered."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Door:
    """A way to carry out an action on a case as `user`."""

    name: str
    knock: Callable[[User, Complaint, str, dict[str, Any]], Answer]

    def __call__(self, user: User, complaint: Complaint, resource: str, **fields: Any) -> Answer:
        return self.knock(user, complaint, resource, fields)

    def __str__(self) -> str:
        return self.name


def _form(complaint: Complaint, resource: str, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The browser's address and form for what the API's names ask for."""
    if fields.pop("undo", False):
        resource = UNDONE[resource]
    if resource == "messages" and fields.get("direction") == "in":
        resource, fields = "incoming", {"channel": complaint.channel, **fields}
    elif resource == "messages" and "channel" in fields:
        resource = "said"
    if resource == "classification":
        fields = {"type": complaint.type.code, "severity": complaint.severity, **fields}
    fields = {**fields, **fields.pop("refusal", {})}
    return f"/complaints/{complaint.reference}/{resource}/", fields


def _browser(user: User, complaint: Complaint, resource: str, fields: dict[str, Any]) -> Answer:
    client = Client()
    client.force_login(user)
    answer = client.post(*_form(complaint, resource, fields))
    return Answer(200 if answer.status_code == 302 else answer.status_code, answer.content.decode())


def _htmx(user: User, complaint: Complaint, resource: str, fields: dict[str, Any]) -> Answer:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    answer = client.post(*_form(complaint, resource, fields))
    return Answer(answer.status_code, answer.content.decode())


def _api(user: User, complaint: Complaint, resource: str, fields: dict[str, Any]) -> Answer:
    method = "DELETE" if fields.pop("undo", False) else "POST"
    body = json.dumps({name: str(value) if name == "owner" else value for name, value in fields.items()})
    path = f"/api/v1/complaints/{complaint.reference}/{resource}/"
    answer = Client(headers=bearer(user)).generic(
        method, path, "" if method == "DELETE" else body, content_type="application/json"
    )
    status = {201: 200, 204: 200, 400: 422}.get(answer.status_code, answer.status_code)
    return Answer(status, answer.content.decode())


BROWSER = Door("browser", _browser)
HTMX = Door("htmx", _htmx)
API = Door("api", _api)
DOORS = [BROWSER, HTMX, API]
