"""Addresses of files on the desk."""

from django.urls import re_path

from complaints.web.one import file_doors

FILE = r"(?P<token>[A-Za-z0-9_-]{43})"
_CASE = r"^complaints/(?P<reference>[A-Z0-9-]{6,16})/attachments/"

urlpatterns = [
    re_path(rf"{_CASE}$", file_doors.choose, name="attachments"),
    re_path(rf"{_CASE}{FILE}/(?P<name>[^/]+)$", file_doors.attachment, name="attachment"),
    re_path(r"^attachments/$", file_doors.choose_first, name="draft_attachments"),
    re_path(rf"^attachments/{FILE}/removal/$", file_doors.remove, name="draft_removal"),
    re_path(rf"^attachments/{FILE}/(?P<name>[^/]+)$", file_doors.draft, name="draft_attachment"),
]
