"""Addresses of customers (names: interface.md, Pages); the page of one stands on the top floor."""

from django.urls import URLPattern, URLResolver, include, path

from retention.web import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("customers/", views.index, name="customers"),
    path("customers/find/", views.find, name="customer_find"),
    path("customers/new/", views.new, name="customer_new"),
    path("customers/<int:customer_id>/edit/", views.edit, name="customer_edit"),
    path("", include("retention.web.purchase_urls")),
]
