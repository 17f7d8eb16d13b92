"""What playbooks and articles look like in the API, and what their bodies take (interface.md, Resources: playbooks)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from complaints.actions.playbooks import MOST_CHANGED, MOST_CUSTOMER, MOST_NAME
from complaints.actions.steps import REASON
from complaints.api import present
from complaints.api.shapes import Reference
from complaints.models import ArticleKind, ArticleVersion, PlaybookVersion
from complaints.playbooks import checking, reading
from complaints.web.names import name_of
from core.api.bodies import Strict
from core.api.fields import Code, Flag, Id, Text
from core.api.pagination import WholeListShape
from core.instants import iso

CODE, MOST_TYPES = 80, 100


def _by_language(name: str, longest: int) -> Any:
    """A body with one text for each of our languages; the house's own is demanded by the action."""
    fields = {code: Text(max_length=longest, required=False, allow_blank=True) for code, _name in settings.LANGUAGES}
    doc = "A text by language; what is missing is shown in the house's language."
    return type(name, (Strict,), {"__doc__": doc, "__module__": __name__, **fields})


PlaybookNames = _by_language("PlaybookNames", MOST_NAME)
StepTitles = _by_language("StepTitles", checking.TITLE)
StepTexts = _by_language("StepTexts", checking.TEXT)
CustomerPart = _by_language("CustomerPart", MOST_CUSTOMER)
ArticleTitles = _by_language("ArticleTitles", checking.TITLE)
ArticleBodies = _by_language("ArticleBodies", checking.LONG)


class StepLink(Strict):
    """An address that begins with https://, or a path of this site."""

    title = Text(max_length=checking.TITLE)
    url = Text(max_length=checking.URL)


class PlaybookStepBody(Strict):
    """One step. `key` stays its own through versions; without one it gets one. `who`: agent, lead, manager or words."""

    title = StepTitles()
    key = Text(max_length=24, required=False)
    text = StepTexts(required=False)
    who = Text(max_length=checking.WHO_LONGEST, required=False, allow_blank=True)
    links = serializers.ListField(child=StepLink(), required=False, max_length=checking.MOST_LINKS)
    article = Id(required=False, allow_null=True)
    required = Flag(required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class


class PlaybookDraftBody(Strict):
    """What is left out stays as it is in the draft."""

    steps = serializers.ListField(child=PlaybookStepBody(), required=False, max_length=checking.MOST_STEPS)
    customer_part = CustomerPart(required=False)
    blocks_resolving = Flag(required=False)


class NewPlaybook(PlaybookDraftBody):
    """`type`: the code of the complaint type; without one it is for every complaint without a playbook of its own."""

    names = PlaybookNames()
    type = Text(max_length=CODE, required=False, allow_null=True)


class PlaybookPatch(Strict):
    names = PlaybookNames(required=False)
    is_active = Flag(required=False)


class PublicationBody(Strict):
    """One line for those who must read it; needed from the second version on."""

    what_changed = Text(max_length=MOST_CHANGED, required=False, allow_blank=True)


class ConfirmationBody(Strict):
    """`number`: the version that was read; without one the version in force."""

    number = Text(max_length=9, required=False)


class StepTickBody(Strict):
    """`skipped`: why the step does not apply; blank or missing: it is done."""

    skipped = Text(max_length=REASON, required=False, allow_blank=True)


class CustomerMessageBody(Strict):
    """`body`: the text as the writer changed it; without one it is sent as the playbook has it."""

    body = Text(max_length=20_000, required=False, allow_blank=True)


class NewArticle(Strict):
    kind = Code(choices=ArticleKind.choices)
    titles = ArticleTitles()
    bodies = ArticleBodies()
    types = serializers.ListField(child=Text(max_length=CODE), required=False, max_length=MOST_TYPES)
    url = Text(max_length=checking.URL, required=False, allow_blank=True)
    must_confirm = Flag(required=False)


class ArticlePatch(Strict):
    kind = Code(choices=ArticleKind.choices, required=False)
    types = serializers.ListField(child=Text(max_length=CODE), required=False, max_length=MOST_TYPES)
    url = Text(max_length=checking.URL, required=False, allow_blank=True)
    must_confirm = Flag(required=False)
    is_active = Flag(required=False)


class ArticleDraftBody(Strict):
    titles = ArticleTitles()
    bodies = ArticleBodies()


class PlaybookStepShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.JSONField(help_text="By language.")
    text = serializers.JSONField(help_text="By language; **bold**, lists and [links](https://...) are markup.")
    who = serializers.CharField(help_text="agent, lead, manager, or words.")
    links = serializers.JSONField(help_text="A list of title and url.")
    article = serializers.CharField(allow_null=True)
    required = serializers.BooleanField()  # type: ignore[assignment]  # a field: DRF takes it off the class


class VersionHead(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True, help_text="null: a draft, which governs nothing.")
    what_changed = serializers.CharField(allow_blank=True)
    made_by = Reference(allow_null=True)


class PlaybookVersionShape(VersionHead):
    steps = PlaybookStepShape(many=True)
    customer_part = serializers.JSONField(help_text="By language: what the customer can be sent.")
    blocks_resolving = serializers.BooleanField()


class PlaybookShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    names = serializers.JSONField(help_text="By language.")
    type = serializers.CharField(allow_null=True, help_text="Code; null: for every complaint without one of its own.")
    is_active = serializers.BooleanField()
    in_force = PlaybookVersionShape(allow_null=True)
    draft = serializers.IntegerField(allow_null=True, help_text="The draft's number, where there is one.")
    version = serializers.IntegerField(help_text="Counts changes, those of the draft too: the ETag.")


class ArticleVersionShape(VersionHead):
    titles = serializers.JSONField(help_text="By language.")
    bodies = serializers.JSONField(help_text="By language, with the same markup as steps.")


class ArticleShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=ArticleKind.choices)
    types = serializers.ListField(child=serializers.CharField(), help_text="Codes; none: for all complaints.")
    url = serializers.CharField(allow_blank=True)
    must_confirm = serializers.BooleanField()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    in_force = ArticleVersionShape(allow_null=True)
    draft = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()


class ReaderShape(serializers.Serializer[Any]):
    user = Reference()
    team = Reference(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)


class ReadersShape(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="The version in force.")
    confirmed = serializers.IntegerField()
    of = serializers.IntegerField()
    readers = ReaderShape(many=True, help_text="As far as the caller may see: leads see the teams they lead.")


class ConfirmationShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    confirmed_at = serializers.DateTimeField()


class ToReadShape(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="playbook or article.")
    id = serializers.CharField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    what_changed = serializers.CharField(allow_blank=True)
    published_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class ToReadList(WholeListShape):
    results = ToReadShape(many=True)


class TickShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField(help_text="In the caller's language.")
    required = serializers.BooleanField()  # type: ignore[assignment]  # a field: DRF takes it off the class
    in_playbook = serializers.BooleanField(help_text="false: ticked under another playbook or version.")
    state = serializers.CharField(help_text="open, done or skipped.")
    skipped = serializers.CharField(allow_blank=True)
    by = Reference(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class CasePlaybookShape(serializers.Serializer[Any]):
    playbook = serializers.CharField(allow_null=True, help_text="id; null: none is written for such complaints.")
    name = serializers.CharField(allow_blank=True)
    number = serializers.IntegerField(allow_null=True, help_text="The version in force.")
    began_under = serializers.IntegerField(allow_null=True, help_text="The version when the case came in.")
    blocks_resolving = serializers.BooleanField()
    steps = TickShape(many=True)
    open_required = serializers.ListField(child=serializers.CharField(), help_text="Keys of required steps still open.")
    customer_part = serializers.CharField(allow_blank=True, help_text="In the complainant's language, ready to send.")


def playbook_version(one: PlaybookVersion) -> dict[str, Any]:
    steps = [{**step, "article": _id(step.get("article"))} for step in one.steps]
    return {
        **_head(one),
        "steps": steps,
        "customer_part": one.customer_part,
        "blocks_resolving": one.blocks_resolving,
    }


def article_version(one: ArticleVersion) -> dict[str, Any]:
    return {**_head(one), "titles": one.titles, "bodies": one.bodies}


def _head(one: PlaybookVersion | ArticleVersion) -> dict[str, Any]:
    by = {"id": str(one.made_by_id), "name": name_of(one.made_by_id)} if one.made_by_id else None
    return {
        "number": one.number,
        "published_at": iso(one.published_at) if one.published_at else None,
        "what_changed": one.what_changed,
        "made_by": by,
    }


def _id(key: int | None) -> str | None:
    return str(key) if key is not None else None


def readers(teams: list[reading.TeamReaders], number: int) -> dict[str, Any]:
    """Who has confirmed a version."""
    found = [
        {
            "user": present.user_brief(one.user),
            "team": {"id": str(team.team.pk), "name": team.team.name} if team.team is not None else None,
            "confirmed_at": iso(one.at) if one.at else None,
        }
        for team in teams
        for one in team.readers
    ]
    done = sum(one["confirmed_at"] is not None for one in found)
    return {"number": number, "confirmed": done, "of": len(found), "readers": found}
