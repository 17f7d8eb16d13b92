"""Who calls: an integration by its token, or somebody signed in to the browser (case F09)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, models
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from core import clock, rows, scopes, token_text
from core.api.problem import Refusal
from core.models import ApiToken, Team, User

_NOTED_EVERY = 60.0  # seconds between two notes of a token's last use
_noted: dict[int, float] = {}
_TOKEN_FIELDS = ("id", "name", "scopes", "expires_at", "revoked_at", "last_used_at")
Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Token:
    """What a request needs of its token (`request.auth`)."""

    pk: int
    name: str
    scopes: frozenset[str]

    def covers(self, scope: str) -> bool:
        return scopes.covers(self.scopes, scope)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer amends_...`. Query cost: one, and one more a minute to note the use."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        if token_text.PATTERN.search(request.META.get("QUERY_STRING", "")):
            raise AuthenticationFailed(
                _("A token belongs in the Authorization header, never in an address."), "token_in_query"
            )
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _space, plain = header.partition(" ")
        if scheme.lower() != "bearer" or not token_text.PATTERN.fullmatch(plain):
            raise _invalid()
        return look_up(plain)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="amends"'


class BrowserSession(BaseAuthentication):
    """The signed-in session, with CSRF checked on every method that changes something (case F10).

    The token counts in the header `X-CSRFToken` only; `GET account/` tells it.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        plain = request._request
        if settings.SESSION_COOKIE_NAME not in plain.COOKIES or not plain.user.is_authenticated:
            return None
        if reason := _forged(plain):
            raise Refusal(403, "csrf_failed", f"{_('The CSRF check failed.')} {reason}")
        return plain.user, None


def _forged(request: HttpRequest) -> str | None:
    """Why this may come from another site; None when it does not. The body is left for the parsers to read."""
    whole: Any = request
    whole._post, whole._files = QueryDict(), MultiValueDict()  # where the check looks for a form's token
    try:
        check = CSRFCheck(_nothing)
        check.process_request(request)
        return check.process_view(request, _nothing, (), {})  # type: ignore[return-value]  # DRF's gives the reason
    finally:
        del whole._post, whole._files


def look_up(plain: str) -> tuple[User, Token]:
    """The user and token behind `plain`. Raises AuthenticationFailed, alike for unknown, revoked, expired ones."""
    sql, token_converters, user_names, user_converters = _statement(connection.vendor)
    row = _ask_first(sql, [token_text.digest_of(plain)])
    if row is None:
        raise _invalid()
    width = len(_TOKEN_FIELDS)
    pk, name, held, expires_at, revoked_at, last_used_at = _converted(row[:width], token_converters)
    at = clock.now()
    user = rows.loaded(User, user_names, _converted(row[width:-1], user_converters))
    if revoked_at is not None or (expires_at is not None and expires_at <= at) or not user.is_active:
        raise _invalid()
    user.__dict__["led_team_ids"] = [int(key) for key in row[-1].split(",")] if row[-1] else []
    _note_use(pk, last_used_at, at)
    return user, Token(pk, name, frozenset(held))


def _ask_first(sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first question of a request doubles as the check that a kept connection still lives (CONN_HEALTH_CHECKS).

    Nothing has been written yet, so a connection that died is replaced and asked again; what fails then is an outage.
    """
    kept = connection.connection is not None and not connection.in_atomic_block
    if kept:
        connection.health_check_done = True  # type: ignore[attr-defined]  # unknown to the stubs
    try:
        return rows.ask(sql, parameters)
    except (OperationalError, InterfaceError):
        if not kept:
            raise
        connection.close()
        return rows.ask(sql, parameters)


def _nothing(*_arguments: Any) -> Any:
    """The view that the check never calls."""


def _invalid() -> AuthenticationFailed:
    return AuthenticationFailed(_("The token is not valid."), "invalid_token")


@cache
def _statement(vendor: str) -> tuple[str, list[Converter | None], list[str], list[Converter | None]]:
    """One query for token, user and the teams the user leads. Through the ORM it takes ten times as long."""
    quote = connection.ops.quote_name
    tokens, users, teams = (quote(model._meta.db_table) for model in (ApiToken, User, Team))
    token_fields: list[Any] = [ApiToken._meta.get_field(name) for name in _TOKEN_FIELDS]
    user_fields: list[Any] = list(User._meta.concrete_fields)
    columns = [f"t.{quote(f.column)}" for f in token_fields] + [f"u.{quote(f.column)}" for f in user_fields]
    listed = "string_agg(l.id::text, ',')" if vendor == "postgresql" else "group_concat(l.id)"
    active = "l.is_active" if vendor == "postgresql" else "l.is_active = 1"
    sql = (
        f"SELECT {', '.join(columns)}, "  # noqa: S608 - names of our own tables and columns
        f"(SELECT {listed} FROM {teams} l WHERE l.lead_id = u.id AND {active}) "
        f"FROM {tokens} t JOIN {users} u ON u.id = t.user_id WHERE t.digest = %s"
    )
    names = [f.attname for f in user_fields]
    return sql, [_converter(f) for f in token_fields], names, [_converter(f) for f in user_fields]


def _converter(field: models.Field[Any, Any]) -> Converter | None:
    """What the ORM would do to a value read from this column."""
    if isinstance(field, models.JSONField):
        return lambda value: json.loads(value) if isinstance(value, str | bytes) else value
    column = field.get_col(field.model._meta.db_table)
    steps = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    if not steps:
        return None

    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, column, connection)
        return value

    return convert


def _converted(values: Sequence[Any], converters: Sequence[Converter | None]) -> list[Any]:
    return [value if convert is None else convert(value) for value, convert in zip(values, converters, strict=True)]


def _note_use(pk: int, last_used_at: datetime | None, at: datetime) -> None:
    """Note that the token was used, at most once a minute, and never wait for it."""
    if last_used_at is not None and timedelta(0) <= at - last_used_at < timedelta(seconds=_NOTED_EVERY):
        return
    moment = time.monotonic()
    if moment - _noted.get(pk, -_NOTED_EVERY) < _NOTED_EVERY and last_used_at is not None:
        return
    _noted[pk] = moment
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(ApiToken._meta.db_table)
            cursor.execute(
                f"UPDATE {table} SET last_used_at = %s "  # noqa: S608 - our own table's name
                f"WHERE id = (SELECT id FROM {table} WHERE id = %s FOR UPDATE SKIP LOCKED)",
                [at, pk],
            )
        return
    _note_on_sqlite(pk, at)


def _note_on_sqlite(pk: int, at: datetime) -> None:
    """SQLite has one writer at a time: somebody else's turn means we note it at the next request."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        patience = cursor.fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
    try:
        ApiToken.objects.filter(pk=pk).update(last_used_at=at)
    except OperationalError:
        _noted.pop(pk, None)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {int(patience)}")
