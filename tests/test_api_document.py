"""The OpenAPI document: complete, as committed, and good enough to generate a client from (interface, REST API)."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from core import scopes
from core.api.describing import TAGS
from core.api.schema import document
from tests.cast import Cast, make_cast
from tests.conftest import ROOT
from tests.tokens import make_token

SNAPSHOT = ROOT / "docs" / "api" / "openapi.json"
HANDLES = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document())
    return found


def operations(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            if method in HANDLES:
                yield f"{method.upper()} {path}", operation


@pytest.mark.sqlite
def test_the_document_is_the_one_committed(api: dict[str, Any]) -> None:
    assert SNAPSHOT.exists() and json.loads(SNAPSHOT.read_text()) == api, (
        "The API has changed. If that is meant, write the document anew with `make schema`, look at the difference "
        "(nothing may go that outsiders rely on) and commit docs/api/openapi.json."
    )


@pytest.mark.sqlite
def test_every_operation_says_what_it_does_who_may_and_what_it_refuses(api: dict[str, Any]) -> None:
    assert api["openapi"].startswith("3.1") and "/api/v1/guide/" in api["info"]["description"]
    lacking = []
    for name, operation in operations(api):
        answers = set(operation["responses"])
        if not operation.get("summary"):
            lacking.append(f"{name}: no summary")
        if operation.get("x-scope") not in scopes.SCOPES or operation["x-scope"] not in operation["description"]:
            lacking.append(f"{name}: no scope")
        if not {"401", "403", "429", "503"} <= answers or not any(code < "400" for code in answers):
            lacking.append(f"{name}: answers {sorted(answers)}")
        if "{" in name and "404" not in answers:
            lacking.append(f"{name}: no 404")
        if not operation["tags"] or set(operation["tags"]) - set(TAGS):
            lacking.append(f"{name}: tag without a description")
    assert not lacking


@pytest.mark.sqlite
def test_ids_of_operations_are_unique_and_bodies_are_closed(api: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _name, operation in operations(api)]
    assert len(ids) == len(set(ids))
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"].get("$ref", "").rpartition("/")[2]
        for _name, operation in operations(api)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    schemas = api["components"]["schemas"]
    open_ones = {name for name in bodies if name and schemas[name].get("additionalProperties") is not False}
    assert not open_ones


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "path",
    [
        "complaints/",
        "complaints/{reference}/messages/",
        "complaints/{reference}/resolution/",
        "complaints/{reference}/remedies/",
        "webhooks/",
    ],
)
def test_the_main_bodies_have_an_example_that_fits_them(api: dict[str, Any], path: str) -> None:
    import jsonschema

    content = api["paths"][f"/api/v1/{path}"]["post"]["requestBody"]["content"]["application/json"]
    (example,) = content["examples"].values()
    jsonschema.validate(example["value"], {**content["schema"], "components": api["components"]})


@pytest.mark.sqlite
@pytest.mark.django_db
def test_the_interactive_page_loads_nothing_from_elsewhere() -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    assert "/api/v1/schema/" in page or "docs.js" in page
    assert "//cdn" not in page and 'src="http' not in page and 'href="http' not in page


@pytest.fixture(scope="module")
def package(api: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A client that openapi-python-client makes from the document, to be imported."""
    folder, name = tmp_path_factory.mktemp("client"), f"amends_{uuid4().hex[:8]}"
    (folder / "openapi.json").write_text(json.dumps(api))
    (folder / "config.yml").write_text("post_hooks: []\n")
    asked = ["generate", "--path", "openapi.json", "--output-path", name, "--meta", "none", "--config", "config.yml"]
    command = [str(Path(sys.executable).parent / "openapi-python-client"), *asked, "--fail-on-warning"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield name
    sys.path.remove(str(folder))


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_generated_client_files_reads_acknowledges_pages_and_meets_a_problem(package: str, live_server: Any) -> None:
    def part(name: str) -> Any:
        return importlib.import_module(f"{package}.{name}")

    cast: Cast = make_cast()
    _token, plain = make_token(cast.manager)
    models, types = part("models"), part("types")
    client = part("client").AuthenticatedClient(base_url=live_server.url, token=plain)

    def call(operation: str, *args: Any, **kwargs: Any) -> Any:
        return part(f"api.complaints.{operation}").sync_detailed(*args, client=client, **kwargs)

    new = models.NewComplaintRequest(
        channel=models.ChannelCode.EMAIL,
        subject="Two lamps, one parcel",
        description="I ordered two lamps. One came.",
        customer=models.CustomerBodyRequest(name="Dana Whitlock", email="dana@mail.example"),
    )
    made = call("complaints_create", body=new, idempotency_key="call-1")
    assert made.status_code == 201 and isinstance(made.parsed, models.Complaint)
    again = call("complaints_create", body=new, idempotency_key="call-1")
    assert again.parsed.reference == made.parsed.reference
    for number in range(4):
        new.subject = f"Complaint {number}"
        assert call("complaints_create", body=new).status_code == 201

    read = call("complaints_retrieve", made.parsed.reference).parsed
    assert (read.subject, read.status) == ("Two lamps, one parcel", models.ComplaintStatus.NEW)
    assert read.received_at.tzinfo is not None
    acknowledged = call(
        "complaints_acknowledgement_create",
        read.reference,
        body=models.AcknowledgementBodyRequest(message="We have it."),
    )
    assert acknowledged.parsed.status == models.ComplaintStatus.ACKNOWLEDGED

    seen, cursor = [], types.UNSET
    while True:
        page = call("complaints_list", page_size=2, cursor=cursor).parsed
        seen += [one.reference for one in page.results]
        if page.next_ is None:
            break
        cursor = page.next_.partition("cursor=")[2].partition("&")[0]
    assert len(seen) == len(set(seen)) == 5 and read.reference in seen

    refused = call("complaints_acknowledgement_create", read.reference, body=models.AcknowledgementBodyRequest())
    assert refused.status_code == 409 and isinstance(refused.parsed, models.Problem)
    assert refused.parsed.code == "already_acknowledged"
