"""What a token looks like and what is stored of it."""

from __future__ import annotations

import hashlib
import re
import secrets

PREFIX = "amends_"
PATTERN = re.compile(r"amends_[A-Za-z0-9_-]{43}", re.ASCII)
HINT = 12  # characters shown afterwards, so that people can tell tokens apart


def new_token() -> str:
    """A new token of 256 random bits; the prefix lets secret scanners find it."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(plain: str) -> str:
    """What is stored of a token: 256 random bits need no slow hash (performance.md, Creation)."""
    return hashlib.sha256(plain.encode()).hexdigest()
