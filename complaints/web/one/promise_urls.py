"""Addresses of one promise under its case; a new one is `promises/`, an action of the case (act_table)."""

from django.urls import URLPattern, re_path

from complaints.web.one import promising

_ONE = r"^complaints/(?P<reference>[A-Z0-9-]{6,16})/promises/(?P<pk>[0-9]{1,18})/"

urlpatterns: list[URLPattern] = [
    re_path(_ONE + r"fulfilment/$", promising.fulfilment, name="case_promise_fulfilment"),
    re_path(_ONE + r"renegotiation/$", promising.renegotiation, name="case_promise_renegotiation"),
    re_path(_ONE + r"release/$", promising.release, name="case_promise_release"),
]
