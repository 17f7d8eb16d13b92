"""Every template of the design with invented people and cases, rendered without a database.

    python -m tests.browser.parts OUT [LANGUAGE]   # OUT/*.html and OUT/static, to look at in a browser

`pages()` gives {name: html}; the browser tests run axe over them, people look at them after a change to the CSS.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from core.web.parts import (
    Applied,
    Badge,
    CaseForm,
    Cell,
    Chip,
    ClockView,
    Column,
    Empty,
    Entry,
    Explain,
    Group,
    Guard,
    Link,
    Person,
    Row,
    Stage,
)

DANA, RITA, AYLIN, IVO, MIKKO, MARTA = (
    Person("Dana Whitlock", "DW", 1),
    Person("Rita Lourenço", "RL", 2),
    Person("Aylin Nazlı", "AN", 3),
    Person("Ivo Petkov", "IP", 4),
    Person("Mikko Korhonen", "MK", 5),
    Person("Marta Ribeiro", "MR", 6),
)
LATE, RISK = Badge("breached", "1 h 20 late", 100), Badge("at-risk", "35 min", 93)
FINE, WAITS, MET = Badge("on-track", "2 h 10", 52), Badge("paused", "paused 2 d"), Badge("met", "met in 19 min")


def _urlconf() -> str:
    """Our addresses and the places that other floors add, so that the sidebar is whole without their views."""
    from types import ModuleType

    from django.http import HttpRequest, HttpResponse
    from django.urls import include, path

    from core.access import allow

    @allow()
    def place(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    conf = ModuleType("parts_urls")
    names = {"home": "", "queue": "complaints/", "complaint_new": "complaints/new/", "customers": "customers/", "dashboard": "dashboard/", "settings": "settings/", "complain": "complain/"}
    conf.urlpatterns = [path("", include("core.web.urls")), *(path(url, place, name=name) for name, url in names.items())]  # type: ignore[attr-defined]
    sys.modules[conf.__name__] = conf
    return conf.__name__


def _row(reference: str, severity: str, channel: str, name: str, subject: str, badge: Badge, **more: Any) -> Row:
    labels = {"severity_label": severity.capitalize(), "channel_label": channel.capitalize()}
    return Row(reference, f"#{reference}", subject, name, badge, severity=severity, channel=channel, **labels, **more)


def groups(current: str = "") -> list[Group]:
    found = [
        Group(
            "breached",
            "Breached",
            [
                _row("AM-1039-1KXF", "critical", "social", "Giulia Ferri", "Fridge delivered with a broken door, baby food spoiled", LATE, tier="Gold", snippet="Third photo attached. Nobody has called me back", type_path="Product › Arrived damaged", clock="Next update", owner=DANA, flags=[Chip("Escalated", "breach")], unread=True),
                _row("AM-1046-6PQR", "serious", "phone", "Oleg Samoylov", "Engineer did not come, second time", Badge("breached", "25 min late", 100), snippet="Took a day off work for each visit", type_path="Service › Missed appointment", clock="Acknowledge", owner=IVO, flags=[Chip("Promise broken", "note")], unread=True),
            ],
            count="2",
            note="longest wait first",
        ),
        Group(
            "today",
            "Due today",
            [
                _row("AM-1048-2ABC", "moderate", "phone", "Marta Ribeiro", "Charged twice for the filter plan", RISK, tier="Gold", snippet="Thank you for calling back so quickly", type_path="Billing › Overcharged", clock="Next update", owner=DANA, unread=True),
                _row("AM-1047-1DEF", "moderate", "email", "Priya Raman", "Cannot cancel the trial on the website", FINE, snippet="The button returns me to the same page each time", type_path="Obstacle › Cannot cancel", clock="Resolve", owner=DANA),
            ],
            count="19",
        ),
        Group(
            "later",
            "Monday and later",
            [
                _row("AM-1043-7GHJ", "serious", "letter", "Maria do Carmo Pinto", "Dishwasher flooded twice, asks for money back", Badge("on-track", "Mon 11:30", 35), tier="Gold", snippet="Letter of two pages", type_path="Product › Defective", clock="Resolve", owner=RITA, flags=[Chip("Statutory 10 Dec")]),
                _row("AM-1042-9KLM", "minor", "in_person", "Bruno Teles", "Shop assistant refused the student discount", Badge("on-track", "Mon 16:00", 20), type_path="Staff conduct › Unhelpful", clock="Resolve", owner=AYLIN),
            ],
            count="31",
        ),
        Group(
            "waiting",
            "Waiting on the customer, or done",
            [
                _row("AM-1038-8NPQ", "moderate", "web", "Ingrid Solberg", "Invoice in the wrong company name", WAITS, tier="Silver", type_path="Billing › Invoice", clock="Waiting on customer", owner=MIKKO),
                _row("AM-1035-0RST", "minor", "chat", "Sofia Antunes", "Assembly manual only in German", Badge("met", "met"), type_path="Product › Documentation", clock="Resolved, to close"),
            ],
        ),
    ]
    for group in found:
        for row in group.rows:
            row.current = row.reference == current
    return found


def entries() -> list[Entry]:
    return [
        Entry("day", "Thursday 19 November"),
        Entry("in", "“You took €64.90 twice on the third of November. When I called last week a man told me the money would be back in three days.”\n\nIt is not back, and nobody has written to me.", "09:12", "2026-11-19T09:12:00Z", MARTA, channel="phone", channel_label="by phone", key="m1"),
        Entry("event", "with reference sent by e-mail. A receipt stops no clock.", "09:13", title="Receipt", icon="email", key="e1"),
        Entry("out", "Dear Marta, thank you for calling again, and I am sorry that you had to. I have your case now and it stays with me until it is settled.", "09:31", "2026-11-19T09:31:00Z", DANA, to="to Marta", chips=[Chip("Acknowledged", "met")], key="m2"),
        Entry("note", "Both charges were captured on 3 Nov, 07:02 and 07:03. The second has no order behind it.", "11:02", who=IVO, key="n1"),
        Entry("event", "by Dana, because it names a charge", "11:10", title="Type changed to Billing › Overcharged", icon="trail", key="e2"),
        Entry("event", "bank statement", "16:20", title="Waiting on customer", icon="paused", key="e3"),
        Entry("day", "Today"),
        Entry("in", "Thank you for calling back so quickly. My bank also took an overdraft fee of €12 because of the second charge.", "10:05", "2026-11-20T10:05:00Z", MARTA, channel="email", channel_label="by e-mail", chips=[Chip("new")], key="m3"),
        Entry("event", "75 % of the time for the next update is used. Dana was told.", "13:45", icon="clock", tone="risk", key="e4"),
        Entry("event", "25 min ago; Rita was told.", "15:45", title="Acknowledge breached", icon="breached", tone="breach", key="e5"),
    ]


def clocks() -> list[ClockView]:
    facts = [("Policy", "Billing by phone, version 7"), ("Chosen", "type is Billing and channel is Phone"), ("Target", "8 h of working time"), ("Calendar", "Lisbon desk, Mon to Fri 09:00–18:00")]
    return [
        ClockView("Acknowledge", MET, "was due Thu 13:12", Explain("why-acknowledge", "Acknowledged after 19 min", facts[:2])),
        ClockView("Resolve", Badge("at-risk", "35 min left", 93), "due today 15:45", Explain("why-resolve", "Resolve due in 35 min (working time)", facts, "Dana was told at 75 %, Rita (lead) at 90 %.")),
    ]


def forms() -> dict[str, Any]:
    from django import forms as f

    class Resolution(f.Form):
        outcome = f.ChoiceField(label="Outcome", choices=[("upheld", "Upheld"), ("partly_upheld", "Partly upheld"), ("not_upheld", "Not upheld")], widget=f.RadioSelect)
        root_cause = f.ChoiceField(label="Root cause", choices=[("", "–"), ("gateway", "Payment gateway › repeated capture")])
        summary = f.CharField(label="What was done", widget=f.Textarea(attrs={"rows": 3}), help_text="The customer reads it.")

    class About(f.Form):
        about = f.ChoiceField(label="What is it about?", choices=[("1", "Something I bought"), ("2", "A delivery"), ("3", "A bill or a charge")], widget=f.RadioSelect, initial="3")

    About.base_fields["about"].hints = {"1": "it is broken, missing a part, or not what was described", "2": "late, lost, damaged or the wrong thing", "3": "too much, twice, or not expected"}

    class What(f.Form):
        what = f.CharField(label="In your own words", widget=f.Textarea(attrs={"rows": 5}), help_text="As short or as long as you like. Leave out card numbers and passwords.")
        when = f.DateField(label="When did it happen?", required=False, widget=f.DateInput(attrs={"type": "date"}))
        website = f.CharField(label="Leave this empty", required=False, widget=f.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    class New(f.Form):
        channel = f.ChoiceField(label="Channel", choices=[("phone", "Phone"), ("letter", "Letter"), ("in_person", "In person")], widget=f.RadioSelect, initial="phone")
        customer = f.CharField(widget=f.HiddenInput, required=False)
        customer_name = f.CharField(label="Customer", required=False)
        customer_email = f.EmailField(label="E-mail", required=False)
        customer_phone = f.CharField(label="Phone", required=False)
        subject = f.CharField(label="Subject")
        description = f.CharField(label="What happened", widget=f.Textarea(attrs={"rows": 5, "class": "voice"}))

    class Filter(f.Form):
        status = f.ChoiceField(label="Status", choices=[("", "any"), ("new", "New")], required=False)
        channel = f.ChoiceField(label="Channel", choices=[("", "any"), ("phone", "Phone")], required=False)

    class Reply(f.Form):
        body = f.CharField(label="Write to Dana", widget=f.Textarea(attrs={"rows": 3}))

    class Team(f.Form):
        name = f.CharField(label="Name")
        lead = f.ChoiceField(label="Lead", choices=[("1", "Rita Lourenço")])
        is_active = f.BooleanField(label="Active", required=False, initial=True, help_text="Inactive teams receive nothing new.")
        languages = f.MultipleChoiceField(label="Languages", choices=[("en", "English"), ("pt", "Português")], widget=f.CheckboxSelectMultiple, required=False)

    return {
        "resolution": Resolution(), "resolution_bad": Resolution({"outcome": ""}), "about": About(), "what_bad": What({"what": "", "when": "soon"}),
        "new": New(), "filter": Filter(auto_id="filter_%s"), "reply": Reply(), "team": Team(), "team_bad": Team({"name": ""}),
    }


def _case(f: dict[str, Any]) -> dict[str, Any]:
    return {
        "case": {"reference": "AM-1048-2ABC", "subject": "Charged twice for the filter plan", "status_label": "Investigating", "status_tone": "ok", "why": "in your queue because you answered the call", "severity": "moderate", "severity_label": "Moderate", "channel": "phone", "channel_label": "Phone", "type_path": "Billing › Overcharged", "owner": DANA, "language_label": "Portuguese", "received": "received Thu 19 Nov, 09:12", "queue_url": "queue.html", "queue_title": "All open"},
        "clocks": clocks(),
        "viewers": [(IVO, "Ivo Petkov is viewing")],
        "more": [Link("Trail", "#trail", "trail"), Link("Assign to somebody else", "#act-assign-form", "team")],
        "strip": {"title": "All open", "url": "queue.html", "count": "63", "groups": groups("AM-1048-2ABC"), "previous_url": "#p", "next_url": "#n"},
        "entries": entries(),
        "composer": {"draft": "AM-1048-2ABC", "reply_url": "#reply", "note_url": "#note", "to_name": "Marta", "to": "by e-mail, marta.ribeiro@example.pt", "mode": "reply", "body": "", "errors": [], "can_reply": True},
        "actions": [
            CaseForm("acknowledge", "Acknowledge", "#a", "Acknowledge", icon="met", hint="Marta is told that you have her case."),
            CaseForm("resolve", "Resolve", "#r", "Resolve", f["resolution"], icon="scale", primary=True, open=True, shortcut="KeyE"),
            CaseForm("assign", "Assign to somebody else", "#s", "Assign", f["reply"], icon="team"),
            CaseForm("withdraw", "Withdraw", "#w", "Withdraw", f["reply"], icon="leave", danger=True),
            CaseForm("close", "Close", "#c", "Close", icon="check", why_not="It is not resolved yet."),
        ],
        "guards": [Guard("Decision and root cause", True), Guard("The final answer is not sent")],
        "decided": {"outcome": "Upheld", "acceptance": "not asked yet", "score": ""},
        "panel": {"person": MARTA, "url": "#c", "line": "Gold · customer since March 2021", "contacts": [("email", "E-mail", "marta.ribeiro@example.pt"), ("phone", "Phone", "+351 912 000 417")], "facts": [("Open", "1", ""), ("Complaints", "4", ""), ("Tenure", "5 y", "")], "risk": None, "earlier": [{"icon": "email", "icon_label": "E-mail", "subject": "Filter arrived without seal", "url": "#x", "note": "11 May"}], "earlier_count": 3, "elsewhere": "2 more in other teams"},
    }


def contexts() -> dict[str, tuple[str, dict[str, Any]]]:
    """{page: (template, context)}."""
    from django.contrib.auth.forms import AuthenticationForm

    from core.web.account import PreferencesForm

    f = forms()
    stages = [Stage("Received", "Thursday 19 November, 09:12, by phone", "done"), Stage("Dana Whitlock took your complaint", "19 minutes later.", "done"), Stage("Looking into it", "Next message to you: today by 18:00.", "now"), Stage("Our decision and what we will do", "by Tuesday 24 November, 17:00")]
    queue = {"title": "All open", "note": "sorted by next deadline", "applied": [Applied("Team", "Lisbon desk", "#"), Applied("Status", "open", "#")], "filter_form": f["filter"], "clear_url": "#", "groups": groups(), "next_url": "#next", "live_url": "", "since": "2026-11-20T15:10:00Z"}
    nav = [Link(name, "#", current=name == "Teams") for name in ("Users", "Teams", "Complaint types", "Channels", "Routing")]
    settings = {"title": "Teams", "note": "who handles complaints, and who leads", "nav": nav, "tools": [Link("New team", "#", "plus", primary=True)]}
    kept = {"name": "Dana Whitlock", "language": "en", "theme": "", "shortcuts": True}
    done = Empty("done", "All done", "Every complaint you own has its answer. Nine people heard from you today.", [Link("Help the Lisbon desk", "#"), Link("Two calls are planned for Monday", "#", "call")])
    none = Empty("match", "No complaint matches", "Nothing in All open has channel Letter and severity Critical.", [Link("Clear the two filters", "#")])
    return {
        "queue": ("complaints/queue.html", queue),
        "queue-done": ("complaints/queue.html", {"title": "My queue", "note": "0 open", "groups": [], "empty": done}),
        "queue-none": ("complaints/queue.html", {**queue, "groups": [], "next_url": "", "empty": none}),
        "case": ("complaints/case.html", _case(f)),
        "case-bad": ("complaints/case.html", {**_case(f), "strip": None, "panel": {"person": None}, "actions": [CaseForm("resolve", "Resolve", "#r", "Resolve", f["resolution_bad"], primary=True)]}),
        "new": ("complaints/new.html", {"form": f["new"], "find_url": "options.html", "cancel_url": "#"}),
        "complain": ("public/complain.html", {"step": 2, "steps": 4, "done": [True, True, False, False], "title": "What is it about?", "lead": "Choose the nearest. We can change it later.", "form": f["about"], "question": f["about"]["about"]}),
        "complain-error": ("public/complain.html", {"step": 1, "steps": 4, "done": [True, False, False, False], "title": "What happened?", "form": f["what_bad"], "honeypot": f["what_bad"]["website"]}),
        "complain-check": ("public/complain_check.html", {"steps": range(4), "answers": [{"question": "What happened", "answer": "You took €64.90 twice on the third of November.", "voice": True, "change": "1"}, {"question": "What it is about", "answer": "A bill or a charge", "change": "2"}], "next_text": "You get a reference at once. A person writes to you by Monday 23 November, 13:00."}),
        "complain-done": ("public/complain_done.html", {"reference": "AM-1048-2ABC", "sent_to": "marta.ribeiro@example.pt", "stages": stages, "status_url": "/status/AM-1048-2ABC-x8k2/"}),
        "status": ("public/status.html", {"reference": "AM-1048-2ABC", "received": "received 19 November", "headline": "We are looking into it. You hear from Dana today by 18:00.", "stages": stages, "promises": [{"text": "€64.90 back on the card", "by": "by Tuesday 24 November"}, {"state": "broken", "text": "“Back in three days”", "by": "We did not keep it. We are sorry."}], "entries": [entries()[3], entries()[1]], "form": f["reply"], "withdraw_url": "#w", "referral_text": "You can turn to the Consumer Arbitration Centre in Lisbon at any time, free of charge."}),
        "settings-list": ("settings/list.html", {**settings, "columns": [Column("Team"), Column("Lead"), Column("Members", end=True), Column("State")], "rows": [[Cell("Lisbon desk", "head", "#"), Cell("Rita Lourenço"), Cell(7, "num"), Cell(Chip("active", "ok"), "chip")], [Cell("Porto warehouse", "head", "#"), Cell("Aylin Nazlı"), Cell(3, "num"), Cell(Chip("inactive"), "chip")]]}),
        "settings-form": ("settings/form.html", {**settings, "tools": [], "heading": "Lisbon desk", "form": f["team"], "back": Link("Cancel", "#"), "others": [{"url": "#", "button": "Switch off", "danger": True, "hint": "Its open cases go to the default owner."}]}),
        "settings-bad": ("settings/form.html", {**settings, "tools": [], "heading": "New team", "form": f["team_bad"], "back": Link("Cancel", "#")}),
        "preferences": ("account/preferences.html", {"form": PreferencesForm(initial=kept)}),
        "login": ("account/login.html", {"form": AuthenticationForm()}),
        "reset-done": ("account/password_reset_done.html", {}),
        "404": ("404.html", {"request_id": "4f1c9a"}),
        "500": ("500.html", {}),
        "parts": ("parts.html", {**_parts(), "done": done}),
    }


def _parts() -> dict[str, Any]:
    return {
        "badges": [FINE, RISK, LATE, WAITS, MET],
        "severities": ["minor", "moderate", "serious", "critical"],
        "channels": ["phone", "email", "chat", "social", "web", "letter", "in_person", "api"],
        "chips": [Chip("neutral"), Chip("Investigating", "ok"), Chip("At risk", "risk"), Chip("Escalated", "breach"), Chip("Upheld", "met"), Chip("Waiting", "pause"), Chip("Promise broken", "note"), Chip("Gold", "tier")],
        "people": [DANA, RITA, AYLIN, IVO, MIKKO, MARTA],
        "show": Link("Show", "#"),
        "nothing": Empty("nothing", "No calls planned", "A call three days after the answer is what keeps people.", [Link("Plan a call", "#")]),
    }


def pages(language: str = "en") -> dict[str, str]:
    """Every page as HTML, for a signed-in agent whose theme is the system's."""
    from django.template import engines
    from django.test import RequestFactory
    from django.urls import set_urlconf
    from django.utils.translation import override

    from core.models import Organisation, User

    here = Path(__file__).parent
    user = User(pk=1, username="dana", name="Dana Whitlock", is_agent=True, is_manager=True, is_admin=True)
    user.__dict__["led_team_ids"] = []
    found = {}
    with override(language):
        set_urlconf(_urlconf())
        for name, (template, context) in contexts().items():
            request = RequestFactory().get(f"/{name}.html")
            request.user, request.resolver_match = user, None
            request._messages = ["AM-1046-6PQR resolved"] if name == "parts" else []  # type: ignore[attr-defined]
            request.organisation = Organisation(pk=1, name="Halden & Moss", contact_line="Call +351 210 000 000, Monday to Friday, 9 to 18", privacy_url="https://example.com/privacy", referral_text="Consumer Arbitration Centre, Lisbon.")  # type: ignore[attr-defined]
            request.sidebar_counts = lambda: {"mine": 14, "breached": 2, "risk": 3, "waiting": 11, "all": 63}  # type: ignore[attr-defined]
            request.sidebar_here = "all"  # type: ignore[attr-defined]
            engine = engines["django"]
            page = engine.from_string((here / template).read_text()) if (here / template).exists() else engine.get_template(template)
            found[name] = page.render(context, request)
        set_urlconf(None)
    return found


def write(out: Path, language: str = "en") -> None:
    """Write the pages and the static files below `out`."""
    import django_htmx

    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out / "static", ignore_errors=True)
    shutil.copytree(Path(__file__).parents[2] / "static", out / "static")
    shutil.copytree(Path(django_htmx.__file__).parent / "static", out / "static", dirs_exist_ok=True)
    for name, html in pages(language).items():
        (out / f"{name}.html").write_text(html)


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("STATICFILES_STORAGE", "django.contrib.staticfiles.storage.StaticFilesStorage")
    import django

    django.setup()
    write(Path(sys.argv[1]), *sys.argv[2:3])
