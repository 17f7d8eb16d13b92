"""`POST /api/v1/complaints/batch/`: up to a thousand complaints in one call (interface, REST API).

Each row goes through the same action as POST /complaints/, in a transaction of its own: a row that is refused takes
nothing from the others, and no lock is held longer than one complaint takes.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.request import Request

from complaints import errors
from complaints.actions.file import Filing, file
from complaints.api.bodies import NewComplaint
from complaints.api.complaints import HANDLES_CASES, read_filing
from complaints.models import Complaint, Status
from core.anew import anew
from core.api import problem
from core.api.bodies import Strict
from core.api.parts import Part, Parts
from core.api.problem import FieldError, bad_input
from core.api.schema import ProblemError
from core.api.views import ApiView, caller
from core.clock import now
from core.errors import DomainError

MOST = 1_000


class ComplaintBatch(Strict):
    """Bodies as of POST /complaints/. They are read one by one, so that a bad one does not spoil the others."""

    complaints = serializers.ListField(child=NewComplaint(), allow_empty=False, max_length=MOST)


class FiledShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    url = serializers.URLField()
    external_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)


class RowProblemShape(serializers.Serializer[Any]):
    """What is wrong with one row; as of a problem, its pointers lead into the row."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = ProblemError(many=True)  # type: ignore[assignment]  # a field: DRF takes it off the class


class BatchRowShape(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in the body, from 0.")
    status = serializers.IntegerField(
        help_text="What POST /complaints/ would have answered: 201, 400, 409; 503: busy, send it again."
    )
    complaint = FiledShape(
        allow_null=True,
        help_text="With 409 duplicate_external_id the one that is there already, if the caller may see it.",
    )
    problem = RowProblemShape(allow_null=True)


class BatchShape(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = BatchRowShape(many=True)


class Batch(ApiView):
    """File up to 1,000 complaints: an answer for each row, in order.

    200 also when rows are refused, all of them too: look at `results`. What is wrong with the body as a whole is 400
    (`too_many` beyond 1,000 rows), 413 beyond 5 MB. Each row is filed by itself: a refused one takes nothing from the
    others. With an `Idempotency-Key` a call that was cut off can be repeated: rows that were filed are not filed again.
    """

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = {"POST": ComplaintBatch}
    answer: ClassVar = {"POST": BatchShape}
    json_limit = "MAX_BATCH_BYTES"
    in_parts = True

    def post(self, request: Request) -> HttpResponse:
        rows = _rows(request.data)
        seal = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        parts = Parts(request, hashlib.sha256(seal).hexdigest())
        replayed = parts.replayed()
        if replayed is not None:
            return replayed
        results = [self._row(request, parts, index, row) for index, row in enumerate(rows)]
        created = sum(one["status"] == 201 for one in results)
        answer = {"created": created, "rejected": len(results) - created, "results": results}
        # Rows that met a busy database are to be done when the same call comes again.
        failed = any(one["status"] >= 500 for one in results)
        return self.reply(answer) if failed else parts.kept(self.reply(answer))

    def _row(self, request: Request, parts: Parts, index: int, row: Any) -> Part:
        """What came of one row. Query cost: that of `file`, and one with a key."""
        filing: Filing | None = None

        def work() -> Part:
            nonlocal filing
            filing, files = read_filing(row, by=self.actor(request))
            complaint = file(filing, by=self.actor(request), at=now(), attachments=files)
            return {"index": index, "status": 201, "complaint": self._brief(complaint), "problem": None}

        try:
            return anew(lambda: parts.once(str(index), work))
        except (DomainError, exceptions.APIException, OperationalError, InterfaceError) as refusal:
            told = _told(refusal)
            twin = _twin(request, filing) if isinstance(refusal, errors.DuplicateExternalId) and filing else None
            known = self._brief(twin) if twin is not None else None
            return {"index": index, "status": told["status"], "complaint": known, "problem": told}

    def _brief(self, complaint: Complaint) -> dict[str, Any]:
        address = reverse("api-complaint", args=[complaint.reference])
        return {
            "reference": complaint.reference,
            "url": self.request.build_absolute_uri(address),
            "external_id": complaint.external_id or None,
            "status": str(complaint.status),
        }


def _rows(data: Any) -> list[Any]:
    """The rows of a body, each unread. Raises Refusal 400 for what is wrong with the whole."""
    strange = [name for name in data if name != "complaints"]
    if strange:
        said = _("There is no such field.")
        raise bad_input(FieldError(f"/{problem.escape(name)}", "unknown_field", said) for name in strange)
    if "complaints" not in data:
        raise bad_input([FieldError("/complaints", "required", _("This field is required."))])
    rows = data["complaints"]
    if not isinstance(rows, list):
        raise bad_input([FieldError("/complaints", "not_a_list", _("A JSON list is expected."))])
    if not rows:
        raise bad_input([FieldError("/complaints", "empty", _("At least one complaint is expected."))])
    if len(rows) > MOST:
        detail = _("At most %(most)d complaints at once.") % {"most": MOST}
        raise bad_input([FieldError("/complaints", "too_many", detail)])
    return rows


def _told(refusal: Exception) -> dict[str, Any]:
    """The problem of one row; the whole answer has the request's id."""
    answer = problem.of(refusal)
    if answer is None:
        raise refusal
    told: dict[str, Any] = json.loads(answer.content)
    del told["request_id"]
    return told


def _twin(request: Request, filing: Filing) -> Complaint | None:
    """The complaint that has the external id already, if the caller may see it."""
    rows = Complaint.objects.visible_to(caller(request))
    return rows.filter(source=filing.source, external_id=filing.external_id).first()
