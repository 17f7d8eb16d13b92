"""Every code of an error: its statuses, what it means, and what to do. One line each, under the headings of the guide.

`docs/api/errors.md` and `x-codes` of the OpenAPI document are made of it; a test compares it with the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from core.api.words import codes_about_cases, codes_about_settings


class CodeWords(NamedTuple):
    """`status`: the HTTP statuses it comes with, such as "400" or "400, 409"."""

    status: str
    means: str
    do: str


REQUESTS = """
# Who calls
csrf_failed | 403 | A session of the browser without its CSRF token. | Send `X-CSRFToken`, or use a token.
insufficient_scope | 403 | The token lacks the scope that `WWW-Authenticate` names. | Issue a token with that scope.
invalid_token | 401 | The token is unknown, expired or revoked: all alike. | Issue another one.
not_allowed | 403 | The role of the user does not allow this. | Let somebody do it whose role does.
not_authenticated | 401 | No token and no session. | Send `Authorization: Bearer …`.
token_in_query | 401 | A token stood in the address, where logs keep it. | Send it as `Authorization`; revoke that one.

# How often, and trouble on our side
answer_sealed | 409 | It was done, but its answer cannot be shown any more. | Read what it made.
in_flight | 409 | The first call with this Idempotency-Key still runs, or an attempt is under way. | Wait \
`Retry-After`, then send it again.
internal | 500 | A mistake of ours; nothing was written. | Tell us the `request_id`.
rate_limited | 429 | More requests in a minute than are allowed. | Wait `Retry-After` seconds.
throttled | 429 | More public filings from one place than are taken. | Wait `Retry-After` seconds.
too_many_failures | 429 | Too many failed attempts to sign in. | Wait `Retry-After` seconds.
too_many_requests | 429 | More requests than are allowed. | Wait `Retry-After` seconds.
too_many_uploads | 429 | More files in a short time than one place may send, or keeps without using them. | Wait, or \
use them.
unavailable | 503 | The database is busy or out of reach; nothing was written. | Wait `Retry-After`, send it again.

# The request itself
bad_request | 400 | It could not be read. | Look at headers and length of the body.
duplicate_key | 400 | A key stands twice in one JSON object. | Send it once.
idempotency_key_reused | 422 | The Idempotency-Key was used for another request. | Take a fresh key for each thing.
invalid_characters | 400 | NUL or a lone surrogate in a text. | Take it out.
invalid_cursor | 400 | The cursor is not one of this list. | Begin at the first page; never build cursors.
invalid_idempotency_key | 400 | Not 1 to 255 printable ASCII characters without a blank at either end. | A UUID does.
invalid_if_match | 400 | `If-Match` holds no ETag. | Send it as it was given, in its quotes.
invalid_page_size | 400 | Not a whole number from 1 to 200. | Send one.
malformed_form | 400 | No multipart/form-data that can be read. | Let your library build the body.
malformed_json | 400 | No JSON in UTF-8; `detail` names line and column. | Send JSON.
method_not_allowed | 405 | The address does not take this method. | `Allow` names those it takes.
not_acceptable | 406 | Only JSON is answered here. | Send `Accept: application/json` or none.
not_found | 404 | It does not exist, or is not yours to see: the two look the same. | Check the address and the rights.
number_out_of_range | 400 | No database holds this number. | Send one below 2^63.
precondition_failed | 412 | It has changed since the ETag of `If-Match`. | Read it again, then decide.
precondition_required | 428 | `If-Match` is missing. | Send the ETag you have read, or `*`.
range_not_satisfiable | 416 | The range lies behind the end of the file. | You have all of it.
repeated_parameter | 400 | A parameter of the query string that may stand once stands twice. | Send it once.
slash_missing | 404 | The address lacks the slash at its end; nothing is redirected. | End it with a slash.
too_deep | 400 | JSON nested deeper than 32 levels, or a third level of types or causes. | Send fewer levels.
too_large | 413, 400 | The body, or a file in it, is larger than is taken. | Send less at a time.
unknown_expand | 400 | `expand` names what cannot be shown whole here. | `errors` names it.
unknown_field | 400 | There is no such field. | Nothing is ignored: take it out.
unknown_ordering | 400 | The list is not sorted by this. | The message names what it is sorted by.
unknown_parameter | 400 | There is no such parameter. | Nothing is ignored: take it out.
unsupported_content_encoding | 415 | The body came packed. | Send it without Content-Encoding.
unsupported_media_type | 415 | The body is not what the route takes. | `application/json` in UTF-8; files as \
`multipart/form-data`.

# Fields
ambiguous | 400 | Two things say different things about the same. | Send one of them.
amount_out_of_range | 400 | The sum is larger than is taken. | Send a smaller one.
blank | 400 | The text is empty or white space. | Write something, or leave the field out.
duplicate | 400 | The same stands here already. | Leave one of them out.
empty | 400 | The list has to have something in it. | Send at least one.
from_after_to | 400 | The period ends before it begins. | Exchange the two.
in_the_future | 400 | It lies ahead; what happened may lie at most five minutes ahead. | Check the zone and the clock.
in_the_past | 400 | It has passed, and has to lie ahead. | Send a later one.
invalid | 400 | Several things are wrong, or a value is none that is taken. | `errors` names each.
invalid_amount | 400 | No decimal in a string, such as "12.30". | Send the number in quotes, with a dot.
invalid_choice | 400 | There is no such choice. | The schema names those there are.
invalid_date | 400 | No local date such as 2026-03-29, or one out of reach. | Send YYYY-MM-DD.
invalid_datetime | 400 | No instant such as 2026-03-29T14:30:00Z, or an hour that the clocks skip. | Send ISO 8601.
invalid_email | 400 | No e-mail address. | Check it with whom it belongs to.
invalid_id | 400 | No id of ours. | Send it as a string, as it was answered.
invalid_phone | 400 | No telephone number. | Digits, spaces, brackets, hyphens, and a + at the beginning.
invalid_query | 400 | No question to the queue. | Use the filters of GET /complaints/.
invalid_type | 400 | An object of texts by language is expected. | `{"en": "…"}`.
invalid_url | 400 | No address that may be linked. | https://…, or a path of this site.
max_length | 400 | Too long, or too many. | `message` says how much is taken.
max_string_length | 400 | A number with too many digits. | Send fewer.
max_value | 400 | Too large. | `message` says how much is taken.
min_length | 400 | Too short, or too few. | `message` says how much is needed.
min_value | 400 | Too small. | `message` says how much is needed.
negative | 400 | Below zero. | Send zero or more.
not_a_boolean | 400 | Not true or false. | Without quotes.
not_a_dict | 400 | A JSON object is expected. | `{…}`.
not_a_list | 400 | A JSON list is expected. | `[…]`.
not_a_number | 400 | Not a number. | Without quotes.
not_a_quantity | 400 | No whole number and no decimal in a string. | 2, or "0.750".
not_a_string | 400 | Not a string. | In quotes.
not_an_integer | 400 | Not a whole number. | Without quotes and dot.
not_an_object | 400 | A JSON object is expected. | `{…}`.
not_money | 400 | Not money, or not where money is expected. | `{"amount": "12.30", "currency": "EUR"}`.
not_negative | 400 | A limit is not below zero. | Send zero or more.
not_positive | 400 | More than nothing is expected. | Send more than zero.
not_whole | 400 | Points are whole. | Send a whole number.
null | 400 | The field cannot be null. | Leave it out, or send a value.
out_of_range | 400 | Outside the range that `message` names. | Send a value within it.
required | 400 | The field is missing. | Send it.
timezone_required | 400 | An instant without a zone. | End with Z or an offset such as +01:00.
too_long | 400 | The text, or the stretch of time, is too long. | `message` says how much is taken.
too_many | 400, 409 | More than are taken at once, or than there may be. | `message` says how many.
too_many_decimals | 400 | More decimals than the currency has. | Round before you send it.
twice | 400 | The same stands twice in the list. | Send it once.
unknown_code | 400 | None of the values there are; the message names them. | Send one of them.
unknown_currency | 400 | No ISO 4217 code. | EUR, BRL, USD, …
unknown_language | 400 | A language that is not offered. | en, es, pt, it, ru.
unknown_zone | 400 | No time zone of the IANA list. | Europe/Lisbon, America/Sao_Paulo, …
"""


@cache
def codes() -> Mapping[str, CodeWords]:
    """Every code."""
    return {code: words for _heading, rows in sections() for code, words in rows}


def sections() -> Iterator[tuple[str, list[tuple[str, CodeWords]]]]:
    """The headings with their codes, as they are written."""
    heading, rows = "", list[tuple[str, CodeWords]]()
    for line in "".join((REQUESTS, codes_about_cases.TEXT, codes_about_settings.TEXT)).splitlines():
        if line.startswith("# "):
            if rows:
                yield heading, rows
            heading, rows = line.removeprefix("# "), []
        elif line:
            code, status, means, do = line.split(" | ")
            rows.append((code, CodeWords(status, means, do)))
    yield heading, rows
