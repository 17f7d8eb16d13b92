"""Secrets that the product itself must read again: kept encrypted with a key made from SECRET_KEY.

Fernet (AES-128-CBC and HMAC-SHA256). Keys of SECRET_KEY_FALLBACKS still open what they closed, so that the key
can be changed; whoever has only the database has no secret.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PURPOSE = b"amends secrets at rest 1\0"


class Unreadable(Exception):
    """It was closed with a key that is no longer among ours."""


def close(text: str) -> str:
    """The text as it is stored."""
    return _keys().encrypt(text.encode()).decode()


def open_(stored: str) -> str:
    """The text again. Raises Unreadable."""
    try:
        return _keys().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(PURPOSE + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
