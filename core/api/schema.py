"""The OpenAPI 3.1 document, made from what the views declare: bodies, answers, filters, scopes, problems."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from core import scopes
from core.api import answering, describing
from core.api.bodies import Nothing, Strict
from core.api.filters import Best
from core.api.refusals import codes_of

PROBLEM = "application/problem+json"
_SENTENCE = re.compile(r"(.*?(?:[.!?](?=\s+[A-Z`„“])|$))\s*(.*)", re.DOTALL)
_MEANINGS = {
    206: "The part that `Range` asks for; `Content-Range` says which.",
    304: "Unchanged since the ETag of `If-None-Match`; without a body.",
    400: "The input is wrong; `errors` names every bad field or parameter.",
    401: "No token or session, or one that is not valid.",
    403: "The scope or the role is missing.",
    404: "Missing, or not visible to the caller.",
    406: "Only JSON is answered.",
    409: "A rule of the product refuses this now; `code` says which.",
    410: "The position is that of another database; begin again.",
    412: "Changed since the ETag of `If-Match`.",
    413: "The body is too large.",
    415: "Only application/json is taken.",
    416: "The range lies behind the end, which `Content-Range` names.",
    422: "The Idempotency-Key was used for another request.",
    428: "`If-Match` is required.",
    429: "Too many requests; see `Retry-After`.",
    503: "Busy or out of reach for a moment; see `Retry-After`.",
}


class ProblemError(serializers.Serializer[Any]):
    """One thing wrong with the input."""

    pointer = serializers.CharField(help_text="JSON pointer into the body, or ?name of a parameter.", allow_blank=True)
    code = serializers.CharField(help_text="Stable.")
    message = serializers.CharField(help_text="For people, in the caller's language.")


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable: build on this, not on the texts. `x-codes` has all of them.")
    request_id = serializers.CharField()
    errors = ProblemError(many=True)  # type: ignore[assignment]


class ApiSchema(AutoSchema):
    """Describes an ApiView. Nothing here is asked while a request is served."""

    view: Any

    def get_summary(self) -> str | None:
        return self._doc()[0] or None

    def get_description(self) -> str:  # type: ignore[override]
        parts = [self._doc()[1]]
        if scope := self._scope():
            parts.append(f"Scope: `{scope}`.")
        access = getattr(self.view, "access", None)
        if access is not None and access.roles:
            parts.append(f"Roles: {', '.join(sorted(access.roles))}.")
        return "\n\n".join(part for part in parts if part)

    def get_tags(self) -> list[str]:
        return [self.view.resource] if getattr(self.view, "resource", "") else list(super().get_tags())

    def get_operation_id(self) -> str:
        name = super().get_operation_id()
        if self._answers_list() and name.endswith("_retrieve"):
            return f"{name.removesuffix('_retrieve')}_list"
        return str(name)

    def get_auth(self) -> list[Any]:
        auth: list[Any] = super().get_auth()  # also registers the schemes
        access = getattr(self.view, "access", None)
        return [{}] if access is not None and access.public else auth

    def get_extensions(self) -> dict[str, Any]:
        """`x-scope`, and the roles of which one is needed."""
        access, scope = getattr(self.view, "access", None), self._scope()
        roles = sorted(access.roles) if access is not None else []
        return {**({"x-scope": scope} if scope else {}), **({"x-roles": roles} if roles else {})}

    def get_examples(self) -> list[OpenApiExample]:
        """The `example` of the body, where it has one."""
        example = getattr(self.get_request_serializer(), "example", None)
        return [] if example is None else [OpenApiExample("example", value=example, request_only=True)]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Shape")

    def get_request_serializer(self) -> Any:
        return _for_method(getattr(self.view, "body", None), self.method)

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> Any:
        """What PATCH takes is what its body says; only where it is read with `partial=True` is nothing required."""
        method = self.method
        if method == "PATCH" and "partial=True" not in self._source():
            self.method = "PUT"
        try:
            return super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = method

    def get_response_serializers(self) -> Any:
        answer = _for_method(getattr(self.view, "answer", None), self.method)
        status = getattr(self.view, "success", {}).get(self.method, 200)
        if self._answers_list() and answer is not None:
            answer = self._page_of(answer)
        if answer is None and self.method == "DELETE":
            status = getattr(self.view, "success", {}).get(self.method, 204)
        if status == 204 or (self.method == "DELETE" and "no_content" in self._source()):
            status, answer = 204, None
        responses: dict[Any, Any] = {status: OpenApiResponse(answer, description="Done." if status != 200 else "")}
        if self._reads_record():
            responses[304] = OpenApiResponse(description=_MEANINGS[304])
        if self._hands_out():
            parts = ((200, "The file."), (206, _MEANINGS[206]))
            kinds = self.view.file_types
            responses = {(code, kind): OpenApiResponse(bytes, said) for code, said in parts for kind in kinds}
            responses[304] = OpenApiResponse(description=_MEANINGS[304])
        return responses

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """The answers, also those a view describes itself, and every problem."""
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for code in self._problems():
            problem = OpenApiResponse(Problem, description=_MEANINGS[code])
            described = self._get_response_for_code(problem, str(code), [PROBLEM])  # type: ignore[no-untyped-call]
            bodies.setdefault(str(code), described)
        for status, body in bodies.items():
            body["description"] = body["description"] or _MEANINGS.get(int(status), "As described above.")
        if conflict := bodies.get("409"):
            self._name_codes(conflict)
        for status, body in bodies.items():
            if status < "400":
                body["headers"] = answering.references(self._headers(status))
        return dict(sorted(bodies.items()))

    def _name_codes(self, conflict: dict[str, Any]) -> None:
        """Says which rules may refuse, as far as they can be known beforehand."""
        codes = codes_of(type(self.view), self.method)
        codes += ["in_flight"] if self.method == "POST" and getattr(self.view, "idempotent", False) else []
        if codes:
            conflict["description"] = (
                f"A rule of the product refuses this now: {', '.join(f'`{one}`' for one in codes)}."
            )
            conflict["x-codes"] = codes

    def _headers(self, status: str) -> list[str]:
        """What an answer carries besides its body."""
        access = getattr(self.view, "access", None)
        found = ["X-Request-Id", *(() if access is not None and access.public else answering.RATES)]
        if status != "204" and (
            self._reads_record()
            or "version=" in self._source()
            or self._shows_version()
            or "download(" in self._source()
        ):
            found.append("ETag")
        if status == "201" or "location=" in self._source():
            found.append("Location")
        if status == "206":
            found.append("Content-Range")
        if self.method == "POST" and getattr(self.view, "idempotent", False):
            found.append("Idempotent-Replayed")
        return found

    def _shows_version(self) -> bool:
        """Whether the handler gives the ETag itself, through a `shown` of the view, or with a file."""
        source, shown = self._source(), getattr(type(self.view), "shown", None)
        of_shown = _text_of(shown) if shown is not None and "self.shown(" in source else ""
        return "version=" in source + of_shown or "download(" in source

    def get_override_parameters(self) -> list[Any]:
        found = []
        if self.method == "POST" and getattr(self.view, "idempotent", False):
            found.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": describing.KEY},
                    OpenApiParameter.HEADER,
                    description="Repeats with the same key and body have their effect once and get the first answer.",
                )
            )
        if self._reads_record():
            asked = "An ETag you have read: 304 while it is still the state."
            found.append(OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description=asked))
        if self._hands_out():
            told = {
                "If-None-Match": "The ETag of the file: 304 while it is the same.",
                "Range": "`bytes=1000-`: from there on, where a download broke off.",
                "If-Range": "The ETag of the first part; the whole file where it is another one now.",
            }
            found += [
                OpenApiParameter(one, str, OpenApiParameter.HEADER, description=said) for one, said in told.items()
            ]
        if self._matches():
            found.append(
                OpenApiParameter(
                    "If-Match",
                    str,
                    OpenApiParameter.HEADER,
                    required=True,
                    description="The ETag you have read.",
                )
            )
        if self._is_list():
            found += self._list_parameters()
        if self.method == "GET" and self.view.expansions:
            query: Any = OpenApiParameter.QUERY
            names = ", ".join(sorted(self.view.expansions))
            found.append(OpenApiParameter("expand", str, query, description=f"Whole instead of in brief: {names}."))
        if self._reads_record():
            only: Any = OpenApiParameter.QUERY
            found.append(OpenApiParameter("fields", str, only, description="Only these, separated by commas."))
        return found

    def _list_parameters(self) -> list[OpenApiParameter]:
        query: Any = OpenApiParameter.QUERY
        names = [sign + name for name in self.view.ordering for sign in ("", "-")]
        size = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
        found = [
            OpenApiParameter("cursor", str, query, description="From `next` or `previous`."),
            OpenApiParameter("page_size", size, query),
            OpenApiParameter(
                "ordering", {"type": "string", "enum": names, "default": self.view.default_ordering}, query
            ),
            OpenApiParameter("fields", str, query, description="Only these fields, separated by commas."),
        ]
        for each in self.view.filters:
            found += [
                OpenApiParameter(name, dict(schema), query, description=text)
                for name, schema, text in each.parameters()
            ]
        return found

    def _page_of(self, answer: Any) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        row = self.resolve_serializer(answer, "response")
        page: dict[str, Any] = {
            "type": "object",
            "description": "One page; `next` is null on the last one.",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": {"type": "array", "items": row.ref},
                "next": {**link, "description": "The address of the page behind this one."},
                "previous": {**link, "description": "The address of the page before this one."},
            },
        }
        best = [one.most for one in getattr(self.view, "filters", ()) if isinstance(one, Best)]
        if best:
            said = "Only with `search`, and only where more match than are shown: how many are."
            page["properties"]["capped"] = {"type": "integer", "enum": best, "description": said}
        kind = ResolvedComponent.SCHEMA
        name = f"{row.name}SearchPage" if best else f"{row.name}Page"
        component = ResolvedComponent(name, kind, page, page)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        found: dict[str, Any] = component.ref
        return found

    def _problems(self) -> list[int]:
        access = getattr(self.view, "access", None)
        codes = {503, *getattr(self.view, "problems", ())}
        codes |= {416} if self._hands_out() else set() if self.view.file_types else {406}
        if access is None or not access.public:
            codes |= {401, 403, 429}
        if "{" in self.path or "self.find(" in self._source():
            codes |= {404}
        if self.method == "GET":
            codes |= {400}
        if self.method in ("POST", "PUT", "PATCH"):
            codes |= {400, 409, 413, 415}
        if self.method == "DELETE":
            codes |= {409}
        if self.method == "POST" and getattr(self.view, "idempotent", False):
            codes |= {422}
        if self._matches():
            codes |= {412, 428}
        return sorted(codes)

    def _is_list(self) -> bool:
        return self.method == "GET" and hasattr(self.view, "default_ordering")

    def _reads_record(self) -> bool:
        """One record, or few rows at once: with an ETag, 304 and `fields`."""
        return self.method == "GET" and self.view.takes_fields()

    def _hands_out(self) -> bool:
        """A file that comes in parts if asked for (core.api.views.FileView)."""
        return self.method == "GET" and bool(self.view.file_types) and "download(" in self._source()

    def _answers_list(self) -> bool:
        """A list in pages, or (`whole_list`) all of it in one."""
        return self._is_list() or (self.method == "GET" and getattr(self.view, "whole_list", False))

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # lists are wrapped in _page_of

    def _scope(self) -> str:
        resource = getattr(self.view, "resource", "")
        method = "GET" if getattr(self.view, "asks_only", False) else self.method
        return scopes.needed(resource, method) if resource else ""

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        body = serializer if isinstance(serializer, Strict) else None
        return schema if body is None else describing.closed(body, schema)

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        return describing.narrowed(field, schema, direction) if schema else schema

    def _matches(self) -> bool:
        """Whether it refuses to go on without `If-Match`."""
        return self.method == "PATCH" or "require_match" in self._source()

    def _source(self) -> str:
        """The text of the handler, which says what it asks of headers."""
        return _text_of(getattr(type(self.view), self.method.lower()))

    def _doc(self) -> tuple[str, str]:
        """First sentence and rest of what the view says of this method: in `does`, in the handler, else of itself."""
        view = type(self.view).__dict__
        handler = view.get(self.method.lower())
        told = view.get("does", {}).get(self.method) or (handler and handler.__doc__)
        text = inspect.cleandoc(told or view.get("__doc__") or "")
        paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
        first, rest = _SENTENCE.fullmatch(paragraphs[0]).groups()  # type: ignore[union-attr]
        return first, "\n\n".join(part for part in (rest, *paragraphs[1:]) if part)


class ValuesShape(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Any of the shapes that `values` have; which belongs to which action, each says itself."""

    target_class = "core.api.bodies.Values"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        shapes = dict.fromkeys(shape for shape in self.target.shapes.values() if shape is not Nothing)
        found = [auto_schema.resolve_serializer(shape, direction).ref for shape in shapes]
        if Nothing in self.target.shapes.values():
            found.append({"type": "object", "maxProperties": 0, "additionalProperties": False})
        return {"anyOf": found}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made with `manage.py create_token`: amends_…",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api.authentication.BrowserSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Signed in to the browser. Changes need `X-CSRFToken`: `csrf_token` of GET account/.",
        }


@cache  # asked some twenty times of each handler
def _text_of(handler: Any) -> str:
    return inspect.getsource(handler)


def document() -> bytes:
    """The whole document as JSON. About three seconds, once per process."""
    return _document_of(settings.ROOT_URLCONF)


@lru_cache(maxsize=1)
def _document_of(urls: str) -> bytes:
    """That of the addresses in the module `urls`."""
    from django.utils import translation

    from core.api.rendering import to_json

    with translation.override("en"):
        return to_json(SchemaGenerator(api_version="v1").get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


def _for_method(declared: Any, method: str) -> Any:
    return declared.get(method) if isinstance(declared, Mapping) else declared
