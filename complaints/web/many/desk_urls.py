"""Addresses of the workspace: saved views, changes of many, the list beside a case."""

from django.urls import URLPattern, URLResolver, path, re_path

from complaints.web.many import bulk, saving, strip

urlpatterns: list[URLPattern | URLResolver] = [
    path("complaints/views/", saving.index, name="saved_views"),
    path("complaints/views/<int:pk>/", saving.change, name="saved_view"),
    path("complaints/views/<int:pk>/move/", saving.move, name="saved_view_move"),
    path("complaints/views/<int:pk>/removal/", saving.remove, name="saved_view_removal"),
    path("complaints/views/<int:pk>/restoration/", saving.restore, name="saved_view_restoration"),
    path("complaints/bulk/", bulk.choose, name="bulk"),
    path("complaints/bulk/<int:pk>/", bulk.show, name="bulk_run"),
    path("complaints/bulk/<int:pk>/undo/", bulk.take_back, name="bulk_undo"),
    re_path(r"^complaints/(?P<reference>[A-Z0-9-]{6,16})/strip/$", strip.live, name="case_strip"),
]
