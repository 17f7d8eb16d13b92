"""Addresses of the conversation beside its messages: what waits to be sent, who is here, keeping a draft."""

from django.urls import URLPattern, re_path

from complaints.web.many import keeping
from complaints.web.one import presence, waiting

_ONE = r"^complaints/(?P<reference>[A-Z0-9-]{6,16})/"
_WAITS = _ONE + r"messages/pending/(?P<pk>[0-9]{1,18})/"

urlpatterns: list[URLPattern] = [
    re_path(_WAITS + r"cancellation/$", waiting.cancellation, name="case_pending_cancellation"),
    re_path(_WAITS + r"sending/$", waiting.sending, name="case_pending_sending"),
    re_path(_ONE + r"presence/$", presence.sign, name="case_presence"),
    re_path(_ONE + r"draft/$", keeping.keep, name="case_draft"),
]
