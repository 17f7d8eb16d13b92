"""Authority in the settings: the limits in force, their draft, what it changes, its publication, the versions before,
and a try (domain, Authority and money)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from complaints.actions import authority as actions
from complaints.authority import drafts, foresee
from complaints.authority.lines import Line
from complaints.models import AuthorityLimit, AuthorityVersion
from complaints.web.remedies import limit_words, words
from complaints.web.settings import authority_words
from complaints.web.settings.authority_form import LimitForm, TryForm
from complaints.web.settings.authority_words import Row
from complaints.web.settings.editing import carry_out
from complaints.web.settings.frame import show
from complaints.web.settings.press import Press, press
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.models import User
from core.web.parts import Chip, Empty, Link

HERE, DRAFT, VERSIONS = "settings_authority", "settings_authority_draft", "settings_authority_versions"
SHOWN_VERSIONS = 50


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """What is in force, and the answer to a try. Query cost: at most 6 beside session and user, a try about 10 more."""
    found = drafts.versions()
    form = TryForm(request.GET if "person" in request.GET else None, has_draft=found.draft is not None)
    trial = _trial(form, found) if form.is_bound else None
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "settings/_authority_trial.html", {"trial": trial})
    in_force = drafts.lines_of(found.in_force)
    draft = drafts.lines_of(found.draft)
    context = {
        **_context(request, found, drafts.differences(in_force, draft) if found.draft else []),
        "rows": authority_words.rows_of(in_force),
        "try_form": form,
        "trial": trial,
        "empty": Empty("nothing", _("No limits yet"), _("Without limits nobody grants anything.")),
    }
    return show(request, "settings/authority.html", HERE, context, note=_version(found.in_force), tools=_tools())


@require_safe
@allow(ADMIN, MANAGER)
def draft(request: HttpRequest) -> HttpResponse:
    """The draft with what it changes; without one the page of what is in force. Query cost: at most 6."""
    found = drafts.versions()
    if found.draft is None:
        return HttpResponseRedirect(reverse(HERE))
    in_force, lines = drafts.lines_of(found.in_force), drafts.lines_of(found.draft)
    changed = drafts.differences(in_force, lines)
    may_edit = _may_edit(request)
    context = {
        **_context(request, found, changed),
        "rows": _draft_rows(lines, changed, may_edit=may_edit),
        "removed": [
            limit_words.sentence(one.before) for one in changed if one.what == drafts.REMOVED and one.before is not None
        ],
        "preview": authority_words.sentences(changed),
        "is_draft": True,
        "empty": Empty("nothing", _("No limits"), _("Without limits nobody grants anything.")),
    }
    title = _("Draft of version %(number)s") % {"number": found.draft.number}
    tools = (Link(_("New limit"), reverse("settings_authority_limit_new"), "plus", primary=True, key="KeyN"),)
    return show(request, "settings/authority.html", HERE, context, title=title, tools=tools if may_edit else ())


@require_safe
@allow(ADMIN, MANAGER)
def versions(request: HttpRequest) -> HttpResponse:
    """Every version with what it changed, the newest first. Query cost: 2."""
    newest = list(
        AuthorityVersion.objects.filter(published_at__isnull=False)
        .select_related("published_by")
        .order_by("-number")[: SHOWN_VERSIONS + 1]
    )
    lines: dict[int, list[Line]] = {one.pk: [] for one in newest}
    rows = AuthorityLimit.objects.filter(version__in=newest).order_by("position", "pk")
    for version, *values in rows.values_list("version", *Line.__dataclass_fields__):
        lines[version].append(Line(*values))
    shown = []
    for place, one in enumerate(newest[:SHOWN_VERSIONS]):
        older = newest[place + 1] if place + 1 < len(newest) else None
        changed = drafts.differences(lines[older.pk] if older else [], lines[one.pk])
        shown.append(
            {
                "number": one.number,
                "current": place == 0,
                "day": languages.moment(one.published_at) if one.published_at else "",
                "who": str(one.published_by) if one.published_by else "",
                "changes": authority_words.sentences(changed),
                "count": ngettext("%(n)s limit", "%(n)s limits", len(lines[one.pk])) % {"n": len(lines[one.pk])},
            }
        )
    return show(request, "settings/authority_versions.html", HERE, {"versions": shown}, title=_("Versions"))


@require_POST
@allow(ADMIN)
def begin(request: HttpRequest) -> HttpResponse:
    """Copy what is in force into a draft."""

    def run(_sent: Press, **who: Any) -> Any:
        return actions.begin_draft(**who)

    return press(request, run, go=reverse(DRAFT), back=reverse(HERE))


@require_POST
@allow(ADMIN)
def discard(request: HttpRequest) -> HttpResponse:
    """Throw the draft away."""
    one = _draft()

    def run(sent: Press, **who: Any) -> None:
        actions.discard_draft(one, seen=sent.known, **who)

    return press(request, run, done=_("Draft discarded"), go=reverse(HERE), back=reverse(DRAFT))


@require_POST
@allow(ADMIN)
def publish(request: HttpRequest) -> HttpResponse:
    """Put the draft in force."""
    one = _draft()

    def run(sent: Press, **who: Any) -> Any:
        return actions.publish(one, seen=sent.known, **who)

    done = _("Version %(number)s is in force") % {"number": one.number}
    return press(request, run, done=done, go=reverse(HERE), back=reverse(DRAFT))


@allow(ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    """A limit more in the draft."""
    one = _draft()
    form = LimitForm(request.POST if request.method == "POST" else None)

    def run(**who: Any) -> AuthorityLimit:
        return actions.add_limit(one, form.values, **who)

    if request.method == "POST" and (
        answer := carry_out(request, form, run, done=_("Limit added to the draft"), go=reverse(DRAFT))
    ):
        return answer
    context = {
        "form": form,
        "back": Link(_("Cancel"), reverse(DRAFT)),
        "lead": _lead(),
        "submit": _("Save in the draft"),
    }
    return show(request, "settings/form.html", HERE, context, title=_("New limit"), status=form.http_status)


@allow(ADMIN)
def limit(request: HttpRequest, limit_id: int) -> HttpResponse:
    """Change one limit of the draft."""
    one = _limit(limit_id)
    form = LimitForm(request.POST if request.method == "POST" else None, row=one.version, limit=one)

    def run(**who: Any) -> AuthorityLimit:
        return actions.change_limit(one, form.values, **who)

    if request.method == "POST" and (
        answer := carry_out(request, form, run, done=_("Saved in the draft"), go=reverse(DRAFT))
    ):
        return answer
    remove_it = {
        "url": reverse("settings_authority_limit_remove", args=[one.pk]),
        "button": _("Remove the limit"),
        "danger": True,
        "hint": _("Only out of the draft. What is in force stays as it is."),
    }
    context = {
        "form": form,
        "back": Link(_("Cancel"), reverse(DRAFT)),
        "lead": _lead(),
        "submit": _("Save in the draft"),
        "others": [remove_it],
    }
    return show(request, "settings/form.html", HERE, context, title=_("Limit"), status=form.http_status)


@require_POST
@allow(ADMIN)
def remove(request: HttpRequest, limit_id: int) -> HttpResponse:
    """Take a limit out of the draft."""
    one = _limit(limit_id)

    def run(sent: Press, **who: Any) -> None:
        actions.remove_limit(one, seen=sent.known, **who)

    return press(request, run, done=_("Limit removed from the draft"), go=reverse(DRAFT), back=reverse(DRAFT))


@require_POST
@allow(ADMIN)
def move(request: HttpRequest, limit_id: int) -> HttpResponse:
    """Change places with the neighbour."""
    one = _limit(limit_id)
    keys = list(
        AuthorityLimit.objects.filter(version=one.version).order_by("position", "pk").values_list("pk", flat=True)
    )
    data = request.POST.copy()
    step = -1 if data.pop("direction", ["up"])[-1] == "up" else 1
    to = min(max(keys.index(one.pk) + 1 + step, 1), len(keys))

    def run(sent: Press, **who: Any) -> Any:
        return actions.move_limit(one, to=to, seen=sent.known, **who)

    return press(request, run, go=f"{reverse(DRAFT)}#limit-{one.pk}", back=reverse(DRAFT), form=Press(data))


def _context(request: HttpRequest, found: drafts.Versions, changed: list[drafts.Difference]) -> dict[str, Any]:
    may_edit = _may_edit(request)
    return {
        "draft": _draft_bar(found.draft, changed),
        "may_edit": may_edit,
        "press": Press() if may_edit else None,
        "revision": drafts.revision(found.draft) if found.draft is not None and may_edit else "",
        "lead": _(
            "A limit of a person goes before one of their team, that before one of a role; of several roles the "
            "largest holds. One for a kind of remedy goes before one for all kinds. Caps hold for everybody."
        ),
    }


def _draft_bar(draft: AuthorityVersion | None, changed: list[drafts.Difference]) -> dict[str, Any] | None:
    if draft is None:
        return None
    n = len(changed)
    who = str(draft.created_by) if draft.created_by else ""
    since = {"number": draft.number, "name": who, "day": languages.day(languages.local(draft.created_at))}
    note = _("Version %(number)s, begun on %(day)s by %(name)s.") if who else _("Version %(number)s, begun on %(day)s.")
    return {
        "title": ngettext("Draft with %(n)s change", "Draft with %(n)s changes", n) % {"n": n},
        "note": note % since,
        "changes": n,
    }


def _draft_rows(lines: tuple[Line, ...], changed: list[drafts.Difference], *, may_edit: bool) -> list[Row]:
    told = {one.after.id: one for one in changed if one.after is not None}
    found = authority_words.rows_of(lines)
    for row in found:
        if row.key in told:
            row.marks = [authority_words.mark(told[row.key])]
            row.was = authority_words.change_lines(told[row.key])
        if may_edit:
            row.url = reverse("settings_authority_limit", args=[row.key])
            row.move_url = reverse("settings_authority_limit_move", args=[row.key])
    if found:
        found[0].first = found[-1].last = True
    return found


def _trial(form: TryForm, found: drafts.Versions) -> dict[str, Any]:
    """What would happen and why. Query cost: about 10."""
    if not form.is_valid():
        return {"refusal": " ".join(str(message) for lines in form.errors.values() for message in lines)}
    said = form.cleaned_data
    person = User.objects.active().filter(pk=said["person"]).first()
    if person is None:
        return {"refusal": _("There is no such person.")}
    version = found.draft if said.get("draft") and found.draft is not None else found.in_force
    answer = foresee.foresee(
        person,
        said["kind"],
        said["amount"],
        said["currency"],
        version.number if version else 0,
        drafts.lines_of(version),
    )
    verdicts = {
        foresee.WITHIN: Chip(_("granted on the spot"), "met"),
        foresee.ABOVE: Chip(_("needs approval"), "risk"),
        foresee.CAPPED: Chip(_("refused: above a cap"), "breach"),
    }
    line = answer.room.line
    if answer.room.is_free:
        why = _("An apology needs no authority.")
    elif line is None:
        why = _("No limit fits: nothing may be granted without approval.")
    else:
        why = limit_words.sentence(line)
    names = [str(one) for one in answer.approvers]
    return {
        "verdict": verdicts[answer.state],
        "asked": f"{person}, {words.value(said['amount'], said['currency']) or form['kind'].value()}",
        "why": why,
        "gauges": [
            words.left_of(one, answer.room.currency, cap=False, of_whom=str(person)) for one in answer.room.gauges
        ]
        + [words.left_of(one, answer.room.currency, cap=True) for one in answer.room.caps],
        "approvers": (words.people(names) or _("nobody")) if answer.state == foresee.ABOVE else "",
        "version": version.number if version else 0,
    }


def _tools() -> tuple[Link, ...]:
    return (Link(_("Versions"), reverse(VERSIONS), "trail"),)


def _version(version: AuthorityVersion | None) -> str:
    if version is None or version.published_at is None:
        return ""
    said = {"number": version.number, "day": languages.day(languages.local(version.published_at))}
    return _("version %(number)s in force since %(day)s") % said


def _lead() -> str:
    return _("In the draft; nothing changes until it is published.")


def _may_edit(request: HttpRequest) -> bool:
    return ADMIN in request.user.roles  # type: ignore[union-attr]


def _draft() -> AuthorityVersion:
    found = drafts.versions().draft
    if found is None:
        raise Http404
    return found


def _limit(limit_id: int) -> AuthorityLimit:
    """Of the draft. Raises Http404."""
    found = AuthorityLimit.objects.filter(version__published_at__isnull=True).select_related("version")
    one = found.filter(pk=limit_id).first()
    if one is None:
        raise Http404
    return one
