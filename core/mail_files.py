"""Files that go with a mail: the ground floor sends them, a floor above knows where they are.

register("message", files_of)     # in AppConfig.ready(); gets the outbox row, says what goes with it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.models import OutboxMessage


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that goes with the mail itself."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Files:
    """`enclosed` go along; `linked` (name, size in words) are too large or gone: the mail says where they are."""

    enclosed: list[Enclosed] = field(default_factory=list)
    linked: list[tuple[str, str]] = field(default_factory=list)


Finder = Callable[[OutboxMessage], Files]
_finders: dict[str, Finder] = {}


def register(template: str, finder: Finder) -> None:
    """Ask `finder` what goes with mails of this template."""
    _finders[template] = finder


def of(message: OutboxMessage) -> Files:
    """What goes with this mail. Query cost: that of its finder, none without files."""
    finder = _finders.get(message.template)
    return finder(message) if finder is not None else Files()
