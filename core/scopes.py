"""What a token may be narrowed to: `<resource>:read|write`, or `all` (interface, REST API; case F09)."""

from __future__ import annotations

from collections.abc import Iterable

READ, WRITE, ALL = "read", "write", "all"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# The resources of the contract, also those whose issue has not come: their names are taken.
RESOURCES = (
    "complaints",
    "customers",
    "purchases",
    "charges",
    "payments",
    "channels",
    "complaint-types",
    "root-causes",
    "teams",
    "agents",
    "absences",
    "routing-rules",
    "calendars",
    "sla-policies",
    "rule-packs",
    "playbooks",
    "articles",
    "promises",
    "remedies",
    "payouts",
    "authority",
    "themes",
    "corrective-actions",
    "follow-ups",
    "offers",
    "loyalty-entries",
    "referrals",
    "surveys",
    "survey-responses",
    "macros",
    "webhooks",
    "webhook-deliveries",
    "events",
    "notifications",
    "metrics",
    "imports",
    "exports",
    "drafts",
    "incidents",
    "views",
    "users",
    "organisation",
    "tokens",
    "mail",
    "account",
)
SCOPES = (ALL, *(f"{resource}:{right}" for resource in RESOURCES for right in (READ, WRITE)))
_KNOWN = frozenset(SCOPES)


def needed(resource: str, method: str) -> str:
    """The scope a request of `method` on `resource` needs."""
    return f"{resource}:{READ if method in SAFE_METHODS else WRITE}"


def covers(held: frozenset[str], scope: str) -> bool:
    """Whether the scopes held include `scope`. Who may write a resource may read it."""
    if ALL in held or scope in held:
        return True
    resource, _, right = scope.partition(":")
    return right == READ and f"{resource}:{WRITE}" in held


def unknown(scopes: Iterable[str]) -> list[str]:
    """Those of `scopes` that do not exist, in order."""
    return [scope for scope in scopes if scope not in _KNOWN]
