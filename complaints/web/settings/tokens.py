"""API tokens: issued, shown once, revoked (interface, REST API; case F09)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, get_resolver, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints.web.settings import choices
from complaints.web.settings.editing import Part, SettingsForm, act, carry_out
from complaints.web.settings.frame import PAGE, guide_link, key_of, show
from core import languages, scopes
from core.access import ADMIN, allow
from core.actions import tokens as actions
from core.clock import now
from core.models import ApiToken, User
from core.web.fields import Line
from core.web.parts import Chip, Empty, Link

HERE = "settings_tokens"
SOME = "some"


@require_safe
@allow(ADMIN)
def index(request: HttpRequest) -> HttpResponse:
    """Tokens, those in force first, 50 a page. Query cost: 1 beside session and user."""
    page = max(1, min(key_of(request, "page") or 1, 10_000))
    ranked = ApiToken.objects.select_related("user").order_by("revoked_at", "name", "pk")
    found = list(ranked[(page - 1) * PAGE : page * PAGE + 1])
    new_token = Link(_("Issue a token"), reverse("settings_token_new"), "plus", primary=True)
    context = {
        "tokens": [_row(one) for one in found[:PAGE]],
        "empty": Empty(
            "nothing",
            _("No tokens yet"),
            _("A token lets another system in, with the rights of one user."),
            [new_token],
        ),
        "previous_url": f"?page={page - 1}" if page > 1 else "",
        "next_url": f"?page={page + 1}" if len(found) > PAGE else "",
    }
    return show(request, "settings/tokens.html", HERE, context, tools=(guide_link(), new_token))


def _row(one: ApiToken) -> dict[str, Any]:
    at = now()
    if one.revoked_at:
        state = Chip(_("revoked"), "pause")
    elif one.expires_at and one.expires_at <= at:
        state = Chip(_("expired"), "pause")
    elif not one.user.is_active:
        state = Chip(_("the user is not active"), "pause")
    else:
        state = Chip(_("in force"), "ok")
    return {
        "name": one.name,
        "hint": one.hint,
        "user": str(one.user),
        "scopes": _("everything the user may do") if one.scopes == [scopes.ALL] else ", ".join(one.scopes),
        "until": languages.day(languages.local(one.expires_at)) if one.expires_at else _("no end"),
        "used": languages.ago(one.last_used_at, at) if one.last_used_at else _("never"),
        "state": state,
        "revoke_url": "" if one.revoked_at else reverse("settings_token_revoke", args=[one.pk]),
    }


class TokenForm(SettingsForm):
    name = Line(
        label=pgettext_lazy("of a thing", "Name"),
        max_length=80,
        help_text=gettext_lazy("what the other system is called on the trail"),
    )
    user = forms.ChoiceField(
        label=gettext_lazy("Acts for"), help_text=gettext_lazy("It may do what this user may do, and no more.")
    )
    days = forms.ChoiceField(
        label=gettext_lazy("Valid for"),
        initial="365",
        choices=[
            ("30", gettext_lazy("30 days")),
            ("90", gettext_lazy("90 days")),
            ("365", gettext_lazy("365 days")),
            ("", gettext_lazy("no end")),
        ],
        required=False,
    )
    reach = forms.ChoiceField(
        label=gettext_lazy("Scope"),
        initial=SOME,
        widget=forms.RadioSelect,
        choices=[
            (SOME, gettext_lazy("only what is ticked below")),
            (scopes.ALL, gettext_lazy("everything the user may do")),
        ],
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Write includes read."),
    )  # fmt: skip
    parts = (Part("", ("scopes",), look="picks"),)

    def build(self) -> None:
        self.fields["user"].choices = choices.people(blank=_("choose"))  # type: ignore[attr-defined]
        self.fields["scopes"].choices = [(scope, scope) for scope in _offered()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("reach") == SOME and not given.get("scopes") and "scopes" not in self.errors:
            self.add_error("scopes", _("Tick at least one, or choose everything."))
        return given

    @property
    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "name": given["name"],
            "user": User.objects.get(pk=given["user"]),
            "scopes": [scopes.ALL] if given["reach"] == scopes.ALL else given["scopes"],
            "days": int(given["days"]) if given["days"] else None,
        }


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """Issue a token. Its text is in the answer to this very POST and nowhere else."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    issued: list[tuple[ApiToken, str]] = []

    def run(**who: Any) -> None:
        issued.append(actions.issue_token(user=form.values["user"], **_terms(form), **who))

    if request.method == "POST":
        answer = carry_out(request, form, run, done="", go=reverse(HERE))
        if issued and answer:
            token, plain = issued[0]
            context = {"token": token, "plain": plain, "back": Link(pgettext("button", "Done"), reverse(HERE))}
            shown = show(request, "settings/token.html", HERE, context, title=_("Token issued"))
            shown["Cache-Control"] = "no-store"
            return shown
        if answer:
            return answer
    context = {"form": form, "submit": _("Issue the token"), "back": Link(_("Cancel"), reverse(HERE))}
    return show(request, "settings/form.html", HERE, context, title=_("Issue a token"), status=form.http_status)


@require_POST
@allow(ADMIN)
def revoke(request: HttpRequest, token_id: int) -> HttpResponse | HttpResponseRedirect:
    """End a token at once."""
    one = ApiToken.objects.filter(pk=token_id).first()
    if one is None:
        raise Http404
    return act(request, partial(actions.revoke_token, one), done=_("Token revoked"), go=reverse(HERE))


def _terms(form: TokenForm) -> dict[str, Any]:
    return {name: value for name, value in form.values.items() if name != "user"}


@lru_cache(maxsize=1)
def _offered() -> tuple[str, ...]:
    """The scopes of what the API serves today."""
    served = set(_served(get_resolver().url_patterns))
    return tuple(scope for scope in scopes.SCOPES if scope.partition(":")[0] in served)


def _served(patterns: Any) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            resource = getattr(getattr(pattern.callback, "cls", None), "resource", "")
            if resource:
                yield resource
        else:
            yield from _served(pattern.url_patterns)
