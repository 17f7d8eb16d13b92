"""Where a request comes from, for throttles and the security log."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The caller's address, None when unknown; an IPv6 one as its /64 network: one caller has all of that.

    `X-Forwarded-For` counts only with TRUST_PROXY, and then only what our own proxy appended: the last entry.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if getattr(settings, "TRUST_PROXY", False):
        text = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or text
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
