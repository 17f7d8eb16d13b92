"""What the OpenAPI document says besides what the views declare: a word on every field and parameter, the headers of
answers, the codes of errors, examples. Runs once, when the document is made (core.api.describing.finish)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.api.answering import JSON, share
from core.api.examples import Examples
from core.api.words.bodies import IN_BODIES
from core.api.words.codes import codes
from core.api.words.fields import FIELDS
from core.api.words.parameters import OF_PATHS, PATH, QUERY
from core.api.words.shapes import SHAPES

BASE = "/api/v1/"
GENERAL = ("With its zone; ", "A local date, ")  # what every field of its kind says of itself
METHODS = ("get", "post", "put", "patch", "delete")
Schema = dict[str, Any]


def complete(document: Schema) -> None:
    """Fill in what is not said yet; what a help_text or a view says stays."""
    for name, schema in document["components"]["schemas"].items():
        for field, below in schema.get("properties", {}).items():
            told = below.get("description", "")
            if (not told or told.startswith(GENERAL)) and (said := word_on(name, field)):
                schema["properties"][field] = described(below, f"{said} {told}".strip())
    _say_codes(document["components"]["schemas"]["Problem"])
    share(document)
    add_examples(document)
    for path, _method, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            if not parameter.get("description") and (said := word_on_parameter(path, parameter)):
                parameter["description"] = said


def _say_codes(problem: Schema) -> None:
    problem["properties"]["code"]["x-codes"] = {code: words._asdict() for code, words in sorted(codes().items())}


def add_examples(document: Schema) -> None:
    """One for each body that has none of its own, and for each answer; those of answers stand in components."""
    examples = Examples(document["components"]["schemas"])
    shown: Schema = document["components"].setdefault("examples", {})
    for _path, _method, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if "example" not in content and "examples" not in content:
                content["example"] = examples.of(content["schema"])
        for status, response in operation["responses"].items():
            for kind, content in response.get("content", {}).items():
                if status < "300" and kind == JSON and "example" not in content and "examples" not in content:
                    name = content["schema"].get("$ref", "").rpartition("/")[2]
                    if name and name not in shown:
                        shown[name] = {"value": examples.of(content["schema"])}
                    if name:
                        content["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}
                    else:
                        content["example"] = examples.of(content["schema"])


def operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Path below /api/v1/, method and operation of each."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path.removeprefix(BASE), method, item[method]


def word_on(component: str, field: str) -> str:
    """What a field means there; blank where nobody has said."""
    is_body = component.endswith("Request")
    name = component.removesuffix("Request").removeprefix("Patched")
    said = SHAPES.get(f"{name}.{field}") or (IN_BODIES.get(field) if is_body else None)
    return said or FIELDS.get(field, "")


def word_on_parameter(path: str, parameter: Schema) -> str:
    """What a parameter means; blank where nobody has said."""
    name = parameter["name"]
    if parameter["in"] == "path":
        return OF_PATHS.get(path.partition(f"{{{name}}}")[0] + f"{{{name}}}") or PATH.get(name, "")
    return QUERY.get(name, "") if parameter["in"] == "query" else ""


def described(schema: Schema, text: str) -> Schema:
    """`schema` with a description; a reference is wrapped, as not every tool reads what stands beside one."""
    return {"allOf": [schema], "description": text} if "$ref" in schema else {**schema, "description": text}
