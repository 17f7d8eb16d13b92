from django.urls import include, path

from retention.api import customers

urlpatterns = [
    path("customers/", customers.Customers.as_view(), name="api-customers"),
    path("customers/<int:pk>/", customers.OneCustomer.as_view(), name="api-customer"),
    path("", include("retention.api.purchase_urls")),
]
