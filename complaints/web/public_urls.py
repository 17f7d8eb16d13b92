"""The pages of complainants (interface.md, Pages). No sign-in."""

from django.urls import URLPattern, URLResolver, path, re_path

from complaints.web.one.file_urls import FILE
from complaints.web.public import complain, files, status

urlpatterns: list[URLPattern | URLResolver] = [
    path("complain/", complain.complain, name="complain"),
    path("complain/files/", files.choose, name="complain_files"),
    re_path(rf"^complain/files/{FILE}/removal/$", files.remove, name="public_removal"),
    path("complain/done/<str:token>/", complain.done, name="complain_done"),
    path("status/", status.find, name="find_complaint"),
    path("status/<str:token>/", status.status, name="status"),
    path("status/<str:token>/files/", files.choose_for, name="status_files"),
    path("status/<str:token>/attachments/<str:file>/<str:name>", files.attachment, name="status_attachment"),
    path("status/<str:token>/acceptance/", status.acceptance, name="status_acceptance"),
]
