"""The page of the guide that lists every code, docs/api/errors.md, made of core.api.words.codes (`make schema`)."""

from __future__ import annotations

from core.api.words.codes import sections

ABOVE = """\
# Errors

<!-- Made by `make schema` from core/api/words/codes.py; a test compares the two, and both with the source. -->

Every refusal is a problem (see [conventions.md](conventions.md#errors)). Build on `code`: it stays as it is, while
`title`, `detail` and `message` are for people and follow `Accept-Language`. `errors` names every field or parameter
that is wrong, each with a code of its own. New codes may come: treat one you do not know as its status says.

| status | means | send the same again? |
|---|---|---|
| 400 | the input is wrong | no: correct it |
| 401, 403 | who calls is not known, or may not | no: another token, or another role |
| 404 | it is not there, or not yours to see | no |
| 409 | a rule of the product says no now | when what it names is done |
| 410 | it is gone for good | no |
| 412, 428 | `If-Match` is stale, or missing | after reading it again |
| 413, 415, 422 | too large, not JSON, a key used twice | no: correct it |
| 429, 503 | too often, or busy; nothing was written | yes, after `Retry-After` seconds, under the same key |

The same table stands in the OpenAPI document, as `x-codes` of `Problem.code`; a 409 there names the codes that its
operation is known to give.
"""


def errors_page() -> str:
    """docs/api/errors.md."""
    parts = [ABOVE]
    for heading, rows in sections():
        lines = [f"| `{code}` | {words.status} | {words.means} | {words.do} |" for code, words in rows]
        parts.append("\n".join((f"\n## {heading}", "| code | status | means | do |", "|---|---|---|---|", *lines, "")))
    return "".join(parts)
