"""Examples for the OpenAPI document, made of its own schemas: each fits the schema it stands beside."""

from __future__ import annotations

import re
from typing import Any

from core.api.words.samples import BLANKS, NULLS, ONLY, SAMPLES, WHOLE

Schema = dict[str, Any]
FORMATS: dict[str, Any] = {
    "date": "2026-03-24",
    "date-time": "2026-03-24T09:10:00Z",
    "uri": "https://amends.example/api/v1/complaints/AM-7K2Q-9XWD/",
    "email": "dana@mail.example",
    "double": 87.5,
    "binary": "(the file's bytes)",
}
TYPES: dict[str, Any] = {"string": "14", "integer": 3, "number": 87.5, "boolean": True, "null": None}
DEEPEST = 7
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


class Examples:
    """Makes examples of the components of one document."""

    def __init__(self, components: Schema) -> None:
        self.components = components

    def of(self, schema: Schema, place: str = "", depth: int = 0) -> Any:
        """A value for `schema`; `place`: `Component.field`, for what it is filled with."""
        if "$ref" in schema:
            return self._of_component(schema["$ref"].rpartition("/")[2], place, depth)
        if "example" in schema:
            return schema["example"]
        for sample in (SAMPLES.get(place), SAMPLES.get(place.partition(".")[2])):
            if sample is not None and self._fits(sample, schema):
                return sample
        for several in ("allOf", "oneOf", "anyOf"):
            if several in schema:
                return self.of(schema[several][0], place, depth)
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(schema, place, depth)

    def _of_component(self, name: str, place: str, depth: int) -> Any:
        schema = self.components[name]
        if "enum" in schema:
            sample = SAMPLES.get(place, SAMPLES.get(place.partition(".")[2]))
            return sample if sample in schema["enum"] else schema["enum"][0]
        return self._of_object(schema, name, depth) if "properties" in schema else self.of(schema, place, depth)

    def _of_object(self, schema: Schema, name: str, depth: int) -> Any:
        fields = schema.get("properties", {})
        if not fields:
            return {}
        is_body = name.endswith("Request")
        wanted = schema.get("required", list(fields)[:1]) if is_body else fields
        short = name.removesuffix("Request").removeprefix("Patched")
        whole = WHOLE.get(name, {})
        if name in ONLY:
            return dict(whole)
        found = {}
        for field, below in fields.items():
            if field in whole:
                found[field] = whole[field]
            elif field in wanted and not (is_body and whole) and depth < DEEPEST:
                is_null = field in NULLS and not is_body and _may_be_null(below)
                found[field] = None if is_null else self.of(below, f"{short}.{field}", depth + 1)
        if is_body and whole:  # what it needs besides
            found |= {
                one: self.of(fields[one], f"{short}.{one}") for one in schema.get("required", ()) if one not in found
            }
        return found

    def _of_type(self, schema: Schema, place: str, depth: int) -> Any:
        kind = schema.get("type", "object")
        kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
        if kind == "array":
            least = max(1, schema.get("minItems", 0))
            return [self.of(schema["items"], place, depth + 1)] * least if "items" in schema and depth < DEEPEST else []
        if kind == "object":
            return self._of_object(schema, "", depth)
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        if kind == "string" and place.rpartition(".")[2] in BLANKS and not schema.get("minLength"):
            return ""
        found = TYPES[kind]
        if kind in ("integer", "number"):
            found = min(max(found, schema.get("minimum", found)), schema.get("maximum", found))
        return found if kind != "string" or self._fits(found, schema) else "delivery-late"

    def _fits(self, value: Any, schema: Schema) -> bool:
        """Whether a sample may stand there, as far as one word can tell."""
        if several := schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf"):
            return any(self._fits(value, one) for one in several)
        if "$ref" in schema:
            below = self.components[schema["$ref"].rpartition("/")[2]]
            if "enum" in below:
                return value in below["enum"]
            return isinstance(value, dict) and set(below.get("required", ())) <= set(value) <= set(below["properties"])
        kinds = schema.get("type", "object")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not any(isinstance(value, KINDS[kind]) for kind in kinds) or (
            isinstance(value, bool) and "boolean" not in kinds
        ):
            return False
        if "enum" in schema:
            return value in schema["enum"]
        if isinstance(value, list):
            return all(self._fits(one, schema.get("items", {"type": [*KINDS]})) for one in value)
        if isinstance(value, dict):
            more = schema.get("additionalProperties")
            return not isinstance(more, dict) or all(self._fits(one, more) for one in value.values())
        if isinstance(value, str):
            ends = len(value) <= schema.get("maxLength", len(value))
            return ends and _looks_like(value, schema.get("format", ""), schema.get("pattern", ""))
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def _may_be_null(schema: Schema) -> bool:
    kinds = schema.get("type", "")
    if isinstance(kinds, list):
        return "null" in kinds
    several = schema.get("oneOf") or schema.get("anyOf") or []
    return any(one.get("type") == "null" or one.get("$ref", "").endswith("/NullEnum") for one in several)


def _looks_like(value: str, format_: str, pattern: str) -> bool:
    shapes = {"date": r"\d{4}-\d\d-\d\d", "date-time": r"\d{4}-\d\d-\d\dT.*Z", "uri": r"https://.*", "email": r".+@.+"}
    if format_ in shapes and not re.fullmatch(shapes[format_], value):
        return False
    return not pattern or re.search(pattern, value) is not None
