"""The pages of complainants (interface.md, Pages). No sign-in."""

from django.urls import URLPattern, URLResolver, path

from complaints.web.public import complain, status

urlpatterns: list[URLPattern | URLResolver] = [
    path("complain/", complain.complain, name="complain"),
    path("complain/done/<str:token>/", complain.done, name="complain_done"),
    path("status/", status.find, name="find_complaint"),
    path("status/<str:token>/", status.status, name="status"),
    path("status/<str:token>/acceptance/", status.acceptance, name="status_acceptance"),
]
