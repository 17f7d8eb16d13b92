"""Every template of the design with invented people and cases, rendered without a database.

    python -m tests.browser.parts OUT [LANGUAGE]   # OUT/*.html and OUT/static, to look at in a browser

`pages()` gives {name: html}; the browser tests run axe over them, people look at them after a change to the CSS.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from core.web.parts import Cell, Chip, Column, Empty, Link, Stage
from tests.browser.sample import (
    AYLIN,
    DANA,
    FINE,
    IVO,
    LATE,
    MARTA,
    MET,
    MIKKO,
    RISK,
    RITA,
    WAITS,
    clocks,
    entries,
    groups,
)


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
    names = {
        "home": "",
        "queue": "complaints/",
        "complaint_new": "complaints/new/",
        "customers": "customers/",
        "dashboard": "dashboard/",
        "settings": "settings/",
        "complain": "complain/",
    }
    conf.urlpatterns = [
        path("", include("core.web.urls")),
        *(path(url, place, name=name) for name, url in names.items()),
    ]  # type: ignore[attr-defined]
    sys.modules[conf.__name__] = conf
    return conf.__name__


def forms() -> dict[str, Any]:
    from django import forms as f

    class About(f.Form):
        about = f.ChoiceField(
            label="What is it about?",
            choices=[("1", "Something I bought"), ("2", "A delivery"), ("3", "A bill or a charge")],
            widget=f.RadioSelect,
            initial="3",
        )

    About.base_fields["about"].hints = {
        "1": "it is broken, missing a part, or not what was described",
        "2": "late, lost, damaged or the wrong thing",
        "3": "too much, twice, or not expected",
    }

    class What(f.Form):
        what = f.CharField(
            label="In your own words",
            widget=f.Textarea(attrs={"rows": 5}),
            help_text="As short or as long as you like. Leave out card numbers and passwords.",
        )
        when = f.DateField(label="When did it happen?", required=False, widget=f.DateInput(attrs={"type": "date"}))

    class Team(f.Form):
        name = f.CharField(label="Name")
        lead = f.ChoiceField(label="Lead", choices=[("1", "Rita Lourenço")])
        is_active = f.BooleanField(
            label="Active", required=False, initial=True, help_text="Inactive teams receive nothing new."
        )
        languages = f.MultipleChoiceField(
            label="Languages",
            choices=[("en", "English"), ("pt", "Português")],
            widget=f.CheckboxSelectMultiple,
            required=False,
        )

    return {
        "about": About(),
        "what_bad": What({"what": "", "when": "soon"}),
        "team": Team(),
        "team_bad": Team({"name": ""}),
    }


def contexts() -> dict[str, tuple[str, dict[str, Any]]]:
    """{page: (template, context)}."""
    from core.web.account import LoginForm, PreferencesForm

    f = forms()
    stages = [
        Stage("Received", "Thursday 19 November, 09:12, by phone", "done"),
        Stage("Dana Whitlock took your complaint", "19 minutes later.", "done"),
        Stage("Looking into it", "Next message to you: today by 18:00.", "now"),
        Stage("Our decision and what we will do", "by Tuesday 24 November, 17:00"),
    ]
    nav = [
        Link(name, "#", current=name == "Teams")
        for name in ("Users", "Teams", "Complaint types", "Channels", "Routing")
    ]
    settings = {
        "title": "Teams",
        "note": "who handles complaints, and who leads",
        "nav": nav,
        "tools": [Link("New team", "#", "plus", primary=True)],
    }
    kept = {"name": "Dana Whitlock", "language": "en", "theme": "", "shortcuts": True}
    done = Empty(
        "done",
        "All done",
        "Every complaint you own has its answer. Nine people heard from you today.",
        [Link("Help the Lisbon desk", "#"), Link("Two calls are planned for Monday", "#", "call")],
    )
    return {
        "settings-list": (
            "settings/list.html",
            {
                **settings,
                "columns": [Column("Team"), Column("Lead"), Column("Members", end=True), Column("State")],
                "rows": [
                    [
                        Cell("Lisbon desk", "head", "#"),
                        Cell("Rita Lourenço"),
                        Cell(7, "num"),
                        Cell(Chip("active", "ok"), "chip"),
                    ],
                    [
                        Cell("Porto warehouse", "head", "#"),
                        Cell("Aylin Nazlı"),
                        Cell(3, "num"),
                        Cell(Chip("inactive"), "chip"),
                    ],
                ],
            },
        ),
        "settings-form": (
            "settings/form.html",
            {
                **settings,
                "tools": [],
                "heading": "Lisbon desk",
                "form": f["team"],
                "back": Link("Cancel", "#"),
                "others": [
                    {
                        "url": "#",
                        "button": "Switch off",
                        "danger": True,
                        "hint": "Its open cases go to the default owner.",
                    }
                ],
            },
        ),
        "settings-bad": (
            "settings/form.html",
            {**settings, "tools": [], "heading": "New team", "form": f["team_bad"], "back": Link("Cancel", "#")},
        ),
        "preferences": ("account/preferences.html", {"form": PreferencesForm(initial=kept)}),
        "login": ("account/login.html", {"form": LoginForm()}),
        "reset-done": ("account/password_reset_done.html", {}),
        "404": ("404.html", {"request_id": "4f1c9a"}),
        "500": ("500.html", {}),
        "parts": (
            "parts.html",
            {
                **_parts(),
                "done": done,
                "stages": stages,
                "about": f["about"],
                "wrong": f["what_bad"],
                "groups": groups(),
                "entries": entries(),
                "clocks": clocks(),
                "next_url": "#next",
            },
        ),
    }


def _parts() -> dict[str, Any]:
    return {
        "badges": [FINE, RISK, LATE, WAITS, MET],
        "severities": ["minor", "moderate", "serious", "critical"],
        "channels": ["phone", "email", "chat", "social", "web", "letter", "in_person", "api"],
        "chips": [
            Chip("neutral"),
            Chip("Investigating", "ok"),
            Chip("At risk", "risk"),
            Chip("Escalated", "breach"),
            Chip("Upheld", "met"),
            Chip("Waiting", "pause"),
            Chip("Promise broken", "note"),
            Chip("Gold", "tier"),
        ],
        "people": [DANA, RITA, AYLIN, IVO, MIKKO, MARTA],
        "show": Link("Show", "#"),
        "nothing": Empty(
            "nothing",
            "No calls planned",
            "A call three days after the answer is what keeps people.",
            [Link("Plan a call", "#")],
        ),
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
            request.organisation = Organisation(
                pk=1,
                name="Halden & Moss",
                contact_line="Call +351 210 000 000, Monday to Friday, 9 to 18",
                privacy_url="https://example.com/privacy",
                referral_text="Consumer Arbitration Centre, Lisbon.",
            )  # type: ignore[attr-defined]
            request.sidebar_counts = lambda: {"mine": 14, "breached": 2, "risk": 3, "waiting": 11, "all": 63}  # type: ignore[attr-defined]
            request.sidebar_here = "all"  # type: ignore[attr-defined]
            engine = engines["django"]
            page = (
                engine.from_string((here / template).read_text())
                if (here / template).exists()
                else engine.get_template(template)
            )
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
