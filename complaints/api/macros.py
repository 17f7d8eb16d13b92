"""`/api/v1/macros/`: words prepared for answers; preview for a case, and use on a case (mission A8)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from complaints import macro_values, macros
from complaints.actions import macro_steps
from complaints.actions import macros as actions
from complaints.actions.decide import DECISIONS
from complaints.actions.speech import Acts
from complaints.actions.speech import Refusal as Saying
from complaints.api import present
from complaints.api.act_values import OF_STEPS
from complaints.api.bodies import LONG, RefusalBody
from complaints.api.calendars import IF_MATCH
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import MessageShape, NoteShape, Reference
from complaints.decision_letter import Deciding
from complaints.models import Complaint, Macro, MacroVersion
from complaints.models.words import FINAL, PURPOSES
from complaints.reference import type_by_code
from core.access import Access
from core.actions.settings import Stale
from core.api.bodies import ByAction, Strict, Values
from core.api.fields import Code, Flag, Id, Text
from core.api.filters import choice, flag, key, once, since
from core.api.pagination import whole_list
from core.api.problem import Refusal, bad_parameter
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import Team

SIGNED_IN = Access()
CIRCLES = [(one, one) for one, _name in actions.CIRCLES]
PURPOSE = [(one, one) for one, _name in PURPOSES]
NAME = {"required": False, "allow_blank": True}


class MacroNames(Strict):
    """By language; what is left out has none."""

    en = Text(max_length=actions.LONGEST_NAME, trim=True, **NAME)
    es = Text(max_length=actions.LONGEST_NAME, trim=True, **NAME)
    pt = Text(max_length=actions.LONGEST_NAME, trim=True, **NAME)
    it = Text(max_length=actions.LONGEST_NAME, trim=True, **NAME)
    ru = Text(max_length=actions.LONGEST_NAME, trim=True, **NAME)


class MacroTexts(Strict):
    """By language, with `{{ variables }}` and `[[ personal parts ]]`."""

    en = Text(max_length=macros.LONGEST, **NAME)
    es = Text(max_length=macros.LONGEST, **NAME)
    pt = Text(max_length=macros.LONGEST, **NAME)
    it = Text(max_length=macros.LONGEST, **NAME)
    ru = Text(max_length=macros.LONGEST, **NAME)


class MacroStepBody(ByAction):
    """One thing a macro does, with what it needs for that."""

    action = Code(choices=[(name, name) for name in macro_steps.STEPS])
    values = Values(OF_STEPS, required=False)


class MacroPatch(Strict):
    """What is left out stays. New words or steps make a new version; messages sent keep theirs."""

    names = MacroNames(required=False)
    texts = MacroTexts(required=False)
    purpose = Code(choices=PURPOSE, required=False)
    acts = serializers.ListField(child=Code(choices=[(act, act) for act in actions.ACTS]), required=False, max_length=2)
    does: ClassVar = serializers.ListField(child=MacroStepBody(), required=False, max_length=macro_steps.MOST)
    types = serializers.ListField(child=Text(max_length=80), required=False, max_length=200, help_text="Codes.")
    circle = Code(choices=CIRCLES, required=False)
    team = Id(required=False, allow_null=True, help_text="Of a macro for a team.")
    is_active = Flag(required=False)


class NewMacro(MacroPatch):
    """A macro; without `circle` it is the caller's own."""

    names = MacroNames()
    is_active = None  # type: ignore[assignment]


class MacroRun(Strict):
    """`body`: the words as they are to be sent; without it, as the macro has them."""

    macro = Id()
    body = Text(max_length=LONG, required=False)
    thanks = Flag(required=False)
    apology = Flag(required=False)
    refusal = RefusalBody(required=False)


class MacroStepShape(serializers.Serializer[Any]):
    action = serializers.CharField()
    values = serializers.DictField()


class MacroShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField(help_text="In the caller's language.")
    names = serializers.DictField(child=serializers.CharField())
    circle = serializers.ChoiceField(choices=CIRCLES)
    owner = Reference(allow_null=True)
    team = Reference(allow_null=True)
    types = serializers.ListField(child=serializers.CharField(), help_text="Codes; none: for all.")
    purpose = serializers.ChoiceField(choices=PURPOSE)
    texts = serializers.DictField(child=serializers.CharField())
    acts = serializers.ListField(child=serializers.CharField())
    does: ClassVar = MacroStepShape(many=True)
    is_active = serializers.BooleanField()
    number = serializers.IntegerField(help_text="Of the version of words and steps.")
    version = serializers.IntegerField(help_text="Counts every change; also the ETag.")


class SegmentShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["text", "value", "fallback", "missing", "personal"])
    text = serializers.CharField()
    name = serializers.CharField(help_text="The variable, or the prompt of a personal part.")


class PreviewShape(serializers.Serializer[Any]):
    language = serializers.CharField(help_text="In which it speaks here.")
    is_foreign = serializers.BooleanField(help_text="It has no text in the complainant's language.")
    body = serializers.CharField(help_text="What is open stands in it, and blocks sending.")
    segments = SegmentShape(many=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text="Variables without a value.")
    personal = serializers.ListField(child=serializers.CharField(), help_text="Parts somebody has to write.")


class MacroRanShape(serializers.Serializer[Any]):
    message = MessageShape(allow_null=True)
    note = NoteShape(allow_null=True)


class VariableShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    about = serializers.CharField()
    example = serializers.CharField()


def shown(row: Macro) -> dict[str, Any]:
    """One macro; the caller has version, owner, team and types loaded."""
    version: MacroVersion = row.current  # type: ignore[assignment]
    return {
        "id": str(row.pk),
        "name": row.label,
        "names": row.names,
        "circle": actions.circle_of(row),
        "owner": present.user_brief(row.owner) if row.owner else None,
        "team": {"id": str(row.team.pk), "name": row.team.name} if row.team else None,
        "types": [one.code for one in row.types.all()],
        "purpose": version.purpose,
        "texts": version.texts,
        "acts": version.acts,
        "does": version.does,
        "is_active": row.is_active,
        "number": version.number,
        "version": row.version,
    }


def rows(request: Request) -> QuerySet[Macro]:
    """Those the caller may look at. Query cost: 2."""
    found = Macro.objects.visible_to(caller(request)).filter(current__isnull=False)
    return found.select_related("current", "owner", "team").prefetch_related("types")


def read_values(values: dict[str, Any]) -> dict[str, Any]:
    """What the action takes of what a body says. Raises InvalidInput unknown_type or unknown_team."""
    if "types" in values:
        values["types"] = [type_by_code(code) for code in dict.fromkeys(values["types"])]
    if "team" in values:
        found = Team.objects.filter(pk=values["team"]).first() if values["team"] is not None else None
        if values["team"] is not None and found is None:
            raise InvalidInput(_("There is no such team."), code="unknown_team", field="team")
        values["team"] = found
    return values


class Macros(ListView):
    """Macros the caller may look at: their own, their teams', everybody's. Managers see every team's."""

    access, resource = SIGNED_IN, "macros"
    body: ClassVar = {"POST": NewMacro}
    answer = MacroShape
    success: ClassVar = {"POST": 201}
    filters = (
        flag("is_active"),
        choice("purpose", [code for code, _name in PURPOSES], "current__purpose"),
        key("team"),
        key("owner"),
        since("created_at", trail=True),
    )
    ordering: ClassVar = {"position": "position"}
    default_ordering = "position"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Macro]:
        return rows(request)

    def to_dict(self, row: Macro) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Make a macro for oneself, one's team or everybody."""
        values = read_values(self.read(request))
        row = actions.create(actions.Draft(**values), by=self.actor(request), at=now())
        return self.reply(shown(row), 201, location=reverse("api-macro", args=[row.pk]), version=row.version)


class OneMacro(ApiView):
    """One macro."""

    access, resource = SIGNED_IN, "macros"
    body: ClassVar = {"PATCH": MacroPatch}
    answer = MacroShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(rows(request), pk=pk)
        return self.reply(shown(row), version=row.version)

    @extend_schema(parameters=[IF_MATCH])
    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change a macro (`If-Match` required)."""
        row = self.find(rows(request), pk=pk)
        self.require_match(request, row.version)
        return self._change(request, row, read_values(self.read(request)), self.expected_version(request))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take a macro out of use; messages keep their words."""
        return self._change(request, self.find(rows(request), pk=pk), {"is_active": False}, None)

    def _change(self, request: Request, row: Macro, values: dict[str, Any], seen: int | None) -> HttpResponse:
        try:
            changed = actions.change(row, values, by=self.actor(request), at=now(), expected=seen)
        except Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from None
        return self.reply(shown(changed), version=changed.version)


class Preview(ApiView):
    """How a macro reads for a case, before anything is sent. `complaint`: its reference. `outcome`: of a final answer,
    what is going to be decided."""

    access, resource = HANDLES_CASES, "macros"
    answer = PreviewShape
    parameters = ("complaint", "outcome")

    @extend_schema(
        parameters=[
            OpenApiParameter("complaint", str, required=True, description="Its reference."),
            OpenApiParameter("outcome", str, enum=[str(one) for one in DECISIONS], description="For a final answer."),
        ]
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(rows(request), pk=pk)
        if not (reference := once(request.query_params, "complaint") if "complaint" in request.query_params else ""):
            raise bad_parameter("complaint", "required", _("Say for which complaint."))
        visible = Complaint.objects.visible_to(caller(request)).select_related("customer", "team")
        complaint = self.find(visible, reference=reference)
        version: MacroVersion = row.current  # type: ignore[assignment]
        language = macro_values.spoken(version, complaint)
        deciding = None
        if "outcome" in request.query_params:
            outcome = once(request.query_params, "outcome")
            if outcome not in DECISIONS:
                raise bad_parameter("outcome", "invalid_choice", _("Choose upheld, partly upheld or not upheld."))
            deciding = Deciding(outcome)
        rendered = macro_values.for_case(version, complaint, agent=request.user, deciding=deciding)
        return self.reply(
            {
                "language": language,
                "is_foreign": bool(language) and language != complaint.language,
                "body": macros.tidy(rendered.text) if version.purpose == FINAL else rendered.text,
                "segments": macros.as_dict(rendered),
                "missing": rendered.missing,
                "personal": rendered.personal,
            }
        )


class Variables(ApiView):
    """What can stand in double braces, in the caller's language."""

    access, resource = SIGNED_IN, "macros"
    answer = VariableShape
    whole_list = True

    def get(self, request: Request) -> HttpResponse:
        known = [{"name": v.name, "about": str(v.about), "example": v.example} for v in macros.VARIABLES.values()]
        return self.reply(whole_list(known))


class Runs(ApiView):
    """Use a macro on the complaint: its words as a message or note, with its acts, then its steps. All or nothing."""

    access, resource = HANDLES_CASES, "complaints"
    body = MacroRun
    answer = MacroRanShape
    success: ClassVar = {"POST": 201}

    def post(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        values = self.read(request)
        macro = actions.taken(caller(request), values.pop("macro"))
        ran = actions.run(
            complaint, macro, by=self.actor(request), at=now(), body=values.pop("body", None), acts=acts(values)
        )
        said = {
            "message": present.message(ran.message) if ran.message else None,
            "note": present.note(ran.note) if ran.note else None,
        }
        return self.reply(said, 201)


def acts(values: dict[str, Any]) -> Acts | None:
    """What a body says of thanks, apology and refusal; None where it says nothing: then the macro's own do."""
    if not {"thanks", "apology", "refusal"} & set(values):
        return None
    refusal = values.get("refusal")
    return Acts(values.get("thanks", False), values.get("apology", False), Saying(**refusal) if refusal else None)
