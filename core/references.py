"""Random names for things outsiders see: complaint references and status links."""

import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

# No 0 O 1 I L U: read over the phone without a mistake, and no words come out by accident.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_SALT = "amends.status-link"


def new_reference(prefix: str = "AM") -> str:
    """A random reference such as `AM-4F7K-2M9Q`: 39 bits, unique by the database, not guessable in a row."""
    draw = [ALPHABET[byte % 30] for byte in secrets.token_bytes(8)]
    return f"{prefix}-{''.join(draw[:4])}-{''.join(draw[4:])}"


def status_token(reference: str) -> str:
    """The long random part of the status link: reference and a 128-bit MAC of it. Nothing is stored."""
    return f"{reference}-{_mac(reference)}"


def reference_of(token: str) -> str | None:
    """The reference a status link names, or None if the link was not made by us."""
    reference, _, mac = token.rpartition("-")
    if reference and constant_time_compare(mac, _mac(reference)):
        return reference
    return None


def return_code(reference: str) -> str:
    """A code short enough to write down (49 bits), shown once to somebody who complains without a name."""
    digest = salted_hmac(_SALT + ".code", reference, algorithm="sha256").digest()
    draw = [ALPHABET[byte % 30] for byte in digest[:10]]
    return f"{''.join(draw[:5])}-{''.join(draw[5:])}"


def reference_for_code(reference: str, code: str) -> str | None:
    """The reference if the return code belongs to it, else None."""
    clean = code.strip().upper().replace(" ", "")
    return reference if constant_time_compare(clean.replace("-", ""), return_code(reference).replace("-", "")) else None


def _mac(reference: str) -> str:
    return salted_hmac(_SALT, reference, algorithm="sha256").hexdigest()[:32]
