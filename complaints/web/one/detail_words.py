"""What was put right in a case's details, in words: from what to what (mission A8; ux, desk 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import languages

LONGEST = 80  # characters of a value; what is longer is only named
NAMES: dict[str, Any] = {
    "subject": gettext_lazy("In one line"),
    "description": gettext_lazy("What happened, in the customer's words"),
    "expectation": gettext_lazy("What they expected"),
    "remedy_sought": gettext_lazy("What would put it right for them"),
    "order_number": gettext_lazy("Order number"),
    "product": gettext_lazy("Product"),
    "lot": gettext_lazy("Lot"),
    "language": gettext_lazy("Language of the customer"),
}


def said(private: Mapping[str, Any]) -> str:
    """The fields of an amendment, short ones with both values; blank once they were erased. No query."""
    return "; ".join(_said(name, *private[name]) for name in NAMES if _is_pair(private.get(name)))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _said(name: str, old: str, new: str) -> str:
    if max(len(old), len(new)) > LONGEST or "\n" in old + new:
        return str(NAMES[name])
    if name == "language":
        old, new = (languages.language_name(one) or one for one in (old, new))
    words = {"name": NAMES[name], "old": old or languages.DASH, "new": new or languages.DASH}
    return _("%(name)s: “%(old)s” → “%(new)s”") % words
