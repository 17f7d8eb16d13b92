"""The pages of a draft of the SLA policies, as tests open and press them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from complaints.models import SlaPolicy, SlaVersion

HOUR = 3600
DRAFT = "/settings/sla/draft/"


def worked(n: int) -> dict[str, Any]:
    return {"kind": "working_seconds", "value": n * HOUR}


def of(draft: SlaVersion) -> list[SlaPolicy]:
    return list(SlaPolicy.objects.filter(version=draft).order_by("position"))


def path_of(policy: SlaPolicy, more: str = "") -> str:
    return f"{DRAFT}policies/{policy.pk}/{more}"


def press(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"nonce": fields.pop("nonce", ""), **fields})


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()
