"""Who rests on a calendar. The floors above say so (complaints: policies, rule packs, previews of a draft) when the app
is ready; the ground floor knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable

Uses = Callable[[int], list[str]]
Release = Callable[[int], None]
_uses: list[Uses] = []
_releases: list[Release] = []


def register(uses: Uses, release: Release) -> None:
    """`uses(calendar id)` names what needs the calendar now, in words; `release(version id)` lets go of what hangs on
    a draft that is about to be discarded, or raises DomainError. Registering twice does no harm."""
    if uses not in _uses:
        _uses.append(uses)
    if release not in _releases:
        _releases.append(release)


def of(calendar_id: int) -> list[str]:
    """What uses the calendar now, in words of the active language."""
    return [name for uses in _uses for name in uses(calendar_id)]


def release(version_id: int) -> None:
    """Before a draft goes."""
    for one in _releases:
        one(version_id)
