"""Limits for tests: `publish(AuthorityLimit(holder="role", role="agent", per_complaint=Decimal(100)), ...)`."""

from __future__ import annotations

from complaints.models import AuthorityLimit, AuthorityVersion
from core import cached, clock


def publish(*limits: AuthorityLimit) -> list[AuthorityLimit]:
    """These and nothing else are in force from now on."""
    now = clock.now()
    last = AuthorityVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
    version = AuthorityVersion.objects.create(number=last + 1, created_at=now)
    for position, limit in enumerate(limits):
        limit.version, limit.position = version, position
        limit.save()
    version.published_at = now
    version.save()
    cached.clear_all()
    return list(limits)
