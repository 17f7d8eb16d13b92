"""The link in a survey's mail: the invitation's random key and a MAC of it, as the status link (core.references)."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "amends.survey-link"


def new_key() -> str:
    """A random key of 64 bits, unique by the database."""
    return secrets.token_hex(8)


def token_of(key: str) -> str:
    """The long random part of the link: key and a 128-bit MAC of it. Only the key is stored."""
    return f"{key}-{_mac(key)}"


def key_of(token: str) -> str | None:
    """The key a link names, or None if we did not make the link."""
    key, _, mac = token.rpartition("-")
    return key if key and constant_time_compare(mac, _mac(key)) else None


def url_of(key: str) -> str:
    """The absolute address of the survey's page."""
    return f"{settings.BASE_URL}/survey/{token_of(key)}/"


def stop_url_of(key: str) -> str:
    """The absolute address where whoever was asked says that they want no more surveys."""
    return f"{url_of(key)}stop/"


def one_click_url_of(key: str) -> str:
    """The absolute address that mail programs post to when their reader presses "unsubscribe" (RFC 8058)."""
    return f"{stop_url_of(key)}at-once/"


def _mac(key: str) -> str:
    return salted_hmac(_SALT, key, algorithm="sha256").hexdigest()[:32]
