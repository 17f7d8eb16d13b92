"""Tags of the desk: what a page shows many times, from stencils (core.web.stencil)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django import template
from django.template.defaultfilters import linebreaks_filter
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from complaints.playbooks import reading
from core.templatetags.amends import attached, avatar, sla_badge
from core.web.once import fresh
from core.web.parts import CaseForm, Entry, Row
from core.web.stencil import Stencil, hole

register = template.Library()
LOOKS = 1024  # of rows and entries, some 2 kB each
FORMS = 256  # actions as forms, up to 15 kB each: they differ by language, by what is chosen, and with the roster


@register.simple_tag
def queue_rows(rows: Iterable[Row], strip: Any = False, picks: Any = False) -> SafeString:
    """`_row.html` for each row."""
    language, narrow, picked = get_language(), bool(strip), bool(picks)
    # every piece is a SafeString of a stencil
    return mark_safe("".join([_row(row, language, narrow, picked) for row in rows]))  # noqa: S308


def _row(row: Row, language: str | None, strip: bool, picks: bool) -> SafeString:
    look = _row_look(
        language, strip, picks, row.badge is not None, row.severity, row.severity_label, row.channel, row.channel_label,
        bool(row.tier), bool(row.snippet), bool(row.clock), tuple(row.flags), row.unread, row.current,
    )  # fmt: skip
    return look.fill(
        {
            "reference": row.reference,
            "url": row.url,
            "subject": row.subject,
            "name": row.name,
            "badge": sla_badge(row.badge),
            "tier": row.tier,
            "snippet": row.snippet,
            "type_path": row.type_path,
            "clock": row.clock,
            "owner": SafeString() if strip else avatar(row.owner, "", True),
        }
    )


@lru_cache(maxsize=LOOKS)
def _row_look(
    _language: str | None, strip: bool, picks: bool, badge: bool, severity: str, severity_label: str, channel: str,
    channel_label: str, tier: bool, snippet: bool, clock: bool, flags: tuple[Any, ...], unread: bool, current: bool,
) -> Stencil:  # fmt: skip
    row = Row(
        reference=hole("reference"),
        url=hole("url"),
        subject=hole("subject"),
        name=hole("name"),
        badge=hole("badge") if badge else None,  # type: ignore[arg-type]
        severity=severity,
        severity_label=severity_label,
        channel=channel,
        channel_label=channel_label,
        tier=hole("tier") if tier else "",
        snippet=hole("snippet") if snippet else "",
        type_path=hole("type_path"),
        clock=hole("clock") if clock else "",
        owner=hole("owner"),  # type: ignore[arg-type]
        flags=flags,
        unread=unread,
        current=current,
    )
    return Stencil(get_template("_row.html").render({"row": row, "strip": strip, "picks": picks}))


@register.inclusion_tag("knowledge/_banner.html", takes_context=True)
def to_read_banner(context: template.Context) -> dict[str, Any]:
    """That versions of playbooks or articles wait to be read, until they are confirmed. No query in a while."""
    return {"unread": reading.unread(context["request"].user)}


@register.simple_tag
def timeline_entries(entries: Iterable[Entry]) -> SafeString:
    """`_entry.html` for each entry of a timeline."""
    language = get_language()
    # every piece is a SafeString of a stencil
    return mark_safe("".join([_entry(entry, language) for entry in entries]))  # noqa: S308


def _entry(entry: Entry, language: str | None) -> SafeString:
    said = entry.kind not in ("day", "event")
    look = _entry_look(
        language, entry.kind, entry.tone, entry.icon, bool(entry.title), bool(entry.at), bool(entry.key),
        bool(entry.to), entry.channel, entry.channel_label, tuple(entry.chips), bool(entry.files),
    )  # fmt: skip
    return look.fill(
        {
            "text": linebreaks_filter(entry.text) if said else entry.text,
            "time": entry.time,
            "at": entry.at,
            "key": entry.key,
            "title": entry.title,
            "to": entry.to,
            "who": avatar(entry.who) if said else SafeString(),
            "name": entry.who.name if entry.who else "",
            "files": attached(entry.files) if entry.files else SafeString(),
        }
    )


@lru_cache(maxsize=LOOKS)
def _entry_look(
    _language: str | None, kind: str, tone: str, icon: str, title: bool, at: bool, key: bool, to: bool, channel: str,
    channel_label: str, chips: tuple[Any, ...], files: bool,
) -> Stencil:  # fmt: skip
    entry = Entry(
        kind,
        text=hole("text"),
        time=hole("time"),
        at=hole("at") if at else "",
        who=_Who(),  # type: ignore[arg-type]
        to=hole("to") if to else "",
        channel=channel,
        channel_label=channel_label,
        chips=chips,
        icon=icon,
        tone=tone,
        title=hole("title") if title else "",
        key=hole("key") if key else "",
        files=hole("files") if files else (),
    )
    html = get_template("_entry.html").render({"entry": entry})
    return Stencil(html.replace(f"<p>{hole('text')}</p>", hole("text")))  # linebreaks brings its own paragraphs


class _Who(SafeString):
    """A person's place: as markup the avatar, by name the name."""

    name = hole("name")

    def __new__(cls) -> _Who:
        return super().__new__(cls, hole("who"))


@register.simple_tag(takes_context=True)
def act_form(context: template.Context, act: CaseForm) -> SafeString:
    """`complaints/_act.html` for one action. An unbound form has a `look`; one that came back is rendered as it is."""
    csrf = str(context.get("csrf_token") or "")
    if act.look is None:
        hidden = {name: act.form[name].value() for name in ("version", "nonce") if name in act.form.fields}
        return mark_safe(_render_act(act, {"version": "", "nonce": "", **hidden, "csrf": csrf}))  # noqa: S308
    given = {"url": act.url, "version": act.version, "nonce": fresh(), "csrf": csrf, "hint": act.hint}
    return _act_look(get_language(), _Shown(act)).fill(given)


class _Shown:
    """An action as the key of what it looks like: equal when its unbound form shows the same."""

    def __init__(self, act: CaseForm) -> None:
        self.act: CaseForm | None = act
        self.key = (
            act.key, act.title, act.button, act.icon, act.primary, act.danger, act.open, bool(act.hint), act.why_not,
            act.shortcut, act.look, act.and_next,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shown) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=FORMS)
def _act_look(_language: str | None, shown: _Shown) -> Stencil:
    assert shown.act is not None  # noqa: S101
    act, shown.act = shown.act, None  # what is kept is the look, not the case
    holes: dict[str, str] = {name: hole(name) for name in ("url", "version", "nonce", "csrf")}
    hint = hole("hint") if act.hint else ""
    return Stencil(_render_act(replace(act, url=holes["url"], hint=hint), holes))


def _render_act(act: CaseForm, given: dict[str, Any]) -> str:
    values = {"act": act, "version": given["version"], "nonce": given["nonce"], "csrf_token": given["csrf"]}
    return str(get_template("complaints/_act.html").render(values))
