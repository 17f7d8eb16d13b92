"""The signed stamp in a public form: which form it is (a nonce), when it was opened, from where (a digest).

It tells a double click from a second complaint and a script from a person; it holds no secret. Nothing is stored.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core import signing

SALT = "amends.form-stamp"
HASTE = timedelta(seconds=3)  # faster than anybody types, and with a link in it: doubtful
AGE = timedelta(days=1)  # shorter than idempotency answers are kept (core.actions.upkeep)


@dataclass(frozen=True, slots=True)
class Stamp:
    nonce: str
    opened_at: datetime
    origin: str

    @classmethod
    def new(cls, origin: str, *, at: datetime) -> Stamp:
        return cls(secrets.token_urlsafe(12), at.replace(microsecond=at.microsecond // 1000 * 1000), origin)

    def again(self, origin: str, *, at: datetime) -> Stamp:
        """A new stamp for somebody who has been reading for a while: not hasty at once."""
        return Stamp.new(origin, at=at - HASTE)

    def hasty(self, at: datetime) -> bool:
        return at - self.opened_at < HASTE

    def stale(self, at: datetime) -> bool:
        return at - self.opened_at > AGE or self.opened_at - at > HASTE

    def __str__(self) -> str:
        milliseconds = int(self.opened_at.timestamp() * 1000)
        return signing.Signer(salt=SALT).sign(f"{self.nonce}.{milliseconds}.{self.origin}")


def read(text: str) -> Stamp | None:
    """The stamp, or None for what we have not signed."""
    try:
        nonce, milliseconds, origin = signing.Signer(salt=SALT).unsign(text).split(".")
        return Stamp(nonce, datetime.fromtimestamp(int(milliseconds) / 1000, UTC), origin)
    except (signing.BadSignature, ValueError, OverflowError, OSError):
        return None
