"""The steps of a playbook's draft: add, change, move, remove (mission A6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from complaints.actions import playbooks as actions
from complaints.models import Playbook
from complaints.playbooks import articles, checking
from complaints.playbooks.content import CODES, HOUSE, WHO, said
from complaints.web.settings.editing import SettingsForm, carry_out, joined_names, split_names, tabs_of
from complaints.web.settings.frame import show
from complaints.web.settings.playbook_pages import HERE, draft_of, find, page
from complaints.web.settings.press import Press, press
from core.access import ADMIN, MANAGER, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.fields import Line, Paragraphs
from core.web.parts import Link

SOMEBODY = "other"


class StepForm(SettingsForm):
    """One step. Titles and texts stand in tabs, one for each language."""

    key = ""
    who = forms.ChoiceField(label=gettext_lazy("Who does it"), required=False)
    who_words = Line(
        label=gettext_lazy("Somebody else"), max_length=checking.WHO_LONGEST, required=False,
        help_text=gettext_lazy("in words, instead of the choice above: “the night shift”"),
    )  # fmt: skip
    required = forms.BooleanField(
        label=gettext_lazy("Required"), required=False, help_text=gettext_lazy("Optional steps can be left open.")
    )
    article = forms.ChoiceField(label=gettext_lazy("Article that explains it"), required=False)
    links = Paragraphs(
        label=gettext_lazy("Links"), rows=3, required=False, max_length=3000,
        help_text=gettext_lazy("one a line: what it is, a blank, its address, as in “Price list https://...”"),
    )  # fmt: skip

    def build(self) -> None:
        for code in CODES:
            title = Line(label=gettext_lazy("Title"), max_length=checking.TITLE, required=code == HOUSE)
            text = Paragraphs(label=gettext_lazy("Text"), max_length=checking.TEXT, rows=5, required=False)
            for name, field in (("title", title), ("text", text)):
                field.widget.attrs["lang"] = code
                self.fields[f"{name}_{code}"] = field
        self.fields["who"].choices = [*WHO.items(), (SOMEBODY, _("somebody else, named below"))]  # type: ignore[attr-defined]
        named = sorted((said(titles), str(pk)) for pk, titles in articles.titles().items())
        self.fields["article"].choices = [("", _("none")), *((pk, title) for title, pk in named)]  # type: ignore[attr-defined]

    def start(self, row: Any) -> dict[str, Any]:
        one = next((step for step in draft_of(row).steps if step["key"] == self.key), None)
        if one is None:
            return {"who": next(iter(WHO)), "required": True}
        who = one.get("who", "")
        return {
            "who": who if who in WHO else SOMEBODY,
            "who_words": "" if who in WHO else who,
            "required": one["required"],
            "article": str(one["article"] or ""),
            "links": "\n".join(f"{link['title']} {link['url']}" for link in one["links"]),
            **split_names("title", one["title"]),
            **split_names("text", one.get("text") or {}),
        }

    @property
    def values(self) -> dict[str, Any]:
        given = super().values
        return {
            "title": joined_names("title", given),
            "text": joined_names("text", given),
            "who": given["who_words"] or (given["who"] if given["who"] in WHO else ""),
            "required": given["required"],
            "article": int(given["article"]) if given["article"] else None,
            "links": _links(given["links"]),
        }

    @property
    def tongues(self) -> list[dict[str, Any]]:
        return tabs_of(self, "title", "text")

    @property
    def others(self) -> list[Any]:
        return [self[name] for name in ("who", "who_words", "required", "article", "links")]


def _links(text: str) -> list[dict[str, str]]:
    """Lines of "what it is https://..." as links; what has no address is refused by the action."""
    found = []
    for line in text.splitlines():
        if line := line.strip():
            title, _blank, url = line.rpartition(" ")
            found.append({"title": title or url, "url": url})
    return found


@allow(ADMIN, MANAGER)
def new(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """A step at the end of the draft."""
    return _edit(request, find(playbook_id), "")


@allow(ADMIN, MANAGER)
def step(request: HttpRequest, playbook_id: int, key: str) -> HttpResponse:
    """Change one step of the draft."""
    one = find(playbook_id)
    if all(step["key"] != key for step in draft_of(one).steps):
        raise Http404
    return _edit(request, one, key)


def _edit(request: HttpRequest, one: Playbook, key: str) -> HttpResponse:
    draft_of(one)
    form = type("KeyedForm", (StepForm,), {"key": key})(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> str:
        return actions.put_step(one, form.values, key=key, **who)

    here = reverse("settings_playbook", args=[one.pk])
    done = _("Saved in the draft")
    if request.method == "POST" and (answer := carry_out(request, form, run, done=done, go=f"{here}#steps")):
        return answer
    context = {
        "form": form,
        "back": Link(_("Cancel"), f"{here}#steps"),
        "remove_url": reverse("settings_step_remove", args=[one.pk, key]) if key else "",
        "press": Press(),
        "seen": one.version,
    }
    title = said(next(step["title"] for step in draft_of(one).steps if step["key"] == key)) if key else _("New step")
    return show(request, "settings/step.html", HERE, context, title=title, status=form.http_status)


@require_POST
@allow(ADMIN, MANAGER)
def remove(request: HttpRequest, playbook_id: int, key: str) -> HttpResponse:
    """Take a step out of the draft."""
    one = find(playbook_id)

    def run(sent: Press, **who: Any) -> Any:
        return actions.remove_step(one, key, seen=sent.known, **who)

    here = reverse("settings_playbook", args=[one.pk])
    return press(request, run, done=_("Step removed from the draft"), go=f"{here}#steps", back=here)


@require_POST
@allow(ADMIN, MANAGER)
def move(request: HttpRequest, playbook_id: int, key: str) -> HttpResponse:
    """Let a step change places with its neighbour; htmx gets the list back, a plain browser the page.

    The version says which list the reader saw: pressed twice, or beside somebody else's change, it moves nothing.
    """
    one = find(playbook_id)
    seen = request.POST.get("revision", "")
    known = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None
    up = request.POST.get("direction") != "down"
    try:
        actions.move_step(one, key, up=up, by=Actor.of(request), at=now(), seen=known)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    if request.htmx:  # type: ignore[attr-defined]
        return page(request, find(playbook_id), fragment=True)
    return HttpResponseRedirect(reverse("settings_playbook", args=[one.pk]) + "#steps")
