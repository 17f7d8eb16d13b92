"""The base of every view of the API: authenticate, check scope and role, parse, call an action, answer.

    class Acknowledgement(ApiView):
        access, resource = Access(roles=frozenset(CASES)), "complaints"
        body, answer = AcknowledgementBody, ComplaintShape

        def post(self, request: Request, reference: str) -> HttpResponse:
            complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
            complaint = acknowledge(complaint, **self.read(request), by=self.actor(request), at=now())
            return self.reply(complaint_dict(complaint))

A view without `access`, or with neither `resource` nor public access, answers nobody (core.api.permissions).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.db import models
from django.http import Http404, HttpResponse, QueryDict
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from core.access import Access, refuse_impossible
from core.actor import Actor
from core.api import expanding, idempotency, limits, pagination
from core.api import filters as filtering
from core.api.authentication import BrowserSession, Token, TokenAuthentication
from core.api.bodies import Strict
from core.api.parsing import StrictJSONParser, unreadable
from core.api.permissions import DeclaredAccess
from core.api.problem import FieldError, Refusal, bad_input
from core.api.rendering import AnyFile, ApiRenderer, JsonOnly, answered, reply, to_json
from core.api.schema import ApiSchema
from core.scopes import SAFE_METHODS

if TYPE_CHECKING:
    from core.models import User

Row = TypeVar("Row", bound=models.Model)
security = logging.getLogger("security")
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*")*')
_VERSION = re.compile(r"(\d{1,9})(?:-[0-9a-f]{1,16})?", re.ASCII)


def caller(request: Request) -> User:
    """Who asks. Somebody always does where `access` asks for roles: DeclaredAccess has refused the others."""
    return cast("User", request.user)


class ApiView(APIView):
    """One resource or one state change. POST honours `Idempotency-Key` unless `idempotent` is False; one that is
    `in_parts` commits part by part and keeps its answers itself (core.api.parts).
    `asks_only`: its POST writes nothing, a token that may read may send it. `parameters`: the names its GET takes in
    the query string, others are 400; None: it looks at them itself. `expansions`: what `expand` takes. `fields` every
    GET of one record takes beside them, by what `answer` declares; `row_shape`: where the answer is `results` of
    those, it is they that `fields` narrows. `is_file`: GET answers a file. `file_types`: that of a FileView.

    `body`: the Strict body, or one per method; `answer`: a Serializer that describes the reply (never runs),
    likewise. `success`: the status of the reply where it is not 200 (201 for POST that creates).

    What the document says of it: the docstring of the handler, or of the view where that has none; `does`, by method,
    where the handler is inherited. The first sentence is the summary.
    """

    access: ClassVar[Access | None] = None
    resource: ClassVar[str] = ""
    does: ClassVar[Mapping[str, str]] = {}
    body: ClassVar[type[Strict] | Mapping[str, type[Strict]] | None] = None
    answer: ClassVar[type[Serializer[Any]] | Mapping[str, type[Serializer[Any]]] | None] = None
    success: ClassVar[Mapping[str, int]] = {}
    idempotent: ClassVar[bool] = True
    whole_list: ClassVar[bool] = False  # GET answers all rows in one page
    row_shape: ClassVar[type[Serializer[Any]] | None] = None
    is_file: ClassVar[bool] = False
    file_types: ClassVar[Sequence[str]] = ()
    in_parts: ClassVar[bool] = False
    asks_only: ClassVar[bool] = False
    json_top_level: ClassVar[type | tuple[type, ...]] = dict
    parameters: ClassVar[Collection[str] | None] = ()
    expansions: ClassVar[expanding.Expansions] = {}
    standing: limits.Standing | None = None  # of this request's caller
    only: list[str] | None = None  # what `fields` asks for; None: everything

    authentication_classes = [TokenAuthentication, BrowserSession]
    permission_classes = [DeclaredAccess]
    parser_classes = [StrictJSONParser]
    renderer_classes = [ApiRenderer]
    throttle_classes = []
    versioning_class = None
    content_negotiation_class = JsonOnly
    schema = ApiSchema()
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """DRF's order of events; a POST with an Idempotency-Key runs under it."""
        self.args, self.kwargs = args, kwargs
        self.request = request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            handler = self._handler(request) or self.http_method_not_allowed
            if request.method == "POST" and self.idempotent and not self.in_parts:
                response = idempotency.once(request, lambda: handler(request, *args, **kwargs))
            else:
                response = handler(request, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - handle_exception raises again what is not a refusal
            response = self.handle_exception(exc)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def _handler(self, request: Request) -> Any:
        """What answers the method asked for; None: it is not allowed here."""
        name = (request.method or "").lower()
        return getattr(self, name, None) if name in self.http_method_names else None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who calls and whether they may; then that every parameter means something and the body is not packed."""
        super().initial(request, *args, **kwargs)
        refuse_impossible(kwargs)
        if wrong := unreadable(request.META.get("QUERY_STRING", "")):
            raise bad_input(wrong)
        if (request.META.get("HTTP_CONTENT_ENCODING") or "identity").strip().lower() != "identity":
            detail = _("The body is taken as it is, without Content-Encoding.")
            raise Refusal(415, "unsupported_content_encoding", detail, headers={"Accept-Encoding": "identity"})
        given = request.query_params
        if given and request.method not in SAFE_METHODS and self._handler(request):
            filtering.refuse_unknown(given, ())
        elif given and request.method in ("GET", "HEAD"):
            takes_fields = self.takes_fields()
            if self.parameters is not None:
                filtering.refuse_unknown(given, {*self.parameters, *(["fields"] if takes_fields else [])})
                for name in given:
                    filtering.once(given, name)
            if takes_fields:
                self.only = expanding.named(given, self.narrowable(), self._absent(request))

    def perform_authentication(self, request: Request) -> None:
        """Who calls, and whether that is once too often. Public views answer whoever calls; a bad token is then no
        reason to refuse."""
        plain = request._request
        if self.access is not None and self.access.public:
            self.count(limits.of_address(plain))
            return
        limits.refuse_guessing(plain)
        try:
            super().perform_authentication(request)
        except APIException:
            self.count(limits.of_address(plain))
            raise
        if isinstance(request.auth, Token):
            limits.note_good(plain)
            self.count(f"token:{request.auth.pk}")
        elif request.user.is_authenticated:
            self.count(f"user:{request.user.pk}")
        else:
            self.count(limits.of_address(plain))

    def count(self, caller: str) -> None:
        """Count this request. Raises Refusal 429 when it is one too many (core.api.limits)."""
        self.standing = limits.count(caller)
        if self.standing is not None:
            self.standing.refuse_beyond()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, ("Accept", "Authorization", "Cookie"))
        response.headers.setdefault("Cache-Control", "private, no-cache")
        if self.standing is not None:
            for name, value in self.standing.headers().items():
                response.headers[name] = value
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The methods allowed, without a body."""
        return HttpResponse(status=204)

    # What views use

    def actor(self, request: Request) -> Actor:
        """Who calls, for the `by` of an action."""
        return Actor.of(request)

    def read(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """The values of the declared body. Raises ValidationError (400) with every bad field."""
        body = self.body.get(request.method or "") if isinstance(self.body, Mapping) else self.body
        if body is None:
            raise TypeError(f"{type(self).__name__} declares no body for {request.method}")
        return body.read(request.data, partial=partial)

    def find(self, rows: models.QuerySet[Row], **lookup: Any) -> Row:
        """The one row, or 404: the same whether it is missing or not visible (case F07). One query."""
        return self.there(rows.filter(**lookup).first())

    def there(self, found: Row | None) -> Row:
        """The row, or 404 if there is none for this caller."""
        if found is None:
            path, user = self.request.path, getattr(self.request.user, "pk", None)
            security.info("refused %s %s user=%s: missing or not visible", self.request.method, path, user)
            raise Http404
        return found

    def reply(self, data: Any, status: int = 200, *, location: str = "", version: int | None = None) -> HttpResponse:
        """An answer; `location` (a path) becomes an absolute Location.

        What GET reads, and what has a `version`, gets an ETag by what it says, so that the facts of other records and
        what jobs write change it too; the version stands before it, and `If-Match` looks at that alone. GET is 304
        while it says the same as `If-None-Match`.
        """
        body, headers = to_json(self._narrowed(data)), {}
        reads = self.request.method in ("GET", "HEAD") and status == 200
        if reads or version is not None:
            headers["ETag"] = content_tag(body, version)
        if location:
            headers["Location"] = self.request.build_absolute_uri(location)
        return (reads and self._unchanged(headers["ETag"])) or answered(body, status, headers)

    def no_content(self) -> HttpResponse:
        return HttpResponse(status=204)

    def narrowable(self) -> type[Serializer[Any]] | None:
        """What `fields` names the fields of: the row, or the one record that GET answers."""
        return self.row_shape or (self.answer.get("GET") if isinstance(self.answer, Mapping) else self.answer)

    def takes_fields(self) -> bool:
        return not self.is_file and self.narrowable() is not None

    def sparse(
        self, given: QueryDict, results: list[dict[str, Any]], expanded: Collection[str] = ()
    ) -> list[dict[str, Any]]:
        """Only the fields that `fields` names. Raises Refusal 400 `unknown_field` for one that does not exist."""
        absent = [name for name, one in self.expansions.items() if one.only and name not in expanded]
        return expanding.fields(given, self.narrowable(), results, absent)

    def _absent(self, request: Request) -> list[str]:
        """Fields that are there with `expand` alone, and were not asked for."""
        wanted = expanding.wanted(request, self.expansions)
        return [name for name, one in self.expansions.items() if one.only and name not in wanted]

    def _narrowed(self, data: Any) -> Any:
        """`data` with the fields asked for; of the rows, where it is a list."""
        if self.only is None:
            return data
        if self.whole_list or self.row_shape is not None:
            return {**data, "results": [expanding.part(one, self.only) for one in data["results"]]}
        return expanding.part(data, self.only)

    def _unchanged(self, tag: str) -> HttpResponse | None:
        """304 where `If-None-Match` names `tag`."""
        asked = self.request.META.get("HTTP_IF_NONE_MATCH", "")
        if asked and (asked.strip() == "*" or tag in (f'"{known}"' for known in _TAG.findall(asked))):
            return HttpResponse(status=304, headers={"ETag": tag})
        return None

    def require_match(self, request: Request, version: int) -> None:
        """Refuse a change of something other than `version`: 428 without `If-Match`, 412 with another one, 400 for
        what is no ETag.

        The action must look again under its lock: pass it `expected_version(request)`.
        """
        asked = _matched(request)
        if asked is None:
            raise Refusal(428, "precondition_required", _("Send If-Match with the ETag you have read."))
        if "*" not in asked and version not in [_version(tag) for tag in asked]:
            raise Refusal(
                412,
                "precondition_failed",
                _("It was changed in the meantime; read it again."),
                headers={"ETag": f'"{version}"'},
            )

    def expected_version(self, request: Request) -> int | None:
        """The version that `If-Match` names; None for `*` or more than one. Raises Refusal 400 for what is no ETag."""
        asked = _matched(request) or ()
        return _version(asked[0]) if len(asked) == 1 else None


class ListView(ApiView):
    """A list: visible rows, narrowed by `filters`, in pages by key, each row a dict.

    `ordering` maps the names a caller may order by to columns that are NOT NULL; `default_ordering` is one
    of them, "-" for descending. `answer` describes one row. Query cost: that of `rows`, whatever the size of
    the table.
    """

    filters: ClassVar[Sequence[filtering.Narrowing]] = ()
    ordering: ClassVar[Mapping[str, str]] = {"id": "pk"}
    default_ordering: ClassVar[str] = "id"
    parameters: ClassVar[Collection[str] | None] = None  # `get` looks at them with the filters

    def takes_fields(self) -> bool:
        return False  # `get` narrows its rows

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        """The rows that the caller may see."""
        raise NotImplementedError

    def to_dict(self, row: Any) -> dict[str, Any]:
        """One row as the API shows it."""
        raise NotImplementedError

    def to_dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        """A page of rows; override it where a page is cheaper than its rows."""
        return [self.to_dict(row) for row in rows]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        given = request.query_params
        names = expanding.wanted(request, self.expansions)
        also = (*pagination.PARAMETERS, "fields", *(["expand"] if self.expansions else []))
        told: filtering.Told = {}
        rows = filtering.narrow(self.rows(request, *args, **kwargs), given, self.filters, also=also, told=told)
        rows = expanding.loaded(rows, names, self.expansions)
        page = pagination.paginate(rows, request, ordering=self.ordering, default=self.default_ordering)
        results = self.to_dicts(page.rows)
        if names:
            for row, one in zip(page.rows, results, strict=True):
                expanding.expand(row, one, names, self.expansions)
        shown = self.sparse(given, results, names)
        return reply({"results": shown, "next": page.next, "previous": page.previous, **told})


class FileView(ApiView):
    """GET hands out a file of one of `file_types`, as core.downloads does: 304, or a part of it for `Range`."""

    content_negotiation_class = AnyFile
    is_file = True


def content_tag(body: bytes, version: int | None = None) -> str:
    """The ETag of what an answer says: a digest of it, behind the version of the record if there is one."""
    digest = hashlib.sha256(body).hexdigest()[:16]
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def _matched(request: Request) -> list[str] | None:
    """What stands in the quotes of `If-Match`, or `*`; None without it. Raises Refusal 400 `invalid_if_match`.

    Weak or not makes no difference: versions are compared, no bytes, and whoever packs an answer on its way weakens
    the ETag.
    """
    asked = request.META.get("HTTP_IF_MATCH", "").strip()
    if asked in ("", "*"):
        return [asked] if asked else None
    if not _TAGS.fullmatch(asked):
        detail = _('If-Match takes the ETag as it was given, in its quotes: "3".')
        raise bad_input([FieldError("", "invalid_if_match", detail)])
    return _TAG.findall(asked)


def _version(tag: str) -> int | None:
    """The version an ETag names, without its quotes; None for what is none of ours."""
    found = _VERSION.fullmatch(tag)
    return int(found[1]) if found else None
