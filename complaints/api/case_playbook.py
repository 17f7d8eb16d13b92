"""The playbook of one complaint: steps with their ticks, its part for the customer, articles that fit (A6, D1)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from complaints.actions import steps as actions
from complaints.api import articles as article_api
from complaints.api import playbook_shapes as shapes
from complaints.api import present
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import MessageShape
from complaints.models import Complaint, StepDone
from complaints.playbooks import articles, memory
from complaints.web.names import name_of
from core.api.filters import once
from core.api.pagination import WholeListShape, whole_list
from core.api.views import ApiView, caller
from core.clock import now
from core.instants import iso

MOST = 12


class FittingShape(WholeListShape):
    results = shapes.ArticleShape(many=True)


class _OfCase(ApiView):
    access, resource = HANDLES_CASES, "complaints"

    def seen(self, request: Request, reference: str) -> Complaint:
        rows = Complaint.objects.visible_to(caller(request)).select_related("narrative")
        return self.find(rows, reference=reference)


def shown(complaint: Complaint) -> dict[str, Any]:
    """The playbook with the ticks of a case, those of other playbooks last. Query cost: 1."""
    edition = memory.edition_for(complaint.type_id)
    ticks = {row.key: row for row in StepDone.objects.filter(complaint=complaint).order_by("at", "pk")}
    own = edition.steps if edition is not None else ()
    known = {step.key for step in own}
    strays = [row for key, row in ticks.items() if key not in known]
    versions = memory.steps_of_versions({row.version_id for row in strays}) if strays else {}
    steps = [_tick(step.key, step.title, step.required, ticks.get(step.key), inside=True) for step in own]
    for row in strays:
        step = next((one for one in versions.get(row.version_id, ()) if one.key == row.key), None)
        steps.append(_tick(row.key, step.title if step else row.key, bool(step and step.required), row, inside=False))
    return {
        "playbook": str(edition.playbook.pk) if edition is not None else None,
        "name": edition.playbook.label if edition is not None else "",
        "number": edition.number if edition is not None else None,
        "began_under": edition.begun_under(complaint.created_at).number if edition is not None else None,
        "blocks_resolving": edition.whole.blocks_resolving if edition is not None else False,
        "steps": steps,
        "open_required": [step.key for step in own if step.required and step.key not in ticks],
        "customer_part": actions.customer_part(complaint),
    }


def _tick(key: str, title: str, required: bool, row: StepDone | None, *, inside: bool) -> dict[str, Any]:
    state = "open" if row is None else ("skipped" if row.skipped else "done")
    return {
        "key": key,
        "title": title,
        "required": required,
        "in_playbook": inside,
        "state": state,
        "skipped": row.skipped if row is not None else "",
        "by": {"id": str(row.by_id), "name": name_of(row.by_id)} if row is not None and row.by_id else None,
        "at": iso(row.at) if row is not None else None,
    }


class CasePlaybook(_OfCase):
    """The playbook that governs the complaint, with what is done and what is open."""

    answer = shapes.CasePlaybookShape

    def get(self, request: Request, reference: str) -> HttpResponse:
        return self.reply(shown(self.seen(request, reference)))


class CaseStep(_OfCase):
    """POST: the step is done, or with `skipped` does not apply. DELETE takes that back."""

    body: ClassVar = {"POST": shapes.StepTickBody}
    answer: ClassVar = {"POST": shapes.CasePlaybookShape, "DELETE": shapes.CasePlaybookShape}

    def post(self, request: Request, reference: str, key: str) -> HttpResponse:
        """Say that a step is done, or with `skipped` that it does not apply."""
        complaint = self.seen(request, reference)
        reason = self.read(request).get("skipped", "")
        actions.tick(complaint, key=key, skipped=reason, by=self.actor(request), at=now())
        return self.reply(shown(complaint))

    def delete(self, request: Request, reference: str, key: str) -> HttpResponse:
        """Take back that a step was done or skipped."""
        complaint = self.seen(request, reference)
        actions.untick(complaint, key=key, by=self.actor(request), at=now())
        return self.reply(shown(complaint))


class CustomerMessage(_OfCase):
    """Send what the playbook says to the customer as a message, in their language."""

    body: ClassVar = {"POST": shapes.CustomerMessageBody}
    answer = MessageShape
    success: ClassVar = {"POST": 201}

    def post(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        text = self.read(request).get("body", "")
        sent = actions.send_customer_part(complaint, body=text, by=self.actor(request), at=now())
        return self.reply(present.message(sent), 201)


class Fitting(_OfCase):
    """Articles that fit the complaint, best first: by its type and words, or by those of `search`."""

    answer, row_shape = FittingShape, shapes.ArticleShape
    parameters = ("search",)

    def get(self, request: Request, reference: str) -> HttpResponse:
        complaint, given = self.seen(request, reference), request.query_params
        words = once(given, "search").strip()[:200] if "search" in given else ""
        written = f"{complaint.subject}\n{complaint.narrative.description}"
        found = articles.find(words or written, type_id=None if words else complaint.type_id, limit=MOST)
        return self.reply(whole_list(article_api.shown([one.article for one in found])))
