"""Signatures as Standard Webhooks describes them: HMAC-SHA256 over id, timestamp and body, two while a secret rolls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret, 256 random bits, as receivers' libraries take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(message_id: str, body: str, *, secrets: Iterable[str], at: datetime) -> dict[str, str]:
    """The three headers of an attempt made at `at` (UTC): `webhook-timestamp` is of the attempt, not of the event."""
    seconds = str(int(at.timestamp()))
    signed = f"{message_id}.{seconds}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_mac(secret, signed)}" for secret in secrets),
    }


def _mac(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
