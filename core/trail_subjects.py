"""How a name that people use leads to the record whose trail is meant.

The floors above register theirs (complaints: a reference) when the app is ready; the ground floor knows none
of them.
"""

from __future__ import annotations

from collections.abc import Callable

Subject = tuple[str, int]
Resolver = Callable[[str], Subject | None]
_resolvers: list[Resolver] = []


def register(resolver: Resolver) -> Resolver:
    """Ask `resolver` for names from now on. Registering twice does no harm."""
    if resolver not in _resolvers:
        _resolvers.append(resolver)
    return resolver


def resolve(name: str) -> Subject | None:
    """The subject of a name, or None. `kind:id` (`team:3`) names any subject directly."""
    kind, separator, number = name.partition(":")
    if separator and number.isascii() and number.isdigit() and len(number) < 19:
        return kind, int(number)
    for resolver in _resolvers:
        if (subject := resolver(name)) is not None:
            return subject
    return None
