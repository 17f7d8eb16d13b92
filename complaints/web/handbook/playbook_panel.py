"""The playbook beside a case: steps with their ticks, what is new, and what it says to the customer (mission A6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints import markup
from complaints.actions import steps as actions
from complaints.models import OPEN, Complaint, Status, StepDone
from complaints.playbooks import articles, memory
from complaints.playbooks.content import Step, said, spoken_in
from complaints.web.names import name_of
from core import languages
from core.clock import now
from core.web.once import fresh
from core.web.parts import Link

TICKED, SKIPPED, OPEN_STEP = "true", "mixed", "false"


@dataclass(slots=True)
class Shown:
    """One step as the panel shows it. `state` is what `aria-checked` says; `note`: who ticked it when, or why not."""

    key: str
    title: str
    text: SafeString
    who: str
    required: bool
    links: list[Link]
    state: str
    note: str
    url: str
    is_next: bool = False
    error: str = ""
    lang: str = ""

    @property
    def is_done(self) -> bool:
        return self.state != OPEN_STEP


@dataclass(slots=True)
class Panel:
    """What `complaints/_playbook_panel.html` takes."""

    name: str
    url: str
    count: str
    steps: list[Shown]
    next_id: str = ""
    newer: str = ""  # it holds another version than when the case came in
    newer_url: str = ""
    hint: str = ""  # required steps that are open
    hint_tone: str = ""
    strays: list[tuple[str, str, str]] = field(default_factory=list)  # key, title, note of ticks of another playbook
    customer: dict[str, Any] = field(default_factory=dict)
    knowledge_url: str = ""
    nonce: str = ""
    trouble: str = ""


def panel(
    complaint: Complaint, *, trouble: str = "", at_key: str = "", known: Iterable[StepDone] | None = None
) -> Panel:
    """The panel of one case; `trouble` is what was refused, at the step `at_key` where it concerns one.

    Query cost: 1, the ticks unless they are `known`; 1 more a while for ticks of steps that are in the playbook no
    more.
    """
    edition = memory.edition_for(complaint.type_id)
    knowledge = reverse("case_knowledge", args=[complaint.reference])
    if known is None:
        known = StepDone.objects.filter(complaint=complaint).order_by("at", "pk")
    ticks = {row.key: row for row in known}
    if edition is None:
        return Panel("", "", "", [], strays=_strays(ticks, set()), knowledge_url=knowledge, nonce=fresh())
    found = [_shown(complaint, step, ticks.get(step.key)) for step in edition.steps]
    for one in found:
        one.error = trouble if one.key == at_key else ""
    following = next((one for one in found if not one.is_done), None)
    if following is not None:
        following.is_next = True
    done = sum(one.is_done for one in found)
    hint, tone = _hint(complaint, edition, found)
    newer, newer_url = _newer(complaint, edition)
    return Panel(
        name=edition.playbook.label,
        url=reverse("knowledge_playbook", args=[edition.playbook.pk]),
        count=_("%(done)s of %(all)s") % {"done": done, "all": len(found)},
        steps=found,
        next_id=f"step-{following.key}" if following is not None else "",
        newer=newer,
        newer_url=newer_url,
        hint=hint,
        hint_tone=tone,
        strays=_strays(ticks, {step.key for step in edition.steps}),
        customer=_customer(complaint, edition),
        knowledge_url=knowledge,
        nonce=fresh(),
        trouble="" if at_key else trouble,
    )


def _shown(complaint: Complaint, step: Step, tick: StepDone | None) -> Shown:
    titles = articles.titles()
    links = [Link(one.title, one.url) for one in step.links]
    if step.article in titles:
        links.insert(0, Link(said(titles[step.article]), reverse("knowledge_article", args=[step.article]), "book"))
    state = OPEN_STEP if tick is None else (SKIPPED if tick.skipped else TICKED)
    spoken = spoken_in(step.titles)
    return Shown(
        key=step.key,
        title=step.title,
        text=markup.render(step.text),
        who="" if step.who == "agent" else step.who_label,
        required=step.required,
        links=links,
        state=state,
        note=_note(tick) if tick is not None else "",
        url=reverse("case_step", args=[complaint.reference, step.key]),
        lang=spoken if spoken != languages.code() else "",
    )


def _note(tick: StepDone) -> str:
    when = languages.near(tick.at, now())
    words = {"who": name_of(tick.by_id) or "Amends", "when": when, "why": tick.skipped}
    return (_("Does not apply: %(why)s. %(who)s, %(when)s") if tick.skipped else _("%(who)s, %(when)s")) % words


def _strays(ticks: dict[str, StepDone], known: set[str]) -> list[tuple[str, str, str]]:
    """Ticks of steps that the playbook does not have: of an earlier version, or of the type the case had before."""
    rows = [row for key, row in ticks.items() if key not in known]
    versions = memory.steps_of_versions({row.version_id for row in rows}) if rows else {}
    found = []
    for row in rows:
        step = next((one for one in versions.get(row.version_id, ()) if one.key == row.key), None)
        found.append((row.key, step.title if step is not None else row.key, _note(row)))
    return found


def _hint(complaint: Complaint, edition: memory.Edition, steps: list[Shown]) -> tuple[str, str]:
    """What to know before resolving: how many required steps are open, and whether they hold it back."""
    missing = sum(one.required and not one.is_done for one in steps)
    if not missing or complaint.status not in OPEN:
        return "", ""
    if edition.whole.blocks_resolving:
        words = ngettext(
            "%(n)s required step is open. Until then the case cannot be resolved.",
            "%(n)s required steps are open. Until then the case cannot be resolved.",
            missing,
        )
        return words % {"n": missing}, "risk"
    words = ngettext(
        "%(n)s required step is open before the case is resolved.",
        "%(n)s required steps are open before the case is resolved.",
        missing,
    )
    return words % {"n": missing}, ""


def _newer(complaint: Complaint, edition: memory.Edition) -> tuple[str, str]:
    """When the version in force is not the one under which the case began: that, and where the differences stand."""
    began = edition.begun_under(complaint.created_at)
    if began.number == edition.number:
        return "", ""
    words = {
        "old": began.number,
        "new": edition.number,
        "day": languages.day(edition.published_at),
        "what": edition.what_changed,
    }
    said_so = _("The case began under version %(old)s. Since %(day)s version %(new)s holds: %(what)s") % words
    return said_so, f"{reverse('knowledge_playbook', args=[edition.playbook.pk])}?from={began.number}#differences"


def _customer(complaint: Complaint, edition: memory.Edition) -> dict[str, Any]:
    """What the playbook says to the customer, as it will be sent; empty where it says nothing."""
    text = actions.customer_part(complaint)
    if not text:
        return {}
    spoken = spoken_in(edition.customer_part, complaint.language)
    return {
        "text": text,
        "html": markup.render(said(edition.customer_part, complaint.language)),
        "lang": spoken,
        "language": languages.language_name(spoken),
        "foreign": "" if spoken == languages.code(complaint.language) else languages.language_name(complaint.language),
        "url": reverse("case_playbook_message", args=[complaint.reference]),
        "can_send": complaint.status in (*OPEN, Status.RESOLVED) and not complaint.is_quarantined,
    }
