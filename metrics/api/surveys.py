"""`/api/v1/surveys/` and `/api/v1/survey-responses/` (mission B1, B2)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from complaints.api.of_complaint import OF_COMPLAINT
from complaints.models import ChannelCode, Complaint
from core.access import ADMIN, CASES, Access
from core.actions.settings import version_of
from core.api.administering import SettingsView
from core.api.bodies import Strict
from core.api.expanding import Expandable
from core.api.fields import Code, Flag, Instant, Language, Text, Whole
from core.api.filters import SINCE, between, choice, named, text
from core.api.pagination import whole_list
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.instants import iso
from metrics.actions import answer, surveys
from metrics.models import Survey, SurveyKind, SurveyResponse, SurveySettings, SurveyVersion
from metrics.survey_words import PARTS
from retention.api.expansions import CUSTOMER
from retention.api.naming import CustomerId, of_customer

HANDLES_CASES = Access(roles=frozenset(CASES))
READS_SURVEYS = Access(roles=frozenset((*CASES, ADMIN)))


class Texts(Strict):
    """The words of a survey in one language."""

    question = Text(max_length=surveys.LONGEST)
    low = Text(max_length=surveys.LONGEST, required=False, allow_blank=True)
    high = Text(max_length=surveys.LONGEST, required=False, allow_blank=True)
    prompt_low = Text(max_length=surveys.LONGEST, required=False, allow_blank=True)
    prompt_middle = Text(max_length=surveys.LONGEST, required=False, allow_blank=True)
    prompt_high = Text(max_length=surveys.LONGEST, required=False, allow_blank=True)
    thanks = Text(max_length=surveys.LONGEST, required=False, allow_blank=True)


TextsByLanguage: Any = type(
    "TextsByLanguage",
    (Strict,),
    {
        "__doc__": "The words of a survey by language; the house's own needs every part.",
        "__module__": __name__,
        **{code: Texts(required=False) for code, _name in settings.LANGUAGES},
    },
)


class NewVersion(Strict):
    texts = TextsByLanguage()


class NewSurvey(Strict):
    """`code`: its name in addresses; made from the name without one."""

    name = Text(max_length=120, trim=True)
    kind = Code(choices=[(one.value, one.label) for one in surveys.OFFERED])
    texts = TextsByLanguage()
    code = Text(max_length=40, trim=True, required=False)
    is_active = Flag(required=False)
    after_resolution = Flag(required=False)
    delay_seconds = Whole(min_value=0, max_value=surveys.MOST_DELAY, required=False)
    expires_days = Whole(min_value=1, max_value=surveys.MOST_DAYS, required=False)
    share_percent = Whole(min_value=1, max_value=100, required=False)


class SurveyPatch(Strict):
    name = Text(max_length=120, trim=True, required=False)
    is_active = Flag(required=False)
    after_resolution = Flag(required=False)
    delay_seconds = Whole(min_value=0, max_value=surveys.MOST_DELAY, required=False)
    expires_days = Whole(min_value=1, max_value=surveys.MOST_DAYS, required=False)
    share_percent = Whole(min_value=1, max_value=100, required=False)


class NewResponse(Strict):
    """An answer that reached you: to `survey` (its code), or of a `kind` alone."""

    score = Whole(min_value=0, max_value=10)
    survey = Text(max_length=40, required=False)
    kind = Code(choices=SurveyKind.choices, required=False)
    comment = Text(max_length=answer.COMMENT, required=False, allow_blank=True)
    complaint = Text(max_length=16, required=False)
    customer = CustomerId(required=False)
    answered_at = Instant(required=False, not_future=True)
    external_id = Text(max_length=120, trim=True, required=False)
    source = Text(max_length=40, trim=True, required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class
    channel = Code(choices=ChannelCode.choices, required=False)
    language = Language(required=False)
    may_call = Flag(required=False)


class VersionShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    texts = serializers.JSONField(help_text=f"By language: {', '.join(PARTS)}.")
    published_at = serializers.DateTimeField()


class SurveyShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=SurveyKind.choices)
    is_active = serializers.BooleanField()
    after_resolution = serializers.BooleanField()
    delay_seconds = serializers.IntegerField(help_text="Working time between the resolution and the mail.")
    expires_days = serializers.IntegerField()
    share_percent = serializers.IntegerField()
    version = VersionShape(help_text="The words in force.")


class ResponseShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=SurveyKind.choices)
    survey = serializers.CharField(allow_null=True)
    score = serializers.IntegerField(allow_null=True, help_text="null: returned blank, which is no answer.")
    comment = serializers.CharField(allow_blank=True)
    may_call = serializers.BooleanField()
    complaint = Expandable(allow_null=True, help_text="Its reference; with `expand=complaint` as under /complaints/.")
    customer = Expandable(allow_null=True, help_text="The customer's id; with `expand=customer` as under /customers/.")
    channel = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    period_label = serializers.CharField(allow_blank=True)
    segment = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    external_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


def with_words(rows: QuerySet[Survey]) -> QuerySet[Survey]:
    """With the versions, newest first. Query cost: 2."""
    newest = SurveyVersion.objects.order_by("-number")
    return rows.prefetch_related(Prefetch("versions", queryset=newest, to_attr="newest"))


def shown_survey(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "is_active": row.is_active,
        "after_resolution": row.after_resolution,
        "delay_seconds": row.delay_seconds,
        "expires_days": row.expires_days,
        "share_percent": row.share_percent,
        "version": shown_version(row.newest[0]),
    }


def shown_version(row: SurveyVersion) -> dict[str, Any]:
    return {"number": row.number, "texts": row.texts, "published_at": iso(row.published_at)}


def shown_response(row: SurveyResponse) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "survey": row.survey.code if row.survey else None,
        "score": row.score,
        "comment": row.comment,
        "may_call": row.may_call,
        "complaint": row.complaint.reference if row.complaint else None,
        "customer": str(row.customer_id) if row.customer_id else None,
        "channel": row.channel,
        "language": row.language,
        "answered_at": iso(row.answered_at),
        "period_label": row.period_label,
        "segment": row.segment,
        "source": row.source,
        "external_id": row.external_id or None,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


class Surveys(ListView):
    """All surveys with the words in force."""

    access, resource = READS_SURVEYS, "surveys"
    body: ClassVar = {"POST": NewSurvey}
    answer = SurveyShape
    success: ClassVar = {"POST": 201}
    filters = (choice("kind", SurveyKind.values),)
    ordering: ClassVar = {"code": "code", "id": "pk"}
    default_ordering = "code"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Survey]:
        return with_words(Survey.objects.all())

    def to_dict(self, row: Survey) -> dict[str, Any]:
        return shown_survey(row)

    def post(self, request: Request) -> HttpResponse:
        """Make a survey (managers and administrators)."""
        values = self.read(request)
        texts, code = values.pop("texts"), values.pop("code", "")
        made = surveys.create(values, texts, code=code, by=self.actor(request), at=now())
        row = with_words(Survey.objects.all()).get(pk=made.pk)
        location = reverse("api-survey", args=[made.code])
        return self.reply(shown_survey(row), 201, location=location, version=surveys.version_of(made))


class OneSurvey(ApiView):
    """One survey."""

    access, resource = READS_SURVEYS, "surveys"
    body: ClassVar = {"PATCH": SurveyPatch}
    answer = SurveyShape

    def get(self, request: Request, code: str) -> HttpResponse:
        row = self.find(with_words(Survey.objects.all()), code=code)
        return self.reply(shown_survey(row), version=surveys.version_of(row))

    def patch(self, request: Request, code: str) -> HttpResponse:
        """Switch a survey on or off and set its times (managers and administrators, `If-Match` required)."""
        row = self.find(Survey.objects.all(), code=code)
        self.require_match(request, surveys.version_of(row))
        values, seen = self.read(request), self.expected_version(request)
        surveys.change(row, values, by=self.actor(request), at=now(), version=seen)
        changed = with_words(Survey.objects.all()).get(pk=row.pk)
        return self.reply(shown_survey(changed), version=surveys.version_of(changed))


class SurveySettingsPatch(Strict):
    """What is left out stays."""

    contact_cap_days = Whole(min_value=0, max_value=surveys.MOST_DAYS, required=False)
    follow_up_working_days = Whole(min_value=0, max_value=60, required=False)


class SurveySettingsShape(serializers.Serializer[Any]):
    contact_cap_days = serializers.IntegerField(help_text="Nobody is asked twice within so many days.")
    follow_up_working_days = serializers.IntegerField(help_text="By when an unhappy answer is called about.")


class TogetherSettings(SettingsView):
    """What holds for all surveys together."""

    access, resource = READS_SURVEYS, "surveys"
    body: ClassVar = {"PATCH": SurveySettingsPatch}
    answer = SurveySettingsShape

    def get(self, request: Request) -> HttpResponse:
        row = self.find(SurveySettings.objects.all(), pk=1)
        return self.reply(_together(row), version=version_of(row))

    def patch(self, request: Request) -> HttpResponse:
        """Change what holds for all surveys together (managers and administrators, `If-Match` required)."""
        row, values = self.find(SurveySettings.objects.all(), pk=1), self.read(request)
        changed = self.change(request, row, lambda **who: surveys.change_settings(values, **who))
        return self.reply(_together(changed), version=version_of(changed))


def _together(row: SurveySettings) -> dict[str, int]:
    return {"contact_cap_days": row.contact_cap_days, "follow_up_working_days": row.follow_up_working_days}


class Versions(ApiView):
    """The published words of a survey, newest first."""

    access, resource = READS_SURVEYS, "surveys"
    body: ClassVar = {"POST": NewVersion}
    answer = VersionShape
    success: ClassVar = {"POST": 201}
    whole_list = True

    def get(self, request: Request, code: str) -> HttpResponse:
        row = self.find(Survey.objects.all(), code=code)
        versions = SurveyVersion.objects.filter(survey=row).order_by("-number")
        return self.reply(whole_list([shown_version(one) for one in versions]))

    def post(self, request: Request, code: str) -> HttpResponse:
        """Publish new words of a survey (managers and administrators). Answers given before keep the words they were
        asked with."""
        row = self.find(Survey.objects.all(), code=code)
        made = surveys.publish(row, self.read(request)["texts"], by=self.actor(request), at=now())
        return self.reply(shown_version(made), 201, location=reverse("api-survey-versions", args=[code]))


NO_SURVEY = ("unknown_survey", gettext_lazy("There is no survey with this code."))
BY_SURVEY = named("survey", lambda _rows: Survey.objects.order_by(), "code", NO_SURVEY)


class Responses(ListView):
    """Answers to surveys as the caller may see them."""

    access, resource = HANDLES_CASES, "survey-responses"
    body: ClassVar = {"POST": NewResponse}
    answer = ResponseShape
    success: ClassVar = {"POST": 201}
    filters = (
        choice("kind", SurveyKind.values),
        BY_SURVEY,
        text("complaint", "complaint__reference"),
        of_customer(),
        text("source"),
        text("external_id"),
        text("period_label"),
        text("segment"),
        between("answered_at"),
        SINCE,
    )
    expansions: ClassVar = {**OF_COMPLAINT, **CUSTOMER}
    ordering: ClassVar = {"id": "pk", "updated_at": "updated_at", "created_at": "created_at"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[SurveyResponse]:
        return SurveyResponse.objects.visible_to(caller(request)).select_related("survey", "complaint")

    def to_dict(self, row: SurveyResponse) -> dict[str, Any]:
        return shown_response(row)

    def post(self, request: Request) -> HttpResponse:
        """Take an answer that reached you another way, with the same consequences as one given on our page."""
        given = self.read(request)
        values = {**given, **_named(given), **_about(request, given)}
        made = answer.record(by=self.actor(request), at=now(), **values)
        return self.reply(shown_response(made), 201, location=reverse("api-survey-response", args=[made.pk]))


class OneResponse(ApiView):
    """One answer to a survey."""

    access, resource = HANDLES_CASES, "survey-responses"
    answer = ResponseShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        rows = SurveyResponse.objects.visible_to(caller(request)).select_related("survey", "complaint")
        return self.reply(shown_response(self.find(rows, pk=pk)))


def _named(given: dict[str, Any]) -> dict[str, Any]:
    """The survey and its kind. Raises InvalidInput unknown_survey or survey_or_kind."""
    code = given.get("survey")
    survey = Survey.objects.filter(code=code).first() if code else None
    if code and survey is None:
        raise InvalidInput(_("There is no survey with this code."), code="unknown_survey", field="survey")
    kind = given.get("kind") or (survey.kind if survey else "")
    if not kind:
        raise InvalidInput(_("Name the survey, or its kind."), code="survey_or_kind", field="kind")
    return {"survey": survey, "kind": kind}


def _about(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """The complaint and customer it is about, as far as the caller may see them. Raises InvalidInput."""
    found: dict[str, Any] = {}
    if reference := given.get("complaint"):
        seen = Complaint.objects.visible_to(caller(request)).select_related("customer", "owner", "team")
        found["complaint"] = seen.filter(reference=reference).first()
        if found["complaint"] is None:
            raise InvalidInput(_("There is no such complaint."), code="unknown_complaint", field="complaint")
    if customer := given.get("customer"):
        found["customer"] = customer
    return found
