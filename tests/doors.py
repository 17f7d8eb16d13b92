"""The doors to an action: the browser's form and the API. Tests of actions run through each (house, Tests).

    @pytest.mark.parametrize("door", DOORS, ids=str)
    def test_closing(door, cast): assert door(cast.agent, complaint, "closure").status == 200

`fields` are the names of the API's body (interface.md); the browser's form takes the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client

from complaints.models import Complaint
from core.models import User

BROWSER_NAMES = {"messages": lambda fields: "incoming" if fields.get("direction") == "in" else "messages"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door said. `status`: 200 for done (a redirect after a form counts), else as answered."""

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


def _browser(user: User, complaint: Complaint, resource: str, fields: dict[str, Any]) -> Answer:
    client = Client()
    client.force_login(user)
    if resource in BROWSER_NAMES:
        resource = BROWSER_NAMES[resource](fields)
    if resource == "incoming":
        fields = {"channel": complaint.channel, **fields}
    if resource == "classification":
        fields = {"type": complaint.type.code, "severity": complaint.severity, **fields}
    answer = client.post(f"/complaints/{complaint.reference}/{resource}/", fields)
    return Answer(200 if answer.status_code == 302 else answer.status_code, answer.content.decode())


def _htmx(user: User, complaint: Complaint, resource: str, fields: dict[str, Any]) -> Answer:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    if resource in BROWSER_NAMES:
        resource = BROWSER_NAMES[resource](fields)
    if resource == "incoming":
        fields = {"channel": complaint.channel, **fields}
    if resource == "classification":
        fields = {"type": complaint.type.code, "severity": complaint.severity, **fields}
    answer = client.post(f"/complaints/{complaint.reference}/{resource}/", fields)
    return Answer(answer.status_code, answer.content.decode())


BROWSER = Door("browser", _browser)
HTMX = Door("htmx", _htmx)
DOORS = [BROWSER, HTMX]
