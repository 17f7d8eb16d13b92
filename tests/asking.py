"""Remedies over the API for tests: `status, answer = ask(user, complaint, "refund", "12.30")`."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from complaints.models import Complaint
from core.models import User
from tests.tokens import bearer

Told = tuple[int, dict[str, Any]]


def send(user: User, path: str, body: dict[str, Any], *, scopes: tuple[str, ...] = ()) -> Told:
    return post(path, body, bearer(user, *scopes))


def post(path: str, body: dict[str, Any], headers: dict[str, str]) -> Told:
    said = Client(headers=headers).post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
    return said.status_code, said.json()


def read(user: User, path: str) -> Told:
    said = Client(headers=bearer(user)).get(f"/api/v1/{path}")
    return said.status_code, said.json()


def ask(user: User, complaint: Complaint, kind: str, amount: Any = None, currency: str = "EUR", **more: Any) -> Told:
    """`amount` of points is their number."""
    body: dict[str, Any] = {"kind": kind, "reason": "Charged twice", **more}
    if amount is not None:
        body |= {"points": amount} if kind == "points" else {"amount": {"amount": amount, "currency": currency}}
    return send(user, f"complaints/{complaint.reference}/remedies/", body)


def decide(user: User, complaint: Complaint, remedy: str, what: str, **body: Any) -> Told:
    """`what`: approval, rejection, withdrawal, revocation."""
    if what in ("rejection", "revocation"):
        body.setdefault("reason", "Not this time")
    return send(user, f"complaints/{complaint.reference}/remedies/{remedy}/{what}/", body)


def code(told: Told) -> str:
    """Of a refusal: that of its first field where it names one, else its own."""
    errors = told[1].get("errors") or [told[1]]
    return str(errors[0]["code"])
