"""A promise that goes out with a message: kept with one that waits to be sent, as plain JSON. No Django."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Given:
    """What is promised, by when (UTC)."""

    text: str
    due_at: datetime


def stored(given: Given | None) -> dict[str, str] | None:
    return None if given is None else {"text": given.text, "due_at": given.due_at.isoformat()}


def restored(kept: dict[str, Any] | None) -> Given | None:
    """What `stored` kept."""
    return Given(kept["text"], datetime.fromisoformat(kept["due_at"])) if kept else None
