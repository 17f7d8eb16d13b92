"""Runs schemathesis over the API: every check, every phase, seeded; counts requests and gathers what failed.

schemathesis makes of each operation: the examples of the document, its boundary cases (coverage), random valid and
invalid requests (fuzzing), and chains in which one answer feeds the next request (stateful). It asks the WSGI
application itself; nothing goes over a socket.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.engine import Status, events, from_schema
from schemathesis.openapi.checks import JsonSchemaError, RejectedPositiveData
from schemathesis.transport.wsgi import WSGITransport

SCHEMA = "/api/v1/schema/"
REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "428", "429"]
PHASES = ("examples", "coverage", "fuzzing", "stateful")


# A schema says how a request has to look, not which root causes there are or that a promise lies ahead. A request that
# looks right may be refused for such a reason; refused for one of these, the document has left something out.
OF_FORM = frozenset({
    "blank", "invalid_id", "invalid_datetime", "not_a_boolean", "not_a_list", "not_a_string", "not_an_integer",
    "not_an_object", "null", "out_of_range", "required", "timezone_required", "too_long", "unknown_code",
    "unknown_field", "unknown_parameter", "invalid_choice", "max_length", "min_length",
})  # fmt: skip


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure is one: a valid request may be refused for what it says, not for how it looks."""
    if isinstance(failure, AcceptedNegativeData) and case.path.endswith("/complaints/batch/"):
        return response.status_code != 200 or not json.loads(response.content)["rejected"]  # each row has its answer
    if isinstance(failure, JsonSchemaError) and (case.query or {}).get("fields"):
        return "is a required property" not in str(failure)  # the answer has what was asked for, and no more
    if not isinstance(failure, RejectedPositiveData) or response.status_code not in (400, 412, 416, 422, 428):
        return True
    if response.status_code == 416:
        return False  # how long the file is stands in no schema
    problem = json.loads(response.content)
    errors = problem["errors"] or [{"code": problem["code"], "pointer": ""}]
    if "/metrics/" in case.path:  # the document lists the filters of all figures; each takes its own
        there = {"?type", "?main_type", "?root_cause", "?theme", "?currency"}  # which there are is in the database
        errors = [one for one in errors if one["code"] != "unknown_parameter" and one["pointer"] not in there]
    return any(one["code"] in OF_FORM and not _says_something(one, case.body) for one in errors)


def _says_something(error: dict[str, str], body: Any) -> bool:
    """An error that has a name of form but is about what was said: a part of a field that is there ("the name in the
    house's language"), 1.0, which JSON Schema calls whole and we do not, JSON in a field of a form."""
    if error["pointer"] in ("?fields", "?expand"):  # text to the document: which fields there are is in the answer
        return True
    if error["pointer"].startswith("/fields/") or "/values/" in error["pointer"]:  # of the record, of the action named
        return True
    if (error["pointer"], error["code"]) == (
        "/local_time",
        "invalid_datetime",
    ):  # 31 February, an hour left out in spring
        return True
    value = body
    for name in error["pointer"].split("/")[1:]:
        inside = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            inside = value[int(name)]
        value = inside
    whole = isinstance(value, float) and value.is_integer()
    return {"required": bool(value), "not_an_integer": whole, "not_an_object": isinstance(value, str)}.get(
        error["code"], False
    )


def _instants() -> st.SearchStrategy[str]:
    """Instants as the document describes them: years 1902 to 2200, with a zone."""
    moments = st.datetimes(datetime(1902, 1, 2), datetime(2200, 12, 30))
    return st.builds(lambda at, zone: at.isoformat() + zone, moments, st.sampled_from(["Z", "+01:00", "-05:30"]))


def _days() -> st.SearchStrategy[str]:
    return st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(date.isoformat)


schemathesis.openapi.format("date-time", _instants())
schemathesis.openapi.format("date", _days())


def _send(self: WSGITransport, case: Any, *, session: Any = None, **kwargs: Any) -> Any:
    """schemathesis 4.32 hands the settings of a socket to the WSGI client when a check sends a request again."""
    if session is None:
        for name in ("max_redirects", "verify", "cert", "proxies"):
            kwargs.pop(name, None)
    return _sent(self, case, session=session, **kwargs)


_sent = WSGITransport.send
WSGITransport.send = _send  # type: ignore[method-assign]


@dataclass(slots=True)
class Report:
    """What a run did, and what it found: (operation, failure) -> how to see it again."""

    seed: int
    requests: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    succeeded: set[str] = field(default_factory=set)
    checks: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        by_status = "  ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        by_phase = "  ".join(f"{name}: {self.phases[name]}" for name in PHASES)
        return (
            f"{self.requests} requests in {self.seconds:.0f} s, seed {self.seed}\n"
            f"operations: {len(self.operations)}, with a success: {len(self.succeeded)}\n"
            f"by phase: {by_phase}\nby status: {by_status}\n"
            f"checks: {sum(self.checks.values())} of {len(self.checks)} kinds\n"
            f"failures: {len(self.failures)}, errors: {len(self.errors)}"
        )

    def with_(self, other: Report) -> Report:
        """Both as one."""
        self.requests, self.seconds = self.requests + other.requests, self.seconds + other.seconds
        for mine, theirs in ((self.statuses, other.statuses), (self.phases, other.phases), (self.checks, other.checks)):
            mine.update(theirs)  # type: ignore[arg-type]
        self.operations |= other.operations
        self.succeeded |= other.succeeded
        self.failures, self.errors = {**other.failures, **self.failures}, {**other.errors, **self.errors}
        return self

    def findings(self) -> str:
        """Every failure with the request that shows it."""
        found = [f"{operation}: {what}\n{how}" for (operation, what), how in sorted(self.failures.items())]
        return "\n\n".join([*found, *(f"{label}: {text}" for label, text in sorted(self.errors.items()))])


def run(
    app: Any,
    headers: dict[str, str],
    *,
    seed: int,
    requests: int | None = None,
    examples: int = 1,
    phases: Iterable[str] = PHASES,
    only: str = "",
    tell: Callable[[Report], None] | None = None,
) -> Report:
    """One run: until `requests` are sent (fuzzing and stateful go round and round), or once round without.

    `examples`: random requests per operation and turn. `only`: a regular expression for paths. `tell` is told after
    every 1,000 requests.
    """
    settings: dict[str, Any] = {
        "seed": seed,
        "headers": headers,
        "continue-on-failure": True,
        "warnings": False,
        "checks": {
            "negative_data_rejection": {"expected-statuses": REFUSALS},
            "missing_required_header": {"expected-statuses": REFUSALS},
        },
        "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
        "phases": {name: {"enabled": name in set(phases)} for name in PHASES},
    }
    if requests:  # round and round until they are sent
        settings["max-time"] = 86_400
    config = SchemathesisConfig.from_dict(settings)
    schema = schemathesis.openapi.from_wsgi(SCHEMA, app, config=config)
    if only:
        schema = schema.include(path_regex=only)
    report, began, told = Report(seed), time.monotonic(), 0
    stream = from_schema(schema).execute()
    for event in stream:
        if isinstance(event, events.NonFatalError):
            report.errors[f"{event.label} ({event.phase})"] = str(event.value)[:2000]
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            _count(report, event)
        report.seconds = time.monotonic() - began
        if tell is not None and report.requests // 1000 > told:
            told = report.requests // 1000
            tell(report)
        if requests and report.requests >= requests:
            stream.stop()
    return report


def _count(report: Report, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for key, interaction in recorder.interactions.items():
        node = recorder.cases.get(key)
        label = node.value.operation.label if node is not None else recorder.label
        report.requests += 1
        report.phases[event.phase.value.lower().split()[0]] += 1
        report.operations.add(label)
        if interaction.response is not None:
            status = interaction.response.status_code
            report.statuses[status] += 1
            if status < 400:
                report.succeeded.add(label)
    for key, nodes in recorder.checks.items():
        label = recorder.cases[key].value.operation.label if key in recorder.cases else recorder.label
        for check in nodes:
            report.checks[check.name] += 1
            if check.status == Status.FAILURE and check.failure_info is not None:
                failure = check.failure_info.failure
                response = recorder.find_response(case_id=key)
                answer = response.content[:600].decode(errors="replace") if response is not None else ""
                what = f"{check.name}: {failure.title}"
                how = f"{failure.message[:900]}\n{check.failure_info.code_sample[:1500]}\n-> {answer}"
                report.failures.setdefault((label, what), how)
