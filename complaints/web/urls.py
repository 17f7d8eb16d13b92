"""Addresses of the desk (names: interface.md, Pages). Every change of a case is a resource of its own."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from complaints.web import intake
from complaints.web.many import desk
from complaints.web.one import case, case_files, changes, customer, details, words
from complaints.web.one.act_table import ACTS

REFERENCE = r"complaints/(?P<reference>[A-Z0-9-]{6,16})/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.home, name="home"),
    path("complaints/", desk.index, name="queue"),
    path("complaints/new/", intake.new, name="complaint_new"),
    re_path(rf"^{REFERENCE}$", case.page, name="case"),
    re_path(rf"^{REFERENCE}case-file/$", case_files.page, name="case_file"),
    re_path(rf"^{REFERENCE}case-file/download/$", case_files.download, name="case_file_download"),
    re_path(rf"^{REFERENCE}customer/$", customer.change, name="case_customer"),
    re_path(rf"^{REFERENCE}details/$", details.edit, name="case_details"),
    re_path(rf"^{REFERENCE}live/$", case.live, name="case_live"),
    re_path(rf"^{REFERENCE}macros/$", words.index, name="case_macros"),
    re_path(rf"^{REFERENCE}macros/(?P<macro_id>[0-9]{{1,18}})/$", words.run, name="case_macro_run"),
    path("", include("complaints.web.one.file_urls")),
    path("", include("complaints.web.handbook.knowledge_urls")),
    path("", include("complaints.web.many.search_urls")),
    path("", include("complaints.web.many.desk_urls")),
    path("", include("complaints.web.one.linking_urls")),
    path("", include("complaints.web.one.conversation_urls")),
    path("", include("complaints.web.remedies.urls")),
    path("", include("complaints.web.payouts.urls")),
    path("", include("complaints.web.one.promise_urls")),
    path("", include("complaints.web.one.theme_urls")),
    *(re_path(rf"^{REFERENCE}{act.name}/$", changes.door(key), name=f"case_{act.name}") for key, act in ACTS.items()),
    path("", include("complaints.web.team_urls")),
]
